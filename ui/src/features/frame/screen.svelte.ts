import { announcements } from '../../announce.svelte';
import type { Link } from '../../format/links';
import { CallFailed } from '../../ipc';
import type {
  Call,
  Event,
  MacroView,
  NextStep,
  OpId,
  OrderView,
  OutboxItem,
  SignedIn,
  Ticket,
  TicketId,
  TicketPatch,
  TicketRow,
  Verdict,
  ViewId,
  Wish,
} from '../../ipc';
import { wholeOf, type Whole } from '../ticket/merge';
import { gapWord, inverse, patchOf } from '../ticket/macros';
import { m } from '../../paraglide/messages';
import { getLocale } from '../../paraglide/runtime';
import { viewWord } from '../../words';
import { coalesced } from '../../coalesced';
import { Inbox } from '../inbox/screen.svelte';
import { AuditTrail } from '../audit/screen.svelte';
import { Reveal } from '../context/reveal.svelte';
import { Security } from '../security/screen.svelte';
import { Search } from '../search/screen.svelte';
import { OpenTicket } from '../ticket/screen.svelte';
import { Connection } from './connection.svelte';
import { Outbox } from './outbox.svelte';
import { Regret } from './regret.svelte';
import { Undo } from './undo.svelte';
import { VIEWS } from './views';

/** What lies over the columns. */
export type Overlay = 'outbox' | 'account' | 'keys' | 'palette' | 'search' | 'held' | 'sign_out' | 'sort' | 'snooze' | 'tag' | 'priority' | 'macros' | 'merge' | 'link' | 'audit' | 'reveal' | 'security';

/** Where the focus can be put. */
export type Place = 'list' | 'thread' | 'composer' | 'decision' | 'fields' | 'orders';

/** Colleagues learn that a ticket is open once somebody stays on it for this long. */
const STAY = 300;

/** The whole window after sign-in. */
export class Shop {
  readonly signedIn: SignedIn;
  readonly inbox: Inbox;
  readonly ticket: OpenTicket;
  readonly undo: Undo;
  readonly regret = new Regret();
  readonly search: Search;
  readonly audit: AuditTrail;
  readonly reveal: Reveal;
  readonly security: Security;
  readonly connection: Connection;
  readonly outbox: Outbox;
  counts = $state<Partial<Record<ViewId, number>>>({});
  overlay = $state<Overlay | null>(null);
  /** The held reply that is being compared. */
  comparing = $state<OpId | null>(null);
  /** Whether the panel was asked for where it lies over the conversation, or sent away where it does not. */
  panel = $state<'auto' | 'shown' | 'hidden'>('auto');
  tab = $state<'case' | 'orders' | 'history'>('case');
  /** The link whose target is shown before it is opened. */
  link = $state.raw<Link | null>(null);
  /** What the last action outside the composer ran into. */
  error = $state<CallFailed | null>(null);
  /** Counts requests to put the focus somewhere; the component that owns the place watches. */
  focus = $state<{ place: Place; turn: number }>({ place: 'list', turn: 0 });

  readonly #call: Call;
  #stay: ReturnType<typeof setTimeout> | undefined;
  /** What colleagues were told is open here. */
  #marked: TicketId | null = null;
  readonly #verdicts = new Map<string, Promise<Verdict | null>>();

  constructor(signedIn: SignedIn, call: Call) {
    this.signedIn = signedIn;
    this.#call = call;
    this.inbox = new Inbox(call);
    this.search = new Search(call);
    this.audit = new AuditTrail(call);
    this.reveal = new Reveal(call);
    this.security = new Security(call);
    this.undo = new Undo(signedIn.account.id);
    this.ticket = new OpenTicket(call, signedIn.account.id, (view) => this.undo.look(view));
    this.outbox = new Outbox(call, this);
    this.connection = new Connection(call, () => this.outbox.items);
  }

  /** Whether the role may write to customers and change tickets. */
  get mayAnswer(): boolean {
    return this.signedIn.scopes.includes('messages:send');
  }

  /** Whether the role may look at what is masked, on purpose. */
  get mayReveal(): boolean {
    return this.signedIn.scopes.includes('customers:reveal');
  }

  /** Whether the role has to do with money that goes back. */
  get mayRefund(): boolean {
    return this.signedIn.scopes.includes('refunds:request');
  }

  /** What the gateway would say to a wish, asked once; `null` when nobody knows. */
  may(wish: Wish): Promise<Verdict | null> {
    const key = JSON.stringify(wish);
    const asked = this.#verdicts.get(key) ?? this.#call('may', wish).catch(() => null);
    this.#verdicts.set(key, asked);
    return asked;
  }

  /** Whether the role may read who did what. */
  get mayAudit(): boolean {
    return this.signedIn.scopes.includes('audit:read');
  }

  /** Fetches everything for the first time and opens the first conversation. */
  async start(): Promise<void> {
    // Who may read nothing else begins where they work.
    if (this.mayAudit && !this.signedIn.scopes.includes('tickets:read')) this.overlay = 'audit';
    await Promise.all([this.do(() => this.connection.read()), this.readCounts(), this.outbox.read(), this.showView('my_open')]);
  }

  /** Looks at everything again. */
  async refresh(): Promise<void> {
    await Promise.all([this.do(() => this.connection.read()), this.readCounts(), this.outbox.read(), this.inbox.refresh(), this.ticket.refresh()]);
  }

  /** Hears the core. */
  hear(event: Event) {
    // Who has just signed in sees the trail before the copy knows any names.
    if (this.overlay === 'audit') void this.audit.learnNames();
    switch (event.topic) {
      case 'connection':
        this.connection.hear(event);
        break;
      case 'lists':
        void this.#listsChanged();
        break;
      case 'ticket':
        if (event.ticket === this.ticket.id) void this.ticket.refresh();
        else if (this.undo.expects(event.ticket)) void this.#lookAt(event.ticket);
        break;
      case 'presence':
        if (event.ticket === this.ticket.id) this.ticket.presence(event.readers, event.writers);
        break;
      case 'outbox':
        void this.outbox.read();
        void this.ticket.refresh();
        void this.readCounts();
        if (this.inbox.view === 'held') void this.inbox.refresh();
        break;
      case 'session':
        break;
    }
  }

  /** Shows a view and its first conversation. */
  async showView(view: ViewId): Promise<void> {
    await this.inbox.show(view);
    if (this.inbox.view !== view) return;
    const first = await this.inbox.selectAt(0);
    await this.openRow(first?.id ?? null, false);
    announcements.say(m.live_changed({ view: this.viewName(view), n: this.inbox.total ?? 0 }));
  }

  /** Shows the view before or after. */
  async stepView(step: number): Promise<void> {
    const at = VIEWS.indexOf(this.inbox.view);
    const next = VIEWS[(at + step + VIEWS.length) % VIEWS.length];
    if (next) await this.showView(next);
  }

  /** Moves the selection and shows what it lands on. */
  async move(step: number): Promise<void> {
    const row = await this.inbox.move(step);
    if (row) await this.openRow(row.id);
  }

  /**
   * Shows a conversation. When a person chose it and stays, colleagues learn of it and it counts as
   * read; what comes up by itself stays unread.
   */
  async openRow(id: TicketId | null, chosen = true): Promise<void> {
    this.inbox.select(id);
    const marked = chosen ? id : null;
    if (marked !== this.#marked) {
      clearTimeout(this.#stay);
      this.#stay = setTimeout(() => this.#mark(marked), STAY);
    }
    await this.ticket.open(id);
  }

  /** Shows a conversation that was searched for, in whatever view it stands. */
  async openFound(id: TicketId): Promise<void> {
    await this.openRow(id);
    this.focusOn('thread');
  }

  /** Goes into the selected conversation. */
  enter() {
    this.#mark(this.ticket.id);
    this.focusOn('thread');
  }

  /** Takes the conversation that waits longest and has nobody. */
  async nextUnassigned(): Promise<void> {
    await this.inbox.show('unassigned', 'clock');
    const row = await this.inbox.selectAt(0);
    await this.openRow(row?.id ?? null);
  }

  /** Changes the open ticket. */
  async change(patch: TicketPatch): Promise<void> {
    this.overlay = null;
    await this.ticket.change(patch);
    this.error = this.ticket.sendError;
  }

  /** Uses a stored answer: its text goes into the composer; one without a text changes the ticket at once. */
  async useMacro(macro: MacroView): Promise<void> {
    this.overlay = null;
    const ticket = this.ticket.view?.ticket;
    if (!ticket) return;
    if (macro.text.trim() !== '') {
      this.ticket.insert(macro);
      announcements.say(m.live_macro({ name: macro.name }));
      return;
    }
    const patch = patchOf(macro.changes);
    if (!patch || !(await this.ticket.change(patch))) {
      this.error = this.ticket.sendError;
      return;
    }
    const back = inverse(patch, ticket);
    const undo = () =>
      this.do(async () => {
        await this.#call('change_ticket', { ticket: ticket.id, patch: back });
        await this.outbox.settled();
        announcements.say(m.macro_undone());
      });
    await this.regret.offer({ word: m.macro_done({ name: macro.name }), undo });
  }

  /** The order that the open ticket is about, as far as anybody can say. */
  get aboutOrder(): OrderView | null {
    const { view } = this.ticket;
    if (!view) return null;
    return view.order ?? (view.orders.length === 1 ? (view.orders[0] ?? null) : null);
  }

  /** Puts what the customer may be told about an order into the reply; asks which when nobody can say. */
  async whereIsIt(order = this.aboutOrder): Promise<void> {
    const ticket = this.ticket.id;
    if (ticket === null) return;
    if (!order) {
      this.panel = 'shown';
      this.tab = 'case';
      this.focusOn('orders');
      return;
    }
    await this.do(async () => {
      const answer = await this.#call('order_answer', { ticket, order: order.order.id });
      if (this.ticket.id !== ticket) return;
      this.ticket.insertWritten(answer);
      announcements.say(m.live_answer({ number: order.order.number }));
    });
  }

  /** Puts what whoever takes a step has to know into the note. */
  async handOver(order: OrderView, step: NextStep): Promise<void> {
    const ticket = this.ticket.id;
    if (ticket === null) return;
    await this.do(async () => {
      const note = await this.#call('order_step', { ticket, order: order.order.id, step, language: getLocale() });
      if (this.ticket.id !== ticket) return;
      this.ticket.insertNote(note);
      announcements.say(m.live_note({ number: order.order.number }));
    });
  }

  /** Makes the open ticket part of another one. */
  merge(into: TicketId): Promise<void> {
    return this.do(async () => {
      const ticket = this.ticket.id;
      this.overlay = null;
      if (ticket === null) return;
      await this.#call('merge_tickets', { ticket, into });
      await this.outbox.settled();
    });
  }

  /** The conversation that the open one is or becomes part of. */
  get whole(): Whole | null {
    const { view, pending, partOf } = this.ticket;
    return view && wholeOf(view, pending, partOf);
  }

  /** Shows the panel with the fields and goes to the first. */
  editFields() {
    this.panel = 'shown';
    this.tab = 'case';
    this.focusOn('fields');
  }

  /** The stored answers, filled in for the open ticket. */
  macros(): Promise<MacroView[]> {
    const ticket = this.ticket.id;
    return ticket === null ? Promise.resolve([]) : this.#call('macros', { ticket });
  }

  /** Which of these conversations are part of another one already; only closed ones can be. */
  async merged(rows: readonly TicketRow[]): Promise<Set<TicketId>> {
    const closed = rows.filter(({ status }) => status === 'closed').map(({ id }) => id);
    const views = await Promise.all(closed.map((ticket) => this.#call('ticket', { ticket }).catch(() => null)));
    return new Set(views.filter((view) => view?.ticket.merged_into !== undefined).map((view) => view?.ticket.id ?? ''));
  }

  /** The ticket with a number, if it is on this computer. */
  async byNumber(number: number): Promise<Ticket | null> {
    const { hits } = await this.#call('search', { text: String(number), limit: 20 });
    for (const ticket of new Set(hits.filter(({ found, exact }) => found === 'ticket' && exact).map((hit) => hit.ticket))) {
      const view = ticket === null ? null : await this.#call('ticket', { ticket }).catch(() => null);
      if (view?.ticket.number === number) return view.ticket;
    }
    return null;
  }

  /** Sends what stands in the composer; after closing, the next conversation comes up. */
  async send(close: boolean): Promise<void> {
    const ticket = this.ticket.id;
    const reply = this.ticket.draft.tab === 'reply';
    const { turn } = this.focus;
    const gaps = reply ? gapWord(this.ticket.draft.reply) : '';
    if (gaps !== '') announcements.interrupt(gaps);
    const op = await this.ticket.send(close);
    if (op === null || ticket === null) return;
    if (reply) this.undo.expect(ticket, op);
    // Whoever went somewhere else meanwhile stays there.
    if (turn === this.focus.turn && ticket === this.ticket.id) this.focusOn('composer');
  }

  /** The first held reply of the open conversation. */
  get heldHere(): OutboxItem | undefined {
    return this.ticket.pending.find((item) => item.state.kind === 'held');
  }

  /** Whether something in the open conversation waits for a choice. */
  get decides(): boolean {
    return this.ticket.pending.some(({ state }) => state.kind === 'held' || state.kind === 'moved');
  }

  /** Goes to what waits for a choice. */
  decide() {
    if (this.heldHere) void this.compare(this.heldHere);
    else this.focusOn('decision');
  }

  /** Shows a held reply beside what its author missed. */
  async compare(item: OutboxItem): Promise<void> {
    this.overlay = null;
    if (item.ticket !== this.ticket.id) await this.openRow(item.ticket);
    this.comparing = item.op;
    this.overlay = 'held';
  }

  async #lookAt(ticket: TicketId): Promise<void> {
    // The toast is a courtesy; the message itself says the same when its ticket is opened.
    const view = await this.#call('ticket', { ticket }).catch(() => null);
    if (view) this.undo.look(view);
  }

  /** Tries to connect now. */
  connectNow(): Promise<void> {
    return this.do(async () => {
      await this.#call('connect_now', {});
    });
  }

  /** Shows where a link leads; nothing is opened yet. */
  follow(link: Link | null) {
    this.link = link;
    this.overlay = link ? 'link' : null;
  }

  /** Opens the link that is shown, outside of this window. */
  openLink(): Promise<void> {
    return this.do(async () => {
      const { link } = this;
      this.follow(null);
      if (link) await this.#call('open_link', { address: link.address });
    });
  }

  /** Puts the focus somewhere. */
  focusOn(place: Place) {
    this.focus = { place, turn: this.focus.turn + 1 };
  }

  /** Opens something over the columns, or closes it when it is open. */
  toggle(overlay: Overlay) {
    this.overlay = this.overlay === overlay ? null : overlay;
  }

  /** Shows or hides the panel; `over` says whether it lies over the conversation here. */
  togglePanel(over: boolean) {
    const visible = over ? this.panel === 'shown' : this.panel !== 'hidden';
    this.panel = visible ? 'hidden' : 'shown';
  }

  /** The name of a view in the words of this shop. */
  viewName(view: ViewId): string {
    return viewWord(view, this.signedIn.shop.currency);
  }

  readonly readCounts = coalesced(() =>
    this.do(async () => {
      const { views } = await this.#call('views', {});
      const counts: Partial<Record<ViewId, number>> = {};
      for (const { view, count } of views) counts[view] = count;
      this.counts = counts;
    }),
  );

  async #listsChanged(): Promise<void> {
    await Promise.all([this.inbox.refresh(), this.readCounts()]);
    if (this.inbox.selected !== null) return;
    // The list was empty; now there is something to show.
    const first = await this.inbox.selectAt(0);
    if (first) await this.openRow(first.id, false);
  }

  #mark(ticket: TicketId | null) {
    clearTimeout(this.#stay);
    if (ticket === this.#marked) return;
    this.#marked = ticket;
    // Only a courtesy to colleagues; the conversation is on the screen either way.
    this.#call('open_ticket', { ticket }).catch(() => undefined);
  }

  /** Does something; what it runs into is shown. */
  async do(what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
    }
  }
}
