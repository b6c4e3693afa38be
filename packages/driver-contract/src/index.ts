export * from './claims.ts';
export * from './conformance/index.ts';
export * from './contract.ts';
export * from './ownership.ts';
export * from './together.ts';
