import { indented } from './build.ts';
import { isElement, parseXml, writeNodes, type XmlElement, type XmlNode } from './tree.ts';

/** Neighbouring text and CDATA are one text. */
const merged = (nodes: readonly XmlNode[]): XmlNode[] => {
  const result: XmlNode[] = [];
  for (const node of nodes) {
    const last = result.at(-1);
    if (isElement(node) || node.kind === 'comment') result.push(node);
    else if (last !== undefined && last.kind === 'text')
      result[result.length - 1] = { kind: 'text', text: last.text + node.text };
    else result.push({ kind: 'text', text: node.text });
  }
  return result;
};

const isBlank = (node: XmlNode): boolean => node.kind === 'text' && node.text.trim() === '';

const canonicalElement = (element: XmlElement, parent?: XmlElement): XmlElement | undefined => {
  const nodes = merged(element.children);
  const hasElements = nodes.some((node) => isElement(node) || node.kind === 'comment');
  const kept = nodes.filter((node) => !(isBlank(node) && (hasElements || element.name === 'metadata')));
  const children = kept.flatMap((node) => {
    const child = isElement(node) ? canonicalElement(node, element) : node;
    return child === undefined ? [] : [child];
  });
  // libvirt leaves an empty <metadata/> behind when the last element of it is removed.
  const isRootMetadata = element.name === 'metadata' && parent?.name === 'domain';
  if (isRootMetadata && children.length === 0) return undefined;
  const attributes = Object.fromEntries(
    Object.entries(element.attributes).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );
  return { ...element, attributes, children };
};

/**
 * One form for all XML that means the same: order of attributes, white space between elements, quotes, CDATA and an
 * empty `<metadata/>` make no difference.
 */
export const canonicalXml = (xml: string): string => {
  const { root } = parseXml(xml);
  return writeNodes([indented(canonicalElement(root) ?? { ...root, children: [] })]);
};
