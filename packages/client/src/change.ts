export interface ChangeOptions {
  /** Hold the answer until done, at most this long, such as `30s`. */
  readonly wait?: string;
  readonly idempotencyKey?: string;
}

export const queryOf = (values: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? '' : `?${given.join('&')}`;
};
export const changeQuery = ({ wait }: ChangeOptions): string => queryOf({ wait });
export const changeHeaders = ({ idempotencyKey }: ChangeOptions): Record<string, string> =>
  idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
