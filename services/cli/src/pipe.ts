let holders = 0;

/** Until it is called, a closed pipe ends nothing by itself: there is something to be put in order first. */
export const holdOn = (): (() => void) => {
  holders += 1;
  let held = true;
  return () => {
    if (held) holders -= 1;
    held = false;
  };
};

/** Somebody closed the pipe (`inn ls | head`): not an error, and nobody is left to read on. */
export const endWithPipe = (): void => {
  process.stdout.on('error', () => {
    if (holders === 0) process.exit(0);
  });
  // What goes wrong is said to nobody then, and the exit code says it still.
  process.stderr.on('error', () => undefined);
};
