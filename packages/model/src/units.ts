import { z } from 'zod';

const factors: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const sizePattern = /^(\d{1,15})(?:\.(\d{1,3}))?\s?([kKMGT]i?B|B)$/;

/**
 * Bytes of a size such as `1GiB` or `500MB`; undefined when it is not one.
 * A unit is required: libvirt's own default is KiB, a reader's guess is bytes.
 */
export const parseSize = (text: string): number | undefined => {
  const match = sizePattern.exec(text);
  const factor = match?.[3] === undefined ? undefined : factors[match[3]];
  if (match === null || factor === undefined) return undefined;
  const bytes = Number(`${match[1]}.${match[2] ?? '0'}`) * factor;
  return Number.isSafeInteger(Math.round(bytes)) ? Math.round(bytes) : undefined;
};

/** The shortest exact binary form, else one decimal: 1073741824 → `1GiB`, 1500000000 → `1.4GiB`. */
export const formatSize = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  // 1023.96 of a unit would be rounded to 1024 of it.
  while ((unit === 0 ? value : Math.round(value * 10) / 10) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = Number.isInteger(value) || unit === 0 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '');
  return `${digits}${units[unit]}`;
};

const durationFactors: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };

/** Milliseconds of a duration such as `30s`, `2h` or `7d`; undefined when it is not one. */
export const parseDuration = (text: string): number | undefined => {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const factor = match?.[2] === undefined ? undefined : durationFactors[match[2]];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
};

/** Seconds as people say them: 59 → `59s`, 3700 → `1h1m`, 200000 → `2d7h`. */
export const formatUptime = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${whole % 60}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${Math.floor((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86_400)}d${Math.floor((whole % 86_400) / 3600)}h`;
};

/** A size between two bounds, kept as the string the user wrote. */
export const sizeField = (smallest: string, largest: string, what: string) => {
  const low = parseSize(smallest) ?? 0;
  const high = parseSize(largest) ?? Number.MAX_SAFE_INTEGER;
  const wrong = (found: string): string => `${found} is not a size; write a number and a unit, such as 512MiB or 2GiB`;
  const text = z.string({ error: ({ input }) => wrong(String(JSON.stringify(input)).slice(0, 40)) });
  return text.superRefine((text, ctx) => {
    const bytes = parseSize(text);
    if (bytes === undefined) {
      ctx.addIssue({
        code: 'custom',
        message: wrong(`"${text.slice(0, 40)}"`),
      });
    } else if (bytes < low || bytes > high) {
      ctx.addIssue({ code: 'custom', message: `${what} must be between ${smallest} and ${largest}, not ${text}` });
    }
  });
};
