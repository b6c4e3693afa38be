const useColour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';

const paint =
  (code: number) =>
  (text: string): string =>
    useColour ? `\u001b[${code}m${text}\u001b[0m` : text;

export const green = paint(32);
export const red = paint(31);
export const yellow = paint(33);
export const dim = paint(2);
export const bold = paint(1);

/** Guests are not trusted: their names and texts must not move the cursor or recolour the terminal. */
export const plain = (text: string): string =>
  [...text]
    .map((character) => (character < ' ' || (character >= '\u007f' && character < '\u00a0') ? '?' : character))
    .join('');
