import type { WorkloadSpec } from './spec.ts';

const bytesOf = (value: unknown): number =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)).length;

const hidden = (value: unknown): string => `(not shown: ${bytesOf(value)} bytes)`;

/**
 * A specification without what may hold secrets: what is written, run and told at the first boot. Sizes stay, so that it
 * can be seen that there was something.
 */
export const withoutSecrets = <T extends Pick<WorkloadSpec, 'cloudInit'>>(spec: T): T => {
  const { cloudInit } = spec;
  if (cloudInit === undefined) return spec;
  const { userData, files, commands } = cloudInit;
  return {
    ...spec,
    cloudInit: {
      ...cloudInit,
      ...(userData === undefined ? {} : { userData: hidden(userData) }),
      ...(files === undefined ? {} : { files: files.map((file) => ({ ...file, content: hidden(file.content) })) }),
      ...(commands === undefined ? {} : { commands: commands.map(hidden) }),
    },
  };
};

/**
 * A specification that may stand where programs of the host read it, and that is still one: the first boot is over when
 * somebody needs it again.
 */
export const withoutFirstBoot = <T extends Pick<WorkloadSpec, 'cloudInit'>>(spec: T): T => {
  const { cloudInit } = spec;
  if (cloudInit === undefined) return spec;
  const { userData, files, commands, ...rest } = cloudInit;
  return { ...spec, cloudInit: rest };
};
