export const backends = ['lxc', 'kvm'] as const;
export type Backend = (typeof backends)[number];

/** What has to happen for a changed field to take effect. */
export const costs = ['live', 'restart', 'recreate'] as const;
export type ChangeCost = (typeof costs)[number];
