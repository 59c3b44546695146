import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CallFailed, type Call, type Draft, type MacroView } from '../../ipc';
import { makeRow, makeView } from '../../ipc/preview/data';
import { MACROS } from '../../ipc/preview/knowledge';
import { OpenTicket } from './screen.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function core(drafts: Record<string, Draft> = {}) {
  const state = { saved: [] as unknown[], sent: [] as unknown[], full: false };
  const call = (async (name: string, args: { ticket: string }) => {
    if (name === 'save_draft') {
      if (state.full) throw new CallFailed({ code: 'disk_full', detail: '' });
      state.saved.push(args);
    }
    if (name === 'send_reply') state.sent.push(args);
    if (name === 'ticket') return { ...makeView(makeRow(Number(args.ticket.slice(2)))), draft: drafts[args.ticket] ?? null };
    return 'op-1';
  }) as unknown as Call;
  return { state, ticket: new OpenTicket(call, 'a-priya') };
}

async function write(ticket: OpenTicket, text: string) {
  ticket.draft[ticket.draft.tab] = text;
  ticket.typed();
}

describe('what is written', () => {
  test('is stored while somebody writes on, a few times a second', async () => {
    const { ticket, state } = core();
    await ticket.open('t-1');
    for (const text of ['H', 'Hi', 'Hi ', 'Hi A']) {
      await write(ticket, text);
      await vi.advanceTimersByTimeAsync(150);
    }
    expect(state.saved).toEqual([{ ticket: 't-1', reply: 'Hi ', note: '' }]);
    await vi.advanceTimersByTimeAsync(400);
    expect(state.saved.at(-1)).toEqual({ ticket: 't-1', reply: 'Hi A', note: '' });
  });

  test('is stored at once when another conversation is opened, and when the window closes', async () => {
    const { ticket, state } = core();
    await ticket.open('t-1');
    await write(ticket, 'Half a');
    await ticket.open('t-2');
    expect(state.saved).toEqual([{ ticket: 't-1', reply: 'Half a', note: '' }]);
    await write(ticket, 'Another');
    ticket.keepNow();
    expect(state.saved.at(-1)).toEqual({ ticket: 't-2', reply: 'Another', note: '' });
  });

  test('comes back with the conversation, and is not stored again for that', async () => {
    const { ticket, state } = core({ 't-1': { reply: '', note: 'For Luis', saved_at: '2026-11-20T10:00:00Z' } });
    await ticket.open('t-1');
    expect(ticket.draft).toMatchObject({ tab: 'note', reply: '', note: 'For Luis' });
    ticket.typed();
    ticket.keepNow();
    expect(state.saved).toEqual([]);
  });

  test('in this window is newer than what was stored', async () => {
    const { ticket } = core({ 't-1': { reply: 'Old', note: '', saved_at: '2026-11-20T10:00:00Z' } });
    await ticket.open('t-1');
    await write(ticket, 'New');
    await ticket.open('t-2');
    await ticket.open('t-1');
    expect(ticket.draft.reply).toBe('New');
  });

  test('is forgotten once it is sent', async () => {
    const { ticket, state } = core();
    await ticket.open('t-1');
    await write(ticket, 'Done');
    await vi.advanceTimersByTimeAsync(400);
    await ticket.send(false);
    expect(state.saved.at(-1)).toEqual({ ticket: 't-1', reply: '', note: '' });
  });

  test('that cannot be stored says so and is tried again', async () => {
    const { ticket, state } = core();
    await ticket.open('t-1');
    state.full = true;
    await write(ticket, 'Hi');
    await vi.advanceTimersByTimeAsync(400);
    expect(ticket.sendError?.code).toBe('disk_full');
    state.full = false;
    await write(ticket, 'Hi');
    await vi.advanceTimersByTimeAsync(400);
    expect(state.saved).toEqual([{ ticket: 't-1', reply: 'Hi', note: '' }]);
  });
});

describe('a reply made from a stored answer', () => {
  const macro = MACROS[0] as MacroView;

  test('does not go out while a gap is left, and then goes with what it changes', async () => {
    const { ticket, state } = core();
    await ticket.open('t-1');
    ticket.insert(macro);
    expect(ticket.draft.reply.slice(ticket.selection.from, ticket.selection.to)).toBe('{{parcel.number}}');
    expect(await ticket.send(false)).toBeNull();
    expect(state.sent).toEqual([]);
    await write(ticket, 'Nothing left to fill in.');
    expect(await ticket.send(false)).toBe('op-1');
    expect(state.sent[0]).toMatchObject({ macro_id: 'k-1', changes: { status: 'pending', add_tags: ['chased'], fields: { cause: 'Carrier' } } });
    expect(ticket.draft.macro).toBeUndefined();
  });

  test('leaves out what was dropped, and is no longer one when its text is gone', async () => {
    const { ticket, state } = core();
    await ticket.open('t-1');
    ticket.insert(macro);
    await write(ticket, 'Mine.');
    if (ticket.draft.macro) ticket.draft.macro.changes = { add_tags: [], fields: {} };
    await ticket.send(false);
    expect(state.sent[0]).toMatchObject({ macro_id: 'k-1' });
    expect(state.sent[0]).not.toHaveProperty('changes');
    ticket.insert(macro);
    await write(ticket, '');
    expect(ticket.draft.macro).toBeUndefined();
  });
});
