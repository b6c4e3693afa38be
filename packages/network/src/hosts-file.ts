import { isIP } from 'node:net';
import { InnkeeperError, namePattern } from '@innkeeper/model';

/** A guest and the addresses by which its host reaches it. */
export interface NamedGuest {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** The lines between which everything is ours; `id` tells installations on one host apart. */
const marksOf = (id: string): { readonly begin: string; readonly end: string } => ({
  begin: `# BEGIN ${id}: names of guests, written by Innkeeper`,
  end: `# END ${id}`,
});

interface Parts {
  /** Whole lines. */
  readonly before: string;
  /** What follows the block's last line and its end; undefined where the file ends without one. */
  readonly after: string | undefined;
}

/** Undefined for a text without a block. Throws `conflict` for a block without an end. */
const partsOf = (text: string, id: string): Parts | undefined => {
  const { begin, end } = marksOf(id);
  const lines = text.split('\n');
  const from = lines.indexOf(begin);
  if (from < 0) return undefined;
  const to = lines.indexOf(end, from);
  if (to < 0)
    throw new InnkeeperError('conflict', `/etc/hosts has the line "${begin}" and not the line "${end}" below it`, {
      hint: `put "${end}" back below the names of guests, or take the first line and them away`,
    });
  const rest = lines.slice(to + 1);
  return {
    before: lines
      .slice(0, from)
      .map((line) => `${line}\n`)
      .join(''),
    after: rest.length === 0 ? undefined : rest.join('\n'),
  };
};

/** The file as it was without us, byte for byte. Throws `conflict` for a block without an end. */
export const withoutNames = (text: string, id: string): string => {
  const parts = partsOf(text, id);
  if (parts === undefined) return text;
  const { before, after } = parts;
  // A last line without an end got one when the block was put behind it, and the block has none instead.
  return after === undefined ? before.slice(0, -1) : withoutNames(before + after, id);
};

const namesIn = (text: string): Set<string> =>
  new Set(
    text.split('\n').flatMap((line) =>
      (line.split('#')[0] ?? '')
        .trim()
        .split(/\s+/)
        .slice(1)
        .map((name) => name.toLowerCase()),
    ),
  );

const lineOf = ({ name }: NamedGuest, address: string): string => {
  if (!namePattern.test(name) || isIP(address) === 0)
    throw new InnkeeperError('invalid', `${JSON.stringify({ name, address })} cannot stand in /etc/hosts`);
  return `${address} ${name}\n`;
};

export interface NamesInFile {
  readonly text: string;
  /** Names that somebody else has given to an address: those stay, ours are left out. */
  readonly taken: readonly string[];
}

/**
 * The file with a block of these names, in the place of an earlier one or behind everything; all else stays byte for byte.
 * `reserved` are names that no guest gets, such as the host's own. Throws `conflict` for a block without an end.
 */
export const withNames = (
  text: string,
  id: string,
  guests: readonly NamedGuest[],
  reserved: readonly string[] = [],
): NamesInFile => {
  const rest = withoutNames(text, id);
  const others = namesIn(rest);
  for (const name of ['localhost', ...reserved]) others.add(name.toLowerCase());
  const isTaken = ({ name }: NamedGuest): boolean => others.has(name.toLowerCase());
  const taken = guests.filter(isTaken).map(({ name }) => name);
  const lines = guests
    .filter((guest) => !isTaken(guest))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((guest) => guest.addresses.map((address) => lineOf(guest, address)));
  if (lines.length === 0) return { text: rest, taken };
  const { begin, end } = marksOf(id);
  const block = `${begin}\n${lines.join('')}${end}`;
  const parts = partsOf(text, id);
  if (parts?.after !== undefined) return { text: `${parts.before}${block}\n${withoutNames(parts.after, id)}`, taken };
  return { text: rest === '' || rest.endsWith('\n') ? `${rest}${block}\n` : `${rest}\n${block}`, taken };
};
