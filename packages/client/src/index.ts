export { type ChangeOptions, type Client, createClient, errorOf, type Target } from './client.ts';
export { exec, type GuestStream, openConsole, type Outputs } from './stream.ts';
