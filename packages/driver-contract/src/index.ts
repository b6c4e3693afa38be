export * from './claims.ts';
export * from './conformance/index.ts';
export * from './contract.ts';
export * from './edited.ts';
export * from './foreign.ts';
export * from './merged.ts';
export * from './ownership.ts';
export * from './together.ts';
