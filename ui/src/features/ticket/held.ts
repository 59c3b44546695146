import { firstName } from '../../format/text';
import { clockTime } from '../../format/time';
import type { Message, OutboxItem } from '../../ipc';
import { m } from '../../paraglide/messages';

/** What came while a held reply waited. */
export function missedOf(item: OutboxItem): Message[] {
  return item.state.kind === 'held' ? item.state.missed : [];
}

/** Why a reply is held, in one sentence. */
export function whyHeld(item: OutboxItem, called: (message: Message) => string): string {
  const missed = missedOf(item);
  const [first] = missed;
  if (!first) return m.held_moved();
  if (missed.length > 1) return m.held_went_on({ n: missed.length });
  const name = firstName(called(first));
  const time = clockTime(first.sent_at);
  if (name === '' || first.author.kind === 'system') return m.held_moved();
  return first.author.kind === 'customer' ? m.held_wrote({ name, time }) : m.held_answered({ name, time });
}

/** The sentences of a text, with what divides them. */
export function sentences(text: string): string[] {
  return text.match(/[^.?!]*[.?!]+\s*|[^.?!]+$/g) ?? [];
}

/** A text in pieces; what stands in the other text too is marked as the same. */
export function beside(text: string, others: readonly string[]): { text: string; same: boolean }[] {
  const known = new Set(others.flatMap((other) => sentences(other)).map(bare));
  return sentences(text).map((piece) => ({ text: piece, same: bare(piece) !== '' && known.has(bare(piece)) }));
}

function bare(text: string): string {
  return text.toLocaleLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}
