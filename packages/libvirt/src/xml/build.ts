import { InnkeeperError } from '@innkeeper/model';
import { checkCharacters } from './escape.ts';
import { isElement, writeNodes, type XmlElement, type XmlNode } from './tree.ts';

/** Yes and no are libvirt's booleans; what is undefined is left out. */
export type AttributeValue = string | number | boolean | undefined;

/** What may stand inside an element; undefined, null and false are left out, so that `condition && el(…)` works. */
export type Child = XmlElement | string | number | undefined | null | false | readonly Child[];

const namePattern = /^[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?$/;

const checkedName = (name: string): string => {
  if (!namePattern.test(name)) throw new InnkeeperError('invalid', `"${name.slice(0, 60)}" cannot be a name in XML`);
  return name;
};

const valueText = (value: string | number | boolean, where: string): string => {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new InnkeeperError('invalid', `${where} is not a number`);
  const text = String(value);
  checkCharacters(text, where);
  return text;
};

const nodesOf = (child: Child, where: string): XmlNode[] => {
  if (child === undefined || child === null || child === false) return [];
  if (typeof child === 'string' || typeof child === 'number') {
    const text = valueText(child, where);
    return text === '' ? [] : [{ kind: 'text', text }];
  }
  if (Array.isArray(child)) return (child as readonly Child[]).flatMap((one) => nodesOf(one, where));
  return [child as XmlElement];
};

/**
 * An element: `el('disk', { type: 'file' }, el('target', { dev: 'vda' }))`. Text is text whatever it holds: it is
 * escaped when written. Throws `invalid` for control characters, which XML cannot carry, and for names that are none.
 */
export const el = (
  name: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  ...children: readonly Child[]
): XmlElement => ({
  kind: 'element',
  name: checkedName(name),
  attributes: Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[checkedName(key), valueText(value, `Attribute "${key}" of <${name}>`)]],
    ),
  ),
  children: children.flatMap((child) => nodesOf(child, `The text of <${name}>`)),
});

/** Whether white space may be added inside: there are elements, and no text of any meaning beside them. */
const holdsElementsOnly = (element: XmlElement): boolean =>
  element.children.some(isElement) &&
  element.children.every(
    (child) => isElement(child) || child.kind === 'comment' || (child.kind === 'text' && child.text.trim() === ''),
  );

/** The same element with one line per element, as libvirt prints it; text is never touched. */
export const indented = (element: XmlElement, depth = 0): XmlElement => {
  if (!holdsElementsOnly(element)) return element;
  const inner = element.children.filter((child) => child.kind !== 'text');
  const space = (level: number): XmlNode => ({ kind: 'text', text: `\n${'  '.repeat(level)}` });
  const children = inner.flatMap((child) => [space(depth + 1), isElement(child) ? indented(child, depth + 1) : child]);
  return { ...element, children: [...children, space(depth)] };
};

/** The XML of an element, on one line unless `pretty`. */
export const buildXml = (element: XmlElement, options: { readonly pretty?: boolean } = {}): string =>
  writeNodes([options.pretty === true ? indented(element) : element]);
