import { describe, expect, test } from 'vitest';
import { ACTIONS } from './actions';
import { isSingle, keyWords, pressName, Sequence, type Press } from './shortcuts';

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

describe('the name of a press', () => {
  test.each([
    [press('j'), 'j'],
    [press('E', { shiftKey: true }), 'Shift+E'],
    [press('?', { shiftKey: true }), '?'],
    [press('\\'), '\\'],
    [press('Enter', { ctrlKey: true }), 'Ctrl+Enter'],
    [press('Enter', { metaKey: true, shiftKey: true }), 'Ctrl+Shift+Enter'],
    [press('k', { ctrlKey: true }), 'Ctrl+k'],
    [press('3', { ctrlKey: true }), 'Ctrl+3'],
    [press('J'), 'j'],
  ])('%o is %s', (event, name) => expect(pressName(event)).toBe(name));
});

describe('sequences', () => {
  const bindings = ['g o', 'g u', 'o', 'u', 'j'];

  test('two keys in time are one binding', () => {
    const sequence = new Sequence();
    expect(sequence.press('g', bindings, 0)).toBe('begun');
    expect(sequence.press('u', bindings, 500)).toBe('g u');
    expect(sequence.press('u', bindings, 600)).toBe('u');
  });

  test('too late, the second key means itself', () => {
    const sequence = new Sequence();
    sequence.press('g', bindings, 0);
    expect(sequence.press('o', bindings, 5_000)).toBe('o');
  });

  test('a key that does not go on means itself', () => {
    const sequence = new Sequence();
    sequence.press('g', bindings, 0);
    expect(sequence.press('j', bindings, 100)).toBe('j');
    expect(sequence.press('q', bindings, 200)).toBeNull();
  });
});

describe('the table of actions', () => {
  test('no key means two things at the same time', () => {
    const uses = new Map<string, string[]>();
    for (const action of ACTIONS) for (const key of action.keys) uses.set(key, [...(uses.get(key) ?? []), action.id]);
    expect([...uses].filter(([, ids]) => ids.length > 1)).toEqual([]);
  });

  test('no id stands twice', () => {
    expect(new Set(ACTIONS.map((action) => action.id)).size).toBe(ACTIONS.length);
  });

  test('no key is both a binding and the beginning of one', () => {
    const keys = ACTIONS.flatMap((action) => action.keys);
    const beginnings = new Set(keys.filter((key) => key.includes(' ')).map((key) => key.split(' ')[0]));
    expect(keys.filter((key) => beginnings.has(key))).toEqual([]);
  });

  test.each([
    ['j', 'next'], ['k', 'previous'], ['o', 'open'], ['r', 'reply'], ['n', 'note'], ['i', 'assign_me'], ['e', 'close'],
    ['Shift+E', 'reopen'], ['h', 'snooze'], ['x', 'escalate'], ['l', 'tag'], ['p', 'priority'], ['g o', 'view_my_open'],
    ['g u', 'view_unassigned'], ['g m', 'view_mentions'], ['g s', 'view_snoozed'], ['[', 'previous_view'], [']', 'next_view'],
    ['\\', 'panel'], ['?', 'keys'], ['b', 'outbox'], ['Shift+N', 'next_unassigned'], ['Ctrl+Enter', 'send'],
    ['Ctrl+Shift+Enter', 'send_close'], ['Ctrl+k', 'palette'], ['Ctrl+1', 'view_my_open'], ['Ctrl+9', 'view_high_value'], ['/', 'search'], ['z', 'undo'], ['y', 'held'], ['g h', 'view_held'],
  ])('%s is %s', (key, id) => {
    expect(ACTIONS.find((action) => action.keys.includes(key))?.id).toBe(id);
  });

  test('only keys without Ctrl rest while somebody writes', () => {
    expect(isSingle('j')).toBe(true);
    expect(isSingle('g o')).toBe(true);
    expect(isSingle('Ctrl+Enter')).toBe(false);
    expect(isSingle('Escape')).toBe(false);
  });

  test('keys are written as on their caps', () => {
    expect(keyWords('Shift+N')).toEqual(['Shift N']);
    expect(keyWords('g o')).toEqual(['g', 'o']);
    expect(keyWords('Enter')).toEqual(['↵']);
  });
});
