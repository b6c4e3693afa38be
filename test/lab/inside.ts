import { conformanceCases, endRunning } from '@innkeeper/driver-contract';
import { kvm, lxc } from '@innkeeper/drivers';
import { ensureLibvirt } from '@innkeeper/infra';
import { messageChain } from '@innkeeper/model';
import { openBench } from '../conformance/bench.ts';
import { host } from '../conformance/orders.ts';

/**
 * The conformance suite without vitest, which needs minutes to begin on an emulated machine. Words: the driver, then the titles
 * of cases; all without any. A line of JSON for each case, `failure` where it failed. That of snapshots starts a machine again and again,
 * each time for a minute or two where it is emulated within an emulation.
 */
const caseMs = 90 * 60_000;
const [id, ...titles] = process.argv.slice(2);

const limited = async (work: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it does not end')), caseMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
};

const say = async (title: string, work: () => Promise<void>): Promise<void> => {
  const began = Date.now();
  const failure = await limited(work()).then(
    () => undefined,
    (error: unknown) => messageChain(error).join(': '),
  );
  process.stdout.write(`${JSON.stringify({ title, seconds: Math.round((Date.now() - began) / 1000), failure })}\n`);
};

const factory = [lxc, kvm].find((one) => one.id === id);
if (factory === undefined) throw new Error(`no driver ${id}`);
await ensureLibvirt(host);
const bench = await openBench(factory);
const foreign = await bench.foreign.fingerprint();
for (const { title, run } of conformanceCases)
  if (titles.length === 0 || titles.includes(title)) await say(title, () => run(bench));
await endRunning(bench);
await say('leaves the guest beside as it was', async () => {
  if ((await bench.foreign.fingerprint()) !== foreign) throw new Error('it was changed');
});
await bench.close();
process.exit(0);
