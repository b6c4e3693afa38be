import { expect, test } from 'vitest';
import { parseCandidates, parseInstalled } from './packages.ts';

test('only what dpkg calls installed counts', () => {
  expect([...parseInstalled('xorriso installed\ncpio config-files\nswtpm not-installed\n')]).toEqual(['xorriso']);
});

test('apt has a candidate, or knows the name without one', () => {
  const policy = `libvirt-daemon:
  Installed: (none)
  Candidate: 9.0.0-4
  Version table:
     9.0.0-4 500
        500 http://archive.example bookworm/main amd64 Packages
swtpm:
  Installed: (none)
  Candidate: (none)
  Version table:
`;
  expect([...parseCandidates(policy)]).toEqual(['libvirt-daemon']);
});
