import type { TicketId, TicketRow, TicketView } from '../../ipc';
import { m } from '../../paraglide/messages';

/** A ticket that another one can become part of. */
export type Target = Pick<TicketRow, 'id' | 'number' | 'subject' | 'status' | 'channel' | 'last_message_at'>;

/** The number that was typed, with or without its sign. */
export function typedNumber(text: string): number | null {
  const digits = /^\s*#?\s*(\d{1,9})\s*$/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The customer's other tickets that a filter leaves. */
export function targets(history: readonly TicketRow[], text: string): Target[] {
  const number = text.trim().replace(/^#/, '');
  const wanted = text.trim().toLocaleLowerCase();
  return history.filter((row) => wanted === '' || row.subject.toLocaleLowerCase().includes(wanted) || String(row.number).startsWith(number));
}

/** Why a ticket cannot take this one in; `null` when it can. */
export function whyNot(number: number, found: { id: TicketId; customer: string; merged_into?: string } | null, here: TicketView['ticket']): string | null {
  if (number === here.number) return m.merge_itself({ number });
  if (!found) return m.merge_missing({ number });
  if (found.customer !== here.customer) return m.merge_other({ number });
  if (found.merged_into !== undefined) return m.merge_already({ number });
  return null;
}

/** The ticket that this one is or becomes part of. */
export interface Whole {
  id: TicketId;
  /** `null` until it is known. */
  number: number | null;
  /** Still waits to be sent. */
  waits: boolean;
}

/** Whether a ticket is part of another one, or becomes it once what waits has gone out. */
export function wholeOf(view: Pick<TicketView, 'ticket'>, pending: TicketView['pending'], known: { id: TicketId; number: number } | null): Whole | null {
  for (const { action, state } of pending) {
    if (action.kind === 'merge' && state.kind !== 'parked') return { id: action.into, number: action.number, waits: true };
  }
  const id = view.ticket.merged_into;
  return id === undefined ? null : { id, number: known?.id === id ? known.number : null, waits: false };
}
