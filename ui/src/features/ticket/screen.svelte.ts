import { coalesced } from '../../coalesced';
import { CallFailed, type Call, type TicketId, type TicketPatch, type TicketView } from '../../ipc';
import { newestPublic } from './timeline';

/** What somebody has written and not sent, kept while they look at other tickets. */
export interface Draft {
  tab: 'reply' | 'note';
  reply: string;
  note: string;
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
  #typingSince = 0;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: Call) {
    this.#call = call;
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
    return this.#store(() => this.#call('change_ticket', { ticket: id, patch }));
  }

  /** Queues what stands in the composer. The text leaves the composer only when it is stored. */
  async send(close: boolean): Promise<boolean> {
    const id = this.id;
    const { tab } = this.draft;
    const text = this.draft[tab].trim();
    if (id === null || !this.view) return false;
    if (text === '') {
      this.sendError = new CallFailed({ code: 'text_empty', detail: '' });
      return false;
    }
    this.stopTyping();
    const seen = newestPublic(this.view.messages)?.id ?? null;
    const stored = await this.#store(() =>
      tab === 'reply'
        ? this.#call('send_reply', { ticket: id, text, seen, close })
        : this.#call('add_note', { ticket: id, text }),
    );
    if (!stored) return false;
    const draft = this.id === id ? this.draft : this.#drafts.get(id);
    if (draft && draft[tab].trim() === text) draft[tab] = '';
    if (tab === 'note' && draft) draft.tab = 'reply';
    return true;
  }

  /** Says that somebody writes, at most every few seconds, and that they stopped. */
  typed() {
    const id = this.id;
    if (id === null || this.draft.tab !== 'reply') return;
    this.sendError = null;
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
    const { tab, reply, note } = this.draft;
    if (reply === '' && note === '') this.#drafts.delete(this.id);
    else this.#drafts.set(this.id, { tab, reply, note });
  }

  async #store(make: () => Promise<unknown>): Promise<boolean> {
    this.sendError = null;
    try {
      await make();
      await this.refresh();
      return true;
    } catch (thrown) {
      this.sendError = CallFailed.from(thrown);
      return false;
    }
  }
}

function emptyDraft(): Draft {
  return { tab: 'reply', reply: '', note: '' };
}
