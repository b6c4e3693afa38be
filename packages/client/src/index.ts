export { type ChangeOptions, type Client, createClient, errorOf, type Target } from './client.ts';
export { exec, type GuestStream, type Outputs, openConsole, openFiles, openScreen } from './stream.ts';
