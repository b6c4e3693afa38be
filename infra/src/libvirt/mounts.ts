/** One line of /proc/self/mountinfo, see proc_pid_mountinfo(5). */
export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly shared: boolean;
  readonly options: readonly string[];
}

/** Blanks, tabs, newlines and backslashes in paths are written as octal there. */
const unquote = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

export const parseMountInfo = (text: string): Mount[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ', 2);
      const fields = before.split(' ');
      const [type = '', , options = ''] = after.split(' ');
      return {
        point: unquote(fields[4] ?? ''),
        type,
        shared: fields.slice(6).some((field) => field.startsWith('shared:')),
        options: options.split(','),
      };
    });
