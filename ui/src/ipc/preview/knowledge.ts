/** The pretended shop's own fields, stored answers, and what differs between two answers. */
import type { Field, HeldFact, MacroView, OrderAnswer, OrderView } from '../generated/types';

const field = (place: number, key: string, label: string, kind: Field['kind']): Field => ({ id: `f-${place}`, key, label, kind, place });

export const FIELDS: Field[] = [
  field(0, 'cause', 'Cause', { kind: 'choice', options: ['Carrier', 'Warehouse', 'Product', 'Customer'] }),
  field(1, 'batch', 'Batch number', { kind: 'text' }),
  field(2, 'pieces', 'Pieces affected', { kind: 'number' }),
  field(3, 'needed_by', 'Needed by', { kind: 'day' }),
  field(4, 'photos', 'Photos seen', { kind: 'yes_no' }),
];

const NOTHING = { add_tags: [], fields: {} };

const macro = (id: string, name: string, text: string, more: Partial<MacroView> = {}): MacroView => ({
  id,
  name,
  language: 'en',
  text,
  gaps: [...new Set([...text.matchAll(/\{\{([\w.]+)\}\}/g)].map(([, gap]) => gap ?? ''))],
  changes: NOTHING,
  ...more,
});

export const MACROS: MacroView[] = [
  macro('k-1', 'Parcel is late: we ask the carrier', 'Hi Aoife,\n\nyour parcel {{parcel.number}} with order HP-20418 is late, and we have asked the carrier to find it. You hear from us by {{promise.day}}.', {
    changes: { status: 'pending', add_tags: ['chased'], fields: { cause: 'Carrier' } },
  }),
  macro('k-2', 'Return label is on its way', 'Hi Aoife,\n\nthe label for HP-20418 comes in a second mail. Drop the parcel at any Wren point.', {
    changes: { add_tags: ['return'], fields: {} },
  }),
  macro('k-3', 'Thanks, closed', 'Hi Aoife,\n\nthank you for telling us. We close this here; a reply opens it again.', { changes: { status: 'closed', ...NOTHING } }),
  macro('k-4', 'Mark as carrier damage', '', { changes: { priority: 'high', add_tags: ['damage'], fields: { cause: 'Carrier', photos: true } } }),
  macro('k-5', 'Paket verspätet', 'Hallo Aoife,\n\nIhr Paket zu HP-20418 ist verspätet; wir haben nachgefragt.', { language: 'de' }),
];

export const FACTS: HeldFact[] = [
  { kind: 'day', mine: 'Wednesday', theirs: 'Wednesday', verdict: 'agrees' },
  { kind: 'day', mine: 'Monday, 12:00', theirs: 'Wednesday 25 November', verdict: 'disagrees' },
  { kind: 'tracking_number', mine: 'WR 4417 0926 51', theirs: '', verdict: 'only_mine' },
];

/** What the core would write about an order. */
export function answered({ order, shipments: [parcel], diagnoses: [first] }: OrderView): OrderAnswer {
  const facts = [{ text: order.number, source: order.source }];
  if (parcel) facts.push({ text: parcel.carrier, source: parcel.source }, { text: parcel.tracking_number, source: parcel.source });
  const way = parcel ? ` with ${parcel.carrier}, tracking number ${parcel.tracking_number}` : '';
  const wakes = first?.look_again ? { wake_at: first.look_again } : {};
  return { text: `Hello,\n\nYour order ${order.number} is on its way${way}.\n\nKind regards\nPriya`, facts, ...wakes };
}
