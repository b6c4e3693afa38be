export type { ChangeOptions } from './change.ts';
export { type AuditQuery, type Client, createClient } from './client.ts';
export { exec, type GuestStream, type Outputs, openConsole, openFiles, openScreen } from './stream.ts';
export { errorOf, type Target } from './transport.ts';
