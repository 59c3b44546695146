import { announcements } from '../../announce.svelte';
import { CallFailed } from '../../ipc';
import type { Call, ConnectionView, Event, OutboxItem, SignedIn, TicketId, TicketPatch, ViewId } from '../../ipc';
import { m } from '../../paraglide/messages';
import { viewWord } from '../../words';
import { coalesced } from '../../coalesced';
import { Inbox } from '../inbox/screen.svelte';
import { OpenTicket } from '../ticket/screen.svelte';
import { VIEWS } from './views';

/** What lies over the columns. */
export type Overlay = 'outbox' | 'account' | 'keys' | 'palette' | 'sign_out' | 'sort' | 'snooze' | 'tag' | 'priority';

/** Colleagues learn that a ticket is open once somebody stays on it for this long. */
const STAY = 300;

/** The whole window after sign-in. */
export class Shop {
  readonly signedIn: SignedIn;
  readonly inbox: Inbox;
  readonly ticket: OpenTicket;
  connection = $state<ConnectionView>({ state: 'catching_up', current_as_of: null, retry_at: null, history: 100, problem: null });
  counts = $state<Partial<Record<ViewId, number>>>({});
  outbox = $state.raw<OutboxItem[]>([]);
  overlay = $state<Overlay | null>(null);
  /** Whether the panel was asked for where it lies over the conversation, or sent away where it does not. */
  panel = $state<'auto' | 'shown' | 'hidden'>('auto');
  tab = $state<'case' | 'orders' | 'history'>('case');
  /** What the last action outside the composer ran into. */
  error = $state<CallFailed | null>(null);
  /** Counts requests to put the focus somewhere; the component that owns the place watches. */
  focus = $state<{ place: 'list' | 'thread' | 'composer'; turn: number }>({ place: 'list', turn: 0 });

  readonly #call: Call;
  #stay: ReturnType<typeof setTimeout> | undefined;
  /** Counts what was heard of the connection, so that an older answer does not overwrite it. */
  #connectionTurn = 0;
  /** What colleagues were told is open here. */
  #marked: TicketId | null = null;

  constructor(signedIn: SignedIn, call: Call) {
    this.signedIn = signedIn;
    this.#call = call;
    this.inbox = new Inbox(call);
    this.ticket = new OpenTicket(call);
  }

  /** Whether the role may write to customers and change tickets. */
  get mayAnswer(): boolean {
    return this.signedIn.scopes.includes('messages:send');
  }

  readonly waiting = $derived(this.outbox.filter((item) => item.state.kind === 'waiting' || item.state.kind === 'sending').length);
  readonly parked = $derived(this.outbox.filter((item) => item.state.kind === 'parked').length);
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
        break;
      case 'presence':
        if (event.ticket === this.ticket.id) this.ticket.presence(event.readers, event.writers);
        break;
      case 'outbox':
        void this.readOutbox();
        void this.ticket.refresh();
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

  /** Sends what stands in the composer; after closing, the next conversation comes up. */
  async send(close: boolean): Promise<void> {
    if (await this.ticket.send(close)) this.focusOn('composer');
  }

  /** Tries a parked operation again. */
  retry(op: string): Promise<void> {
    return this.#do(async () => {
      await this.#call('retry_op', { op });
      await this.readOutbox();
      await this.ticket.refresh();
    });
  }

  /** Gives an operation up. */
  discard(op: string): Promise<void> {
    return this.#do(async () => {
      await this.#call('discard_op', { op });
      await this.readOutbox();
      await this.ticket.refresh();
    });
  }

  /** Tries to connect now. */
  connectNow(): Promise<void> {
    return this.#do(async () => {
      await this.#call('connect_now', {});
    });
  }

  /** Puts the focus somewhere. */
  focusOn(place: 'list' | 'thread' | 'composer') {
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
      const before = new Set(this.outbox.filter((item) => item.state.kind === 'parked').map((item) => item.op));
      this.outbox = await this.#call('outbox', {});
      for (const item of this.outbox) {
        if (item.state.kind === 'parked' && !before.has(item.op)) announcements.interrupt(m.live_parked({ reason: item.state.reason }));
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
    this.connection = view;
  }

  async #do(what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
    }
  }
}
