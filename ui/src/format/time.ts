/** Times in words. Every function gets `now`; nothing here reads a clock. */
import { m } from '../paraglide/messages';
import { localeTag } from './locale';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `17:22`. */
export function clockTime(iso: string): string {
  return format(iso, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** `Thu 19 Nov`, with the year when it is another one. */
export function date(iso: string, now: number): string {
  const other = new Date(iso).getFullYear() !== new Date(now).getFullYear();
  return other
    ? format(iso, { day: 'numeric', month: 'short', year: 'numeric' })
    : tidy(format(iso, { weekday: 'short', day: 'numeric', month: 'short' }));
}

/** `4 Mar`, with the year when it is another one. */
export function shortDate(iso: string, now: number): string {
  const other = new Date(iso).getFullYear() !== new Date(now).getFullYear();
  return format(iso, { day: 'numeric', month: 'short', ...(other ? { year: 'numeric' } : {}) });
}

/** `Wed 18, 04:12` within two weeks, `4 Mar, 04:12` before. */
export function stamp(iso: string, now: number): string {
  const near = Math.abs(now - Date.parse(iso)) < 14 * DAY;
  const day = near ? tidy(format(iso, { weekday: 'short', day: 'numeric' }, true)) : shortDate(iso, now);
  return `${day}, ${clockTime(iso)}`;
}

/** A moment in the shortest absolute words: the time today, else the day. */
export function moment(iso: string, now: number): string {
  return daysAgo(iso, now) === 0 ? clockTime(iso) : shortDate(iso, now);
}

/** The heading of a day: today, yesterday, a weekday, or a date. */
export function dayName(iso: string, now: number): string {
  const days = daysAgo(iso, now);
  if (days === 0) return m.day_today();
  if (days === 1) return m.day_yesterday();
  if (days > 1 && days < 7) return format(iso, { weekday: 'long' });
  const other = new Date(iso).getFullYear() !== new Date(now).getFullYear();
  return format(iso, { day: 'numeric', month: 'long', ...(other ? { year: 'numeric' } : {}) });
}

/** How many midnights lie between a moment and now; negative for the future. */
export function daysAgo(iso: string, now: number): number {
  return Math.round((midnight(now) - midnight(Date.parse(iso))) / DAY);
}

/** `40 s`, `12 min`, `1 h 32`, `5 h`, `3 d`: a length without a sign. */
export function duration(milliseconds: number): string {
  const length = Math.abs(milliseconds);
  if (length < MINUTE) return m.length_seconds({ n: Math.floor(length / SECOND) });
  if (length < HOUR) return m.length_minutes({ n: Math.floor(length / MINUTE) });
  if (length < 2 * DAY) {
    const hours = Math.floor(length / HOUR);
    const minutes = Math.floor((length % HOUR) / MINUTE);
    if (hours >= 5 || minutes === 0) return m.length_hours({ n: hours });
    return m.length_hours_minutes({ h: hours, min: String(minutes).padStart(2, '0') });
  }
  return m.length_days({ n: Math.floor(length / DAY) });
}

/** How old something is: relative under an hour, else the moment itself. */
export function age(iso: string, now: number): string {
  const length = Math.max(0, now - Date.parse(iso));
  return length < HOUR ? duration(length) : moment(iso, now);
}

function midnight(time: number): number {
  return new Date(time).setHours(12, 0, 0, 0);
}

/** Intl puts commas and dots into short dates; the window wants `Thu 19 Nov`. */
function tidy(text: string): string {
  return text.replace(/[,.]/g, '');
}

function format(iso: string, options: Intl.DateTimeFormatOptions, weekdayFirst = false): string {
  const key = JSON.stringify(options) + localeTag();
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(localeTag(), options);
    formats.set(key, made);
  }
  if (!weekdayFirst) return made.format(new Date(iso));
  const parts = made.formatToParts(new Date(iso));
  const find = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return `${find('weekday')} ${find('day')}`;
}
