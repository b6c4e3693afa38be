import { defaultListen } from '@innkeeper/model';
import { askApi, itemsOf } from './api.ts';
import type { Settings } from './service/environment.ts';
import type { Ground } from './setup/step.ts';
import { waitFor } from './wait.ts';

/** A slow machine's libvirt looks at each of QEMU's programs before it answers the first time. */
const driversMs = 120_000;

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

interface Told {
  readonly driver: string;
  readonly placeable: boolean;
  readonly healthy: boolean;
  readonly reason?: string;
}

const localHost = async ({ paths }: Ground) =>
  itemsOf(await askApi(paths.socket, { path: '/v1/hosts' })).find((item) => item.state === 'up');

/** Drivers that are to make guests and do not work; none while the machine has not reported. */
const failing = async (ground: Ground): Promise<Told[]> =>
  (((await localHost(ground))?.drivers ?? []) as Told[]).filter(({ healthy, placeable }) => placeable && !healthy);

const waitForDrivers = async (ground: Ground): Promise<void> => {
  const [first] = await failing(ground);
  if (first === undefined) return;
  ground.report.progress('drivers', `waiting for ${first.driver}: ${first.reason}`);
  const work = async () => ((await failing(ground)).length === 0 ? true : undefined);
  if ((await waitFor(work, { limitMs: driversMs, everyMs: 1000 })) === true)
    return ground.report.done('drivers', 'work');
  for (const { driver, reason } of await failing(ground))
    ground.report.warn(`driver ${driver}`, `${reason}; inn doctor`);
};

/**
 * The control plane registers its own machine when it starts; what needs a host has to wait for that, and for libvirts that are
 * slow to answer the first time.
 */
export const waitForHost = async (ground: Ground): Promise<void> => {
  const { report } = ground;
  const host = await waitFor(() => localHost(ground), { limitMs: 60_000, everyMs: 250 });
  if (host === undefined) return report.warn('host', 'this machine has not reported within a minute; see inn host ls');
  report.done('host', `${String(host.name)} is up`);
  await waitForDrivers(ground);
};
