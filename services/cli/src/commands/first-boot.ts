import { readFile } from 'node:fs/promises';
import { InnkeeperError } from '@innkeeper/model';
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

/** A private key is said to be one, and nothing of it is shown. */
const readKeys = async (path: string): Promise<string[]> => {
  const text = await read(path);
  if (/PRIVATE KEY/.test(text))
    throw new InnkeeperError('invalid', `--ssh-key ${path}: is a private key, which stays where it is`, {
      hint: `give the public one, ${path}.pub`,
    });
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
};

/** Fields of a specification; with a key the guest is ready when ssh answers. */
export const firstBootOf = async ({ sshKey, userData }: FirstBootOptions): Promise<object> => {
  if (sshKey === undefined && userData === undefined) return {};
  const sshKeys = await Promise.all((sshKey ?? []).map(readKeys));
  return {
    cloudInit: {
      ...(sshKey === undefined ? {} : { sshKeys: sshKeys.flat() }),
      ...(userData === undefined ? {} : { userData: await read(userData) }),
    },
    ...(sshKey === undefined ? {} : { readiness: { tcp: 22 } }),
  };
};
