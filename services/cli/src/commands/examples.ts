/** The end of a command's help: what can be typed, and what it does. */
export const examples = (...all: readonly (readonly [command: string, does: string])[]): string => {
  const width = Math.max(...all.map(([command]) => command.length));
  return `\nexamples\n${all.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`).join('\n')}`;
};
