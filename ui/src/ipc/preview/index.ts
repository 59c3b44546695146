/**
 * A core that is only pretended, for looking at screens without one: `npm run preview-states`, then
 * `/?state=inbox`. Never part of a production build.
 */
import type {
  Boot,
  CallCode,
  CallError,
  Calls,
  ConnectionView,
  Event,
  Message,
  OutboxItem,
  TicketId,
  TicketPatch,
  TicketQuery,
} from '../generated/types';
import { CallFailed, type Transport } from '../transport';
import { answered, FACTS, MACROS } from './knowledge';
import { COUNTS, DANIEL, makeRow, makeView, PRIYA, SIGNED_IN } from './data';
import { AUDITOR, CHECK, trail } from './audit';
import { ENROLMENT, RECOVERY } from './signing-in';
import { masked, MASKED_SCOPES, REVEALED } from './masked';
import { searched } from './search';

/** The named states of the screens. */
export const STATES = ['signin', 'signin-problem', 'inbox', 'empty', 'loading', 'error', 'offline', 'parked', 'held', 'held-customer', 'moved', 'merged', 'draft', 'unlock', 'signin-keychain', 'signin-locked', 'signin-lease', 'signin-revoked', 'signin-code', 'signin-provider', 'signin-enrol', 'undo', 'undo-late', 'syncing', 'many', 'audit', 'audit-empty', 'audit-offline', 'audit-loading', 'audit-refused', 'masked'] as const;

type State = (typeof STATES)[number];
type Handlers = { [Name in keyof Calls]: (args: Calls[Name]['args']) => Calls[Name]['result'] | Promise<Calls[Name]['result']> };

/** Makes the pretended core for the state that the address names. */
export function preview(query: URLSearchParams): Transport {
  const wanted = query.get('state') as State | null;
  const core = new PretendedCore(wanted !== null && STATES.includes(wanted) ? wanted : 'inbox');
  return {
    async call(name, args) {
      const handler = core.handlers[name as keyof Calls] as (args: unknown) => unknown;
      await Promise.resolve();
      return structuredClone(await handler(args));
    },
    listen(hear) {
      core.hearers.add(hear);
      return () => core.hearers.delete(hear);
    },
  };
}

class PretendedCore {
  readonly hearers = new Set<(event: Event) => void>();
  readonly #state: State;
  readonly #views = Array.from({ length: 14 }, (_, index) => makeView(makeRow(index)));
  #signedIn: boolean;
  /** The copy waits for its passphrase. */
  #locked: boolean;
  #outbox: OutboxItem[] = [];
  #turn = 0;

  constructor(state: State) {
    this.#state = state;
    this.#signedIn = !state.startsWith('signin') && state !== 'unlock';
    this.#locked = state === 'unlock';
    const first = this.#views[1];
    if (first && (state === 'offline' || state === 'parked' || state.startsWith('held'))) {
      first.readers = [];
      this.#queue(first.ticket.id, {
        kind: 'reply',
        text: 'Hi Aoife, your tent is in parcel WR 4417 0926 51. Wren last scanned it on Wednesday at 04:12 in Venlo; it was promised for 19 November and is late. I am sorry.\n\nI have asked Wren to find it and will write to you by Monday, 12:00.',
        seen: 'm-3',
        close: false,
      });
      const item = this.#outbox[0];
      if (item) item.created_at = new Date(Date.now() - 10 * 60_000).toISOString();
      if (item && state.startsWith('held')) {
        const missed = this.#missed(first.ticket.id);
        first.messages = [...first.messages, ...missed];
        item.state = { kind: 'held', missed, facts: state === 'held' ? FACTS : [] };
      }
      if (state === 'offline' || state === 'held') this.#work();
      if (item && state === 'parked') {
        item.state = { kind: 'parked', reason: 'WhatsApp takes free text for 24 h after the customer wrote. That ended at 10:12.' };
      }
    }
    if (first && state === 'moved') {
      const patch: TicketPatch = { status: 'closed', fields: { cause: 'Product' } };
      this.#queue(first.ticket.id, { kind: 'change', patch });
      const item = this.#outbox[0];
      if (item) item.state = { kind: 'moved', now: [{ kind: 'status', value: 'open' }, { kind: 'field', value: { key: 'cause', value: 'Warehouse' } }] };
    }
    if (first && state === 'merged') {
      first.ticket.status = 'closed';
      first.ticket.merged_into = 't-20';
    }
    if (first && state === 'draft') {
      first.draft = { reply: 'Hi Aoife, I have asked Wren and', note: '', saved_at: new Date().toISOString() };
    }
    if (first && state.startsWith('undo')) first.messages = [...first.messages, held('op-0', first.ticket.id, 'I have asked Wren to find it.')];
  }

  readonly handlers: Handlers = {
    sign_in_in_browser: () => fail('browser_failed'),
    cancel_browser_sign_in: () => ({}),
    devices: () => [
      { id: '0190', name: 'Deskhand on linux', first_seen: '2026-11-02T08:00:00Z', last_seen: '2026-11-21T12:55:00Z', current: true },
      { id: '0191', name: 'Deskhand on macos', first_seen: '2026-10-12T09:30:00Z', last_seen: '2026-11-19T16:20:00Z', current: false },
    ],
    sign_out_device: () => ({}),
    totp: () => ({ enabled: false, required: false, recovery_left: 0 }),
    begin_totp: () => ENROLMENT,
    confirm_totp: ({ code }) => (code === '000000' ? fail('wrong_code') : { codes: RECOVERY }),
    remove_totp: () => ({}),
    change_password: () => ({}),
    boot: (): Boot =>
      this.#locked
        ? { screen: 'unlock', address: 'https://desk.hollowpine.example', email: PRIYA.email }
        : this.#signedIn
        ? { screen: 'shop', ...SIGNED_IN, ...(this.#state.startsWith('audit') && AUDITOR), ...(this.#state === 'masked' && { scopes: MASKED_SCOPES }) }
        : {
            screen: 'sign_in',
            address: this.#state === 'signin-problem' ? null : 'desk.hollowpine.example',
            email: 'priya@hollowpine.example',
            sample: true,
            problem: this.#problem(),
          },
    probe_gateway: ({ address }) => {
      if (!address.includes('.')) return fail('bad_address');
      return { address: `https://${address}`, shop: 'Hollowpine', version: '0.1.0', milliseconds: 24, encrypted: true, ...(this.#state === 'signin-provider' && { single_sign_on: 'Hollowpine ID' }) };
    },
    sign_in: ({ password, passphrase, code }) => {
      if (password !== 'hollowpine') return fail('wrong_credentials');
      if (this.#state === 'signin-code' && code === undefined) return fail('totp_required');
      if (this.#state === 'signin-enrol' && code === undefined) return fail('totp_enrolment', ENROLMENT.url);
      if (code === '000000') return fail('wrong_code');
      if (this.#state === 'signin-keychain' && passphrase === undefined) return fail('keychain_absent');
      if (this.#state === 'signin-locked' && passphrase === undefined) return fail('keychain_locked');
      this.#signedIn = true;
      return this.#state === 'signin-enrol' ? { ...SIGNED_IN, recovery_codes: RECOVERY } : SIGNED_IN;
    },
    open_sample: () => {
      this.#signedIn = true;
      return SIGNED_IN;
    },
    may: ({ action, amount }) => (action === 'refund.execute' && (amount?.minor ?? 0) > 10_000 ? { allowed: false, words: 'needs a supervisor: above 100.00 EUR', rule: 'refunds.limit' } : { allowed: true, words: '', rule: null }),
    sign_out: () => {
      this.#signedIn = false;
      return {};
    },
    connection: () => this.#connection(),
    connect_now: () => ({}),
    views: () => {
      const held = this.#outbox.filter(({ state }) => state.kind === 'held').length;
      const empty = (view: string) => (view === 'unassigned' ? 9 : 0);
      const count = (one: (typeof COUNTS)[number]) => (this.#state === 'empty' ? empty(one.view) : one.view === 'held' ? held : one.count);
      return { views: COUNTS.map((one) => ({ ...one, count: count(one) })) };
    },
    tickets: (query) => this.#tickets(query),
    ticket: ({ ticket }) => {
      const view = this.#view(ticket);
      if (!view) return fail('not_found');
      return { ...view, pending: this.#outbox.filter((item) => item.ticket === ticket) };
    },
    open_ticket: () => ({}),
    typing: () => ({}),
    send_reply: ({ ticket, text, seen, close, changes }) => {
      if (changes) this.#change(ticket, changes);
      const op = this.#queue(ticket, { kind: 'reply', text, seen, close });
      if (this.#state !== 'offline') setTimeout(() => this.#arrive(op), 400);
      return op;
    },
    add_note: ({ ticket, text }) => this.#queue(ticket, { kind: 'note', text }),
    change_ticket: ({ ticket, patch }) => this.#change(ticket, patch),
    outbox: () => this.#outbox,
    retry_op: ({ op }) => {
      const item = this.#outbox.find((one) => one.op === op);
      if (item) item.state = { kind: 'waiting' };
      return {};
    },
    discard_op: ({ op }) => {
      this.#outbox = this.#outbox.filter((one) => one.op !== op);
      return {};
    },
    send_held: ({ op }) => {
      const item = this.#outbox.find((one) => one.op === op);
      if (!item) return fail('not_found');
      this.#arrive(op);
      return {};
    },
    take_back: ({ op }) => {
      const item = this.#outbox.find((one) => one.op === op);
      if (!item) return fail('too_late');
      this.#outbox = this.#outbox.filter((one) => one !== item);
      return { ticket: item.ticket, action: item.action };
    },
    undo_send: ({ ticket, op }) => {
      const view = this.#view(ticket);
      const message = view.messages.find((one) => one.id === op);
      if (this.#state === 'undo-late' || message?.delivery !== 'held') return fail('too_late');
      view.messages = view.messages.filter((one) => one !== message);
      return { ticket, action: { kind: 'reply', text: message.text, seen: 'm-3', close: false } };
    },
    save_draft: ({ ticket, reply, note }) => {
      this.#view(ticket).draft = reply === '' && note === '' ? null : { reply, note, saved_at: new Date().toISOString() };
      this.#tell({ topic: 'lists' });
      return {};
    },
    macros: () => (this.#state === 'empty' ? [] : MACROS),
    order_answer: ({ ticket, order }) => {
      const found = this.#view(ticket).orders.find((one) => one.order.id === order);
      return found ? answered(found) : fail('not_found');
    },
    order_step: ({ ticket, order, step }) => {
      const found = this.#view(ticket).orders.find((one) => one.order.id === order);
      return found ? { text: `To be done: ${found.order.number}.`, tag: step.replace('_', '-') } : fail('not_found');
    },
    merge_tickets: ({ ticket, into }) => this.#queue(ticket, { kind: 'merge', into, number: this.#view(into).ticket.number }),
    unlock: ({ passphrase }) => {
      if (passphrase !== 'four plain little words') return fail('wrong_passphrase');
      this.#locked = false;
      this.#signedIn = true;
      return SIGNED_IN;
    },
    forget_copy: () => {
      this.#locked = false;
      return {};
    },
    open_link: () => ({}),
    colleagues: () => [PRIYA, DANIEL],
    audit: (query) => (this.#state === 'audit-empty' ? { entries: [], next: null } : this.#state === 'audit-offline' ? fail('unreachable') : this.#state === 'audit-loading' ? new Promise(() => {}) : this.#state === 'audit-refused' ? fail('forbidden') : trail(query)),
    reveal: () => (this.#state === 'masked' ? REVEALED : fail('forbidden')),
    check_audit: () => (this.#state === 'audit-offline' ? fail('unreachable') : CHECK),
    export_audit: () => ({ file: 'deskhand-audit-2026-11-21-162210.ndjson', entries: 42 }),
    search: ({ text }) => searched(text, this.#state === 'syncing' ? 41 : 100),
  };

  #problem(): CallError | null {
    const codes: Partial<Record<State, CallCode>> = {
      'signin-problem': 'keychain_locked',
      'signin-lease': 'lease_ended',
      'signin-revoked': 'session_revoked',
    };
    const code = codes[this.#state];
    return code ? { code, detail: code === 'keychain_locked' ? 'org.freedesktop.Secret.Error.IsLocked' : '' } : null;
  }

  #connection(): ConnectionView {
    const now = new Date().toISOString();
    if (this.#state === 'offline') {
      return {
        state: 'offline',
        current_as_of: new Date(Date.now() - 22 * 60_000).toISOString(),
        retry_at: new Date(Date.now() + 18_000).toISOString(),
        history: 100,
        problem: { code: 'unreachable', detail: 'connection refused' },
      };
    }
    const syncing = this.#state === 'syncing';
    return { state: syncing ? 'catching_up' : 'live', current_as_of: now, retry_at: null, history: syncing ? 41 : 100, problem: null };
  }

  async #tickets({ offset, limit, view }: TicketQuery) {
    if (this.#state === 'loading') await new Promise(() => undefined);
    if (this.#state === 'error') return fail('cache_damaged');
    if (this.#state === 'empty' && view !== 'unassigned') return { total: 0, rows: [] };
    if (view === 'held') {
      const rows = this.#views.filter((one) => this.#outbox.some((item) => item.ticket === one.ticket.id && item.state.kind === 'held'));
      return { total: rows.length, rows: rows.map((one) => makeRow(Number(one.ticket.id.slice(2)))) };
    }
    const total = this.#state === 'many' ? 10_000 : this.#views.length;
    const rows = [];
    for (let index = offset; index < Math.min(total, offset + limit); index += 1) rows.push({ ...makeRow(index), id: `t-${index}`, draft: this.#view(`t-${index}`).draft !== null });
    return { total, rows };
  }

  #view(ticket: TicketId) {
    const view = this.#views.find((one) => one.ticket.id === ticket) ?? makeView(makeRow(Number(ticket.slice(2))));
    return this.#state === 'masked' ? masked(view) : view;
  }

  #queue(ticket: TicketId, action: OutboxItem['action']): string {
    this.#turn += 1;
    const op = `op-${this.#turn}`;
    this.#outbox = [...this.#outbox, { op, ticket, action, state: { kind: 'waiting' }, created_at: new Date().toISOString() }];
    return op;
  }

  /** The other work of the design's outbox. */
  #work() {
    this.#queue('t-4', { kind: 'reply', text: 'We are asking the carrier.', seen: null, close: false });
    const parked = this.#outbox.at(-1);
    if (parked) parked.state = { kind: 'parked', reason: 'WhatsApp takes free text for 24 h after the customer wrote. That ended at 10:12.' };
    if (this.#state === 'held') return;
    this.#queue('t-7', { kind: 'change', patch: { add_tags: ['customs'] } });
    this.#queue('t-9', { kind: 'note', text: 'Thanked, nothing left to do.' });
    const sent = this.#outbox.at(-1);
    if (sent) sent.state = { kind: 'sent' };
  }

  #missed(ticket: TicketId): Message[] {
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const base = { ticket, kind: 'public', channel: 'email', attachments: [] } as const;
    if (this.#state === 'held-customer') {
      return [{ ...base, attachments: [], id: 'm-9', author: { kind: 'customer', id: 'c-aoife' }, text: 'Never mind, it came this minute. Thank you.', sent_at: at(2), delivery: null }];
    }
    const text = 'Hi Aoife, your tent has not been scanned since Wednesday and is late. I am sorry.\n\nA new one leaves us today and will reach you by Wednesday 25 November. If the first one turns up, just refuse it.';
    return [{ ...base, attachments: [], id: 'm-9', author: { kind: 'account', id: DANIEL.id }, text, sent_at: at(2), delivery: 'sent' }];
  }

  /** The gateway takes an operation and keeps the message back for a moment. */
  #arrive(op: string) {
    const item = this.#outbox.find((one) => one.op === op);
    if (item?.action.kind !== 'reply') return;
    this.#outbox = this.#outbox.filter((one) => one !== item);
    const view = this.#view(item.ticket);
    view.messages = [...view.messages, held(op, item.ticket, item.action.text)];
    this.#tell({ topic: 'outbox' });
    this.#tell({ topic: 'ticket', ticket: item.ticket });
    setTimeout(() => {
      view.messages = view.messages.map((one) => (one.id === op && one.delivery === 'held' ? { ...one, delivery: 'sent' } : one));
      this.#tell({ topic: 'ticket', ticket: item.ticket });
    }, 13_000);
  }

  #tell(event: Event) {
    for (const hear of this.hearers) hear(event);
  }

  #change(ticket: TicketId, patch: TicketPatch): string {
    const found = this.#view(ticket).ticket;
    if (patch.status) found.status = patch.status;
    if (patch.priority) found.priority = patch.priority;
    if (patch.escalated !== undefined) found.escalated = patch.escalated;
    if (patch.assignee !== undefined) found.assignee = patch.assignee;
    for (const [key, value] of Object.entries(patch.fields ?? {})) {
      found.fields = Object.fromEntries([...Object.entries(found.fields ?? {}).filter(([other]) => other !== key), ...(value === null ? [] : [[key, value]])]);
    }
    found.tags = [...found.tags.filter((tag) => !patch.remove_tags?.includes(tag)), ...(patch.add_tags ?? [])];
    this.#turn += 1;
    return `op-${this.#turn}`;
  }
}

function held(id: string, ticket: TicketId, text: string): Message {
  const now = Date.now();
  return {
    id,
    ticket,
    kind: 'public',
    author: { kind: 'account', id: PRIYA.id },
    channel: 'web_chat',
    text,
    sent_at: new Date(now).toISOString(),
    delivery: 'held',
    held_until: new Date(now + 13_000).toISOString(),
    attachments: [],
  };
}

function fail(code: CallCode, detail = ''): never {
  throw new CallFailed({ code, detail });
}
