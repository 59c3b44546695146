/**
 * A core that is only pretended, for looking at screens without one: `npm run preview-states`, then
 * `/?state=inbox`. Never part of a production build.
 */
import type {
  Boot,
  CallCode,
  Calls,
  ConnectionView,
  Event,
  OutboxItem,
  TicketId,
  TicketPatch,
  TicketQuery,
} from '../generated/types';
import { CallFailed, type Transport } from '../transport';
import { COUNTS, makeRow, makeView, SIGNED_IN } from './data';

/** The named states of the screens. */
export const STATES = ['signin', 'signin-problem', 'inbox', 'empty', 'loading', 'error', 'offline', 'parked', 'syncing', 'many'] as const;

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
  #outbox: OutboxItem[] = [];
  #turn = 0;

  constructor(state: State) {
    this.#state = state;
    this.#signedIn = !state.startsWith('signin');
    const first = this.#views[1];
    if (first && (state === 'offline' || state === 'parked')) {
      first.readers = [];
      this.#queue(first.ticket.id, {
        kind: 'reply',
        text: 'Hi Aoife, your tent is in parcel WR 4417 0926 51. Wren last scanned it on Wednesday at 04:12 in Venlo; it was promised for 19 November and is late. I am sorry.\n\nI have asked Wren to find it and will write to you by Monday, 12:00.',
        seen: 'm-3',
        close: false,
      });
      const item = this.#outbox[0];
      if (item && state === 'parked') {
        item.state = { kind: 'parked', reason: 'Daniel answered at 10:44. Read what he wrote, then send yours again or discard it.' };
      }
    }
  }

  readonly handlers: Handlers = {
    boot: (): Boot =>
      this.#signedIn
        ? { screen: 'shop', ...SIGNED_IN }
        : {
            screen: 'sign_in',
            address: this.#state === 'signin-problem' ? null : 'desk.hollowpine.example',
            email: 'priya@hollowpine.example',
            sample: true,
            problem:
              this.#state === 'signin-problem'
                ? { code: 'keychain_locked', detail: 'org.freedesktop.Secret.Error.IsLocked' }
                : null,
          },
    probe_gateway: ({ address }) => {
      if (!address.includes('.')) return fail('bad_address');
      return { address: `https://${address}`, shop: 'Hollowpine', version: '0.1.0', milliseconds: 24, encrypted: true };
    },
    sign_in: ({ password }) => {
      if (password !== 'hollowpine') return fail('wrong_credentials');
      this.#signedIn = true;
      return SIGNED_IN;
    },
    open_sample: () => {
      this.#signedIn = true;
      return SIGNED_IN;
    },
    sign_out: () => {
      this.#signedIn = false;
      return {};
    },
    connection: () => this.#connection(),
    connect_now: () => ({}),
    views: () => ({ views: this.#state === 'empty' ? COUNTS.map((one) => ({ ...one, count: one.view === 'unassigned' ? 9 : 0 })) : COUNTS }),
    tickets: (query) => this.#tickets(query),
    ticket: ({ ticket }) => {
      const view = this.#view(ticket);
      if (!view) return fail('not_found');
      return { ...view, pending: this.#outbox.filter((item) => item.ticket === ticket) };
    },
    open_ticket: () => ({}),
    typing: () => ({}),
    send_reply: ({ ticket, text, seen, close }) => this.#queue(ticket, { kind: 'reply', text, seen, close }),
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
      item.state = { kind: 'waiting' };
      return {};
    },
    take_back: ({ op }) => {
      const item = this.#outbox.find((one) => one.op === op);
      if (!item) return fail('too_late');
      this.#outbox = this.#outbox.filter((one) => one !== item);
      return { ticket: item.ticket, action: item.action };
    },
    undo_send: () => fail('too_late'),
    search: () => ({ hits: [], completions: [], indexed: 100, unclear: [] }),
  };

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
    const total = this.#state === 'many' ? 10_000 : this.#views.length;
    const rows = [];
    for (let index = offset; index < Math.min(total, offset + limit); index += 1) rows.push({ ...makeRow(index), id: `t-${index}` });
    return { total, rows };
  }

  #view(ticket: TicketId) {
    return this.#views.find((view) => view.ticket.id === ticket) ?? makeView(makeRow(Number(ticket.slice(2))));
  }

  #queue(ticket: TicketId, action: OutboxItem['action']): string {
    this.#turn += 1;
    const op = `op-${this.#turn}`;
    this.#outbox = [...this.#outbox, { op, ticket, action, state: { kind: 'waiting' }, created_at: new Date().toISOString() }];
    return op;
  }

  #change(ticket: TicketId, patch: TicketPatch): string {
    const found = this.#view(ticket).ticket;
    if (patch.status) found.status = patch.status;
    if (patch.priority) found.priority = patch.priority;
    if (patch.escalated !== undefined) found.escalated = patch.escalated;
    if (patch.assignee !== undefined) found.assignee = patch.assignee;
    found.tags = [...found.tags.filter((tag) => !patch.remove_tags?.includes(tag)), ...(patch.add_tags ?? [])];
    this.#turn += 1;
    return `op-${this.#turn}`;
  }
}

function fail(code: CallCode): never {
  throw new CallFailed({ code, detail: '' });
}
