import { diskFullHint, type ErrorCode, InnkeeperError, isDiskFull } from '@innkeeper/model';

/**
 * Every failure of virsh that somebody decides by. Told apart by text because virsh hands on no error numbers;
 * the program runs in the C locale, so the text is libvirt's source. The first row that matches counts.
 * Tried with libvirt 9.0.
 */
const table = [
  {
    kind: 'guest_died',
    code: 'host_error',
    pattern: /from (?:qemu )?monitor|process exited while connecting to monitor|closed the monitor/,
  },
  {
    kind: 'no_driver',
    code: 'unsupported',
    pattern: /no connection driver available|Cannot find.*libvirt_driver|libvirt was built without/,
  },
  {
    kind: 'refused',
    code: 'host_error',
    pattern: /authentication (?:failed|unavailable)|Permission denied|access denied|Host key verification failed/,
  },
  {
    kind: 'disconnected',
    code: 'transient',
    pattern:
      /Failed to connect socket|unable to connect to server|[Cc]onnection (?:reset|refused|timed out)|Cannot recv data|Cannot write data|End of file while reading data|client socket is closed|connection closed due to keepalive|Disconnected from|no connection to the server/,
  },
  { kind: 'timeout', code: 'transient', pattern: /[Tt]imed out|cannot acquire state change lock|timeout waiting/ },
  // A loaded host needs longer than the seconds that libvirt waits after SIGKILL; the guest is gone a moment later. On cgroup
  // v2 libvirt's LXC driver stumbles over the cgroup of a container that is going while it looks.
  {
    kind: 'dying',
    code: 'transient',
    pattern:
      /refused to die|Failed to terminate process .* with SIG|cgroup\.(?:threads|procs): No such device|Unable to read from .*cgroup\.[a-z]+': No such file/,
  },
  { kind: 'agent_silent', code: 'transient', pattern: /[Gg]uest agent is not (?:responding|connected|available)/ },
  {
    kind: 'domain_missing',
    code: 'not_found',
    pattern: /Domain not found|failed to get domain|no domain with matching/,
  },
  {
    kind: 'network_missing',
    code: 'not_found',
    pattern: /Network not found|failed to get network|no network with matching/,
  },
  {
    kind: 'metadata_missing',
    code: 'not_found',
    pattern: /Requested metadata element is not present|metadata not found/,
  },
  { kind: 'dhcp_exists', code: 'conflict', pattern: /there is an existing dhcp host entry/ },
  { kind: 'dhcp_missing', code: 'not_found', pattern: /couldn't locate a matching dhcp host entry/ },
  { kind: 'dns_exists', code: 'conflict', pattern: /at least one DNS HOST record with a matching field/ },
  {
    kind: 'exists',
    code: 'conflict',
    pattern: /already exists with uuid|already defined with (?:a different )?uuid|already exists|is already defined/,
  },
  {
    kind: 'already_running',
    code: 'conflict',
    pattern: /already active|already running|domain is already|network is already/,
  },
  {
    kind: 'not_running',
    code: 'conflict',
    pattern:
      /[Dd]omain is not running|domain '.*' (?:is )?not running|[Dd]omain is not active|domain is not in running state|domain is inactive/,
  },
  { kind: 'network_inactive', code: 'conflict', pattern: /network is not (?:active|running)/ },
  {
    kind: 'not_persistent',
    code: 'conflict',
    pattern: /transient (?:domain|network)|(?:domain|network) is (?:transient|not persistent)/,
  },
  {
    kind: 'unsupported',
    code: 'unsupported',
    pattern:
      /not supported by the connection driver|unsupported configuration|argument unsupported|unsupported flags|[Oo]peration not supported|is not supported|doesn't support option|unknown command/,
  },
] as const satisfies readonly { kind: string; code: ErrorCode; pattern: RegExp }[];

export type VirshKind = (typeof table)[number]['kind'] | 'other';

/** What virsh itself said; the `cause` of every error of this room that virsh reported. */
export class VirshError extends Error {
  override readonly name = 'VirshError';
  readonly kind: VirshKind;
  constructor(kind: VirshKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The lines that virsh marks as errors, without the mark. Messages of several lines keep only their first. */
export const errorLines = (stderr: string): string[] =>
  stderr.split('\n').flatMap((line) => (line.startsWith('error: ') ? [line.slice('error: '.length).trim()] : []));

/** Kind and code of an error output. */
export const classify = (stderr: string): { readonly kind: VirshKind; readonly code: ErrorCode } => {
  const row = table.find(({ pattern }) => pattern.test(stderr));
  return row === undefined ? { kind: 'other', code: 'host_error' } : { kind: row.kind, code: row.code };
};

/** The error for a failed virsh. `attempt` reads after "Cannot", such as `start domain 4dea… (qemu:///system)`. */
export const virshFailure = (attempt: string, stderr: string): InnkeeperError => {
  const { kind, code: usual } = classify(stderr);
  // Also what a hook complained about; it does not go away by itself.
  const full = isDiskFull(stderr);
  const code = full ? 'host_error' : usual;
  const last = errorLines(stderr).at(-1) ?? stderr.trim().split('\n').at(-1) ?? '';
  return new InnkeeperError(code, `Cannot ${attempt}`, {
    detail: stderr.trim(),
    ...(full ? { hint: diskFullHint } : {}),
    cause: new VirshError(kind, last === '' ? 'virsh gave no reason' : last),
  });
};

/** What kind of failure virsh reported; undefined when the error did not come from virsh. */
export const virshKind = (error: unknown): VirshKind | undefined => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof VirshError) return current.kind;
  }
  return undefined;
};
