import { describe, expect, test } from 'vitest';
import type { Ticket } from '../../ipc';
import { makeRow, makeView } from '../../ipc/preview/data';
import { FIELDS, MACROS } from '../../ipc/preview/knowledge';
import { controlText, readField } from './fields';
import { changesOf, filtered, gapAfter, gapsOf, gapWord, inserted, inverse, onEmptyLine, partsOf, patchOf, withGaps } from './macros';

const ticket: Ticket = makeView(makeRow(1)).ticket;

describe('the gaps of a text', () => {
  test('are found in their order, and no letter is lost', () => {
    const text = 'Parcel {{parcel.number}} comes {{ promise.day }}, {not this} {{}}.';
    expect(gapsOf(text).map((gap) => gap.text)).toEqual(['{{parcel.number}}', '{{ promise.day }}']);
    expect(withGaps(text).map((piece) => piece.text).join('')).toBe(text);
    expect(gapAfter(text, 20)?.text).toBe('{{ promise.day }}');
    expect(gapAfter(text, 50)).toBeUndefined();
  });

  test('say why nothing can be sent yet, each once', () => {
    expect(gapWord('Hi')).toBe('');
    expect(gapWord('{{a}} {{a}}')).toBe('Fill in {{a}} first.');
    expect(gapWord('{{a}} {{b}} {{c}}')).toBe('Fill in {{a}} and 2 more first.');
  });
});

describe('a stored answer', () => {
  test('stands on lines of its own, and its first gap is selected', () => {
    const made = inserted('Hello\n', 6, 'Your {{x}}.');
    expect(made.text).toBe('Hello\n\nYour {{x}}.');
    expect(made.text.slice(made.from, made.to)).toBe('{{x}}');
    expect(inserted('', 0, 'All.')).toEqual({ text: 'All.', from: 4, to: 4 });
    expect(inserted('Before\n\nAfter', 7, 'Middle').text).toBe('Before\n\nMiddle\n\nAfter');
  });

  test('opens with a slash on an empty line only', () => {
    expect(onEmptyLine('', 0, 0)).toBe(true);
    expect(onEmptyLine('Hi\n\nthere', 3, 3)).toBe(true);
    expect(onEmptyLine('Hi ', 3, 3)).toBe(false);
    expect(onEmptyLine('a\n', 0, 2)).toBe(false);
  });

  test('shows each change, and can leave each out', () => {
    const { changes } = MACROS[0] ?? { changes: { add_tags: [], fields: {} } };
    const parts = partsOf(changes, FIELDS);
    expect(parts.map(({ word }) => word)).toEqual(['Status: Pending', 'Tag “chased”', 'Cause: Carrier']);
    expect(patchOf(parts[0]?.without ?? changes)).toEqual({ add_tags: ['chased'], fields: { cause: 'Carrier' } });
    let left = changes;
    for (let next = partsOf(left, FIELDS)[0]; next; next = partsOf(left, FIELDS)[0]) left = next.without;
    expect(patchOf(left)).toBeUndefined();
  });

  test('comes back with its changes when its reply is taken back', () => {
    const changes = { status: 'pending', add_tags: ['a'], fields: { cause: 'Carrier' } } as const;
    expect(changesOf({ status: 'pending', add_tags: ['a'], fields: { cause: 'Carrier', batch: null } })).toEqual(changes);
  });

  test('that only changes is taken back by the opposite change', () => {
    const patch = { status: 'closed', priority: 'high', add_tags: ['tent', 'new'], fields: { cause: 'Product', batch: 'B1' } } as const;
    expect(inverse({ ...patch, add_tags: [...patch.add_tags] }, ticket)).toEqual({
      status: 'open',
      priority: 'normal',
      remove_tags: ['new'],
      fields: { cause: 'Carrier', batch: null },
    });
  });

  test('in the customer’s language stands first; names count before texts', () => {
    const { near, far } = filtered(MACROS, '', 'en-GB');
    expect(near.map(({ language }) => language)).toEqual(['en', 'en', 'en', 'en']);
    expect(far.map(({ language }) => language)).toEqual(['de']);
    expect(filtered(MACROS, 'label', 'en').near.map(({ name }) => name)).toEqual(['Return label is on its way']);
    expect(filtered(MACROS, 'carrier late', 'en').near[0]?.name).toMatch(/^Parcel is late/);
  });
});

describe('a field', () => {
  const field = (key: string) => {
    const found = FIELDS.find((one) => one.key === key);
    if (!found) throw new Error(`the preview has no field ${key}`);
    return found;
  };

  test.each([
    ['pieces', ' 12 ', { value: 12 }],
    ['pieces', '', { value: null }],
    ['photos', 'yes', { value: true }],
    ['photos', 'no', { value: false }],
    ['needed_by', '2026-11-28', { value: '2026-11-28' }],
    ['cause', 'Carrier', { value: 'Carrier' }],
    ['batch', ' B 12 ', { value: 'B 12' }],
  ] as const)('%s reads %j', (key, text, read) => expect(readField(field(key), text)).toEqual(read));

  test.each([
    ['pieces', '1.5'],
    ['pieces', 'a few'],
    ['pieces', '99999999999999999999'],
    ['needed_by', '28.11.2026'],
    ['needed_by', '2026-02-30'],
    ['batch', 'x'.repeat(501)],
  ])('%s does not take %j and says what it holds', (key, text) => expect(readField(field(key), text).problem).toContain(field(key).label));

  test('shows its value as it is edited', () => {
    expect([controlText(true), controlText(false), controlText(7), controlText(null)]).toEqual(['yes', 'no', '7', '']);
  });
});
