import { defaultListen, InnkeeperError, type Paths, pathsUnder, prefixVariable } from '@innkeeper/model';
import { z } from 'zod';

/** As npm takes them: https://docs.npmjs.com/cli/configuring-npm/package-json#name */
const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

const sshFile = z.string().startsWith('/', 'must be an absolute path').optional();

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
  web: z.string().optional(),
  /** Older entries of the audit log are taken away. */
  auditDays: z.coerce.number().int().min(1).max(36_500).default(365),
  /** Of the ssh that reaches other hosts; root's own ~/.ssh without them. */
  sshConfig: sshFile,
  sshKnownHosts: sshFile,
  sshIdentity: sshFile,
});

export interface Config extends z.output<typeof settings> {
  readonly paths: Paths;
}

const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):/;

const variables: Readonly<Record<keyof z.input<typeof settings>, string>> = {
  databaseUrl: 'DATABASE_URL',
  listen: 'INNKEEPER_LISTEN',
  acceleration: 'INNKEEPER_ACCELERATION',
  hostName: 'INNKEEPER_HOST_NAME',
  drivers: 'INNKEEPER_DRIVERS',
  libvirtSeconds: 'INNKEEPER_LIBVIRT_SECONDS',
  imageMirror: 'INNKEEPER_IMAGE_MIRROR',
  imageCache: 'INNKEEPER_IMAGE_CACHE',
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
  if (result.data.listen !== 'off' && !loopback.test(result.data.listen)) {
    throw new InnkeeperError(
      'invalid',
      `INNKEEPER_LISTEN=${result.data.listen}: only loopback addresses are offered by this version`,
      {
        hint: 'put a reverse proxy with TLS in front of 127.0.0.1, or use ssh -L',
      },
    );
  }
  return { ...result.data, paths };
};
