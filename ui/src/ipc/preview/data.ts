/** Made-up records for `vite --mode preview`: the same shop as in the design's pictures. */
import type {
  Account,
  Customer,
  Diagnosis,
  Message,
  Money,
  Order,
  Shipment,
  SignedIn,
  Source,
  Ticket,
  TicketRow,
  TicketView,
  ViewCount,
} from '../generated/types';
import { FIELDS } from './knowledge';

const NOW = Date.now();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const iso = (time: number) => new Date(time).toISOString();
const ago = (length: number) => iso(NOW - length);
const ahead = (length: number) => iso(NOW + length);
/** So many days ago, at a time of that day. */
const on = (days: number, hour: number, minute: number) => {
  const day = new Date(NOW - days * DAY);
  day.setHours(hour, minute, 0, 0);
  return day.toISOString();
};
const eur = (minor: number): Money => ({ minor, currency: 'EUR' });
const source = (name: string, length: number): Source => ({ name, fetched_at: ago(length) });

const account = (id: string, name: string, role: Account['role']): Account => ({
  id,
  name,
  email: `${name.split(' ')[0]?.toLowerCase()}@hollowpine.example`,
  role,
});

export const PRIYA = account('a-priya', 'Priya Raman', 'agent');
export const DANIEL = account('a-daniel1', 'Daniel Osei', 'agent');
export const LUIS = account('a-luis22', 'Luis Ferreira', 'senior_agent');
export const METTE = account('a-mette', 'Mette Kjær', 'supervisor');

export const SIGNED_IN: SignedIn = {
  account: PRIYA,
  scopes: ['tickets:read', 'tickets:write', 'messages:send', 'customers:read', 'refunds:request', 'refunds:execute'],
  refunds_up_to: 100,
  shop: {
    name: 'Hollowpine',
    currency: 'EUR',
    help_email: 'help@hollowpine.example',
    order_prefix: 'HP-',
    time_zone: 'Europe/Berlin',
  },
  gateway: 'http://127.0.0.1:7431',
  sample: true,
  chat_page: 'http://127.0.0.1:7431/chat/demo',
};

export const COUNTS: ViewCount[] = [
  { view: 'my_open', count: 14 },
  { view: 'unassigned', count: 9 },
  { view: 'mentions', count: 2 },
  { view: 'snoozed', count: 6 },
  { view: 'held', count: 0 },
  { view: 'where_is_it', count: 23 },
  { view: 'refunds', count: 11 },
  { view: 'breaching_soon', count: 4 },
  { view: 'high_value', count: 5 },
  { view: 'email', count: 31 },
  { view: 'web_chat', count: 6 },
  { view: 'whatsapp', count: 8 },
  { view: 'escalated', count: 3 },
  { view: 'all_open', count: 47 },
  { view: 'closed', count: 10_000 },
];

type Short = [
  customer: string,
  channel: TicketRow['channel'],
  subject: string,
  snippet: string,
  intent: TicketRow['intent'],
  stake: number | null,
  left: number,
  full: number,
  more?: Partial<TicketRow>,
];

const SHORT: Short[] = [
  ['Tomasz Zieliński', 'whatsapp', 'Refund still not on my card', 'Nine days now. Your mail says five at the most.', 'refund', 8900, -8, 1, { unread: true }],
  ['Aoife Brennan', 'email', 'Tent for the 28th: where is it?', 'We leave on Saturday the 28th and the tent is still not here.', 'where_is_it', 38900, 12.5, 0.17, { readers: [DANIEL] }],
  ['Noor Haddad', 'web_chat', 'Rucksack too long, need an S', 'Would a swap work before the weekend?', 'exchange', 16400, 24.5, 0.4, { unread: true }],
  ['Jonas Weidner', 'email', 'Jacket zip broken after two weeks', 'Photos attached. I would like my money back.', 'refund', 27770, 46.5, 0.6, { escalated: true }],
  ['Pieter van Loon', 'whatsapp', 'Says delivered, nothing is here', 'Neighbours have not seen it either.', 'not_received', 24800, 92.5, 0.7, { mood: 'angry' }],
  ['Chiara Moretti', 'email', 'Re: strap on the Birk 45', 'Here is the batch number you asked for.', 'damaged', 16400, 110.5, 0.74],
  ['Lucie Perrin', 'web_chat', 'Can I change the address?', 'It is the same street, number 14.', 'address_change', 7390, 125.5, 0.8, { writers: [{ kind: 'colleague', account: LUIS }] }],
  ['Oskar Lindqvist', 'email', 'Customs want 31 euro from me', 'The letter came from the', 'customs', 41800, 160.5, 0.84],
  ['Sanne Kuipers', 'email', 'Invoice with our company name', 'Could you put Kuipers Bouw on it?', 'invoice', 9640, 195.5, 0.9],
  ['Elif Arslan', 'email', 'Poles arrived, thank you', 'Just in time for the weekend.', 'thanks', null, 300.5, 0.97, { mood: 'pleased' }],
  ['Milan Horák', 'email', 'Wrong colour in the parcel', 'I ordered moss, this is rust.', 'wrong_item', 12900, 330.5, 0.9],
  ['Greta Sandberg', 'web_chat', 'Pole tip lost', 'Do you sell the tips one by one?', 'product_question', null, 340.5, 0.95],
  ['Emil Fournier', 'email', 'Annuler la commande', 'Je me suis trompé de taille, désolé.', 'cancel', 61200, 400.5, 0.95],
  ['Hana Novotná', 'email', 'Parcel lost?', 'No news for six days.', 'where_is_it', 38900, 420.5, 0.97],
];

export function makeRow(index: number): TicketRow {
  const short = SHORT[index % SHORT.length];
  if (!short) throw new Error('there is always a row');
  const [customer, channel, subject, snippet, intent, stake, left, full, more] = short;
  return {
    id: `t-${index}`,
    number: 48_212 + index,
    channel,
    customer,
    subject,
    snippet,
    intent,
    mood: 'neutral',
    status: 'open',
    priority: 'normal',
    unread: false,
    escalated: false,
    at_stake: stake === null ? null : eur(stake),
    waiting_since: ahead(left * MINUTE - (Math.abs(left) * MINUTE) / full),
    due_at: ahead(left * MINUTE),
    last_message_at: ago(40 * MINUTE),
    assignee: PRIYA,
    readers: [],
    writers: [],
    draft: false,
    ...more,
  };
}

const AOIFE: Customer = {
  id: 'c-aoife',
  name: 'Aoife Brennan',
  email: 'aoife@example.com',
  phone: null,
  city: 'Cork',
  country: 'IE',
  language: 'en',
  since: '2021-03-04T10:00:00Z',
  order_count: 7,
  spent: eur(128450),
  refund_count: 1,
  risk: 'low',
  source: source('Shop', 2.2 * MINUTE),
};

export const ORDER: Order = {
  id: 'o-20418',
  number: 'HP-20418',
  customer: AOIFE.id,
  placed_at: on(8, 20, 14),
  lines: [
    { position: 1, sku: 'SKARV-3-MOSS', title: 'Skarv 3 tent', variant: 'moss', quantity: 1, unit_price: eur(38900), total: eur(38900), cancelled: 0, available_at: null },
    { position: 2, sku: 'MYR-38', title: 'Myr merino socks', variant: '38–40', quantity: 2, unit_price: eur(2600), total: eur(5200), cancelled: 0, available_at: null },
    { position: 3, sku: 'EMBER-1', title: 'Ember pot', variant: '1 litre', quantity: 1, unit_price: eur(4200), total: eur(4200), cancelled: 0, available_at: null },
  ],
  subtotal: eur(48300),
  discounts: [{ code: 'AUTUMN10', amount: eur(4830) }],
  shipping: eur(690),
  shipping_method: 'Standard',
  tax: eur(8258),
  tax_included: true,
  total: eur(44160),
  payments: [{ method: 'card', label: 'Visa ·· 4242', amount: eur(44160), captured_at: on(8, 20, 15) }],
  payment_status: 'paid',
  fulfilment_status: 'partly_delivered',
  ship_to: { name: 'Aoife Brennan', street: '4 Quay Lane', postal_code: 'T12', city: 'Cork', country: 'IE' },
  ship_by: null,
  refunds: [],
  returns: [],
  source: source('Shop', 2.2 * MINUTE),
};

const SECOND: Order = {
  ...ORDER,
  id: 'o-19902',
  number: 'HP-19902',
  placed_at: on(150, 9, 12),
  payment_status: 'partly_refunded',
  fulfilment_status: 'delivered',
  refunds: [
    { amount: eur(8900), state: 'succeeded', reason: 'Poles bent on arrival', lines: [1], requested_at: on(140, 9, 0), settled_at: on(139, 9, 0) },
    { amount: eur(1200), state: 'unknown', reason: 'Shipping', lines: [], requested_at: on(1, 9, 0), settled_at: null },
  ],
  returns: [
    { number: 'RMA-3071', state: 'in_transit', reason: 'Damaged on arrival', lines: [1], requested_at: on(141, 8, 0), updated_at: on(139, 8, 0) },
  ],
};

const STALLED: Diagnosis = {
  shipment: 's-1',
  condition: 'stalled',
  urgency: 'act',
  confidence: 'high',
  reasons: [
    { what: { kind: 'silent_for', hours: 54 }, at: on(2, 4, 12), source: source('Wren', 40_000) },
    { what: { kind: 'usual_gap', hours: 14, learned: true }, at: null, source: source('Wren', 40_000) },
    { what: { kind: 'promised' }, at: on(1, 12, 0), source: source('Wren', 40_000) },
    { what: { kind: 'days_late', days: 1 }, at: on(1, 12, 0), source: source('Wren', 40_000) },
  ],
  next: ['chase_carrier', 'reship', 'refund'],
  look_again: ahead(3 * DAY),
  promise: null,
};

const PARCELS: Shipment[] = [
  {
    id: 's-1',
    order: ORDER.id,
    position: 1,
    carrier: 'Wren Parcel',
    tracking_number: 'WR4417092651',
    lines: [{ position: 1, quantity: 1 }],
    status: 'in_transit',
    detail: 'delayed',
    created_at: on(5, 14, 0),
    promised_at: on(1, 12, 0),
    delivered_at: null,
    pickup_until: null,
    scans: [
      { at: on(2, 4, 12), status: 'in_transit', text: 'Sorted at hub', place: 'Venlo' },
      { at: on(4, 21, 40), status: 'in_transit', text: 'Left depot', place: 'Kassel' },
      { at: on(4, 15, 5), status: 'in_transit', text: 'Collected from us', place: null },
    ],
    notices: [{ kind: 'late', at: on(0, 8, 0), ticket: 't-20' }],
    source: source('Wren', 40_000),
  },
  {
    id: 's-2',
    order: ORDER.id,
    position: 2,
    carrier: 'Wren Parcel',
    tracking_number: 'WR4417092634',
    lines: [{ position: 2, quantity: 2 }],
    status: 'delivered',
    detail: null,
    created_at: on(5, 14, 0),
    promised_at: on(3, 12, 0),
    delivered_at: on(4, 13, 18),
    pickup_until: null,
    scans: [{ at: on(4, 13, 18), status: 'delivered', text: 'Delivered', place: 'Cork' }],
    source: source('Wren', 40_000),
  },
];

const message = (
  id: string,
  author: Message['author'],
  channel: Message['channel'],
  sent_at: string,
  text: string,
  more: Partial<Message> = {},
): Message => ({ id, ticket: 't-1', kind: 'public', author, channel, text, sent_at, delivery: null, attachments: [], ...more });

const CUSTOMER: Message['author'] = { kind: 'customer', id: AOIFE.id };

export function makeView(row: TicketRow): TicketView {
  const customer = { ...AOIFE, name: row.customer };
  const ticket: Ticket = {
    id: row.id,
    number: row.number,
    channel: row.channel,
    subject: row.subject,
    customer: AOIFE.id,
    identity: 'verified',
    order: ORDER.id,
    assignee: row.assignee?.id ?? null,
    status: row.status,
    priority: row.priority,
    tags: ['split parcel', 'tent'],
    intent: row.intent,
    mood: row.mood === 'neutral' ? 'worried' : row.mood,
    language: 'en',
    at_stake: row.at_stake,
    escalated: row.escalated,
    created_at: on(1, 17, 22),
    updated_at: ago(HOUR),
    last_message_at: row.last_message_at,
    snippet: row.snippet,
    waiting_since: row.waiting_since,
    due_at: row.due_at,
    seen_at: null,
    snoozed_until: null,
    mentions: [],
    fields: { cause: 'Carrier', needed_by: on(-7, 12, 0).slice(0, 10), photos: true },
  };
  return {
    ticket,
    customer,
    messages: [
      message('m-1', CUSTOMER, 'web_chat', on(1, 17, 22), 'Hi, any news on HP-20418? Tracking has not moved.'),
      message('m-2', { kind: 'account', id: DANIEL.id }, 'web_chat', on(1, 17, 31), 'I can see it with Wren. I will look again in the morning.', { delivery: 'read' }),
      message(
        'm-3',
        CUSTOMER,
        'email',
        on(0, 0, 58),
        `${row.snippet === 'We leave on Saturday the 28th and the tent is still not here.' ? 'We leave on Saturday the 28th and the tent is still not here. The socks and the pot came on Monday.' : row.snippet}\n\nWhere is it, and what happens if it is lost?`,
        { attachments: ['tracking.png'] },
      ),
      message('m-4', { kind: 'account', id: DANIEL.id }, 'email', on(0, 1, 31), '12 tents in stock. A new one sent by Tuesday still makes the 28th.', { kind: 'note' }),
    ],
    pending: [],
    order: { order: ORDER, shipments: PARCELS, diagnoses: [STALLED] },
    orders: [
      { order: ORDER, shipments: PARCELS, diagnoses: [STALLED] },
      { order: SECOND, shipments: [], diagnoses: [] },
    ],
    history: [
      { ...makeRow(20), id: 't-20', subject: 'Poles bent on arrival', status: 'closed', last_message_at: on(139, 9, 0) },
      { ...makeRow(21), id: 't-21', subject: 'Which Lomvi jacket size?', status: 'closed', last_message_at: on(313, 9, 0) },
    ],
    people: [PRIYA, DANIEL, LUIS, METTE],
    readers: row.readers,
    writers: row.writers,
    fields: FIELDS,
    draft: null,
  };
}
