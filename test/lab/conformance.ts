import { conformanceCases } from '@innkeeper/driver-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFresh, isWhole, type LabMachine, partOf, release } from './lab-host.ts';
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

/** All of them may take hours: what a group of them showed is said when it has ended. */
const atOnce = isWhole ? 6 : 1000;
const wholeMs = 3 * 3_600_000;

const groupsOf = (titles: readonly string[]): string[][] =>
  Array.from({ length: Math.max(1, Math.ceil(titles.length / atOnce)) }, (_, index) =>
    titles.slice(index * atOnce, (index + 1) * atOnce),
  );

/** The conformance suite of one driver, inside a machine of its own. */
export const conformanceInside = ({ backend, machine, titles }: Suite): void => {
  describe.skipIf(isFresh)(`${backend} on Debian ${release} with systemd, cgroup v2 and AppArmor`, () => {
    const groups = groupsOf(partOf(titles ?? conformanceCases.map(({ title }) => title)));
    const cases: Case[] = [];

    beforeAll(
      async () => {
        await machine.start(folder);
        for (const group of groups) {
          const { suite } = await machine.ask('root', { weight: guestsGoLast, suite: runSuite([backend, ...group]) });
          expect(suite.exitCode, suite.output).toBe(0);
          const shown = casesIn(suite.output);
          cases.push(...shown);
          for (const { title, seconds, failure } of shown)
            process.stdout.write(
              `${backend} ${String(seconds).padStart(5)} s  ${title}${failure === undefined ? '' : `: ${failure}`}\n`,
            );
        }
      },
      isWhole ? wholeMs : undefined,
    );

    afterAll(machine.stop);

    it(`passes ${titles === undefined ? 'the conformance suite' : 'what is asked of it from the conformance suite'}`, () => {
      expect(cases.filter(({ failure }) => failure !== undefined)).toEqual([]);
      // And for each group the one at the end, that nothing else was changed.
      expect(cases).toHaveLength(groups.flat().length + groups.length);
    });
  });
};
