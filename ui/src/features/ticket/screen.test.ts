import { describe, expect, test } from 'vitest';
import type { Call, Message, OutboxItem } from '../../ipc';
import { makeRow, makeView } from '../../ipc/preview/data';
import { CallFailed } from '../../ipc/transport';
import { promise } from '../context/promise';
import { OpenTicket } from './screen.svelte';
import { snoozeTimes } from './snooze';
import { newestPublic, timeline } from './timeline';

const NOW = new Date(2026, 10, 20, 10, 46).getTime();
const at = (day: number, hour: number, minute: number) => new Date(2026, 10, day, hour, minute).toISOString();

function message(id: string, sent_at: string, more: Partial<Message> = {}): Message {
  return {
    id,
    ticket: 't-1',
    kind: 'public',
    author: { kind: 'customer', id: 'c-1' },
    channel: 'web_chat',
    text: id,
    sent_at,
    delivery: null,
    attachments: [],
    ...more,
  };
}

function core() {
  const made: { name: string; args: unknown }[] = [];
  const state = { made, fails: false };
  const call = (async (name: string, args: unknown) => {
    made.push({ name, args });
    if (state.fails && name !== 'ticket') throw new CallFailed({ code: 'disk_full', detail: '' });
    return name === 'ticket' ? makeView(makeRow(Number((args as { ticket: string }).ticket.slice(2)))) : 'op-1';
  }) as unknown as Call;
  return { ...state, state, call };
}

describe('the conversation', () => {
  test('a reply names the newest public message its author saw, not a note', async () => {
    const { call, made } = core();
    const ticket = new OpenTicket(call);
    await ticket.open('t-1');
    ticket.draft.reply = '  It is on its way.  ';
    expect(await ticket.send(false)).toBe('op-1');
    expect(made).toContainEqual({
      name: 'send_reply',
      args: { ticket: 't-1', text: 'It is on its way.', seen: 'm-3', close: false },
    });
    expect(ticket.draft.reply).toBe('');
  });

  test('what could not be stored stays in the composer, with the reason', async () => {
    const { call, state } = core();
    const ticket = new OpenTicket(call);
    await ticket.open('t-1');
    state.fails = true;
    ticket.draft.reply = 'Hello';
    expect(await ticket.send(false)).toBeNull();
    expect(ticket.draft.reply).toBe('Hello');
    expect(ticket.sendError?.code).toBe('disk_full');
  });

  test('an empty reply is refused here', async () => {
    const { call, made } = core();
    const ticket = new OpenTicket(call);
    await ticket.open('t-1');
    ticket.draft.reply = ' \n ';
    expect(await ticket.send(false)).toBeNull();
    expect(ticket.sendError?.code).toBe('text_empty');
    expect(made.some(({ name }) => name === 'send_reply')).toBe(false);
  });

  test('drafts stay with their tickets', async () => {
    const { call } = core();
    const ticket = new OpenTicket(call);
    await ticket.open('t-1');
    ticket.draft.reply = 'half a sentence';
    ticket.draft.note = 'ask Daniel';
    ticket.draft.tab = 'note';
    await ticket.open('t-2');
    expect(ticket.draft).toEqual({ tab: 'reply', reply: '', note: '' });
    await ticket.open('t-1');
    expect(ticket.draft).toEqual({ tab: 'note', reply: 'half a sentence', note: 'ask Daniel' });
  });

  test('typing is said once in a while, and its end is said', async () => {
    const { call, made } = core();
    const ticket = new OpenTicket(call);
    await ticket.open('t-1');
    ticket.typed();
    ticket.typed();
    ticket.typed();
    ticket.stopTyping();
    ticket.stopTyping();
    const said = made.filter(({ name }) => name === 'typing').map(({ args }) => args);
    expect(said).toEqual([
      { ticket: 't-1', typing: true },
      { ticket: 't-1', typing: false },
    ]);
  });
});

describe('the timeline', () => {
  test('separates days and joins what was written in one breath', () => {
    const entries = timeline(
      {
        messages: [message('a', at(19, 17, 22)), message('b', at(19, 17, 23)), message('c', at(20, 9, 0))],
        pending: [],
      },
      NOW,
    );
    expect(entries.map((entry) => entry.kind)).toEqual(['day', 'message', 'message', 'day', 'message']);
    const [, a, b] = entries;
    expect(a).toMatchObject({ first: true, last: false });
    expect(b).toMatchObject({ first: false, last: true });
  });

  test('shows waiting replies, and changes only when somebody must act', () => {
    const item = (op: string, action: OutboxItem['action'], state: OutboxItem['state']): OutboxItem => ({
      op,
      ticket: 't-1',
      action,
      state,
      created_at: at(20, 10, 0),
    });
    const reply = item('1', { kind: 'reply', text: 'Hi', seen: null, close: false }, { kind: 'waiting' });
    const change = item('2', { kind: 'change', patch: { status: 'closed' } }, { kind: 'waiting' });
    const parked = item('3', { kind: 'change', patch: { status: 'closed' } }, { kind: 'parked', reason: 'no' });
    const entries = timeline({ messages: [], pending: [reply, change, parked] }, NOW);
    expect(entries.filter((entry) => entry.kind === 'pending').map((entry) => entry.key)).toEqual(['1', '3']);
  });

  test('a reply that has waited since yesterday stands below today, and no key stands twice', () => {
    const waits: OutboxItem = {
      op: '1',
      ticket: 't-1',
      action: { kind: 'reply', text: 'Hi', seen: 'a', close: false },
      state: { kind: 'held', missed: [], facts: [] },
      created_at: at(19, 23, 50),
    };
    const entries = timeline({ messages: [message('a', at(19, 17, 22)), message('b', at(20, 9, 0))], pending: [waits] }, NOW);
    expect(entries.map((entry) => entry.kind)).toEqual(['day', 'message', 'day', 'message', 'pending']);
    expect(new Set(entries.map((entry) => entry.key)).size).toBe(entries.length);
  });

  test('the newest public message is never a note or the system', () => {
    const messages = [
      message('a', at(20, 9, 0)),
      message('note', at(20, 9, 1), { kind: 'note' }),
      message('system', at(20, 9, 2), { author: { kind: 'system' } }),
    ];
    expect(newestPublic(messages)?.id).toBe('a');
    expect(newestPublic([])).toBeNull();
  });
});

describe('snoozing', () => {
  test('offers the evening only while it is worth it', () => {
    const names = (date: Date) => snoozeTimes(date).map((time) => time.name);
    expect(names(new Date(2026, 10, 18, 10, 0))).toEqual(['hour', 'evening', 'tomorrow', 'monday']);
    expect(names(new Date(2026, 10, 18, 17, 30))).toEqual(['hour', 'tomorrow', 'monday']);
    expect(names(new Date(2026, 10, 22, 10, 0))).toEqual(['hour', 'evening', 'tomorrow']);
  });

  test('Monday is never today', () => {
    const monday = snoozeTimes(new Date(2026, 10, 23, 8, 0)).find((time) => time.name === 'monday');
    expect(monday?.until).toEqual(new Date(2026, 10, 30, 9, 0));
  });
});

describe('a promised day', () => {
  test('is missed from the day after on, and forgotten when the parcel is there', () => {
    const parcel = { promised_at: at(19, 12, 0), delivered_at: null, status: 'in_transit' as const };
    expect(promise(parcel, NOW)).toEqual({ at: at(19, 12, 0), missed: true });
    expect(promise({ ...parcel, promised_at: at(20, 8, 0) }, NOW)?.missed).toBe(false);
    expect(promise({ ...parcel, delivered_at: at(19, 9, 0) }, NOW)).toBeNull();
    expect(promise({ ...parcel, promised_at: null }, NOW)).toBeNull();
  });
});
