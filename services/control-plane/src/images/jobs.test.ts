import { InnkeeperError } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { type JobTools, openImageJobs } from './jobs.ts';

const log = { warn: () => undefined, error: () => undefined };
const later = 60_000;

describe('long work with an image', () => {
  it('is one at a time for a name, and tells how far it is until it is done', async () => {
    const jobs = openImageJobs(log);
    let tools: JobTools | undefined;
    let end = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      end = resolve;
    });
    jobs.begin('a', 'import', async (given) => {
      tools = given;
      await done;
    });
    tools?.progress('half of it');
    expect(jobs.of('a')).toMatchObject({ what: 'import', running: true, progress: 'half of it' });
    expect(() => jobs.begin('a', 'import', async () => undefined)).toThrow(/is being fetched already: half of it/);
    expect(() => jobs.begin('b', 'import', async () => undefined)).not.toThrow();
    await jobs.wait('a', 1);
    expect(jobs.of('a')?.running).toBe(true);
    end();
    await jobs.wait('a', later);
    expect(jobs.of('a')).toBeUndefined();
  });

  it('tells why it failed, until it is begun again', async () => {
    const jobs = openImageJobs(log);
    jobs.begin('a', 'import', async () => {
      throw new InnkeeperError('invalid', 'no image');
    });
    await jobs.wait('a', later);
    expect(jobs.of('a')).toMatchObject({ running: false, error: { code: 'invalid', message: 'no image' } });
    jobs.begin('a', 'import', async () => undefined);
    await jobs.wait('a', later);
    expect(jobs.of('a')).toBeUndefined();
  });

  it('ends with the control plane', async () => {
    const jobs = openImageJobs(log);
    jobs.begin('a', 'refresh', ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject)));
    await jobs.stop();
    expect(jobs.of('a')?.running).toBe(false);
  });
});
