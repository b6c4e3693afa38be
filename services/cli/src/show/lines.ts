const newline = 0x0a;

/** The last lines of a text, byte by byte as they are; all of it when no number is said. What follows the last newline is a line. */
export const lastLines = (bytes: Uint8Array, count: number | undefined): Uint8Array => {
  if (count === undefined) return bytes;
  if (count === 0) return bytes.subarray(bytes.length);
  let left = count;
  for (let at = bytes.length - 2; at >= 0; at -= 1) {
    if (bytes[at] !== newline) continue;
    left -= 1;
    if (left === 0) return bytes.subarray(at + 1);
  }
  return bytes;
};
