import { conformanceCases } from '@innkeeper/driver-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFresh, type LabMachine, release } from './lab-host.ts';
import { conformanceProgram, folder } from './parcel.ts';

/** What `inside.ts` says of each case. */
interface Case {
  readonly title: string;
  readonly seconds: number;
  readonly failure?: string;
}

/** With one processor, a guest that boots would make libvirt and the suite wait for it. */
const guestsGoLast = 'systemctl set-property --runtime machine.slice CPUWeight=10';

/**
 * Against libvirt of systemd, cgroup v2 and AppArmor; virtual machines by the emulated KVM, from an image of the lab's own, and
 * with more time for each call than anybody else needs.
 */
const runSuite = (words: readonly string[]): string =>
  [
    'cd /srv/clone/test && INNKEEPER_IMAGE_CACHE=/srv/images INNKEEPER_TEST_MACHINE_IMAGES=/srv/small',
    'INNKEEPER_TEST_ACCELERATION=kvm INNKEEPER_LIBVIRT_SECONDS=180',
    `node ${conformanceProgram} ${words.map((word) => `"${word}"`).join(' ')}`,
  ].join(' ');

const casesIn = (output: string): Case[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{"title"'))
    .map((line) => JSON.parse(line) as Case);

interface Suite {
  readonly backend: 'lxc' | 'kvm';
  readonly machine: LabMachine;
  /** Of the cases to run; all without it. */
  readonly titles?: readonly string[] | undefined;
}

/** The conformance suite of one driver, inside a machine of its own. */
export const conformanceInside = ({ backend, machine, titles }: Suite): void => {
  describe.skipIf(isFresh)(`${backend} on Debian ${release} with systemd, cgroup v2 and AppArmor`, () => {
    let cases: readonly Case[];

    beforeAll(async () => {
      await machine.start(folder);
      const { suite } = await machine.ask('root', {
        weight: guestsGoLast,
        suite: runSuite([backend, ...(titles ?? [])]),
      });
      expect(suite.exitCode, suite.output).toBe(0);
      cases = casesIn(suite.output);
      for (const { title, seconds, failure } of cases)
        process.stdout.write(
          `${backend} ${String(seconds).padStart(5)} s  ${title}${failure === undefined ? '' : `: ${failure}`}\n`,
        );
    });

    afterAll(machine.stop);

    it(`passes ${titles === undefined ? 'the conformance suite' : 'what is asked of it from the conformance suite'}`, () => {
      expect(cases.filter(({ failure }) => failure !== undefined)).toEqual([]);
      // And the one at the end, that nothing else was changed.
      expect(cases).toHaveLength((titles ?? conformanceCases).length + 1);
    });
  });
};
