import type { Field, FieldValue, MacroChanges, MacroView, Ticket, TicketPatch } from '../../ipc';
import { m } from '../../paraglide/messages';
import { priorityWord, statusWord } from '../../words';
import { fieldChange } from '../frame/operation';

/** A place of a text that has to be filled in. */
export interface Gap {
  from: number;
  to: number;
  /** As it stands in the text: `{{order.number}}`. */
  text: string;
}

/** The gaps that a text still has, in their order. */
export function gapsOf(text: string): Gap[] {
  return [...text.matchAll(/\{\{\s*[\w.]+\s*\}\}/g)].map((found) => ({ from: found.index, to: found.index + found[0].length, text: found[0] }));
}

/** The gap that comes after a place, if one does. */
export function gapAfter(text: string, place: number): Gap | undefined {
  return gapsOf(text).find(({ from }) => from >= place);
}

/** A text in pieces, gaps marked. */
export function withGaps(text: string): { text: string; gap: boolean }[] {
  const pieces: { text: string; gap: boolean }[] = [];
  let at = 0;
  for (const gap of gapsOf(text)) {
    if (gap.from > at) pieces.push({ text: text.slice(at, gap.from), gap: false });
    pieces.push({ text: gap.text, gap: true });
    at = gap.to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), gap: false });
  return pieces;
}

/** Why a text cannot be sent yet; empty when it can. */
export function gapWord(text: string): string {
  const [first, ...others] = new Set(gapsOf(text).map((gap) => gap.text));
  if (first === undefined) return '';
  return others.length === 0 ? m.comp_gap({ gap: first }) : m.comp_gaps({ gap: first, n: others.length });
}

/** Puts a stored answer where the caret is, on lines of its own, and says what to select then. */
export function inserted(text: string, caret: number, answer: string): { text: string; from: number; to: number } {
  const before = text.slice(0, caret).trimEnd();
  const after = text.slice(caret).trimStart();
  const start = before === '' ? '' : `${before}\n\n`;
  const made = `${start}${answer}${after === '' ? '' : `\n\n${after}`}`;
  const end = start.length + answer.length;
  const gap = gapAfter(made, start.length);
  return gap && gap.to <= end ? { text: made, from: gap.from, to: gap.to } : { text: made, from: end, to: end };
}

/** Whether the caret stands on an empty line, where `/` opens the stored answers. */
export function onEmptyLine(text: string, from: number, to: number): boolean {
  if (from !== to) return false;
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const end = text.indexOf('\n', from);
  return text.slice(start, end < 0 ? undefined : end).trim() === '';
}

/** One thing that a stored answer changes, in words, and the changes without it. */
export interface Part {
  key: string;
  word: string;
  without: MacroChanges;
}

/** What a stored answer changes, one by one. */
export function partsOf(changes: MacroChanges, fields: readonly Field[]): Part[] {
  const { status, priority, ...others } = changes;
  const parts: Part[] = [];
  if (status) parts.push({ key: 'status', word: m.op_field({ field: m.value_status(), value: statusWord[status]() }), without: { ...others, ...(priority ? { priority } : {}) } });
  if (priority) {
    parts.push({ key: 'priority', word: m.op_field({ field: m.value_priority(), value: priorityWord[priority]() }), without: { ...others, ...(status ? { status } : {}) } });
  }
  for (const tag of changes.add_tags) {
    parts.push({ key: `tag-${tag}`, word: m.op_tag({ tag }), without: { ...changes, add_tags: changes.add_tags.filter((other) => other !== tag) } });
  }
  for (const [key, value] of Object.entries(changes.fields)) {
    const left = Object.fromEntries(Object.entries(changes.fields).filter(([other]) => other !== key));
    parts.push({ key: `field-${key}`, word: fieldChange(key, value, fields), without: { ...changes, fields: left } });
  }
  return parts;
}

/** The changes as they are sent; `undefined` when there are none. */
export function patchOf({ status, priority, add_tags, fields }: MacroChanges): TicketPatch | undefined {
  const patch: TicketPatch = {
    ...(status ? { status } : {}),
    ...(priority ? { priority } : {}),
    ...(add_tags.length > 0 ? { add_tags } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  };
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** What a sent reply changed, as changes again. */
export function changesOf({ status, priority, add_tags = [], fields = {} }: TicketPatch): MacroChanges {
  const set = Object.entries(fields).filter((entry): entry is [string, FieldValue] => entry[1] !== null);
  return { ...(status ? { status } : {}), ...(priority ? { priority } : {}), add_tags, fields: Object.fromEntries(set) };
}

/** The change that takes another one back. */
export function inverse(patch: TicketPatch, ticket: Ticket): TicketPatch {
  const back: TicketPatch = {};
  if (patch.status && patch.status !== ticket.status) {
    back.status = ticket.status;
    if (ticket.status === 'snoozed' && ticket.snoozed_until) back.snoozed_until = ticket.snoozed_until;
  }
  if (patch.priority && patch.priority !== ticket.priority) back.priority = ticket.priority;
  const added = patch.add_tags?.filter((tag) => !ticket.tags.includes(tag)) ?? [];
  if (added.length > 0) back.remove_tags = added;
  const fields = Object.keys(patch.fields ?? {}).map((key) => [key, ticket.fields?.[key] ?? null] as const);
  if (fields.length > 0) back.fields = Object.fromEntries(fields);
  return back;
}

/** The stored answers that a filter leaves, those in the customer's language first. */
export function filtered(macros: readonly MacroView[], text: string, language: string): { near: MacroView[]; far: MacroView[] } {
  const words = text.toLocaleLowerCase().split(/\s+/).filter((word) => word !== '');
  const hits = macros.filter((one) => {
    const all = `${one.name}\n${one.text}`.toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  });
  const byName = (one: MacroView) => (words.every((word) => one.name.toLocaleLowerCase().includes(word)) ? 0 : 1);
  hits.sort((a, b) => byName(a) - byName(b));
  const same = (one: MacroView) => primary(one.language) === primary(language);
  return { near: hits.filter(same), far: hits.filter((one) => !same(one)) };
}

function primary(language: string): string {
  return language.toLowerCase().split('-')[0] ?? language;
}
