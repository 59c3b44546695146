import { moment } from '../../format/time';
import type { AccountId, Compared, Field, OutboxItem, TicketPatch, TicketView } from '../../ipc';
import { m } from '../../paraglide/messages';
import { fieldWord, priorityWord, statusWord } from '../../words';
import { fieldLabel } from '../frame/operation';

/** A value that somebody else set while a change waited. */
export interface Clash {
  what: string;
  wanted: string;
  now: string;
}

/** Where names and labels are looked up. */
export interface Known {
  people: TicketView['people'];
  fields: readonly Field[];
  me: AccountId;
}

/** What a change wanted and how it is now, value by value. */
export function clashes(item: OutboxItem, known: Known, now: number): Clash[] {
  if (item.state.kind !== 'moved') return [];
  const patch = patchOf(item);
  return item.state.now.map((value) => clash(value, patch, known, now));
}

/** The same in one sentence each. */
export function clashWords(item: OutboxItem, known: Known, now: number): string[] {
  return clashes(item, known, now).map((one) => m.moved_line({ what: one.what, wanted: one.wanted, now: one.now }));
}

function patchOf({ action }: OutboxItem): TicketPatch {
  if (action.kind === 'change') return action.patch;
  return (action.kind === 'reply' && action.changes) || {};
}

function clash(value: Compared, patch: TicketPatch, known: Known, now: number): Clash {
  const person = (id: string | null | undefined) => {
    if (id === null || id === undefined) return m.value_nobody();
    if (id === known.me) return m.conv_you();
    return known.people.find((one) => one.id === id)?.name ?? m.value_somebody();
  };
  const time = (at: string | null | undefined) => (at ? moment(at, now) : m.value_none());
  switch (value.kind) {
    case 'status':
      return { what: m.value_status(), wanted: patch.status ? statusWord[patch.status]() : m.value_none(), now: statusWord[value.value]() };
    case 'priority':
      return { what: m.value_priority(), wanted: patch.priority ? priorityWord[patch.priority]() : m.value_none(), now: priorityWord[value.value]() };
    case 'assignee':
      return { what: m.value_assignee(), wanted: person(patch.assignee), now: person(value.value) };
    case 'snoozed_until':
      return { what: m.value_snoozed(), wanted: time(patch.snoozed_until), now: time(value.value) };
    case 'field': {
      const { key, value: other } = value.value;
      const word = (one: typeof other | undefined) => (one === null || one === undefined ? m.value_none() : fieldWord(one));
      return { what: fieldLabel(key, known.fields), wanted: word(patch.fields?.[key]), now: word(other) };
    }
  }
}
