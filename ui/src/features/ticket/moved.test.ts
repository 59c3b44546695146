import { describe, expect, test } from 'vitest';
import type { HeldFact, OutboxItem } from '../../ipc';
import { DANIEL, makeRow, makeView, PRIYA } from '../../ipc/preview/data';
import { FIELDS } from '../../ipc/preview/knowledge';
import { operationWord } from '../frame/operation';
import { marked } from './held';
import { targets, typedNumber, whyNot, wholeOf } from './merge';
import { clashWords } from './moved';
import { timeline } from './timeline';

const NOW = new Date(2026, 10, 20, 10, 46).getTime();
const at = new Date(NOW).toISOString();
const view = makeView(makeRow(1));
const known = { people: view.people, fields: FIELDS, me: PRIYA.id };

function item(action: OutboxItem['action'], state: OutboxItem['state'] = { kind: 'waiting' }): OutboxItem {
  return { op: 'op-1', ticket: 't-1', action, state, created_at: at };
}

describe('a change that somebody else overtook', () => {
  const moved = item(
    { kind: 'change', patch: { status: 'closed', assignee: PRIYA.id, fields: { cause: null, photos: true } } },
    {
      kind: 'moved',
      now: [
        { kind: 'status', value: 'open' },
        { kind: 'assignee', value: DANIEL.id },
        { kind: 'field', value: { key: 'cause', value: 'Warehouse' } },
        { kind: 'field', value: { key: 'photos', value: false } },
      ],
    },
  );

  test('says for each value what was wanted and what it is', () => {
    expect(clashWords(moved, known, NOW)).toEqual([
      'Status: you wanted Closed, it is Open now',
      'Assignee: you wanted You, it is Daniel Osei now',
      'Cause: you wanted nothing, it is Warehouse now',
      'Photos seen: you wanted Yes, it is No now',
    ]);
  });

  test('stands in the conversation; one that only waits does not', () => {
    const kinds = (one: OutboxItem) => timeline({ messages: [], pending: [one] }, NOW).map((entry) => entry.kind);
    expect(kinds(moved)).toEqual(['day', 'pending']);
    expect(kinds({ ...moved, state: { kind: 'waiting' } })).toEqual([]);
    expect(kinds(item({ kind: 'merge', into: 't-2', number: 48214 }))).toEqual(['day', 'pending']);
  });

  test('of several values is named whole in the outbox', () => {
    expect(operationWord(moved, FIELDS)).toBe('Assign, Close, Cause emptied, Photos seen: Yes');
    expect(operationWord(item({ kind: 'merge', into: 't-2', number: 48214 }))).toBe('Merge into #48214');
  });
});

describe('the facts of a held text', () => {
  const facts: HeldFact[] = [
    { kind: 'day', mine: 'Monday', theirs: 'Tuesday', verdict: 'disagrees' },
    { kind: 'amount', mine: '€20', theirs: '', verdict: 'only_mine' },
    { kind: 'number', mine: '4', theirs: '4', verdict: 'agrees' },
  ];

  test('are marked where they stand, and no letter is lost', () => {
    const text = 'On Monday 4 pots and €20. Same here. Monday again.';
    const pieces = marked(text, ['Same here.'], facts, 'mine');
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
    expect(pieces.filter((piece) => piece.verdict).map(({ text: word, verdict }) => [word, verdict])).toEqual([
      ['Monday', 'disagrees'],
      ['€20', 'only_mine'],
      ['Monday', 'disagrees'],
    ]);
    expect(pieces.filter((piece) => piece.same).map((piece) => piece.text)).toEqual(['Same here. ']);
  });

  test('of the other text are marked there', () => {
    expect(marked('By Tuesday.', [], facts, 'theirs').map(({ verdict }) => verdict)).toEqual([null, 'disagrees', null]);
  });
});

describe('merging', () => {
  test('lists the customer’s other conversations by number and by words', () => {
    expect(targets(view.history, '').map(({ id }) => id)).toEqual(['t-20', 't-21']);
    expect(targets(view.history, 'jacket').map(({ id }) => id)).toEqual(['t-21']);
    expect(targets(view.history, '#48232').map(({ id }) => id)).toEqual(['t-20']);
    expect([typedNumber(' #48232 '), typedNumber('48'), typedNumber('tent 4')]).toEqual([48232, 48, null]);
  });

  test('says why a number cannot be chosen', () => {
    const other = { id: 't-9', customer: view.ticket.customer };
    expect(whyNot(view.ticket.number, null, view.ticket)).toMatch(/is this conversation/);
    expect(whyNot(7, null, view.ticket)).toMatch(/^No conversation #7/);
    expect(whyNot(7, { ...other, customer: 'c-else' }, view.ticket)).toMatch(/somebody else/);
    expect(whyNot(7, { ...other, merged_into: 't-3' }, view.ticket)).toMatch(/already/);
    expect(whyNot(7, other, view.ticket)).toBeNull();
  });

  test('a conversation is part of another one, or becomes it while the merge waits', () => {
    const merge = item({ kind: 'merge', into: 't-2', number: 48214 });
    const merged = { ticket: { ...view.ticket, merged_into: 't-2' } };
    expect(wholeOf(view, [], null)).toBeNull();
    expect(wholeOf(view, [merge], null)).toEqual({ id: 't-2', number: 48214, waits: true });
    expect(wholeOf(view, [{ ...merge, state: { kind: 'parked', reason: 'no' } }], null)).toBeNull();
    expect(wholeOf(merged, [], null)).toEqual({ id: 't-2', number: null, waits: false });
    expect(wholeOf(merged, [], { id: 't-2', number: 48214 })).toEqual({ id: 't-2', number: 48214, waits: false });
  });
});
