import type { Host } from './host.ts';

/**
 * A host on which nothing is begun while `permit` throws; what runs already goes on. Calls that answer later reject with what it
 * throws, the others throw it.
 */
export const guardedHost = (host: Host, permit: () => void): Host => {
  const { files } = host;
  /** Each of them answers later. */
  const later = <T extends object>(object: T): T =>
    new Proxy(object, {
      get: (target, key) => {
        const found: unknown = Reflect.get(target, key);
        if (typeof found !== 'function') return found;
        return async (...args: readonly unknown[]) => {
          permit();
          return Reflect.apply(found, target, args) as unknown;
        };
      },
    });
  const { run, daemon, connect } = later(host);
  return {
    id: host.id,
    permit,
    files: later(files),
    run,
    daemon,
    connect,
    spawn: (argv, options) => {
      permit();
      return host.spawn(argv, options);
    },
    lines: (argv, signal) => {
      permit();
      return host.lines(argv, signal);
    },
    changes: (patterns, signal) => {
      permit();
      return host.changes(patterns, signal);
    },
  };
};
