import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { notFoundFile } from '../show/failure.ts';

/** What a guest is told at its first boot, without a manifest. */
export interface FirstBootOptions {
  readonly sshKey?: readonly string[];
  readonly userData?: string;
}

export const addFirstBoot = (command: Command): Command =>
  command
    .option('--ssh-key <files...>', 'public keys that may log in, as root and as the user of the image')
    .option('--user-data <file>', 'cloud-init user data: #cloud-config, or a script');

const read = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => Promise.reject(notFoundFile(path, cause)));

/** Fields of a specification; with a key the guest is ready when ssh answers. */
export const firstBootOf = async ({ sshKey, userData }: FirstBootOptions): Promise<object> => {
  if (sshKey === undefined && userData === undefined) return {};
  const sshKeys = await Promise.all((sshKey ?? []).map(read));
  return {
    cloudInit: {
      ...(sshKey === undefined
        ? {}
        : { sshKeys: sshKeys.flatMap((text) => text.split('\n').filter((line) => line !== '')) }),
      ...(userData === undefined ? {} : { userData: await read(userData) }),
    },
    ...(sshKey === undefined ? {} : { readiness: { tcp: 22 } }),
  };
};
