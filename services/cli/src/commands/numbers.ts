import { InnkeeperError } from '@innkeeper/model';

/** The number that an option's value says; undefined when it was not given. Throws `invalid` with the option's name. */
export const numberOption = (option: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InnkeeperError('invalid', `--${option} ${text}: must be a number, such as 2`);
  return value;
};
