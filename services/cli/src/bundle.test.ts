import { fileURLToPath } from 'node:url';
import { type ConfigExport, type OutputChunk, type RolldownOptions, rolldown } from 'rolldown';
import { loadConfig } from 'rolldown/config';
import { beforeAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
let chunks: readonly OutputChunk[] = [];

const isOne = (config: ConfigExport): config is RolldownOptions =>
  typeof config === 'object' && !Array.isArray(config) && !('then' in config);

/** Packages and sources that come along with a file of the command, directly or with what that requires. */
const loadedWith = (fileName: string): string => {
  const seen = new Set<string>();
  const visit = (name: string): string[] => {
    const chunk = chunks.find((one) => one.fileName === name);
    if (chunk === undefined || seen.has(name)) return [];
    seen.add(name);
    return [...chunk.moduleIds, ...chunk.imports.flatMap(visit)];
  };
  return visit(fileName).join('\n');
};

describe('the built command', () => {
  beforeAll(async () => {
    const config = await loadConfig(`${folder}/rolldown.config.js`);
    if (!isOne(config)) throw new Error('one configuration was expected');
    const { output, ...input } = config;
    const built = await rolldown({ ...input, cwd: folder });
    const { output: made } = await built.generate(Array.isArray(output) ? output[0] : output);
    await built.close();
    chunks = made.filter((one) => one.type === 'chunk');
  });

  it('begins with the parser of its arguments and no way to the control plane', () => {
    const loaded = loadedWith('inn.cjs');
    expect(loaded).toContain('/commander/');
    expect(loaded).not.toMatch(/[/]ws[/]|client[/]src|[/]zod[/]|[/]yaml[/]/);
  });

  it('loads no schemas, no YAML and no archives to run a program in a guest', () => {
    const loaded = loadedWith('terminals.cjs');
    expect(loaded).toContain('/ws/');
    expect(loaded).toContain('client/src/stream.ts');
    expect(loaded).not.toMatch(/[/]zod[/]|[/]yaml[/]|[/]tar[/]/);
  });
});
