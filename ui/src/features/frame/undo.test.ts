import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Call, Message, OutboxItem, TicketView } from '../../ipc';
import { COUNTS, makeRow, makeView, PRIYA, SIGNED_IN } from '../../ipc/preview/data';
import { CallFailed } from '../../ipc/transport';
import { backWords } from './back';
import { Shop } from './screen.svelte';
import { Undo } from './undo.svelte';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const iso = (time: number) => new Date(time).toISOString();

function leaving(id: string, sent: number, more: Partial<Message> = {}): Message {
  return {
    id,
    ticket: 't-1',
    kind: 'public',
    author: { kind: 'account', id: PRIYA.id },
    channel: 'email',
    text: 'Hi',
    sent_at: iso(sent),
    delivery: 'held',
    held_until: iso(sent + 13_000),
    attachments: [],
    ...more,
  };
}
const view = (messages: Message[], pending: OutboxItem[] = []): TicketView => ({ ...makeView(makeRow(1)), messages, pending });

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

describe('undo', () => {
  test('counts ten seconds from sending and says how much longer the gateway holds it', () => {
    const undo = new Undo(PRIYA.id);
    undo.look(view([leaving('m', NOW - 3_000)]));
    expect(undo.left('m')).toBe(7);
    expect(undo.newest && undo.longer(undo.newest)).toBe(3);
    vi.advanceTimersByTime(4_000);
    expect(undo.left('m')).toBe(3);
    vi.advanceTimersByTime(3_000);
    expect(undo.left('m')).toBe(0);
    expect(undo.newest).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('counts from now where the two clocks cannot both be right', () => {
    for (const sent of [NOW + 60_000, NOW - 60_000]) {
      const undo = new Undo(PRIYA.id);
      undo.look(view([leaving('m', sent)]));
      expect(undo.left('m')).toBe(10);
      undo.stop();
    }
  });

  test('a second look does not begin the countdown again', () => {
    const undo = new Undo(PRIYA.id);
    undo.look(view([leaving('m', NOW + 60_000)]));
    vi.advanceTimersByTime(5_000);
    undo.look(view([leaving('m', NOW + 60_000)]));
    expect(undo.left('m')).toBe(5);
    undo.stop();
  });

  test('is only for my own replies that the gateway still holds', () => {
    const undo = new Undo(PRIYA.id);
    undo.look(view([leaving('theirs', NOW, { author: { kind: 'account', id: 'a-else' } }), leaving('gone', NOW, { delivery: 'sent' })]));
    expect(undo.newest).toBeUndefined();
  });

  test('takes the newest first, and forgets what went out', () => {
    const undo = new Undo(PRIYA.id);
    undo.look(view([leaving('one', NOW - 4_000), leaving('two', NOW - 1_000)]));
    expect(undo.newest?.op).toBe('two');
    undo.look(view([leaving('one', NOW - 4_000), leaving('two', NOW - 1_000, { delivery: 'delivered' })]));
    expect(undo.newest?.op).toBe('one');
    undo.stop();
  });

  test('a reply that left the outbox another way is not waited for', () => {
    const undo = new Undo(PRIYA.id);
    undo.expect('t-1', 'op-1');
    expect(undo.expects('t-1')).toBe(true);
    undo.look(view([]));
    expect(undo.expects('t-1')).toBe(false);
  });
});

describe('the shop', () => {
  function core(late: boolean) {
    const made: string[] = [];
    let messages = [leaving('op-7', NOW)];
    const call = (async (name: string, args: unknown) => {
      made.push(name);
      if (name === 'ticket') return { ...makeView(makeRow(Number((args as { ticket: string }).ticket.slice(2)))), messages };
      if (name === 'views') return { views: COUNTS };
      if (name === 'outbox') return [];
      if (name === 'undo_send') {
        if (late) throw new CallFailed({ code: 'too_late', detail: '' });
        messages = [];
        return { ticket: 't-1', action: { kind: 'reply', text: 'Hi', seen: null, close: false } };
      }
      return {};
    }) as unknown as Call;
    return { made, shop: new Shop(SIGNED_IN, call) };
  }

  test('puts an undone reply back into the composer', async () => {
    const { shop } = core(false);
    await shop.openRow('t-1');
    await shop.outbox.undoSend();
    expect(shop.ticket.draft.reply).toBe('Hi');
    expect(shop.undo.newest).toBeUndefined();
    expect(shop.error).toBeNull();
  });

  test('says in words when it is too late, and offers it no more', async () => {
    const { shop, made } = core(true);
    await shop.openRow('t-1');
    await shop.outbox.undoSend();
    expect(shop.error?.code).toBe('too_late');
    expect(shop.ticket.draft.reply).toBe('');
    expect(shop.undo.newest).toBeUndefined();
    await shop.outbox.undoSend();
    expect(made.filter((name) => name === 'undo_send')).toHaveLength(1);
  });

  test('back online, it says what went out, what is held and what is parked', () => {
    const item = (op: string, state: OutboxItem['state']): OutboxItem => ({
      op,
      ticket: 't-1',
      action: { kind: 'note', text: op },
      state,
      created_at: iso(NOW),
    });
    const outbox = [item('b', { kind: 'held', missed: [], facts: [] }), item('c', { kind: 'parked', reason: 'no' }), item('d', { kind: 'sent' })];
    const { more } = backWords({ at: iso(NOW), waited: ['a', 'b', 'd'] }, outbox);
    expect(more).toBe('2 sent. One reply is held because the conversation moved on. 1 still parked.');
  });
});
