import { firstName } from '../../format/text';
import { clockTime } from '../../format/time';
import type { FactVerdict, HeldFact, Message, OutboxItem } from '../../ipc';
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

/** A piece of a text: whether the other says the same sentence, and which fact it is. */
export interface Piece {
  text: string;
  same: boolean;
  verdict: FactVerdict | null;
}

/** A text in pieces, with the facts marked that are not the same in both. */
export function marked(text: string, others: readonly string[], facts: readonly HeldFact[], side: 'mine' | 'theirs'): Piece[] {
  const words = facts.filter((fact) => fact[side] !== '' && fact.verdict !== 'agrees');
  return beside(text, others).flatMap(({ text: sentence, same }): Piece[] => {
    if (same) return [{ text: sentence, same, verdict: null }];
    return cut(sentence, words, side).map((piece) => ({ ...piece, same: false }));
  });
}

function cut(sentence: string, facts: readonly HeldFact[], side: 'mine' | 'theirs'): Omit<Piece, 'same'>[] {
  let best: { at: number; fact: HeldFact } | null = null;
  for (const fact of facts) {
    const at = sentence.indexOf(fact[side]);
    if (at >= 0 && (best === null || at < best.at || (at === best.at && fact[side].length > best.fact[side].length))) best = { at, fact };
  }
  if (best === null) return sentence === '' ? [] : [{ text: sentence, verdict: null }];
  const end = best.at + best.fact[side].length;
  const before = sentence.slice(0, best.at);
  return [
    ...(before === '' ? [] : [{ text: before, verdict: null }]),
    { text: sentence.slice(best.at, end), verdict: best.fact.verdict },
    ...cut(sentence.slice(end), facts, side),
  ];
}

/** The facts of a held reply. */
export function factsOf(item: OutboxItem): HeldFact[] {
  return item.state.kind === 'held' ? item.state.facts : [];
}
