import { defaultListen, InnkeeperError, type Paths, pathsUnder, prefixVariable } from '@innkeeper/model';
import { z } from 'zod';

/** As npm takes them: https://docs.npmjs.com/cli/configuring-npm/package-json#name */
const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

const file = z.string().startsWith('/', 'must be an absolute path').optional();

const settings = z.object({
  databaseUrl: z.string().min(1),
  /** `off`, or address and port of the TCP listener. */
  listen: z
    .string()
    .regex(/^(off|(\[[0-9a-f:]+\]|[^:]+):\d{1,5})$/, 'must be off or address:port')
    .refine(
      (text) => text === 'off' || Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535,
      'a port is at most 65535',
    )
    .default(defaultListen),
  /** Of the API; another for each of several control planes on one machine. */
  socket: z.string().startsWith('/', 'must be an absolute path').optional(),
  /** PEM; both or none. They are read again when they change. */
  tlsCert: file,
  tlsKey: file,
  /** That a proxy in front ends TLS: who reaches the address is trusted to be that proxy. */
  insecureBehindProxy: z.enum(['on', 'off'], 'must be on or off').default('off'),
  acceleration: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  hostName: z.string().optional(),
  /** Packages that drivers are loaded from. Names only: a path or an address would load whatever lies there. */
  drivers: z
    .string()
    .default('@innkeeper/drivers,@innkeeper/driver-lxc-tools')
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.string().regex(packageName, 'must be names of npm packages, separated by commas'))),
  /** A call to libvirt that takes longer has failed. */
  libvirtSeconds: z.coerce.number().int().min(5).max(600).default(30),
  imageMirror: z.string().optional(),
  imageCache: z.string().optional(),
  /** Most bytes of an image that is fetched, and of what it unpacks to. */
  imageBytes: z.coerce
    .number()
    .int()
    .min(2 ** 20)
    .default(64 * 2 ** 30),
  web: z.string().optional(),
  /** Older entries of the audit log are taken away. */
  auditDays: z.coerce.number().int().min(1).max(36_500).default(365),
  /** Of the ssh that reaches other hosts; root's own ~/.ssh without them. */
  sshConfig: file,
  sshKnownHosts: file,
  sshIdentity: file,
});

type Settings = z.output<typeof settings>;

/** What protects the TCP listener: nothing on loopback, a certificate, or a proxy in front. */
type Transport =
  | { readonly kind: 'tcp' }
  | { readonly kind: 'tls'; readonly cert: string; readonly key: string }
  | { readonly kind: 'proxy' };

export interface Config extends Omit<Settings, 'tlsCert' | 'tlsKey' | 'insecureBehindProxy'> {
  readonly paths: Paths;
  readonly transport: Transport;
}

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):/;

const fileHint =
  'make both with openssl, or take those of an authority such as /etc/letsencrypt/live/NAME/{fullchain,privkey}.pem';

/** Throws `invalid` for an address that others reach without TLS: tokens and consoles would go over it in the clear. */
const transportOf = ({ listen, tlsCert, tlsKey, insecureBehindProxy }: Settings): Transport => {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [is, not] = tlsCert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY'];
    throw new InnkeeperError('invalid', `INNKEEPER_TLS_${is} needs INNKEEPER_TLS_${not} beside it`, { hint: fileHint });
  }
  if (tlsCert !== undefined && tlsKey !== undefined) {
    if (insecureBehindProxy === 'on')
      throw new InnkeeperError(
        'invalid',
        'INNKEEPER_TLS_CERT and INNKEEPER_INSECURE_BEHIND_PROXY=on contradict each other',
        {
          hint: 'a proxy may speak TLS to Innkeeper too: leave the second out',
        },
      );
    return { kind: 'tls', cert: tlsCert, key: tlsKey };
  }
  if (insecureBehindProxy === 'on') return { kind: 'proxy' };
  if (listen === 'off' || loopback.test(listen)) return { kind: 'tcp' };
  throw new InnkeeperError('invalid', `INNKEEPER_LISTEN=${listen} is reached from outside and needs TLS`, {
    hint: 'set INNKEEPER_TLS_CERT and INNKEEPER_TLS_KEY; or listen on 127.0.0.1 behind a reverse proxy or ssh -L; or, where a reverse proxy with TLS is all that reaches this address, set INNKEEPER_INSECURE_BEHIND_PROXY=on',
  });
};

const variables: Readonly<Record<keyof z.input<typeof settings>, string>> = {
  databaseUrl: 'DATABASE_URL',
  listen: 'INNKEEPER_LISTEN',
  socket: 'INNKEEPER_SOCKET',
  tlsCert: 'INNKEEPER_TLS_CERT',
  tlsKey: 'INNKEEPER_TLS_KEY',
  insecureBehindProxy: 'INNKEEPER_INSECURE_BEHIND_PROXY',
  acceleration: 'INNKEEPER_ACCELERATION',
  hostName: 'INNKEEPER_HOST_NAME',
  drivers: 'INNKEEPER_DRIVERS',
  libvirtSeconds: 'INNKEEPER_LIBVIRT_SECONDS',
  imageMirror: 'INNKEEPER_IMAGE_MIRROR',
  imageCache: 'INNKEEPER_IMAGE_CACHE',
  imageBytes: 'INNKEEPER_IMAGE_BYTES',
  web: 'INNKEEPER_WEB',
  auditDays: 'INNKEEPER_AUDIT_DAYS',
  sshConfig: 'INNKEEPER_SSH_CONFIG',
  sshKnownHosts: 'INNKEEPER_SSH_KNOWN_HOSTS',
  sshIdentity: 'INNKEEPER_SSH_IDENTITY',
};

/** Reads the settings from environment variables. Throws `invalid` naming the variable. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>): Config => {
  const paths = pathsUnder(env[prefixVariable] ?? '');
  const result = settings.safeParse(
    Object.fromEntries(Object.entries(variables).map(([field, name]) => [field, env[name]])),
  );
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new InnkeeperError(
      'invalid',
      `${variables[issue?.path[0] as keyof typeof variables]}: ${issue?.message ?? ''}`,
    );
  }
  const { tlsCert, tlsKey, insecureBehindProxy, socket = paths.socket, ...given } = result.data;
  return { ...given, transport: transportOf(result.data), paths: { ...paths, socket } };
};
