import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { manifestJsonSchema, manifestSchemaText } from './schema.ts';
import { changeCosts } from './workload/index.ts';

describe('the JSON Schema of manifests', () => {
  it('is the committed docs/manifest.schema.json (npm run schema writes it)', async () => {
    const committed = await readFile(new URL('../../../docs/manifest.schema.json', import.meta.url), 'utf8');
    expect(manifestSchemaText()).toBe(committed);
  });

  it('has every field of a workload, with what it is for and what changing it costs', () => {
    const { $defs } = manifestJsonSchema() as {
      $defs: { WorkloadSpec: { properties: Record<string, { description?: string; 'x-change-cost'?: string }> } };
    };
    const { properties } = $defs.WorkloadSpec;
    expect(Object.keys(properties).sort()).toEqual(Object.keys(changeCosts).sort());
    for (const [name, property] of Object.entries(properties)) {
      expect(property.description, name).toBeTruthy();
      expect(property['x-change-cost'], name).toBe(changeCosts[name as keyof typeof changeCosts]);
    }
  });

  it('refuses unknown keys, as the parser does', () => {
    expect(manifestJsonSchema()).toMatchObject({ $defs: { Manifest: { additionalProperties: false } } });
  });
});
