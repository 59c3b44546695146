import { SECOND } from '../../format/time';
import type { AccountId, Message, OpId, TicketId, TicketView } from '../../ipc';

/** How long a reply can be seen counting down; the gateway holds it a little longer. */
export const COUNTDOWN = 10 * SECOND;

/** A reply that the gateway still keeps back. */
export interface Leaving {
  op: OpId;
  ticket: TicketId;
  /** The customer's name. */
  name: string;
  /** When the countdown began and when the gateway lets it go, by this computer's clock. */
  since: number;
  until: number;
}

/**
 * The replies of mine that can still be undone.
 *
 * A message has the id of the operation that sent it.
 */
export class Undo {
  /** Oldest first. */
  leaving = $state.raw<readonly Leaving[]>([]);
  now = $state(Date.now());

  readonly #me: AccountId;
  /** Sent from here, but not seen as a message yet. */
  readonly #expected = new Map<TicketId, Set<OpId>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(me: AccountId) {
    this.#me = me;
  }

  /** The reply that undo takes back: the one that was sent last. */
  get newest(): Leaving | undefined {
    return this.leaving.findLast((one) => this.left(one.op) > 0);
  }

  /** A reply was sent from here; its ticket is worth a look even when another one is open. */
  expect(ticket: TicketId, op: OpId) {
    const ops = this.#expected.get(ticket) ?? new Set();
    this.#expected.set(ticket, ops.add(op));
  }

  /** Whether a reply from here has not been seen at the gateway yet. */
  expects(ticket: TicketId): boolean {
    return this.#expected.has(ticket) || this.leaving.some((one) => one.ticket === ticket);
  }

  /** Learns from a conversation what the gateway keeps back. */
  look(view: TicketView, now = Date.now()) {
    const ticket = view.ticket.id;
    const known = new Map(this.leaving.map((one) => [one.op, one]));
    const here: Leaving[] = [];
    for (const message of view.messages) {
      this.#seen(ticket, message.id);
      if (!this.#mine(message) || message.delivery !== 'held') continue;
      here.push(known.get(message.id) ?? counted(message, view.customer?.name ?? '', now));
    }
    for (const op of this.#expected.get(ticket) ?? []) {
      // What left the outbox without becoming a message was given up or taken back.
      if (!view.pending.some((item) => item.op === op)) this.#seen(ticket, op);
    }
    this.leaving = [...this.leaving.filter((one) => one.ticket !== ticket), ...here].sort((a, b) => a.since - b.since);
    this.#tick(now);
  }

  /** Forgets a reply that was taken back or has gone out. */
  forget(op: OpId) {
    this.leaving = this.leaving.filter((one) => one.op !== op);
    this.#tick(this.now);
  }

  /** How many seconds of the countdown are left; 0 when it is over. */
  left(op: OpId): number {
    const one = this.leaving.find((other) => other.op === op);
    return one ? Math.max(0, Math.ceil((one.since + COUNTDOWN - this.now) / SECOND)) : 0;
  }

  /** For how many seconds the gateway keeps it after the countdown. */
  longer(one: Leaving): number {
    return Math.max(0, Math.round((one.until - one.since - COUNTDOWN) / SECOND));
  }

  /** Stops counting. */
  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #mine(message: Message): boolean {
    return message.author.kind === 'account' && message.author.id === this.#me;
  }

  #seen(ticket: TicketId, op: OpId) {
    const ops = this.#expected.get(ticket);
    if (ops?.delete(op) && ops.size === 0) this.#expected.delete(ticket);
  }

  /** Counts only while there is something to count. */
  #tick(now: number) {
    this.now = now;
    this.stop();
    if (!this.leaving.some((one) => this.left(one.op) > 0)) return;
    this.#timer = setInterval(() => {
      this.now = Date.now();
      if (!this.leaving.some((one) => this.left(one.op) > 0)) this.stop();
    }, SECOND / 4);
  }
}

/** The gateway's clock may differ from this one; where it cannot be right, counting starts now. */
function counted(message: Message, name: string, now: number): Leaving {
  const sent = Date.parse(message.sent_at);
  const length = message.held_until === undefined ? COUNTDOWN : Date.parse(message.held_until) - sent;
  const since = sent <= now && now - sent <= length ? sent : now;
  return { op: message.id, ticket: message.ticket, name, since, until: since + length };
}
