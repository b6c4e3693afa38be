import { InnkeeperError } from '@innkeeper/model';

/**
 * fast-xml-parser leaves numeric references alone when it reads (`&#65;` stays five characters) and escapes their
 * ampersand when it writes, which damages them; so it is told to leave all entities to these functions.
 */
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

// biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 cannot carry, not even as references
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/u;

/** Throws `invalid` when a text has characters that no XML document can carry. */
export const checkCharacters = (text: string, where: string): void => {
  const at = text.search(forbidden);
  if (at < 0) return;
  const code = text.charCodeAt(at).toString(16).padStart(4, '0');
  throw new InnkeeperError('invalid', `${where} contains a character that XML cannot carry (U+${code.toUpperCase()})`);
};

const character = (reference: string): string | undefined => {
  if (!reference.startsWith('#')) return Object.hasOwn(named, reference) ? named[reference] : undefined;
  const code = reference.startsWith('#x')
    ? Number.parseInt(reference.slice(2), 16)
    : Number.parseInt(reference.slice(1), 10);
  if (!(code > 0 && code <= 0x10ffff)) return undefined;
  const text = String.fromCodePoint(code);
  return forbidden.test(text) ? undefined : text;
};

/** Text of what stands in a document. Throws `invalid` for an entity that XML does not define by itself. */
export const decode = (raw: string): string =>
  raw.replace(/&([^&;\s]{0,12};)?/g, (_, reference: string | undefined) => {
    const text = reference === undefined ? undefined : character(reference.slice(0, -1));
    if (text === undefined) throw new InnkeeperError('invalid', 'The XML contains an entity that is not defined');
    return text;
  });

/** A carriage return is written as a reference: readers turn a bare one into a line feed. */
export const encodeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');

/** Line ends and tabs too: in an attribute readers turn bare ones into spaces. */
export const encodeAttribute = (text: string): string =>
  encodeText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
