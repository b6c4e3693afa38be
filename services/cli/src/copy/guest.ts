import type { Writable } from 'node:stream';
import { type GuestStream, openFiles } from '@innkeeper/client';
import { type ExitReport, type FileAction, InnkeeperError } from '@innkeeper/model';
import { readTarget } from '../target.ts';
import { refusalIn } from '../terminal.ts';

const longestComplaint = 2000;

const failure = (report: ExitReport, complaint: string): InnkeeperError | undefined => {
  if ('error' in report) return refusalIn(report);
  if ('code' in report && report.code === 0) return undefined;
  const ended = 'code' in report ? `exit code ${report.code}` : report.signal;
  return new InnkeeperError('host_error', complaint.trim().split('\n').at(-1) || `the copy ended with ${ended}`);
};

/** A program of the guest that takes or gives bytes. */
export interface Running {
  readonly stream: GuestStream;
  /** Throws what the program complained of. */
  readonly done: Promise<void>;
}

/** Begins something with a path of a guest, as its root; the output goes to `output`, no faster than that takes it. */
export const begin = async (
  workload: string,
  action: FileAction,
  path: string,
  output?: Writable,
): Promise<Running> => {
  let complaint = '';
  let stream: GuestStream | undefined;
  const started = await openFiles(
    readTarget(process.env),
    workload,
    { action, path },
    {
      stdout: (bytes) => {
        if (output === undefined || output.write(bytes)) return;
        stream?.pause();
        output.once('drain', () => stream?.resume());
      },
      stderr: (bytes) => {
        complaint = (complaint + Buffer.from(bytes).toString('utf8')).slice(-longestComplaint);
      },
    },
  );
  stream = started;
  const done = started.exit.then((report) => {
    const problem = failure(report, complaint);
    if (problem !== undefined) throw problem;
  });
  done.catch(() => undefined);
  return { stream: started, done };
};

/** Whether a path of the guest is a folder, as the guest itself sees it. */
export const isFolderIn = async (workload: string, path: string): Promise<boolean> => {
  const { stream, done } = await begin(workload, 'look', path);
  stream.end();
  const report = await stream.exit;
  const refusal = refusalIn(report);
  if (refusal !== undefined) throw refusal;
  if ('code' in report && report.code <= 1) return report.code === 0;
  await done;
  return false;
};
