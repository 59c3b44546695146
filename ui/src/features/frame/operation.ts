import { moment } from '../../format/time';
import type { IconName } from '../../icons';
import type { Field, FieldValue, OutboxAction, OutboxItem, TicketPatch } from '../../ipc';
import { m } from '../../paraglide/messages';
import { fieldWord, priorityWord } from '../../words';

/** What an operation does, in a few words. */
export function operationWord({ action, created_at }: Pick<OutboxItem, 'action' | 'created_at'>, fields: readonly Field[] = []): string {
  switch (action.kind) {
    case 'reply':
      return `${action.close ? m.op_reply_close() : m.op_reply()}: ${action.text}`;
    case 'note':
      return `${m.op_note()}: ${action.text}`;
    case 'change':
      return changeWord(action.patch, created_at, fields);
    case 'merge':
      return m.op_merge({ number: action.number });
  }
}

/** The icon of what an operation does. */
export function operationIcon({ action }: Pick<OutboxItem, 'action'>): IconName {
  if (action.kind === 'reply') return 'reply';
  if (action.kind === 'note') return 'sticky-note';
  if (action.kind === 'merge') return 'merge';
  const { patch } = action;
  if (patch.snoozed_until !== undefined) return 'alarm-clock';
  if (patch.add_tags?.length || patch.remove_tags?.length) return 'tag';
  if (patch.assignee !== undefined) return 'user-plus';
  if (patch.escalated !== undefined) return 'flag';
  if (patch.fields !== undefined) return 'pencil-line';
  if (patch.status === 'open') return 'rotate-ccw';
  return patch.status ? 'check' : 'circle-alert';
}

/** What an operation writes; `null` when it writes nothing. */
export function textOf(action: OutboxAction): string | null {
  return action.kind === 'reply' || action.kind === 'note' ? action.text : null;
}

/** The name of a field on the screen; a field that is gone keeps its key. */
export function fieldLabel(key: string, fields: readonly Field[]): string {
  const field = fields.find((one) => one.key === key);
  return field?.label ?? key.replace(/^./, (letter) => letter.toLocaleUpperCase()).replaceAll('_', ' ');
}

/** A field with its value, or that it was emptied. */
export function fieldChange(key: string, value: FieldValue | null, fields: readonly Field[]): string {
  const field = fieldLabel(key, fields);
  return value === null ? m.op_field_none({ field }) : m.op_field({ field, value: fieldWord(value) });
}

function changeWord(patch: TicketPatch, at: string, fields: readonly Field[]): string {
  const now = Date.parse(at);
  if (patch.snoozed_until !== undefined) return m.op_snooze({ time: moment(patch.snoozed_until, now) });
  const words = [
    patch.add_tags?.[0] ? m.op_tag({ tag: patch.add_tags.join(', ') }) : '',
    patch.remove_tags?.[0] ? m.op_untag({ tag: patch.remove_tags.join(', ') }) : '',
    patch.assignee === undefined ? '' : patch.assignee === null ? m.op_unassign() : m.op_assign(),
    patch.escalated === undefined ? '' : patch.escalated ? m.op_escalate() : m.op_deescalate(),
    patch.status === 'closed' ? m.op_close() : patch.status === 'open' ? m.op_reopen() : patch.status === 'pending' ? m.op_pending() : '',
    patch.priority ? m.op_priority({ priority: priorityWord[patch.priority]() }) : '',
    ...Object.entries(patch.fields ?? {}).map(([key, value]) => fieldChange(key, value, fields)),
  ].filter((word) => word !== '');
  return words.length > 0 ? words.join(', ') : m.op_change();
}
