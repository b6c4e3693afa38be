/** What set-up says to people: one line for each step, plain without a terminal, no colour with NO_COLOR. */
export interface Reporter {
  /** A line of its own. */
  say(text: string): void;
  /** What a step is at. On a terminal each replaces the last; without one only the first of a step is printed. */
  progress(step: string, text: string): void;
  done(step: string, text: string): void;
  warn(step: string, text: string): void;
  failed(step: string, text: string): void;
}

interface ReportTarget {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
  readonly columns: number;
}

const colours = { green: 32, yellow: 33, red: 31, dim: 2 } as const;
const clearLine = '\r\x1b[K';

export const createReporter = ({ write, isTerminal, hasColour, columns }: ReportTarget): Reporter => {
  const paint = (colour: keyof typeof colours, text: string): string =>
    hasColour ? `\x1b[${colours[colour]}m${text}\x1b[0m` : text;
  let announced: string | undefined;
  const say = (text: string): void => {
    write(`${isTerminal && announced !== undefined ? clearLine : ''}${text}\n`);
    if (isTerminal) announced = undefined;
  };
  const line = (text: string): void => {
    say(text);
    announced = undefined;
  };
  const mark = (sign: string, colour: keyof typeof colours) => (step: string, text: string) =>
    line(`${paint(colour, sign)} ${step}: ${text}`);
  return {
    say,
    progress: (step, text) => {
      const shown = `… ${step}: ${text}`;
      if (isTerminal) write(`${clearLine}${paint('dim', shown.slice(0, Math.max(20, columns - 1)))}`);
      else if (announced !== step) write(`${shown}\n`);
      announced = step;
    },
    done: mark('✓', 'green'),
    warn: mark('!', 'yellow'),
    failed: mark('✗', 'red'),
  };
};

/** To the standard output of this process. */
export const standardReporter = (): Reporter =>
  createReporter({
    write: (text) => void process.stdout.write(text),
    isTerminal: process.stdout.isTTY === true,
    hasColour: process.stdout.isTTY === true && !process.env.NO_COLOR,
    columns: process.stdout.columns ?? 80,
  });

/** For programs that set up a machine without a reader, such as tests. */
export const silentReporter: Reporter = {
  say: () => undefined,
  progress: () => undefined,
  done: () => undefined,
  warn: () => undefined,
  failed: () => undefined,
};
