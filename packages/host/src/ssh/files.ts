import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type Ending, textOf } from '../execute.ts';
import { kindOf, orUndefined } from '../files.ts';
import type { FileFacts, HostFiles } from '../host.ts';
import { judge } from '../run.ts';
import type { Connection } from './connection.ts';
import { executeOver, type RemoteOptions } from './execute.ts';
import { writtenError } from './file-error.ts';

/** Long enough for content that goes over a slow line, and for trees that are removed. */
const longMs = 600_000;
/** A file that is read whole stands in memory, here as on this machine. */
const largestFile = 1024 * 1024 * 1024;

/** Five digits: with fewer, chmod leaves the set-group-id bit of a directory as it is. */
const octal = (mode: number): string => mode.toString(8).padStart(5, '0');

/**
 * BESIDE PATH MODE SIZE, content on the input. The size is compared because a lost connection ends the input as well:
 * half a file never takes the place of a whole one. SIGTERM is ignored, as it would end what removes the half as well:
 * without a connection there is no input, and so nothing to wait for.
 */
const writeScript = `set -eC
umask 077
trap '' TERM INT HUP
trap 'rm -f -- "$1"' EXIT
cat >"$1"
[ "$(stat -c %s -- "$1")" = "$4" ]
chmod -- "$3" "$1"
mv -T -- "$1" "$2"
trap - EXIT`;

/**
 * Paths on the input, each ended by a zero byte. For each its length and a line end before its bytes, or a hyphen for one
 * that cannot be read.
 */
const textsProgram = `binmode STDIN; binmode STDOUT; local $/ = "\\0"; my @paths = <STDIN>;
for my $path (@paths) {
  chomp $path;
  local $/;
  my ($file, $text);
  $text = <$file> if open $file, '<', $path;
  print defined $text ? length($text) . "\\n$text" : "-\\n";
}`;

const parseTexts = (bytes: Buffer, count: number): (string | undefined)[] => {
  let at = 0;
  return Array.from({ length: count }, () => {
    const end = bytes.indexOf('\n', at);
    const length = bytes.subarray(at, end).toString('latin1');
    at = end + 1;
    if (length === '-') return undefined;
    const text = bytes.subarray(at, at + Number(length)).toString('utf8');
    at += Number(length);
    return text;
  });
};

/** mv would copy where a rename is not possible. */
const renameProgram = 'exit 0 if rename $ARGV[0], $ARGV[1]; print STDERR "$!\\n"; exit 1';

/** `mode(hex) size blocks blocksize uid seconds.fraction`, see stat(1). */
const factsFormat = '%f %s %b %B %u %.9Y';

const parseFacts = (text: string): FileFacts => {
  const [modeText = '', size, blocks, blockSize, uid, modified] = text.trim().split(' ');
  const mode = Number.parseInt(modeText, 16);
  return {
    kind: kindOf(mode),
    size: Number(size),
    allocated: Number(blocks) * Number(blockSize),
    mode: mode & 0o7777,
    uid: Number(uid),
    modifiedMs: Number(modified) * 1000,
  };
};

/** {@link HostFiles} of the other side: one small program, and so one round trip, for each method. */
export const filesOver = (connection: Connection): HostFiles => {
  /** Throws what Node throws for the same call on this machine; for what is not about the file, what `run` throws. */
  const ask = async (
    syscall: string,
    path: string,
    argv: readonly string[],
    options: RemoteOptions = {},
  ): Promise<Ending> => {
    const ending = await executeOver(connection, argv, options);
    if (ending.exitCode === 1 || ending.exitCode === 2) throw writtenError(ending.stderr, syscall, path);
    judge(argv, options, ending);
    return ending;
  };

  const read = async (path: string): Promise<Uint8Array> => {
    const options = { bytes: true, largestOutput: largestFile, timeoutMs: longMs };
    const { stdout } = await ask('open', path, ['cat', '--', path], options);
    return Buffer.from(stdout as Uint8Array);
  };
  const readText = async (path: string): Promise<string> => textOf(await read(path));

  return {
    read,
    readText,
    readTextIfThere: (path) => orUndefined(readText(path)),
    readTexts: async (paths) => {
      if (paths.length === 0) return [];
      const options = { bytes: true, largestOutput: largestFile, input: paths.map((path) => `${path}\0`).join('') };
      const { stdout } = await ask('open', paths[0] ?? '', ['perl', '-e', textsProgram], options);
      return parseTexts(Buffer.from(stdout as Uint8Array), paths.length);
    },
    write: async (path, content, mode = 0o600) => {
      const beside = join(dirname(path), `.${randomUUID()}.new`);
      const size = Buffer.byteLength(content);
      const argv = ['sh', '-c', writeScript, 'write', beside, path, octal(mode), String(size)];
      await ask('open', path, argv, { input: content, timeoutMs: longMs });
    },
    facts: (path) =>
      orUndefined(
        ask('lstat', path, ['stat', '-c', factsFormat, '--', path]).then(({ stdout }) => parseFacts(textOf(stdout))),
      ),
    list: async (path) => {
      const argv = ['find', '-H', path, '-mindepth', '1', '-maxdepth', '1', '-printf', '%f\\0'];
      const ending = await orUndefined(ask('scandir', path, argv));
      return ending === undefined ? [] : textOf(ending.stdout).split('\0').slice(0, -1);
    },
    makeDirectory: async (path, mode = 0o700) => {
      const script = 'mkdir -p -- "$1" && chmod -- "$2" "$1"';
      await ask('mkdir', path, ['sh', '-c', script, 'mkdir', path, octal(mode)]);
    },
    chown: async (path, uid, gid) => void (await ask('lchown', path, ['chown', '-h', '--', `${uid}:${gid}`, path])),
    chmod: async (path, mode) => void (await ask('chmod', path, ['chmod', '--', octal(mode), path])),
    rename: async (from, to) => void (await ask('rename', from, ['perl', '-e', renameProgram, '--', from, to])),
    remove: async (path) => {
      const argv = ['rm', '-rf', '--one-file-system', '--', path];
      judge(argv, {}, await executeOver(connection, argv, { timeoutMs: longMs }));
    },
    space: async (path) => {
      const { stdout } = await ask('statfs', path, ['stat', '-f', '-c', '%a %b %S', '--', path]);
      const [free = 0, total = 0, unit = 0] = textOf(stdout).trim().split(' ').map(Number);
      return { free: free * unit, total: total * unit };
    },
  };
};
