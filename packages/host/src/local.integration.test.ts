import { describe } from 'vitest';
import { localHost } from './local.ts';
import { filingBehaviour } from './testing/filing.ts';
import { runningBehaviour } from './testing/running.ts';
import { spawningBehaviour } from './testing/spawning.ts';

const host = localHost('local');

describe('this machine', () => {
  runningBehaviour(() => host);
  spawningBehaviour(() => host);
  filingBehaviour(() => host);
});
