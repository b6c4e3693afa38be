export interface Need {
  readonly name: string;
  readonly why: string;
}

export interface NeededPackage extends Need {
  readonly optional?: boolean;
}

export interface NeededPath {
  readonly path: string;
  readonly why: string;
}

export interface NeededDirectory extends NeededPath {
  readonly mode: number;
}

export interface NeededImage extends Need {
  readonly downloadMegabytes: number;
  readonly megabytes: number;
  readonly seconds: number;
}

export declare const node: { readonly major: number; readonly minor: number; readonly howTo: readonly string[] };
export declare const debianPackages: readonly NeededPackage[];
export declare const sysctls: Readonly<Record<string, number>>;
export declare const groups: readonly Need[];
export declare const users: readonly Need[];
export declare const directories: readonly NeededDirectory[];
export declare const files: readonly NeededPath[];
export declare const hook: NeededPath;
export declare const profile: NeededPath;
export declare const systemdFiles: readonly NeededPath[];
export declare const services: readonly Need[];
export declare const settings: readonly string[];
export declare const npm: {
  readonly why: string;
  readonly megabytes: number;
  readonly downloadMegabytes: number;
  readonly seconds: number;
};
export declare const build: { readonly megabytes: number; readonly seconds: number };
export declare const images: readonly NeededImage[];
export declare const pace: { readonly downloadBytesPerSecond: number; readonly unpackBytesPerSecond: number };
