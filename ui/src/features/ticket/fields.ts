import type { Field, FieldValue } from '../../ipc';
import { m } from '../../paraglide/messages';

/** The longest text of a field; the core keeps to the same. */
const TEXT_LIMIT = 500;

/** What somebody typed or chose, as a value; `null` empties the field. */
export type Read = { value: FieldValue | null; problem?: never } | { problem: string };

/** Reads what stands in a field's control. */
export function readField({ kind, label }: Field, text: string): Read {
  const typed = text.trim();
  if (typed === '') return { value: null };
  switch (kind.kind) {
    case 'number': {
      const number = Number(typed);
      return Number.isSafeInteger(number) && /^[+-]?\d+$/.test(typed) ? { value: number } : { problem: m.field_not_number({ field: label }) };
    }
    case 'yes_no':
      return { value: typed === 'yes' };
    case 'text':
      if ([...typed].length > TEXT_LIMIT) return { problem: m.field_too_long({ field: label, n: TEXT_LIMIT }) };
      return { value: typed };
    case 'day':
      return isDay(typed) ? { value: typed } : { problem: m.field_not_day({ field: label }) };
    case 'choice':
      return { value: typed };
  }
}

/** A value as its control holds it. */
export function controlText(value: FieldValue | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

/** Whether a text is a day that exists, as the gateway writes it. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
