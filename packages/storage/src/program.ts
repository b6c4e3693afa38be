import { readFile } from 'node:fs/promises';

/** The text of a helper program of this package, by its file's name in `perl`, or of several one behind the other; read once. */
export const programText = (...files: readonly string[]): (() => Promise<string>) => {
  let text: Promise<string> | undefined;
  return () => {
    text ??= Promise.all(files.map((file) => readFile(new URL(`../perl/${file}`, import.meta.url), 'utf8'))).then(
      (texts) => texts.join('\n'),
    );
    return text;
  };
};
