import type { Locator, Page } from 'playwright-core';

const mostStops = 60;

/** Presses Tab until the element has the focus. */
export const tabTo = async (page: Page, wanted: Locator): Promise<void> => {
  for (let stop = 0; stop < mostStops; stop += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${mostStops} times Tab did not reach ${wanted}`);
};
