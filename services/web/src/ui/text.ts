import { type Backend, formatSize, formatUptime } from '@innkeeper/model';

export const nothing = '–';

export const backendText: Readonly<Record<Backend, string>> = { lxc: 'container', kvm: 'virtual machine' };

export const sizeText = (bytes: number | undefined): string =>
  bytes === undefined ? nothing : formatSize(Math.round(bytes));

/** What is used of what may be; a figure that a backend does not have is left out. */
export const usedOf = (used: number | undefined, most: number | undefined): string =>
  used === undefined && most === undefined ? nothing : `${sizeText(used)} / ${sizeText(most)}`;

/** Time between two moments, as people say it. */
export const spanText = (from: string | undefined, toMs: number): string =>
  from === undefined ? nothing : formatUptime((toMs - Date.parse(from)) / 1000);

export const momentText = (iso: string | undefined): string =>
  iso === undefined ? nothing : new Date(iso).toLocaleString();

export const clockText = (iso: string): string => new Date(iso).toLocaleTimeString();
