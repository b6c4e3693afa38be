import { invalidInput, type WorkloadSpec } from '@innkeeper/model';
import { parseDocument } from 'yaml';

/**
 * Throws `invalid` with the line for user data that begins as a cloud-config and is no mapping in YAML: cloud-init would
 * say so in a log inside the guest, and the guest would come up without any of it.
 */
export const checkUserData = (name: string, { cloudInit }: Pick<WorkloadSpec, 'cloudInit'>): void => {
  const text = cloudInit?.userData;
  if (text?.startsWith('#cloud-config') !== true) return;
  const path = `workloads.${name}.cloudInit.userData`;
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    const what = (error.message.split('\n')[0] ?? 'is not YAML').replace(/ at line \d+, column \d+:?$/, '');
    throw invalidInput([{ path, message: `${line === undefined ? '' : `line ${line}: `}${what}` }]);
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  if (value !== null && (typeof value !== 'object' || Array.isArray(value)))
    throw invalidInput([{ path, message: 'is no cloud-config: that is a mapping, such as "packages: [nginx]"' }]);
};
