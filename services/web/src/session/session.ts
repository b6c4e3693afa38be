import { useSyncExternalStore } from 'react';

/** The token of this browser tab, and why the last one went away. */
export interface Session {
  readonly token: string | undefined;
  readonly notice: string | undefined;
}

const key = 'innkeeper.token';
const listeners = new Set<() => void>();
let current: Session = { token: sessionStorage.getItem(key) ?? undefined, notice: undefined };

const become = (session: Session): void => {
  if (session.token === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, session.token);
  current = session;
  for (const listener of listeners) listener();
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const currentToken = (): string | undefined => current.token;

export const signIn = (token: string): void => become({ token, notice: undefined });

export const signOut = (): void => become({ token: undefined, notice: undefined });

/** The control plane no longer takes the token. Late answers after a sign-out change nothing. */
export const expireSession = (detail: string): void => {
  if (current.token !== undefined) become({ token: undefined, notice: detail });
};

export const useSession = (): Session => useSyncExternalStore(subscribe, () => current);
