import { announcements } from '../../announce.svelte';
import { firstName } from '../../format/text';
import { CallFailed } from '../../ipc';
import type {
  Call,
  ConnectionView,
  Event,
  MacroView,
  OpId,
  OutboxItem,
  SignedIn,
  TakenBack,
  Ticket,
  TicketId,
  TicketPatch,
  TicketRow,
  ViewId,
} from '../../ipc';
import { wholeOf, type Whole } from '../ticket/merge';
import { gapWord, inverse, patchOf } from '../ticket/macros';
import { m } from '../../paraglide/messages';
import { viewWord } from '../../words';
import { coalesced } from '../../coalesced';
import { Inbox } from '../inbox/screen.svelte';
import { Search } from '../search/screen.svelte';
import { OpenTicket } from '../ticket/screen.svelte';
import { waitingOps, type Back } from './back';
import { operationWord, textOf } from './operation';
import { Regret } from './regret.svelte';
import { Undo, type Leaving } from './undo.svelte';
import { VIEWS } from './views';

/** What lies over the columns. */
export type Overlay = 'outbox' | 'account' | 'keys' | 'palette' | 'search' | 'held' | 'sign_out' | 'sort' | 'snooze' | 'tag' | 'priority' | 'macros' | 'merge';

/** Where the focus can be put. */
export type Place = 'list' | 'thread' | 'composer' | 'decision' | 'fields';

/** Colleagues learn that a ticket is open once somebody stays on it for this long. */
const STAY = 300;

/** How long the network is away before its return is worth a word. */
const NOTICED = 3000;
/** How long the window says that the network is back. */
const SHOW_BACK = 30_000;

/** The whole window after sign-in. */
export class Shop {
  readonly signedIn: SignedIn;
  readonly inbox: Inbox;
  readonly ticket: OpenTicket;
  readonly undo: Undo;
  readonly regret = new Regret();
  readonly search: Search;
  connection = $state<ConnectionView>({ state: 'catching_up', current_as_of: null, retry_at: null, history: 100, problem: null });
  counts = $state<Partial<Record<ViewId, number>>>({});
  outbox = $state.raw<OutboxItem[]>([]);
  overlay = $state<Overlay | null>(null);
  /** The network came back; shown for a while. */
  back = $state.raw<Back | null>(null);
  /** The held reply that is being compared. */
  comparing = $state<OpId | null>(null);
  /** Whether the panel was asked for where it lies over the conversation, or sent away where it does not. */
  panel = $state<'auto' | 'shown' | 'hidden'>('auto');
  tab = $state<'case' | 'orders' | 'history'>('case');
  /** What the last action outside the composer ran into. */
  error = $state<CallFailed | null>(null);
  /** Counts requests to put the focus somewhere; the component that owns the place watches. */
  focus = $state<{ place: Place; turn: number }>({ place: 'list', turn: 0 });

  readonly #call: Call;
  #stay: ReturnType<typeof setTimeout> | undefined;
  #backTimer: ReturnType<typeof setTimeout> | undefined;
  #offlineFrom = Date.now();
  /** Counts what was heard of the connection, so that an older answer does not overwrite it. */
  #connectionTurn = 0;
  /** What colleagues were told is open here. */
  #marked: TicketId | null = null;

  constructor(signedIn: SignedIn, call: Call) {
    this.signedIn = signedIn;
    this.#call = call;
    this.inbox = new Inbox(call);
    this.search = new Search(call);
    this.undo = new Undo(signedIn.account.id);
    this.ticket = new OpenTicket(call, signedIn.account.id, (view) => this.undo.look(view));
  }

  /** Whether the role may write to customers and change tickets. */
  get mayAnswer(): boolean {
    return this.signedIn.scopes.includes('messages:send');
  }

  readonly waiting = $derived(this.outbox.filter((item) => item.state.kind === 'waiting' || item.state.kind === 'sending').length);
  readonly parked = $derived(this.outbox.filter((item) => item.state.kind === 'parked').length);
  /** Replies and changes that wait for a choice because something moved meanwhile. */
  readonly held = $derived(this.outbox.filter(({ state }) => state.kind === 'held' || state.kind === 'moved').length);
  readonly offline = $derived(this.connection.state === 'offline');
  /** What `Age` needs: the moment of the copy while offline, else nothing. */
  readonly offlineSince = $derived(this.offline ? this.connection.current_as_of : undefined);

  /** Fetches everything for the first time and opens the first conversation. */
  async start(): Promise<void> {
    await Promise.all([this.readConnection(), this.readCounts(), this.readOutbox(), this.showView('my_open')]);
  }

  /** Looks at everything again. */
  async refresh(): Promise<void> {
    await Promise.all([this.readConnection(), this.readCounts(), this.readOutbox(), this.inbox.refresh(), this.ticket.refresh()]);
  }

  /** Hears the core. */
  hear(event: Event) {
    switch (event.topic) {
      case 'connection':
        this.#setConnection(event);
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
        void this.readOutbox();
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
      this.#do(async () => {
        await this.#call('change_ticket', { ticket: ticket.id, patch: back });
        await this.#afterOutbox();
        announcements.say(m.macro_undone());
      });
    await this.regret.offer({ word: m.macro_done({ name: macro.name }), undo });
  }

  /** Makes the open ticket part of another one. */
  merge(into: TicketId): Promise<void> {
    return this.#do(async () => {
      const ticket = this.ticket.id;
      this.overlay = null;
      if (ticket === null) return;
      await this.#call('merge_tickets', { ticket, into });
      await this.#afterOutbox();
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

  /** Sends a held reply as it is. */
  sendHeld(op: OpId): Promise<void> {
    return this.#do(async () => {
      this.overlay = null;
      await this.#call('send_held', { op });
      if (this.ticket.id) this.undo.expect(this.ticket.id, op);
      await this.#afterOutbox();
    });
  }

  /** Takes an operation out of the outbox; its text goes into the composer. */
  takeBack(op: OpId): Promise<void> {
    return this.#do(async () => {
      this.overlay = null;
      await this.#backInHand(await this.#call('take_back', { op }));
    });
  }

  /** Takes the newest step back: a discarded thing, an applied macro, else the reply that was sent last. */
  undoLast(): Promise<void> {
    return this.regret.step ? this.#do(() => this.regret.undo()) : this.undoSend();
  }

  /** Takes the reply back that was sent last, while the gateway still holds it. */
  undoSend(leaving: Leaving | undefined = this.undo.newest): Promise<void> {
    return this.#do(async () => {
      if (!leaving) return;
      this.undo.forget(leaving.op);
      await this.#backInHand(await this.#call('undo_send', { ticket: leaving.ticket, op: leaving.op }));
    });
  }

  async #backInHand(taken: TakenBack): Promise<void> {
    if (taken.ticket !== this.ticket.id) await this.openRow(taken.ticket);
    await this.#afterOutbox();
    this.ticket.putBack(taken);
    if (textOf(taken.action) === null) return;
    this.focusOn('composer');
    announcements.say(m.live_back());
  }

  async #afterOutbox(): Promise<void> {
    await Promise.all([this.readOutbox(), this.ticket.refresh(), this.readCounts()]);
  }

  async #lookAt(ticket: TicketId): Promise<void> {
    // The toast is a courtesy; the message itself says the same when its ticket is opened.
    const view = await this.#call('ticket', { ticket }).catch(() => null);
    if (view) this.undo.look(view);
  }

  /** Tries a parked operation again. */
  retry(op: string): Promise<void> {
    return this.#do(async () => {
      await this.#call('retry_op', { op });
      await this.#afterOutbox();
    });
  }

  /**
   * Gives an operation up. What would go out by itself is given up at once; what waits for somebody
   * can be brought back for some seconds, and until then nothing is called.
   */
  discard(item: OutboxItem): Promise<void> {
    const { op } = item;
    const settle = () =>
      this.#do(async () => {
        try {
          await this.#call('discard_op', { op });
        } finally {
          this.#hide(op, false);
          await this.#afterOutbox();
        }
      });
    if (item.state.kind === 'waiting' || item.state.kind === 'sending') return settle();
    this.#hide(op, true);
    const undo = () => {
      this.#hide(op, false);
      announcements.say(m.gone_back());
      return this.readOutbox();
    };
    const { view } = this.ticket;
    const name = item.action.kind === 'reply' && view?.ticket.id === item.ticket ? firstName(view.customer?.name ?? '') : '';
    const word = name === '' ? m.gone_other({ what: operationWord(item, view?.fields) }) : m.gone_held({ name });
    return this.regret.offer({ word, more: m.gone_more(), undo, settle });
  }

  #hide(op: OpId, hidden: boolean) {
    const others = [...this.ticket.hidden].filter((other) => other !== op);
    this.ticket.hidden = new Set(hidden ? [...others, op] : others);
    this.outbox = this.outbox.filter((item) => !this.ticket.hidden.has(item.op));
  }

  /** Tries to connect now. */
  connectNow(): Promise<void> {
    return this.#do(async () => {
      await this.#call('connect_now', {});
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

  async readConnection(): Promise<void> {
    const turn = this.#connectionTurn;
    await this.#do(async () => {
      const view = await this.#call('connection', {});
      // An event that came meanwhile is newer than this answer.
      if (turn === this.#connectionTurn) this.#setConnection(view);
    });
  }

  readonly readCounts = coalesced(() =>
    this.#do(async () => {
      const { views } = await this.#call('views', {});
      const counts: Partial<Record<ViewId, number>> = {};
      for (const { view, count } of views) counts[view] = count;
      this.counts = counts;
    }),
  );

  readonly readOutbox = coalesced(() =>
    this.#do(async () => {
      const before = new Map(this.outbox.map((item) => [item.op, item.state.kind]));
      this.outbox = (await this.#call('outbox', {})).filter(({ op }) => !this.ticket.hidden.has(op));
      for (const { op, state } of this.outbox) {
        if (before.get(op) === state.kind) continue;
        if (state.kind === 'parked') announcements.interrupt(m.live_parked({ reason: state.reason }));
        if (state.kind === 'moved') announcements.interrupt(m.live_moved());
        if (state.kind === 'held') announcements.interrupt(m.live_held());
      }
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

  #setConnection(view: ConnectionView) {
    this.#connectionTurn += 1;
    if (view.state === 'offline' && this.connection.state !== 'offline') announcements.say(m.live_offline());
    if (view.state === 'live' && this.connection.state === 'offline') announcements.say(m.live_online());
    if (view.state === 'offline') {
      this.back = null;
      if (this.connection.state !== 'offline') this.#offlineFrom = Date.now();
    } else if (this.connection.state === 'offline' && this.#wasMissed()) {
      this.back = { at: new Date().toISOString(), waited: waitingOps(this.outbox) };
      clearTimeout(this.#backTimer);
      this.#backTimer = setTimeout(() => (this.back = null), SHOW_BACK);
    }
    this.connection = view;
  }

  /** Whether a person noticed that the network was away: not at the start, not for a blink. */
  #wasMissed(): boolean {
    const away = Date.now() - this.#offlineFrom;
    return this.connection.current_as_of !== null && (away >= NOTICED || waitingOps(this.outbox).length > 0);
  }

  async #do(what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
    }
  }
}
