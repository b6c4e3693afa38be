import type { Host } from '@innkeeper/host';

/** Octal escapes of /proc/PID/mountinfo (proc(5)): space, tab, newline and backslash. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Mount points below a directory, deepest first. */
export const mountsBelow = async (host: Host, directory: string): Promise<string[]> => {
  const table = await host.files.readText('/proc/self/mountinfo');
  return table
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''))
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length);
};

export const isMounted = async (host: Host, point: string): Promise<boolean> =>
  (await mountsBelow(host, point)).includes(point);

/** Unmounts everything below a directory; nothing mounted is no error, nor is what somebody else unmounts meanwhile. */
export const unmountBelow = async (host: Host, directory: string): Promise<void> => {
  for (const point of await mountsBelow(host, directory)) {
    try {
      await host.run(['umount', '--', point]);
    } catch (error) {
      if (await isMounted(host, point)) throw error;
    }
  }
};
