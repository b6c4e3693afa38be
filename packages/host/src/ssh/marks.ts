import { randomUUID } from 'node:crypto';
import { Transform } from 'node:stream';

/** What perl/supervise.pl says about its program, beside what the program itself writes. */
export type Word = 'pid' | 'failed' | 'exit' | 'signal' | 'late';

/** Keeps what was said about one program. A number each; 0 where it says nothing. */
export type Said = Map<Word, number>;

const separator = '\x1e';

/** Unlike anything that a program writes by chance, and unlike the mark of any other program. */
export const newMark = (): string => randomUUID();

const sayings = (mark: string): RegExp =>
  new RegExp(`${separator}${mark} (pid|failed|exit|signal|late)(?: (\\d+))?${separator}`, 'g');

/** Text without what the supervisor said in it, which is noted in `said`. */
export const withoutMarks = (text: string, mark: string, said: Said): string =>
  text.replace(sayings(mark), (_, word: Word, number: string | undefined) => {
    said.set(word, Number(number ?? 0));
    return '';
  });

/** Where the program begins. Before it are greetings of the login shell and ssh's own errors; -1 when it never began. */
export const beginOf = (text: string, mark: string): number => text.indexOf(`${separator}${mark} pid `);

/** Longest saying: a separator at both ends, the mark, a word and a process id. */
const longest = 64;

/** Where a saying begins that is not complete yet, or the end of the text. */
const unfinished = (text: string, mark: string): number => {
  const begin = text.lastIndexOf(separator);
  if (begin < 0 || text.length - begin >= longest) return text.length;
  const start = `${separator}${mark} `;
  return start.startsWith(text.slice(begin, begin + start.length)) ? begin : text.length;
};

/**
 * Takes the sayings out of a stream, and what came before the first one; `hear` is called when there was one. What could
 * be the beginning of one is held back until it is known, so only bytes after a record separator ever wait.
 */
export const markFilter = (mark: string, said: Said, hear: () => void): Transform => {
  let held = '';
  // latin1 maps bytes to characters one to one: whatever else is in the stream passes as it was.
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      held += chunk.toString('latin1');
      const begin = said.has('pid') ? 0 : beginOf(held, mark);
      if (begin < 0) return done();
      const before = said.size;
      const text = withoutMarks(held.slice(begin), mark, said);
      const end = unfinished(text, mark);
      held = text.slice(end);
      if (said.size !== before) hear();
      done(null, Buffer.from(text.slice(0, end), 'latin1'));
    },
    flush: (done) => done(null, Buffer.from(held, 'latin1')),
  });
};
