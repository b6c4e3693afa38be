import type { Duplex, Readable, Writable } from 'node:stream';

export interface RunOptions {
  readonly input?: string | Uint8Array;
  /** Added to a minimal environment (PATH, LC_ALL=C, HOME); the caller's own environment is not passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds until the program is ended, with SIGTERM and then SIGKILL. Default 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Exit codes that are an answer, not a failure. Default `[0]`. */
  readonly expect?: readonly number[];
  /** Called with each line of both outputs as it comes, for progress. */
  readonly onLine?: (line: string) => void;
  /** Values that never appear in an error. */
  readonly secrets?: readonly string[];
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** With a pty there is one output stream: `stderr` stays empty. */
  readonly tty?: TerminalSize;
  /** Does not keep this process alive; ended with it. Without a pty only. */
  readonly background?: boolean;
}

export interface ProcessExit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** A running program whose streams somebody holds. */
export interface HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exit: Promise<ProcessExit>;
  resize(size: TerminalSize): void;
  kill(signal: NodeJS.Signals): void;
}

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  /** Bytes that it takes on the disk, less than `size` for a sparse file. */
  readonly allocated: number;
  readonly mode: number;
  readonly uid: number;
  readonly modifiedMs: number;
}

/** Files of the host. Paths are absolute and made by Innkeeper, never taken from a user. */
export interface HostFiles {
  read(path: string): Promise<Uint8Array>;
  readText(path: string): Promise<string>;
  /** The text, or undefined when there is no such file. */
  readTextIfThere(path: string): Promise<string | undefined>;
  /**
   * Many small files of the kernel (/proc, /sys, /run) in one go; undefined for one that is not there or ended while it
   * was read. As many paths as there are guests cost one call.
   */
  readTexts(paths: readonly string[]): Promise<(string | undefined)[]>;
  /** Written beside and renamed, so that a reader sees the old or the new file. */
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  facts(path: string): Promise<FileFacts | undefined>;
  list(path: string): Promise<string[]>;
  makeDirectory(path: string, mode?: number): Promise<void>;
  chown(path: string, uid: number, gid: number): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a tree without crossing into another file system; nothing there is no error. */
  remove(path: string): Promise<void>;
  /** Free and total bytes of the file system that holds the path. */
  space(path: string): Promise<{ readonly free: number; readonly total: number }>;
}

export interface DaemonOptions {
  /** File that both outputs are appended to. */
  readonly log: string;
  readonly pidFile?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A unix socket or a terminal device by its path, or an IPv4 address and port that the host reaches. */
export type StreamTarget =
  | { readonly socket: string }
  | { readonly terminal: string }
  | { readonly tcp: { readonly address: string; readonly port: number } };

/** A machine that programs run on and files live on. The only way to either. */
export interface Host {
  readonly id: string;
  readonly files: HostFiles;
  /** Throws while nothing may be begun here; whoever talks to a program that runs already asks it before each word. */
  readonly permit?: () => void;
  /** Runs a program to its end. Argument vector only: nothing is ever parsed by a shell. Throws `host_error` with the tail of its error output. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts a program and hands over its streams. */
  spawn(argv: readonly string[], options?: SpawnOptions): HostProcess;
  /** Lines of a long-running program's output until it ends or the signal fires; the program is then ended. */
  lines(argv: readonly string[], signal: AbortSignal): AsyncIterable<string>;
  /**
   * Says so each time when one of these places has changed, within a second: written, replaced, come or gone; of a folder, what
   * stands directly in it came or went. In a pattern one star stands for every folder, or for a part of a file's name.
   * Until the signal fires, or the host is lost.
   */
  changes(patterns: readonly string[], signal: AbortSignal): AsyncIterable<'changed'>;
  /** Starts a program that outlives this process; answers its process id. */
  daemon(argv: readonly string[], options: DaemonOptions): Promise<number>;
  /** A byte stream, as the host itself would open it. Rejects with Node's error, its `code` such as ECONNREFUSED. */
  connect(target: StreamTarget): Promise<Duplex>;
}
