import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Call, OutboxItem } from '../../ipc';
import { COUNTS, makeRow, makeView, SIGNED_IN } from '../../ipc/preview/data';
import { MACROS } from '../../ipc/preview/knowledge';
import { Regret, REGRET } from './regret.svelte';
import { Shop } from './screen.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const reply = (state: OutboxItem['state'], op = 'op-1'): OutboxItem => ({
  op,
  ticket: 't-1',
  action: { kind: 'reply', text: 'Hi', seen: null, close: false },
  state,
  created_at: '2026-11-20T10:00:00Z',
});
const HELD: OutboxItem['state'] = { kind: 'held', missed: [], facts: [] };

async function shop(items: OutboxItem[]) {
  const state = { items, made: [] as { name: string; args: unknown }[] };
  const call = (async (name: string, args: { ticket: string; op: string }) => {
    state.made.push({ name, args });
    if (name === 'outbox') return state.items;
    if (name === 'views') return { views: COUNTS };
    if (name === 'ticket') return { ...makeView(makeRow(Number(args.ticket.slice(2)))), pending: state.items };
    if (name === 'discard_op') state.items = state.items.filter((item) => item.op !== args.op);
    return name === 'change_ticket' ? 'op-9' : {};
  }) as unknown as Call;
  const made = new Shop(SIGNED_IN, call);
  await made.ticket.open('t-1');
  await made.outbox.read();
  const called = (name: string) => state.made.filter((one) => one.name === name);
  return { shop: made, called };
}

describe('a step that can be taken back', () => {
  test('is final when its time is over, and when another one follows', async () => {
    const regret = new Regret();
    const settled: string[] = [];
    const step = (word: string) => ({ word, undo: () => void settled.push(`-${word}`), settle: () => void settled.push(word) });
    await regret.offer(step('a'));
    await regret.offer(step('b'));
    expect(settled).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(REGRET + 500);
    expect(settled).toEqual(['a', 'b']);
    await regret.offer(step('c'));
    await regret.undo();
    await vi.advanceTimersByTimeAsync(REGRET + 500);
    expect(settled).toEqual(['a', 'b', '-c']);
  });
});

describe('discarding', () => {
  test('a held reply leaves the screen at once and the outbox some seconds later', async () => {
    const { shop: desk, called } = await shop([reply(HELD)]);
    await desk.outbox.discard(reply(HELD));
    expect([desk.outbox.held, desk.ticket.pending.length, desk.decides]).toEqual([0, 0, false]);
    await desk.outbox.read();
    expect(desk.outbox.held).toBe(0);
    expect(called('discard_op')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(REGRET + 500);
    expect(called('discard_op')).toHaveLength(1);
    expect(desk.ticket.hidden.size).toBe(0);
  });

  test('is taken back before anything was called', async () => {
    const { shop: desk, called } = await shop([reply(HELD)]);
    await desk.outbox.discard(reply(HELD));
    await desk.outbox.undoLast();
    await vi.advanceTimersByTimeAsync(REGRET + 500);
    expect(called('discard_op')).toHaveLength(0);
    expect([desk.outbox.held, desk.ticket.pending.length]).toEqual([1, 1]);
  });

  test('what would go out by itself is given up at once', async () => {
    const { shop: desk, called } = await shop([reply({ kind: 'waiting' })]);
    await desk.outbox.discard(reply({ kind: 'waiting' }));
    expect(called('discard_op')).toHaveLength(1);
    expect(desk.regret.step).toBeNull();
  });
});

describe('a stored answer without a text', () => {
  test('changes the ticket at once, and one key sets it back', async () => {
    const { shop: desk, called } = await shop([]);
    const macro = MACROS.find(({ text }) => text === '');
    if (macro) await desk.useMacro(macro);
    expect(desk.regret.step?.word).toBe('Applied: Mark as carrier damage');
    await desk.outbox.undoLast();
    expect(called('change_ticket').map(({ args }) => args)).toEqual([
      { ticket: 't-1', patch: { priority: 'high', add_tags: ['damage'], fields: { cause: 'Carrier', photos: true } } },
      { ticket: 't-1', patch: { priority: 'normal', remove_tags: ['damage'], fields: { cause: 'Carrier', photos: true } } },
    ]);
  });
});
