/** What has been claimed for a guest, and nobody else gets. */
export interface GuestClaims {
  /** First id of the range of 65,536 that is this guest's alone; drivers with shared kernels need it. */
  readonly uidStart: number;
  readonly networks: readonly NetworkClaim[];
  /** What it held and gives up with this order; the caller lets nobody else have them before it is carried out. */
  readonly leaving?: readonly HeldNetwork[] | undefined;
}

export interface NetworkClaim {
  readonly network: string;
  readonly mac: string;
  /** With prefix length and gateway, when the inventory gave an address. */
  readonly address?: ClaimedAddress | undefined;
  /** IPv6, which an interface with this MAC gives itself on the network. */
  readonly address6?: { readonly ip: string; readonly prefix: number; readonly gateway: string } | undefined;
  /** The interface is on a link of the host itself (macvtap): guest and host do not see each other by it. */
  readonly direct?: boolean | undefined;
}

export interface ClaimedAddress {
  readonly ip: string;
  readonly prefix: number;
  readonly gateway: string;
  /** On a network whose DHCP server is not ours: the guest has it from its definition or its first boot, or not at all. */
  readonly unserved?: boolean | undefined;
}

/** What of a network a guest held, for giving it back. */
export interface HeldNetwork extends Pick<NetworkClaim, 'network' | 'mac'> {
  readonly address?: Pick<ClaimedAddress, 'ip' | 'unserved'> | undefined;
  readonly address6?: { readonly ip: string } | undefined;
}
