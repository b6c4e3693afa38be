import { expect, it } from 'vitest';
import { unfitness } from './fit.ts';

const address = 'ssh://keeper@h2';

it('a Linux with root and virsh is fit', () => {
  expect(unfitness(address, 'Linux\n0\n/usr/bin/virsh\n')).toBeUndefined();
});

it.each([
  ['FreeBSD\n0\n-\n', 'unsupported', 'FreeBSD', undefined],
  ['', 'unsupported', 'something unknown', undefined],
  ['Linux\n1000\n/usr/bin/virsh\n', 'invalid', 'not root', 'ssh://root@'],
  ['Linux\n0\n-\n', 'unavailable', 'no libvirt', 'apt-get install'],
])('%j is refused', (answer, code, words, hint) => {
  const wrong = unfitness(address, answer);
  expect(wrong).toMatchObject({ code, message: expect.stringContaining(words) });
  if (hint !== undefined) expect(wrong?.hint).toContain(hint);
});
