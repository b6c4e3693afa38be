import { plain } from './style.ts';

/** What an image is doing: one line that is redrawn on a terminal; elsewhere a line for each step, without its figures. */
export const imageProgress = (name: string): { update(text: string): void; finish(): void } => {
  if (process.stderr.isTTY === true) {
    const width = (process.stderr.columns ?? 80) - 1;
    return {
      update: (text) => void process.stderr.write(`\r\u001b[2K${`  ${name}: ${plain(text)}`.slice(0, width)}`),
      finish: () => void process.stderr.write('\r\u001b[2K'),
    };
  }
  let said = '';
  return {
    update: (text) => {
      const step = plain(text).split(':')[0] ?? '';
      if (step === said) return;
      said = step;
      process.stderr.write(`  ${name}: ${step}\n`);
    },
    finish: () => undefined,
  };
};
