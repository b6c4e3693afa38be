import { InnkeeperError } from '@innkeeper/model';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const uriPattern = /^[a-z]+(\+(unix|ssh|tls|tcp|libssh|libssh2))?:\/\/[^\s;'"\\]*$/;
const batchWordPattern = /^-{0,2}[a-z0-9]+(-[a-z0-9]+)*$/i;
const settingPattern = /^[a-z]+(_[a-z]+)*=\d+$/;
const pathPattern = /^(\/[a-z0-9][a-z0-9._-]*)+$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlPattern = /[\u0000-\u001f\u007f]/;

export const isUuid = (text: string): boolean => uuidPattern.test(text);

/**
 * A domain's UUID in lower case. virsh takes a domain's id, name or UUID in the same place, and foreign names may be
 * numbers or look like options: nothing but a UUID is ever given to it. Throws `invalid`.
 */
export const checkedUuid = (text: string): string => {
  if (!uuidPattern.test(text))
    throw new InnkeeperError('invalid', `"${text.slice(0, 60)}" is not the UUID of a domain`);
  return text.toLowerCase();
};

/**
 * A libvirt connection URI. `ext` is refused because libvirt would run any command that such a URI names. Throws
 * `invalid`.
 */
export const checkedUri = (uri: string): string => {
  if (!uriPattern.test(uri))
    throw new InnkeeperError('invalid', `"${uri.slice(0, 120)}" is not a libvirt connection Innkeeper uses`);
  return uri;
};

/**
 * The name of a network: only ever a whole argument after its option, so anything printable is safe. Throws `invalid`.
 */
export const checkedNetworkName = (name: string): string => {
  if (name === '' || name.length > 255 || controlPattern.test(name) || name.includes('/')) {
    throw new InnkeeperError('invalid', `"${name.slice(0, 60)}" cannot be the name of a network`);
  }
  return name;
};

/** The namespace of a metadata element, as an absolute URI. Throws `invalid`. */
export const checkedNamespace = (uri: string): string => {
  if (!/^[a-z][a-z0-9+.-]*:[^\s"'<>&;\\]+$/i.test(uri)) {
    throw new InnkeeperError('invalid', `"${uri.slice(0, 120)}" is not a namespace for metadata`);
  }
  return uri;
};

/** The prefix libvirt gives the metadata element. Throws `invalid`. */
export const checkedPrefix = (key: string): string => {
  if (!/^[a-z][a-z0-9-]{0,30}$/i.test(key))
    throw new InnkeeperError('invalid', `"${key.slice(0, 40)}" is not a prefix for metadata`);
  return key;
};

/**
 * Whether virsh reads these words as the words they are. It parses a line like a shell: an unquoted `x; destroy y`
 * destroys y, so only letters, digits and hyphens (command names, options, UUIDs, numbers), paths and settings of such are plain.
 */
const isPlain = (words: readonly string[]): boolean =>
  words.length > 0 &&
  words.every((word) => [batchWordPattern, pathPattern, settingPattern].some((pattern) => pattern.test(word)));

/** As long as a line may be: virsh's line editor writes all of it again for every character that it reads. */
const longestLine = 4000;
const unquotable = /[^\u0020-\u007e]|'/;

/**
 * A command as a line that virsh reads as these very words: between single quotes it takes everything literally.
 * Undefined for words that no line can carry.
 */
export const commandLine = (words: readonly string[]): string | undefined => {
  if (words.length === 0 || words.some((word) => unquotable.test(word))) return undefined;
  const line = words.map((word) => (isPlain([word]) ? word : `'${word}'`)).join(' ');
  return line.length > longestLine ? undefined : line;
};

/** One command of a batch, which never takes anything but plain words. Throws `internal`. */
export const batchCommand = (words: readonly string[]): string => {
  if (!isPlain(words)) throw new InnkeeperError('internal', `"${words.join(' ')}" may not be part of a virsh batch`);
  return words.join(' ');
};
