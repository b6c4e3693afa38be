import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openApiText } from './openapi.ts';

it('the committed openapi.json is what the routes say (npm run openapi writes it)', async () => {
  const committed = await readFile(new URL('../../../openapi.json', import.meta.url), 'utf8');
  expect(openApiText()).toBe(committed);
});
