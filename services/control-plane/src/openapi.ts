import { openApiDocument } from './api/routes.ts';
import { buildApplication } from './application.ts';
import type { Control } from './control.ts';

/** The document as the committed openapi.json holds it. Describing routes calls none of them, so no control plane stands behind. */
export const openApiText = (): string => {
  const described = { config: { web: '' }, inventory: {} } as unknown as Control;
  return `${JSON.stringify(openApiDocument(buildApplication(described)), null, 2)}\n`;
};
