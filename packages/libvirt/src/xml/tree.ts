import { InnkeeperError } from '@innkeeper/model';
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { checkCharacters, decode, encodeAttribute, encodeText } from './escape.ts';

export interface XmlElement {
  readonly kind: 'element';
  /** With its prefix, as written: `qemu:commandline`. */
  readonly name: string;
  /** In the order written; values decoded. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
}

/** Anything between elements: `text` decoded, `cdata` and `comment` as written. */
export interface XmlText {
  readonly kind: 'text' | 'cdata' | 'comment';
  readonly text: string;
}

export type XmlNode = XmlElement | XmlText;

export interface XmlDocument {
  /** What stands before and after the root: libvirt's own warning comment. */
  readonly before: readonly XmlNode[];
  readonly root: XmlElement;
  readonly after: readonly XmlNode[];
}

/** What fast-xml-parser makes with `preserveOrder`: one key with the children, `:@` with the attributes. */
type RawNode = { readonly [key: string]: unknown };

const largest = 4 * 1024 * 1024;

const settings = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  processEntities: false,
  commentPropName: '#comment',
  cdataPropName: '#cdata',
} as const;

// Values stay text: the defaults make 12 of the uuid `0012` and 100000 of `1e5`.
const parser = new XMLParser({
  ...settings,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  onDangerousProperty: (name) => name,
});
const builder = new XMLBuilder({ ...settings, suppressEmptyNode: true, suppressBooleanAttributes: false });

const invalid = (message: string, cause?: unknown): InnkeeperError =>
  new InnkeeperError('invalid', message, cause === undefined ? {} : { cause });

const checkBefore = (xml: string): void => {
  if (Buffer.byteLength(xml) > largest) throw new InnkeeperError('too_large', 'XML of more than 4 MiB is not read');
  // Wherever it stands: an entity that expands has no place in a domain, and none is ever needed.
  if (/<!DOCTYPE/i.test(xml)) throw invalid('XML with a DOCTYPE is not read');
  checkCharacters(xml, 'The XML');
  // The parser drops text behind the root without a word.
  if (xml.slice(xml.lastIndexOf('>') + 1).trim() !== '') throw invalid('The XML has something beside its root element');
  // The parser alone accepts `<a><b></a>`.
  const verdict = XMLValidator.validate(xml);
  if (verdict !== true)
    throw invalid(`The XML is malformed (line ${verdict.err.line})`, new Error(String(verdict.err.msg)));
};

const attributesOf = (raw: unknown): Record<string, string> => {
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries((raw ?? {}) as RawNode)) {
    const text = String(value);
    if (text.includes('<')) throw invalid('The XML is malformed: "<" inside an attribute');
    attributes[key.slice(settings.attributeNamePrefix.length)] = decode(text);
  }
  return attributes;
};

const textInside = (value: unknown): string =>
  (value as readonly RawNode[]).map((part) => String(part['#text'])).join('');

const fromRaw = (raw: RawNode): XmlNode => {
  const name = Object.keys(raw).find((key) => key !== ':@') ?? '';
  const value = raw[name];
  if (name === '#text') return { kind: 'text', text: decode(String(value)) };
  if (name === '#cdata') return { kind: 'cdata', text: textInside(value) };
  if (name === '#comment') return { kind: 'comment', text: textInside(value) };
  // The parser drops the content of processing instructions: writing one back would change the document.
  if (name.startsWith('?')) throw invalid('XML with processing instructions is not read');
  return {
    kind: 'element',
    name,
    attributes: attributesOf(raw[':@']),
    children: (value as readonly RawNode[]).map(fromRaw),
  };
};

export const isElement = (node: XmlNode): node is XmlElement => node.kind === 'element';

const toRaw = (node: XmlNode): RawNode => {
  if (!isElement(node)) {
    return node.kind === 'text' ? { '#text': encodeText(node.text) } : { [`#${node.kind}`]: [{ '#text': node.text }] };
  }
  const attributes = Object.entries(node.attributes).map(([name, value]) => [
    `${settings.attributeNamePrefix}${name}`,
    encodeAttribute(value),
  ]);
  const children = node.children.map(toRaw);
  return attributes.length === 0
    ? { [node.name]: children }
    : { [node.name]: children, ':@': Object.fromEntries(attributes) };
};

/**
 * Reads a document in order, losing nothing but quotes, the declaration and white space around the root. Throws
 * `invalid` or `too_large`.
 */
export const parseXml = (xml: string): XmlDocument => {
  checkBefore(xml);
  let nodes: XmlNode[];
  try {
    nodes = (parser.parse(xml) as readonly RawNode[]).map(fromRaw);
  } catch (thrown) {
    throw thrown instanceof InnkeeperError ? thrown : invalid('The XML cannot be read', thrown);
  }
  const at = nodes.findIndex(isElement);
  const root = nodes[at];
  if (root === undefined || !isElement(root)) throw invalid('The XML has no root element');
  const [before, after] = [nodes.slice(0, at), nodes.slice(at + 1)];
  const stray = [...before, ...after].some(
    (node) => isElement(node) || node.kind === 'cdata' || (node.kind === 'text' && node.text.trim() !== ''),
  );
  if (stray) throw invalid('The XML has something beside its root element');
  return { before, root, after };
};

/** Writes nodes as they are, without adding white space. */
export const writeNodes = (nodes: readonly XmlNode[]): string => String(builder.build(nodes.map(toRaw)));

/** Writes a whole document; the inverse of `parseXml`. */
export const writeXml = (document: XmlDocument): string =>
  writeNodes([...document.before, document.root, ...document.after]);
