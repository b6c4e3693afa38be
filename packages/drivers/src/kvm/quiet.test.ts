import type { Libvirt } from '@innkeeper/libvirt';
import { InnkeeperError } from '@innkeeper/model';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { quieting } from './quiet.ts';

const guest = { uuid: '00000000-0000-4000-8000-00000000f12c', name: 'web' };
const silent = (): Error => new InnkeeperError('transient', 'Guest agent is not responding');
const refuses = (): Error => new InnkeeperError('host_error', 'the command has been disabled');

interface Machine {
  readonly agent?: 'connected' | 'disconnected';
  readonly state?: string;
  /** What the agent does with a command; undefined answers. */
  readonly says?: (command: string) => Error | undefined;
}

/** A machine with an agent inside that keeps a list of what it was asked, and whether it has frozen anything. */
const machine = ({ agent = 'connected', state = 'running', says = () => undefined }: Machine) => {
  const asked: string[] = [];
  const inside = { frozen: false };
  const xml = `<domain><name>web</name><uuid>${guest.uuid}</uuid><devices><channel type="unix">
    <target type="virtio" name="org.qemu.guest_agent.0" state="${agent}"/></channel></devices></domain>`;
  const agentCommand = async (_uuid: string, command: string): Promise<unknown> => {
    const word = command.replace('guest-fsfreeze-', '');
    asked.push(word);
    const error = says(word);
    if (error !== undefined) throw error;
    if (word === 'status') return inside.frozen ? 'frozen' : 'thawed';
    inside.frozen = word === 'freeze';
    return 1;
  };
  const libvirt = {
    xml: async () => new Map([[guest.uuid, xml]]),
    domain: async () => ({ uuid: guest.uuid, name: 'web', state }),
    agentCommand,
  } as unknown as Libvirt;
  return { quiet: quieting(libvirt), asked, inside };
};

describe("a machine's file systems", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are frozen and thawed by its agent', async () => {
    const { quiet, inside } = machine({});
    expect(await quiet.freeze(guest)).toBe('yes');
    expect(inside.frozen).toBe(true);
    await quiet.thaw(guest, 'yes');
    expect(inside.frozen).toBe(false);
  });

  it('are left alone where no agent listens, and nobody is waited for', async () => {
    const { quiet, asked } = machine({ agent: 'disconnected' });
    expect(await quiet.freeze(guest)).toBe('no');
    await quiet.thawLeft(guest);
    expect(asked).toEqual([]);
  });

  it('may be frozen later by an agent that was silent, and are not by one that refuses', async () => {
    expect(await machine({ says: silent }).quiet.freeze(guest)).toBe('unknown');
    expect(await machine({ says: refuses }).quiet.freeze(guest)).toBe('no');
  });

  it('are thawed as soon as the agent answers again', async () => {
    let left = 3;
    const says = (): Error | undefined => {
      left -= 1;
      return left < 0 ? undefined : silent();
    };
    const { quiet, asked } = machine({ says });
    const thawing = quiet.thaw(guest, 'yes');
    await vi.advanceTimersByTimeAsync(5000);
    await thawing;
    expect(asked).toHaveLength(4);
  });

  it('that stay frozen are told of after a minute, and never of one that was not known to be, or has ended', async () => {
    const thawing = expect(machine({ says: silent }).quiet.thaw(guest, 'yes')).rejects.toMatchObject({
      code: 'transient',
      hint: expect.stringContaining('virsh domfsthaw web'),
    });
    await vi.advanceTimersByTimeAsync(70_000);
    await thawing;
    await machine({ says: silent }).quiet.thaw(guest, 'unknown');
    await machine({ says: silent, state: 'stopped' }).quiet.thaw(guest, 'yes');
  });

  it('that a kill has left frozen are thawed, and others not touched', async () => {
    const { quiet, asked, inside } = machine({});
    await quiet.thawLeft(guest);
    expect(asked).toEqual(['status']);
    inside.frozen = true;
    await quiet.thawLeft(guest);
    expect(inside.frozen).toBe(false);
    await machine({ says: silent }).quiet.thawLeft(guest);
  });
});
