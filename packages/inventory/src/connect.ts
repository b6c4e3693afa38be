import postgres from 'postgres';

/**
 * A unix socket is an option of its own for postgres.js. libpq writes it in a URL in two ways:
 * as the host, percent-encoded (`%2Frun%2F…`), or as the parameter `host`.
 */
const clientOptions = (url: string): { readonly host?: string } => {
  const parsed = new URL(url);
  const socket = parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname);
  return socket.startsWith('/') ? { host: socket } : {};
};

const withoutHost = (url: string): string => {
  const parsed = new URL(url);
  parsed.searchParams.delete('host');
  return parsed.toString();
};

/** Nothing connects before the first statement. */
export const connectTo = (
  url: string,
  options: postgres.Options<Record<string, postgres.PostgresType>>,
): postgres.Sql => postgres(withoutHost(url), { ...clientOptions(url), onnotice: () => undefined, ...options });
