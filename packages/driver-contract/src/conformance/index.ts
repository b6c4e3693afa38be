import { adoptCases } from './adopt.ts';
import type { ConformanceCase } from './bench.ts';
import { changeCases } from './change.ts';
import { cloneCases } from './clones.ts';
import { consoleCases } from './consoles.ts';
import { deviceCases } from './devices.ts';
import { fileCases } from './files.ts';
import { lifeCases } from './life.ts';
import { renameCases } from './rename.ts';
import { reportCases } from './report.ts';
import { snapshotCases } from './snapshots.ts';
import { streamCases } from './streams.ts';

export type { ConformanceBench, ConformanceCase } from './bench.ts';
export { endRunning } from './commands.ts';

/**
 * What any driver has to do, whatever it drives. Each case makes its own guests and takes them away, but for one that runs commands,
 * which those share that do nothing else with it: {@link endRunning} after the last. A case throws what is wrong. What a driver declares
 * has to work, what it does not declare has to be absent.
 */
export const conformanceCases: readonly ConformanceCase[] = [
  ...reportCases,
  ...lifeCases,
  ...changeCases,
  ...streamCases,
  ...fileCases,
  ...consoleCases,
  ...deviceCases,
  ...renameCases,
  ...snapshotCases,
  ...cloneCases,
  ...adoptCases,
];
