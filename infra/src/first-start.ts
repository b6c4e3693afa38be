import { defaultListen } from '@innkeeper/model';
import { askApi, itemsOf } from './api.ts';
import type { Settings } from './service/environment.ts';
import type { Ground } from './setup/step.ts';
import { waitFor } from './wait.ts';

const secretOf = (body: unknown): string => {
  if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string') return body.token;
  throw new Error('the control plane made a token and did not show it');
};

const pageAddress = ({
  INNKEEPER_LISTEN: listen = defaultListen,
  INNKEEPER_TLS_CERT: certificate,
}: Settings): string =>
  listen === 'off' ? 'switched off (INNKEEPER_LISTEN)' : `${certificate === undefined ? 'http' : 'https'}://${listen}`;

/** Makes the admin's token when there is none yet; it is shown this once. */
export const ensureAdminToken = async ({ paths, report, settings }: Ground): Promise<void> => {
  const tokens = itemsOf(await askApi(paths.socket, { path: '/v1/tokens' }));
  if (tokens.length > 0) return;
  const body = await askApi(paths.socket, {
    method: 'POST',
    path: '/v1/tokens',
    body: { name: 'admin', role: 'admin' },
  });
  report.say('');
  report.say(`  The page:         ${pageAddress(settings)}`);
  report.say(`  Token of "admin": ${secretOf(body)}`);
  report.say('  It is shown this once; only its hash is kept. On this machine `inn` needs none.');
  report.say('');
};

/** The control plane registers its own machine when it starts; what needs a host has to wait for that. */
export const waitForHost = async ({ paths, report }: Ground): Promise<void> => {
  const host = await waitFor(
    async () => itemsOf(await askApi(paths.socket, { path: '/v1/hosts' })).find((item) => item.state === 'up'),
    { limitMs: 60_000, everyMs: 250 },
  );
  if (host === undefined) report.warn('host', 'this machine has not reported within a minute; see inn host ls');
  else report.done('host', `${String(host.name)} is up`);
};
