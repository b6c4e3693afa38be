/** The command line of `npm run up` and `npm run down`. @module */

export const usage = `Sets this machine up for Innkeeper and starts it, or stops it again.

  npm run up   [-- options]     set up, start, and run the example lab
  npm run down [-- options]     stop the control plane and its database; guests run on

Options of up
  --dry-run        say what would be installed, written and downloaded; change nothing
  --lab FILE       apply this manifest in place of examples/lab.yaml
  --no-lab         apply none
  --restore FILE   make the database what it was when this dump was made (inn dump ls); guests run on

Options of down
  --purge          remove the workloads and everything that up made
  --packages       with --purge: the Debian packages too
  --force          with --purge: go on when the workloads cannot be removed

Both
  --yes            do not ask
  -h, --help       this text

Environment
  INNKEEPER_PREFIX   a second installation below this directory; give it another INNKEEPER_LISTEN
  DATABASE_URL       a PostgreSQL of your own
  INNKEEPER_LISTEN, INNKEEPER_ACCELERATION, INNKEEPER_HOST_NAME, INNKEEPER_IMAGE_MIRROR, INNKEEPER_LOG_LEVEL
                     settings of the control plane, kept with DATABASE_URL in /etc/innkeeper/environment
`;

/**
 * @typedef {object} Flags
 * @property {'up' | 'down'} command
 * @property {boolean} help
 * @property {boolean} dryRun
 * @property {boolean} yes
 * @property {boolean} purge
 * @property {boolean} packages
 * @property {boolean} force
 * @property {string | false | undefined} lab
 * @property {string | undefined} restore
 */

/** @type {Readonly<Record<string, { key: 'dryRun' | 'yes' | 'purge' | 'packages' | 'force', of: readonly string[] }>>} */
const switches = {
  '--dry-run': { key: 'dryRun', of: ['up'] },
  '--yes': { key: 'yes', of: ['up', 'down'] },
  '--purge': { key: 'purge', of: ['down'] },
  '--packages': { key: 'packages', of: ['down'] },
  '--force': { key: 'force', of: ['down'] },
};

/** What is wrong with the command line. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} words
 * @returns {Flags}
 */
export const parseFlags = (words) => {
  const [command, ...rest] = words;
  const help = words.includes('-h') || words.includes('--help');
  if (command !== 'up' && command !== 'down') {
    if (help) return { ...none('up'), help };
    throw new UsageError(command === undefined ? 'Say up or down' : `"${command}" is neither up nor down`);
  }
  const flags = { ...none(command), help };
  while (rest.length > 0) takeFlag(flags, rest);
  if (!flags.purge && (flags.packages || flags.force)) throw new UsageError('--packages and --force go with --purge');
  return flags;
};

/**
 * @param {'up' | 'down'} command
 * @returns {Flags}
 */
const none = (command) => ({
  command,
  help: false,
  dryRun: false,
  yes: false,
  purge: false,
  packages: false,
  force: false,
  lab: undefined,
  restore: undefined,
});

/**
 * @param {Flags} flags
 * @param {string[]} rest
 */
const takeFlag = (flags, rest) => {
  const word = rest.shift() ?? '';
  if (word === '-h' || word === '--help') return;
  const known = switches[word];
  if (known?.of.includes(flags.command)) flags[known.key] = true;
  else if (flags.command === 'up' && word === '--no-lab') flags.lab = false;
  else if (flags.command === 'up' && word === '--lab') flags.lab = fileOf(word, rest.shift());
  else if (flags.command === 'up' && word.startsWith('--lab=')) flags.lab = fileOf('--lab', word.slice(6));
  else if (flags.command === 'up' && word === '--restore') flags.restore = fileOf(word, rest.shift());
  else if (flags.command === 'up' && word.startsWith('--restore=')) flags.restore = fileOf('--restore', word.slice(10));
  else throw new UsageError(`"${word}" is not an option of ${flags.command}`);
};

/**
 * @param {string} flag
 * @param {string | undefined} value
 */
const fileOf = (flag, value) => {
  if (value === undefined || value === '' || value.startsWith('--')) throw new UsageError(`${flag} needs a file`);
  return value;
};
