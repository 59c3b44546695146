import { coalesced } from '../../coalesced';
import { CallFailed, type AccountId, type Call, type MessageId, type OpId, type TakenBack, type TicketId, type TicketPatch, type TicketView } from '../../ipc';
import { newestPublic, seenSince } from './timeline';

/** What somebody has written and not sent, kept while they look at other tickets. */
export interface Draft {
  tab: 'reply' | 'note';
  reply: string;
  note: string;
  /** The newest public message when somebody began to write the reply; absent before they did. */
  began?: MessageId | null;
}

/** How often a colleague and the customer hear that somebody still writes. */
const TYPING_EVERY = 3_000;
/** After this long without a key nobody is writing. */
const TYPING_ENDS = 5_000;

/** The conversation on the screen. */
export class OpenTicket {
  id = $state<TicketId | null>(null);
  view = $state.raw<TicketView | null>(null);
  error = $state<CallFailed | null>(null);
  /** Why the last thing that was sent from here did not get into the outbox. */
  sendError = $state<CallFailed | null>(null);
  slow = $state(false);
  draft = $state<Draft>(emptyDraft());

  readonly #drafts = new Map<TicketId, Draft>();
  readonly #call: Call;
  readonly #me: AccountId | null;
  /** Hears every reading of the ticket. */
  readonly #onread: (view: TicketView) => void;
  #typingSince = 0;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: Call, me: AccountId | null = null, onread: (view: TicketView) => void = () => undefined) {
    this.#call = call;
    this.#me = me;
    this.#onread = onread;
  }

  /** Shows another ticket, or none. The draft of the one before is kept. */
  async open(id: TicketId | null): Promise<void> {
    if (id === this.id) return;
    this.stopTyping();
    this.#keepDraft();
    this.id = id;
    this.view = null;
    this.error = null;
    this.sendError = null;
    this.slow = false;
    this.draft = (id && this.#drafts.get(id)) || emptyDraft();
    if (id === null) return;
    const timer = setTimeout(() => {
      if (this.id === id && !this.view) this.slow = true;
    }, 150);
    await this.refresh();
    clearTimeout(timer);
  }

  /** Reads the ticket again. */
  readonly refresh = coalesced(() => this.#read());

  async #read(): Promise<void> {
    const id = this.id;
    if (id === null) return;
    try {
      const view = await this.#call('ticket', { ticket: id });
      if (this.id !== id) return;
      this.view = view;
      this.error = null;
      this.slow = false;
      this.#onread(view);
    } catch (thrown) {
      if (this.id === id) this.error = CallFailed.from(thrown);
    }
  }

  /** Colleagues came or went; cheaper than reading everything again. */
  presence(readers: TicketView['readers'], writers: TicketView['writers']) {
    if (this.view) this.view = { ...this.view, readers, writers };
  }

  /** Changes the ticket; returns whether the change is stored. */
  async change(patch: TicketPatch): Promise<boolean> {
    const id = this.id;
    if (id === null) return false;
    return (await this.#store(() => this.#call('change_ticket', { ticket: id, patch }))) !== null;
  }

  /**
   * Queues what stands in the composer and answers its operation. The text leaves the composer only
   * when it is stored.
   */
  async send(close: boolean): Promise<OpId | null> {
    const id = this.id;
    const { tab } = this.draft;
    const text = this.draft[tab].trim();
    if (id === null || !this.view) return null;
    if (text === '') {
      this.sendError = new CallFailed({ code: 'text_empty', detail: '' });
      return null;
    }
    this.stopTyping();
    const seen = seenSince(this.view.messages, this.draft.began, this.#me);
    const op = await this.#store(() =>
      tab === 'reply'
        ? this.#call('send_reply', { ticket: id, text, seen, close })
        : this.#call('add_note', { ticket: id, text }),
    );
    if (op === null) return null;
    const draft = this.id === id ? this.draft : this.#drafts.get(id);
    if (draft && draft[tab].trim() === text) {
      draft[tab] = '';
      if (tab === 'reply') delete draft.began;
    }
    if (tab === 'note' && draft) draft.tab = 'reply';
    return op;
  }

  /** Puts a text that came back into the composer of its ticket, before what stands there already. */
  putBack({ ticket, action }: TakenBack) {
    if (action.kind !== 'reply' && action.kind !== 'note') return;
    const draft = this.id === ticket ? this.draft : (this.#drafts.get(ticket) ?? emptyDraft());
    const tab = action.kind;
    const text = draft[tab].trim();
    draft[tab] = text === '' || text === action.text ? action.text : `${action.text}\n\n${draft[tab]}`;
    draft.tab = tab;
    // Whoever takes a reply back has seen what stands above it.
    if (this.id === ticket && this.view) draft.began = newestPublic(this.view.messages)?.id ?? null;
    else delete draft.began;
    if (this.id !== ticket) this.#drafts.set(ticket, draft);
  }

  /** Says that somebody writes, at most every few seconds, and that they stopped. */
  typed() {
    const id = this.id;
    if (id === null || this.draft.tab !== 'reply') return;
    this.sendError = null;
    if (this.draft.reply.trim() === '') delete this.draft.began;
    else if (this.draft.began === undefined && this.view) this.draft.began = newestPublic(this.view.messages)?.id ?? null;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.stopTyping(), TYPING_ENDS);
    if (Date.now() - this.#typingSince < TYPING_EVERY) return;
    this.#typingSince = Date.now();
    this.#signal(id, true);
  }

  /** Says that nobody writes here any more. */
  stopTyping() {
    clearTimeout(this.#typingTimer);
    if (this.#typingSince === 0 || this.id === null) return;
    this.#typingSince = 0;
    this.#signal(this.id, false);
  }

  #signal(ticket: TicketId, typing: boolean) {
    // Only a courtesy: when it fails, nothing is lost and nobody needs to know.
    this.#call('typing', { ticket, typing }).catch(() => undefined);
  }

  #keepDraft() {
    if (this.id === null) return;
    const { reply, note } = this.draft;
    if (reply === '' && note === '') this.#drafts.delete(this.id);
    else this.#drafts.set(this.id, { ...this.draft });
  }

  async #store(make: () => Promise<OpId>): Promise<OpId | null> {
    this.sendError = null;
    try {
      const op = await make();
      await this.refresh();
      return op;
    } catch (thrown) {
      this.sendError = CallFailed.from(thrown);
      return null;
    }
  }
}

function emptyDraft(): Draft {
  return { tab: 'reply', reply: '', note: '' };
}
