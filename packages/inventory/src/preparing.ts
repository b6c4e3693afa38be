import type { ParameterOrJSON, Sql } from 'postgres';

/**
 * More than this many parameters are lists, of which each length is another statement: a connection, which is never closed
 * for being old, would keep them all.
 */
const mostParameters = 24;

/**
 * Has a client prepare each statement once for each connection. Drizzle has postgres.js prepare none, and then each one is
 * sent twice: first for the types of its parameters, then with them, while its connection waits for this process in between.
 * With twenty operations at a time that, and a plan anew for each, took more than the statements.
 */
export const preparing = <Client extends Sql>(client: Client): Client => {
  const { begin, unsafe } = client;
  const send = (query: string, parameters: ParameterOrJSON<never>[] = [], options: object = {}) =>
    unsafe(query, parameters, {
      ...options,
      prepare: parameters.length > 0 && parameters.length <= mostParameters,
    });
  return Object.assign(client, {
    unsafe: send,
    // A transaction is handed a client of its own.
    ...(begin === undefined
      ? {}
      : { begin: (work: (own: Sql) => Promise<unknown>) => begin((own) => work(preparing(own as unknown as Sql))) }),
  });
};
