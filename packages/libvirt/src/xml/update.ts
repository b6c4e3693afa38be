import { InnkeeperError } from '@innkeeper/model';
import { indented } from './build.ts';
import { type Namespaces, namespaceOf, namespacesIn } from './query.ts';
import { isElement, parseXml, writeXml, type XmlElement, type XmlNode } from './tree.ts';

/**
 * Which child of the parent: by name, by namespace (for metadata), by attributes, by anything. All that is given has
 * to hold.
 */
export interface Step {
  readonly name?: string;
  /** The URI of the element's namespace, whatever prefix it is written with. */
  readonly namespace?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly where?: (element: XmlElement) => boolean;
}

/** One change. Everything else in the document stays as it is. */
export interface Edit {
  /**
   * From the root downwards, the root itself not named: `['metadata', { namespace }]`, `['on_reboot']`. A text is a
   * name.
   */
  readonly path: readonly (string | Step)[];
  /** What stands there afterwards; undefined removes it, and nothing there is no error. */
  readonly element: XmlElement | undefined;
  /** Inserts one more instead of replacing what matches: a second disk. */
  readonly add?: boolean;
}

const stepOf = (step: string | Step): Step => (typeof step === 'string' ? { name: step } : step);

const matches = (element: XmlElement, step: Step, outside: Namespaces): boolean =>
  (step.name === undefined || element.name === step.name) &&
  (step.namespace === undefined || namespaceOf(element, outside) === step.namespace) &&
  Object.entries(step.attributes ?? {}).every(([name, value]) => element.attributes[name] === value) &&
  (step.where === undefined || step.where(element));

const pathText = (path: Edit['path']): string =>
  path
    .map(stepOf)
    .map((step) => step.name ?? step.namespace ?? '*')
    .join('/');

/** White space of the document's own style before a child of that depth. */
const space = (depth: number): XmlNode => ({ kind: 'text', text: `\n${'  '.repeat(depth)}` });

const isBlank = (node: XmlNode | undefined): boolean => node?.kind === 'text' && node.text.trim() === '';

const append = (parent: XmlElement, child: XmlElement, depth: number): XmlElement => {
  const children = isBlank(parent.children.at(-1)) ? parent.children.slice(0, -1) : parent.children;
  return { ...parent, children: [...children, space(depth), indented(child, depth), space(depth - 1)] };
};

/** The white space before it goes with it, so that an edit and its reverse leave the same document. */
const without = (parent: XmlElement, index: number): XmlElement => {
  const from = isBlank(parent.children[index - 1]) && isBlank(parent.children[index + 1]) ? index - 1 : index;
  return { ...parent, children: parent.children.filter((_, at) => at < from || at > index) };
};

const replaceChild = (parent: XmlElement, index: number, child: XmlElement): XmlElement => ({
  ...parent,
  children: parent.children.map((node, at) => (at === index ? child : node)),
});

const findChild = (parent: XmlElement, step: Step, outside: Namespaces, edit: Edit): number | undefined => {
  const found = parent.children.flatMap((node, index) =>
    isElement(node) && matches(node, step, outside) ? [index] : [],
  );
  if (found.length > 1) {
    throw new InnkeeperError(
      'conflict',
      `The definition has ${found.length} elements at ${pathText(edit.path)}, and only one can be changed`,
    );
  }
  return found[0];
};

const missingParent = (step: Step, edit: Edit): XmlElement => {
  if (step.name === undefined)
    throw new InnkeeperError('not_found', `The definition has nothing at ${pathText(edit.path)}`);
  return { kind: 'element', name: step.name, attributes: { ...step.attributes }, children: [] };
};

const applyAt = (parent: XmlElement, edit: Edit, depth: number, outside: Namespaces): XmlElement => {
  const step = stepOf(edit.path[depth - 1] ?? {});
  const scope = namespacesIn(parent, outside);
  const last = depth === edit.path.length;
  if (last && edit.add === true) return edit.element === undefined ? parent : append(parent, edit.element, depth);
  const index = findChild(parent, step, scope, edit);
  if (last) {
    if (edit.element === undefined) return index === undefined ? parent : without(parent, index);
    return index === undefined
      ? append(parent, edit.element, depth)
      : replaceChild(parent, index, indented(edit.element, depth));
  }
  if (index === undefined) {
    return edit.element === undefined
      ? parent
      : append(parent, applyAt(missingParent(step, edit), edit, depth + 1, scope), depth);
  }
  return replaceChild(parent, index, applyAt(parent.children[index] as XmlElement, edit, depth + 1, scope));
};

/**
 * Applies edits in order and leaves all the rest, unknown elements, comments and `qemu:commandline` included.
 * Throws `conflict` when a step matches several elements, `invalid` when the XML cannot be read.
 */
export const updateDomain = (xml: string, edits: readonly Edit[]): string => {
  const document = parseXml(xml);
  const root = edits.reduce((current, edit) => {
    if (edit.path.length === 0) throw new InnkeeperError('internal', 'An edit needs a path');
    return applyAt(current, edit, 1, {});
  }, document.root);
  return writeXml({ ...document, root });
};
