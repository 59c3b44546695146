import { duration, MINUTE } from './time';

/** How the clock of a conversation stands. */
export interface Sla {
  /** How full the ring is, from 0 to 1. */
  full: number;
  /** Neutral, in its last quarter, or past it. */
  tone: 'calm' | 'soon' | 'breach';
  /** `12 min`, or `−8 min` past it. */
  words: string;
}

/** The clock of a conversation in which a customer waits; `null` when nobody waits. */
export function sla(waitingSince: string | null, dueAt: string | null, now: number): Sla | null {
  if (dueAt === null) return null;
  const due = Date.parse(dueAt);
  const left = due - now;
  if (left < 0) return { full: 1, tone: 'breach', words: `\u2212${duration(Math.max(MINUTE, -left))}` };
  const whole = Math.max(MINUTE, due - Date.parse(waitingSince ?? new Date(now).toISOString()));
  const full = Math.min(1, left / whole);
  return { full, tone: full < 0.25 ? 'soon' : 'calm', words: duration(left) };
}

/** How old a copy may be before it counts as stale, in minutes. */
export const FRESH = { shop: 10, carrier: 30, customer: 60 } as const;

/** What kind of record a copy is of. */
export type SourceKind = keyof typeof FRESH;

/** How fresh a copy is: 1 is just read, 0 is stale. */
export function freshness(kind: SourceKind, fetchedAt: string, now: number): number {
  const minutes = Math.max(0, now - Date.parse(fetchedAt)) / MINUTE;
  return Math.max(0, 1 - minutes / FRESH[kind]);
}
