import { isElement, type XmlElement } from './tree.ts';

/** Child elements, those of one name when it is given. Always an array: one disk is a list of one. */
export const elements = (parent: XmlElement | undefined, name?: string): XmlElement[] =>
  (parent?.children ?? []).filter(isElement).filter((child) => name === undefined || child.name === name);

/** The first child of that name. */
export const childNamed = (parent: XmlElement | undefined, name: string): XmlElement | undefined =>
  elements(parent, name)[0];

/** The first element along a path of names. */
export const descend = (from: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined =>
  names.reduce<XmlElement | undefined>((at, name) => childNamed(at, name), from);

/** The text of an element without its children's, trimmed; undefined when there is none. */
export const textOf = (element: XmlElement | undefined): string | undefined => {
  const text = (element?.children ?? [])
    .map((child) => (child.kind === 'text' || child.kind === 'cdata' ? child.text : ''))
    .join('')
    .trim();
  return text === '' ? undefined : text;
};

/** An attribute; undefined when it or its element is not there. */
export const attribute = (element: XmlElement | undefined, name: string): string | undefined =>
  element !== undefined && Object.hasOwn(element.attributes, name) ? element.attributes[name] : undefined;

/** An attribute that is a whole number, decimal or `0x…`. */
export const numberAttribute = (element: XmlElement | undefined, name: string): number | undefined =>
  wholeNumber(attribute(element, name));

/** A whole number written in decimal or as `0x…`; undefined for anything else. */
export const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d+$|^0x[0-9a-f]+$/i.test(text) ? Number(text) : undefined;

const unitFactors: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1e3,
  k: 2 ** 10,
  KiB: 2 ** 10,
  MB: 1e6,
  M: 2 ** 20,
  MiB: 2 ** 20,
  GB: 1e9,
  G: 2 ** 30,
  GiB: 2 ** 30,
  TB: 1e12,
  T: 2 ** 40,
  TiB: 2 ** 40,
};

/**
 * Bytes of `<memory unit='MiB'>`; without a unit libvirt means KiB (https://libvirt.org/formatdomain.html#memory-
 * allocation).
 */
export const bytesOf = (element: XmlElement | undefined): number | undefined => {
  const amount = wholeNumber(textOf(element));
  const factor = unitFactors[attribute(element, 'unit') ?? 'KiB'];
  return amount === undefined || factor === undefined ? undefined : amount * factor;
};

export type Namespaces = Readonly<Record<string, string>>;

/** Prefixes in force inside an element, given those outside; the default namespace has the prefix ''. */
export const namespacesIn = (element: XmlElement, outside: Namespaces = {}): Namespaces => {
  const inside: Record<string, string> = { ...outside };
  for (const [name, uri] of Object.entries(element.attributes)) {
    if (name === 'xmlns') inside[''] = uri;
    else if (name.startsWith('xmlns:')) inside[name.slice('xmlns:'.length)] = uri;
  }
  return inside;
};

/** The namespace URI of an element inside a parent whose prefixes are given. */
export const namespaceOf = (element: XmlElement, outside: Namespaces): string | undefined => {
  const colon = element.name.indexOf(':');
  return namespacesIn(element, outside)[colon < 0 ? '' : element.name.slice(0, colon)];
};
