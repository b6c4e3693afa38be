import { InnkeeperError } from '@innkeeper/model';

export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof formats)[number];

/** How every command that lists something is asked for another format. */
export const outputOption = ['-o, --output <format>', 'table, wide, json, yaml or name', 'table'] as const;

export const checkFormat = (text: string): Format => {
  const found = formats.find((format) => format === text);
  if (found === undefined) throw new InnkeeperError('invalid', `-o ${text}: must be one of ${formats.join(', ')}`);
  return found;
};

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Data in the format that was asked for; `asTable` makes what people read. */
export const printItems = async <T>(
  format: Format,
  items: readonly T[],
  nameOf: (item: T) => string,
  asTable: (wide: boolean) => string,
): Promise<void> => {
  switch (format) {
    case 'json':
      return print(JSON.stringify(items, null, 2));
    case 'yaml':
      return print((await import('yaml')).stringify(items).trimEnd());
    case 'name':
      return items.length === 0 ? undefined : print(items.map(nameOf).join('\n'));
    case 'table':
    case 'wide':
      return print(asTable(format === 'wide'));
  }
};
