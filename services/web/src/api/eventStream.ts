/** One message of a stream of server-sent events. */
export interface StreamMessage {
  readonly id: string | undefined;
  readonly data: string;
}

/**
 * Splits what arrives into messages (HTML standard, 9.2.6): lines end in LF, CR LF or CR, an empty line ends a message,
 * comments and messages without data are dropped. Returns the function to feed text to.
 */
export const messageParser = (receive: (message: StreamMessage) => void): ((text: string) => void) => {
  let rest = '';
  let id: string | undefined;
  let data: string[] = [];
  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0) receive({ id, data: data.join('\n') });
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
  };
  return (text) => {
    // A CR at the end may be half of a CR LF: it waits for what follows.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const one of lines) line(one);
  };
};
