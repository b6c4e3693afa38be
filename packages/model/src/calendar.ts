/** What a clock and a calendar on the wall say. */
export interface WallTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** 1 (Monday) to 7 (Sunday). */
  readonly weekday: number;
  /** Of ISO 8601: the week with the year's first Thursday is its first. */
  readonly week: number;
  /** The year that the week belongs to. */
  readonly weekYear: number;
  /** Minutes east of UTC. */
  readonly offset: number;
}

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, made);
  return made;
};

const isoWeek = (year: number, month: number, day: number, weekday: number) => {
  const thursday = new Date(Date.UTC(year, month - 1, day) + (4 - weekday) * dayMs);
  const weekYear = thursday.getUTCFullYear();
  return { weekYear, week: Math.floor((thursday.getTime() - Date.UTC(weekYear, 0, 1)) / (7 * dayMs)) + 1 };
};

/** A moment as it is told in a time zone. Throws a `RangeError` for a zone that there is not. */
export const inTimeZone = (at: Date, timeZone: string): WallTime => {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const [year, month, day] = [part('year'), part('month'), part('day')];
  const [hour, minute] = [part('hour'), part('minute')];
  const told = Date.UTC(year, month - 1, day, hour, minute, part('second'));
  const weekday = new Date(told).getUTCDay() || 7;
  const offset = Math.round((told - Math.floor(at.getTime() / 1000) * 1000) / 60_000);
  return { year, month, day, hour, minute, weekday, offset, ...isoWeek(year, month, day, weekday) };
};
