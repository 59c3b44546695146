import { sla } from '../../format/sla';
import type { IconName } from '../../icons';
import type { Account, TicketRow } from '../../ipc';
import { m } from '../../paraglide/messages';
import { channelWord, intentWord, moodWord } from '../../words';

/** The one thing a row shows at its end: somebody who is there, or what to look out for. */
export type Marker =
  | { kind: 'person'; account: Account; doing: 'reading' | 'writing'; tone: '' }
  | { kind: 'icon'; icon: IconName; tone: '' | 'soon' | 'breach' }
  | { kind: 'none'; tone: '' };

/** Presence goes before escalation, escalation before mood; offline nobody's presence is known. */
export function marker(row: TicketRow, offline: boolean): Marker {
  if (!offline) {
    for (const writer of row.writers) {
      if (writer.kind === 'colleague') return { kind: 'person', account: writer.account, doing: 'writing', tone: '' };
    }
    if (row.writers.length > 0) return { kind: 'icon', icon: 'pencil-line', tone: 'soon' };
    const reader = row.readers[0];
    if (reader) return { kind: 'person', account: reader, doing: 'reading', tone: '' };
  }
  if (row.escalated) return { kind: 'icon', icon: 'flag', tone: '' };
  if (row.mood === 'angry') return { kind: 'icon', icon: 'frown', tone: 'breach' };
  if (row.priority === 'urgent') return { kind: 'icon', icon: 'circle-alert', tone: 'soon' };
  if (row.mood === 'pleased') return { kind: 'icon', icon: 'smile', tone: '' };
  return { kind: 'none', tone: '' };
}

/** The whole row in words, for those who hear it. */
export function rowLabel(row: TicketRow, now: number): string {
  const due = sla(row.waiting_since, row.due_at, now);
  const words = [
    row.customer,
    row.subject,
    channelWord[row.channel](),
    intentWord[row.intent](),
    row.unread ? m.row_unread() : '',
    row.draft ? m.row_draft() : '',
    due ? (due.tone === 'breach' ? m.row_over({ time: due.words.replace('\u2212', '') }) : m.row_due({ time: due.words })) : '',
    row.escalated ? m.row_escalated() : '',
    row.mood === 'angry' ? moodWord.angry() : '',
    row.priority === 'urgent' ? m.row_urgent() : '',
    ...row.readers.map(({ name }) => m.row_reading({ name })),
    ...row.writers.map((writer) =>
      writer.kind === 'colleague' ? m.row_writing({ name: writer.account.name }) : m.row_customer_writing(),
    ),
  ];
  return words.filter((word) => word !== '').join(', ');
}
