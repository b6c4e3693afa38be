import { findImage, type ImageDefinition } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { type Recipe, recipeKey, recipeOf } from './recipe.ts';

const recipeFor = (name: string): Recipe => {
  const recipe = recipeOf(findImage(name) as ImageDefinition);
  if (recipe === undefined) throw new Error(`${name} is not built`);
  return recipe;
};

const bookworm = recipeFor('debian/12');

describe('the key of a recipe', () => {
  it('is 16 hexadecimal digits that stay the same', () => {
    expect(recipeKey(bookworm)).toMatch(/^[0-9a-f]{16}$/);
    expect(recipeKey(recipeFor('debian/12'))).toBe(recipeKey(bookworm));
  });

  const changes: readonly [keyof Recipe, Recipe][] = [
    ['suite', { ...bookworm, suite: 'trixie' }],
    ['components', { ...bookworm, components: 'main contrib' }],
    ['packages', { ...bookworm, packages: [...bookworm.packages, 'nginx'] }],
    ['mirror', { ...bookworm, mirror: 'http://mirror.example/debian' }],
    ['files', { ...bookworm, files: { ...bookworm.files, 'etc/motd': 'hello' } }],
    ['links', { ...bookworm, links: { ...bookworm.links, 'etc/localtime': '/usr/share/zoneinfo/UTC' } }],
    ['remove', { ...bookworm, remove: [...bookworm.remove, 'usr/share/doc'] }],
  ];

  it.each(changes)('changes with its %s', (_, changed) => expect(recipeKey(changed)).not.toBe(recipeKey(bookworm)));

  it('changes with the archives of another distribution, and with the key that signs them', () => {
    const noble = recipeFor('ubuntu/24.04');
    const keys = [noble, { ...noble, archives: [] }, { ...noble, archiveKey: 'AA==' }].map(recipeKey);
    expect(new Set(keys).size).toBe(3);
  });

  it('is told apart by every field that a recipe has', () => {
    expect(changes.map(([field]) => field).sort()).toEqual(Object.keys(bookworm).sort());
    expect(new Set(changes.map(([, recipe]) => recipeKey(recipe))).size).toBe(changes.length);
  });

  it('differs between images', () => expect(recipeKey(recipeFor('debian/13'))).not.toBe(recipeKey(bookworm)));
});

describe('a recipe', () => {
  it('is not there for an image without medium', () => {
    expect(recipeOf(findImage('windows/11') as ImageDefinition)).toBeUndefined();
  });

  it('takes the mirror that was set', () => {
    expect(recipeOf(findImage('debian/12') as ImageDefinition, 'http://m/')?.mirror).toBe('http://m/');
  });

  it('takes a mirror for each distribution', () => {
    const mirrors = 'http://m/debian, ubuntu=http://m/ubuntu';
    expect(recipeOf(findImage('debian/13') as ImageDefinition, mirrors)?.mirror).toBe('http://m/debian');
    const ubuntu = recipeOf(findImage('ubuntu/24.04') as ImageDefinition, mirrors);
    expect(ubuntu?.archives?.[2]).toBe('deb http://m/ubuntu noble-security main universe');
    const archives = recipeOf(findImage('ubuntu/24.04') as ImageDefinition, 'http://m/debian')?.archives;
    expect(archives?.[0]).toBe('deb http://archive.ubuntu.com/ubuntu noble main universe');
  });

  it('has a kernel and what makes its initrd for each distribution', () => {
    expect(bookworm.packages).toContain('linux-image-cloud-amd64');
    expect(recipeFor('ubuntu/24.04').packages).toEqual(
      expect.arrayContaining(['linux-image-virtual', 'initramfs-tools']),
    );
  });

  // systemd tries them wherever the host's kernel has them, and a container's root may mount none: it ends up degraded.
  it.each(['sys-kernel-debug', 'sys-kernel-tracing', 'sys-kernel-config', 'sys-fs-fuse-connections'])(
    'leaves %s to systems with a kernel of their own',
    (unit) => {
      expect(bookworm.files[`etc/systemd/system/${unit}.mount.d/innkeeper.conf`]).toContain('!container');
    },
  );

  it('names only paths below the root of the tree', () => {
    for (const path of [...Object.keys(bookworm.files), ...Object.keys(bookworm.links), ...bookworm.remove]) {
      expect(path).not.toMatch(/^\/|(^|\/)\.\.(\/|$)/);
    }
  });
});
