import { describe, expect, test } from 'vitest';
import type { Call, Message, OutboxItem, TicketView } from '../../ipc';
import { makeRow, makeView } from '../../ipc/preview/data';
import { beside, whyHeld } from './held';
import { OpenTicket } from './screen.svelte';
import { seenSince } from './timeline';

const ME = 'a-priya';
const at = (minute: number) => new Date(2026, 10, 20, 10, minute).toISOString();

function message(id: string, author: Message['author'], more: Partial<Message> = {}): Message {
  return { id, ticket: 't-1', kind: 'public', author, channel: 'email', text: id, sent_at: at(44), delivery: null, attachments: [], ...more };
}
const customer = (id: string) => message(id, { kind: 'customer', id: 'c-1' });
const daniel = (id: string, more: Partial<Message> = {}) => message(id, { kind: 'account', id: 'a-daniel' }, more);
const mine = (id: string) => message(id, { kind: 'account', id: ME });

function held(missed: Message[]): OutboxItem {
  const action = { kind: 'reply', text: 'Hi', seen: 'a', close: false } as const;
  return { op: 'op-1', ticket: 't-1', action, state: { kind: 'held', missed, facts: [] }, created_at: at(36) };
}
const called = ({ author }: Message) => (author.kind === 'customer' ? 'Aoife Brennan' : 'Daniel Osei');

describe('why a reply is held', () => {
  test('a colleague answered, the customer wrote again, or both', () => {
    expect(whyHeld(held([daniel('x')]), called)).toMatch(/^Daniel answered at 10:44\./);
    expect(whyHeld(held([customer('x')]), called)).toMatch(/^Aoife wrote again at 10:44\./);
    expect(whyHeld(held([customer('x'), daniel('y')]), called)).toMatch(/^2 messages came/);
    expect(whyHeld(held([]), called)).toMatch(/^The conversation went on\./);
  });

  test('every sentence says that nothing has gone out', () => {
    for (const missed of [[], [daniel('x')], [customer('x')], [customer('x'), daniel('y')]])
      expect(whyHeld(held(missed), called)).toContain('Nothing of yours has gone out.');
  });
});

describe('two texts beside each other', () => {
  test('what both say steps back', () => {
    const pieces = beside('I am sorry. A new one leaves today.', ['It is late. I am  sorry!']);
    expect(pieces.map(({ same }) => same)).toEqual([true, false]);
  });

  test('no letter is lost', () => {
    for (const text of ['One. Two?  Three\n\nfour', '… ?', '', 'no end', '. . a']) {
      expect(beside(text, []).map((piece) => piece.text).join('')).toBe(text);
    }
  });
});

describe('what the author of a reply has seen', () => {
  test('is the newest when nothing came while they wrote', () => {
    expect(seenSince([customer('a')], 'a', ME)).toBe('a');
    expect(seenSince([customer('a')], undefined, ME)).toBe('a');
    expect(seenSince([], null, ME)).toBeNull();
  });

  test('includes what the customer wrote meanwhile', () => {
    expect(seenSince([customer('a'), customer('b')], 'a', ME)).toBe('b');
  });

  test('ends before a colleague’s answer, so that the gateway holds the reply', () => {
    expect(seenSince([customer('a'), customer('b'), daniel('c'), customer('d')], 'a', ME)).toBe('b');
    expect(seenSince([daniel('c')], null, ME)).toBeNull();
  });

  test('is not stopped by notes or by my own replies', () => {
    expect(seenSince([customer('a'), daniel('n', { kind: 'note' }), mine('m'), customer('b')], 'a', ME)).toBe('b');
  });
});

describe('a text that came back', () => {
  async function opened(view: Partial<TicketView> = {}) {
    const made: unknown[] = [];
    const call = (async (name: string, args: unknown) => {
      made.push({ name, args });
      return name === 'ticket' ? { ...makeView(makeRow(Number((args as { ticket: string }).ticket.slice(2)))), ...view } : 'op-9';
    }) as unknown as Call;
    const ticket = new OpenTicket(call, ME);
    await ticket.open('t-1');
    return { ticket, made };
  }
  const back = (text: string, ticket = 't-1') => ({ ticket, action: { kind: 'reply', text, seen: 'a', close: false } as const });

  test('stands in the composer and goes out with the newest that was seen', async () => {
    const { ticket, made } = await opened({ messages: [customer('a'), daniel('b')] });
    ticket.putBack(back('Hi again'));
    expect(ticket.draft).toMatchObject({ tab: 'reply', reply: 'Hi again' });
    await ticket.send(false);
    expect(made).toContainEqual({ name: 'send_reply', args: { ticket: 't-1', text: 'Hi again', seen: 'b', close: false } });
  });

  test('does not push out what was being written', async () => {
    const { ticket } = await opened();
    ticket.draft.reply = 'A second thought';
    ticket.putBack(back('First thought'));
    expect(ticket.draft.reply).toBe('First thought\n\nA second thought');
  });

  test('waits in the composer of its own conversation', async () => {
    const { ticket } = await opened();
    ticket.putBack(back('For another', 't-2'));
    expect(ticket.draft.reply).toBe('');
    await ticket.open('t-2');
    expect(ticket.draft.reply).toBe('For another');
  });
});
