import { daysAgo } from '../../format/time';
import type { Account, AccountId, Message, MessageId, OutboxItem, TicketView } from '../../ipc';

/** What the conversation shows, one below the other. */
export type Entry =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean }
  | { kind: 'pending'; key: string; item: OutboxItem };

/** Days, messages and what this desktop has not sent yet, in the order they are read. */
export function timeline(view: Pick<TicketView, 'messages' | 'pending'>, now: number): Entry[] {
  const entries: Entry[] = [];
  let day: number | null = null;
  const startDay = (at: string) => {
    const ago = daysAgo(at, now);
    // What waits stands last, also when it was written before the day that is shown above it.
    if (day !== null && ago >= day) return false;
    entries.push({ kind: 'day', key: `day-${ago}`, at });
    day = ago;
    return true;
  };

  view.messages.forEach((message, index) => {
    const before = view.messages[index - 1];
    const after = view.messages[index + 1];
    const fresh = startDay(message.sent_at);
    const endsDay = !after || daysAgo(after.sent_at, now) !== daysAgo(message.sent_at, now);
    entries.push({
      kind: 'message',
      key: message.id,
      message,
      first: fresh || !before || !together(before, message),
      last: endsDay || !together(message, after),
    });
  });

  for (const item of view.pending) {
    // A change shows in the ticket itself; here it stands only when somebody has to decide.
    if (item.action.kind === 'change' && item.state.kind !== 'parked' && item.state.kind !== 'moved') continue;
    startDay(item.created_at);
    entries.push({ kind: 'pending', key: item.op, item });
  }
  return entries;
}

/** The newest message a customer could have seen or written: what a reply is an answer to. */
export function newestPublic(messages: readonly Message[]): Message | null {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message?.kind === 'public' && message.author.kind !== 'system') return message;
  }
  return null;
}

/**
 * The newest public message that the author of a reply has seen. What the customer writes meanwhile
 * appears right above the composer; but when a colleague answers while somebody writes, the answer
 * counts as not seen, so that the gateway holds the reply and both can be compared.
 */
export function seenSince(messages: readonly Message[], began: MessageId | null | undefined, me: AccountId | null): MessageId | null {
  if (began !== undefined && me !== null) {
    const start = messages.findIndex((message) => message.id === began) + 1;
    const known = began === null || start > 0;
    const answer = messages.findIndex(
      ({ kind, author }, index) => index >= start && kind === 'public' && author.kind === 'account' && author.id !== me,
    );
    if (known && answer >= 0) return newestPublic(messages.slice(0, answer))?.id ?? null;
  }
  return newestPublic(messages)?.id ?? null;
}

const TOGETHER = 5 * 60_000;

/** Whether two messages belong to one breath: same person, same way, within five minutes. */
function together(a: Message, b: Message): boolean {
  return (
    a.kind === b.kind &&
    a.channel === b.channel &&
    a.author.kind === b.author.kind &&
    ('id' in a.author ? a.author.id : '') === ('id' in b.author ? b.author.id : '') &&
    Date.parse(b.sent_at) - Date.parse(a.sent_at) < TOGETHER
  );
}

/** The newest message the customer wrote: the one whose mood and language count. */
export function newestFromCustomer(messages: readonly Message[]): Message | null {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message?.kind === 'public' && message.author.kind === 'customer') return message;
  }
  return null;
}

/** Gives the name of who wrote a message. */
export function people(view: Pick<TicketView, 'people' | 'customer'>, me: Account): (message: Message) => string {
  const names = new Map(view.people.map((person) => [person.id, person.name]));
  names.set(me.id, me.name);
  return ({ author }) => {
    if (author.kind === 'customer') return view.customer?.name ?? '';
    return author.kind === 'account' ? (names.get(author.id) ?? '') : '';
  };
}
