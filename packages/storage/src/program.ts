import { readFile } from 'node:fs/promises';

/** The text of a helper program of this package, by its file's name in `perl`; read once. */
export const programText = (file: string): (() => Promise<string>) => {
  let text: Promise<string> | undefined;
  return () => {
    text ??= readFile(new URL(`../perl/${file}`, import.meta.url), 'utf8');
    return text;
  };
};
