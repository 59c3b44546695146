import { moment } from '../../format/time';
import type { IconName } from '../../icons';
import type { OutboxItem, TicketPatch } from '../../ipc';
import { m } from '../../paraglide/messages';
import { priorityWord } from '../../words';

/** What an operation does, in a few words. */
export function operationWord(item: OutboxItem): string {
  switch (item.action.kind) {
    case 'reply':
      return `${item.action.close ? m.op_reply_close() : m.op_reply()}: ${item.action.text}`;
    case 'note':
      return `${m.op_note()}: ${item.action.text}`;
    case 'change':
      return changeWord(item.action.patch, item.created_at);
  }
}

/** The icon of what an operation does. */
export function operationIcon(item: OutboxItem): IconName {
  if (item.action.kind === 'reply') return 'reply';
  if (item.action.kind === 'note') return 'sticky-note';
  const { patch } = item.action;
  if (patch.snoozed_until !== undefined) return 'alarm-clock';
  if (patch.add_tags?.length || patch.remove_tags?.length) return 'tag';
  if (patch.assignee !== undefined) return 'user-plus';
  if (patch.escalated !== undefined) return 'flag';
  if (patch.status === 'open') return 'rotate-ccw';
  return patch.status ? 'check' : 'circle-alert';
}

function changeWord(patch: TicketPatch, at: string): string {
  const now = Date.parse(at);
  if (patch.snoozed_until !== undefined) return m.op_snooze({ time: moment(patch.snoozed_until, now) });
  if (patch.add_tags?.[0]) return m.op_tag({ tag: patch.add_tags.join(', ') });
  if (patch.remove_tags?.[0]) return m.op_untag({ tag: patch.remove_tags.join(', ') });
  if (patch.assignee !== undefined) return patch.assignee === null ? m.op_unassign() : m.op_assign();
  if (patch.escalated !== undefined) return patch.escalated ? m.op_escalate() : m.op_deescalate();
  if (patch.status === 'closed') return m.op_close();
  if (patch.status === 'open') return m.op_reopen();
  if (patch.status === 'pending') return m.op_pending();
  if (patch.priority) return m.op_priority({ priority: priorityWord[patch.priority]() });
  return m.op_change();
}
