/**
 * How long it takes until the API shows what somebody does with virsh: a container of its own, which nobody's Innkeeper made,
 * is changed behind the control plane's back, one thing after the other.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { client, host, paths, virsh } from './installation.js';
import { median } from './measure.js';

const name = 'bench-seen';
const uuid = '00000000-0000-4000-a000-000000000001';
const root = `${paths.prefix}/seen`;
const rounds = 10;
const lookMs = 20;
const mostMs = 60_000;

/** @typedef {import('@innkeeper/model').WorkloadView} View */

const xmlOf = (/** @type {number} */ cpus) => `<domain type='lxc'>
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>32</memory>
  <vcpu>${cpus}</vcpu>
  <os><type>exe</type><init>/init</init></os>
  <on_reboot>restart</on_reboot>
  <features><privnet/></features>
  <devices>
    <filesystem type='mount'><source dir='${root}'/><target dir='/'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>`;

const define = async (/** @type {number} */ cpus) => {
  const file = `${paths.prefix}/seen.xml`;
  await host.files.write(file, xmlOf(cpus));
  await virsh('define', file);
};

/** Reboots when it is asked to from inside. */
const init = `#!/bin/busybox sh
while :; do
  [ -e /reboot ] && /bin/busybox rm /reboot && /bin/busybox reboot -f
  /bin/busybox sleep 0.1
done
`;

/** libvirt writes it anew for each life of a container. */
const pidFile = `/run/libvirt/lxc/${name}.pid`;
let startedAt = '';

/** Ends when libvirt has started it again: that is its own time. */
const reboot = async () => {
  startedAt = (await client.workload(name)).startedAt ?? '';
  const before = (await host.files.facts(pidFile))?.modifiedMs;
  await host.files.write(`${root}/reboot`, '');
  for (;;) {
    const now = (await host.files.facts(pidFile))?.modifiedMs;
    if (now !== undefined && now !== before) return;
    await delay(lookMs);
  }
};

/** What is done, and how it is seen that it was; undefined is a guest that is not there. */
/** @type {Readonly<Record<string, { act: () => Promise<unknown>, shown: (view: View | undefined) => boolean }>>} */
const deeds = {
  define: { act: () => define(1), shown: (view) => view?.state === 'stopped' },
  edit: { act: () => define(2), shown: (view) => view?.cpus === 2 },
  autostart: { act: () => virsh('autostart', name), shown: (view) => view?.autostart === true },
  start: { act: () => virsh('start', name), shown: (view) => view?.state === 'running' },
  reboot: { act: reboot, shown: (view) => view?.startedAt !== undefined && view.startedAt !== startedAt },
  destroy: { act: () => virsh('destroy', name), shown: (view) => view?.state === 'stopped' },
  undefine: { act: () => virsh('undefine', name), shown: (view) => view === undefined },
};

const untilShown = async (/** @type {(view: View | undefined) => boolean} */ shown) => {
  const began = performance.now();
  for (;;) {
    if (shown((await client.workloads()).find((view) => view.name === name))) return performance.now() - began;
    if (performance.now() - began > mostMs) throw new Error(`${name} is never shown as it is`);
    await delay(lookMs);
  }
};

const removeLeft = async () => {
  for (const verb of ['destroy', 'undefine'])
    await host.run(['virsh', '-q', '-c', 'lxc:///system', verb, name], { expect: [0, 1] });
};

const makeRoot = async () => {
  for (const folder of ['', '/bin', '/dev', '/proc', '/sys']) await host.files.makeDirectory(`${root}${folder}`, 0o755);
  await host.run(['cp', '/usr/bin/busybox', `${root}/bin/busybox`]);
  await host.files.write(`${root}/init`, init, 0o755);
};

/**
 * Milliseconds from the end of each deed until it is shown, and of all of them together: `seen_ms` the median, `seen_most_ms`
 * the longest.
 */
export const measureSeen = async (/** @type {(text: string) => void} */ progress) => {
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(Object.keys(deeds).map((deed) => [`seen_${deed}_ms`, []]));
  await removeLeft();
  await makeRoot();
  try {
    for (let round = 0; round < rounds; round += 1) {
      progress(`round ${round + 1} of ${rounds}: ${Object.keys(deeds).join(', ')}`);
      for (const [deed, { act, shown }] of Object.entries(deeds)) {
        await act();
        samples[`seen_${deed}_ms`]?.push(await untilShown(shown));
      }
    }
  } finally {
    await removeLeft();
    await host.files.remove(root);
  }
  const all = Object.values(samples).flat();
  return {
    metrics: {
      ...Object.fromEntries(Object.entries(samples).map(([key, values]) => [key, median(values)])),
      seen_ms: median(all),
      seen_most_ms: Math.max(...all),
    },
    samples,
  };
};

export const goals = { seen_ms: { most: 2000 }, seen_most_ms: { most: 2000 } };
