export * from './contract.ts';
export * from './ownership.ts';
export * from './together.ts';
