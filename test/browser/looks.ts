import type { Locator, Page } from 'playwright-core';

type Colour = readonly [number, number, number];

/** `rgb(1, 2, 3)`, as computed styles have it; undefined for one that can be seen through. */
const parse = (text: string): Colour | undefined => {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return alpha < 1 ? undefined : [red, green, blue];
};

/** Relative luminance and contrast ratio: WCAG 2.2, "contrast ratio". */
const luminance = (colour: Colour): number => {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (a: Colour, b: Colour): number => {
  const [dark = 0, bright = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (bright + 0.05) / (dark + 0.05);
};

/** How well its text stands out: 4.5 is the least that everybody can read, 1 is invisible. */
export const contrastOf = async (text: Locator): Promise<number> => {
  const [colour = '', ...behind] = await text.evaluate((element) => {
    const found = [getComputedStyle(element).color];
    for (let at: Element | null = element; at !== null; at = at.parentElement)
      found.push(getComputedStyle(at).backgroundColor);
    return found;
  });
  const ground = behind.map(parse).find((one) => one !== undefined) ?? [255, 255, 255];
  return contrast(parse(colour) ?? [0, 0, 0], ground);
};

/** From 0, black, to 1, white. */
export const brightnessOf = async (page: Page): Promise<number> =>
  luminance(parse(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) ?? [255, 255, 255]);

/** Pixels by which the page can be scrolled sideways. */
export const overhang = (page: Page): Promise<number> =>
  page.evaluate(() =>
    Math.max(
      ...[document.scrollingElement, document.querySelector('main'), document.querySelector('[role="dialog"]')].map(
        (element) => (element === null ? 0 : element.scrollWidth - element.clientWidth),
      ),
    ),
  );
