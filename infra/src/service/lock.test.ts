import { expect, test } from 'vitest';
import { installedPackages } from './lock.ts';

const lock = {
  packages: {
    '': {},
    'services/api': { dependencies: { '@inn/model': '1', server: '1' } },
    'services/page': { dependencies: { react: '1' } },
    'packages/model': { dependencies: { zod: '4' } },
    'node_modules/@inn/model': { resolved: 'packages/model', link: true },
    'node_modules/@inn/page': { resolved: 'services/page', link: true },
    'node_modules/zod': {},
    'node_modules/react': {},
    'node_modules/server': {
      dependencies: { zod: '3' },
      optionalDependencies: { 'only-on-mac': '1' },
      peerDependencies: { hono: '4', vitest: '4' },
      peerDependenciesMeta: { vitest: { optional: true } },
    },
    'node_modules/server/node_modules/zod': {},
    'node_modules/hono': {},
    'node_modules/vitest': {},
  },
};

test('what a workspace needs to run, through links, nested copies and peers, and nothing else', () => {
  expect(installedPackages(lock, ['services/api'])).toEqual({
    workspaces: ['packages/model', 'services/api'],
    modules: ['node_modules/@inn/model', 'node_modules/hono', 'node_modules/server', 'node_modules/zod'],
  });
});
