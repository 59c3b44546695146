import type { OutboxItem } from '../../ipc';
import { clockTime } from '../../format/time';
import { m } from '../../paraglide/messages';

/** What came of the outbox while there was no network. */
export interface Back {
  at: string;
  /** What waited when the network came back. */
  waited: readonly string[];
}

/** What waits for the network. */
export function waitingOps(outbox: readonly OutboxItem[]): string[] {
  return outbox.filter(({ state }) => state.kind === 'waiting' || state.kind === 'sending').map(({ op }) => op);
}

/** The sentence after the network came back: what went out, what is held, what is parked. */
export function backWords(back: Back, outbox: readonly OutboxItem[]): { what: string; more: string } {
  const states = new Map(outbox.map(({ op, state }) => [op, state.kind]));
  const sent = back.waited.filter((op) => !states.has(op) || states.get(op) === 'sent').length;
  const held = back.waited.filter((op) => states.get(op) === 'held').length;
  const moved = back.waited.filter((op) => states.get(op) === 'moved').length;
  const parked = outbox.filter(({ state }) => state.kind === 'parked').length;
  const more = [
    sent > 0 ? m.banner_back_sent({ n: sent }) : '',
    held === 1 ? m.banner_back_held() : held > 1 ? m.banner_back_held_n({ n: held }) : '',
    moved === 1 ? m.banner_back_moved() : moved > 1 ? m.banner_back_moved_n({ n: moved }) : '',
    parked > 0 ? m.banner_back_parked({ n: parked }) : '',
  ];
  return { what: m.banner_back({ time: clockTime(back.at) }), more: more.filter((part) => part !== '').join(' ') };
}
