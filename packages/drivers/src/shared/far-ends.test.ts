import { buildXml, describeDomain } from '@innkeeper/libvirt';
import { describe, expect, it } from 'vitest';
import { ownersConsole, screenTarget } from './far-ends.ts';
import { metadataElement } from './metadata.ts';

const owned = {
  installation: '4f1c1a52-5a0e-4f0e-8a63-0c9c54a3b6de',
  workloadId: '4f1c1a52-5a0e-4f0e-8a63-0c9c54a3b6df',
  generation: 1,
  spec: { image: 'adopted' },
  claims: { networks: [] },
};
const adopted = buildXml(metadataElement({ ...owned, adopted: { tookAutostart: false } }));
const made = buildXml(metadataElement(owned));

const running = (devices: string, metadata = adopted) =>
  describeDomain(`<domain type='kvm' id='3'><metadata>${metadata}</metadata><devices>${devices}</devices></domain>`);
const pty = "<serial type='pty'><source path='/dev/pts/5'/></serial>";

describe('the console of an adopted guest', () => {
  it('is the terminal or the socket that its owner gave it', () => {
    expect(ownersConsole(running(pty))).toEqual({ terminal: '/dev/pts/5' });
    expect(ownersConsole(running("<console type='unix'><source path='/run/x.sock'/></console>"))).toEqual({
      socket: '/run/x.sock',
    });
  });

  it('is nothing where it goes into a file, while it does not run, and of a guest that was made', () => {
    expect(ownersConsole(running("<serial type='file'><source path='/var/log/x'/></serial>"))).toBeUndefined();
    expect(
      ownersConsole(describeDomain(`<domain type='kvm'><metadata>${adopted}</metadata></domain>`)),
    ).toBeUndefined();
    expect(ownersConsole(running(pty, made))).toBeUndefined();
    expect(ownersConsole(undefined)).toBeUndefined();
  });
});

it('the screen of a machine is a socket, or a port of its host', () => {
  expect(screenTarget(running("<graphics type='vnc' socket='/run/vnc.sock'/>"))).toEqual({ socket: '/run/vnc.sock' });
  expect(screenTarget(running("<graphics type='vnc' port='5901' listen='0.0.0.0'/>"))).toEqual({
    tcp: { address: '127.0.0.1', port: 5901 },
  });
  expect(screenTarget(running("<graphics type='spice' port='5902'/><graphics type='vnc' port='-1'/>"))).toBeUndefined();
});
