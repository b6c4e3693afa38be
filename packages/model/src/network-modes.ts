export const networkModes = ['nat', 'isolated', 'bridge', 'macvtap'] as const;
export type NetworkMode = (typeof networkModes)[number];

/** Whether its guests are on a network that hosts are on already, whose addresses are what they are. */
export const isLan = (mode: NetworkMode | undefined): mode is 'bridge' | 'macvtap' =>
  mode === 'bridge' || mode === 'macvtap';
