/** Of these characters no shell makes anything else. */
const plain = /^[A-Za-z0-9_/.,:=@+-]+$/;

const quoted = (argument: string): string =>
  plain.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;

/**
 * One line that a POSIX shell takes apart into exactly these arguments: ssh hands a string to the login shell of the other
 * side. An argument holds no NUL, as anywhere in Unix.
 */
export const commandLine = (argv: readonly string[]): string => argv.map(quoted).join(' ');
