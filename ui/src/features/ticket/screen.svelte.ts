import { coalesced } from '../../coalesced';
import {
  CallFailed,
  type AccountId,
  type Call,
  type MacroChanges,
  type MacroId,
  type MacroView,
  type MessageId,
  type OpId,
  type OrderAnswer,
  type StatedFact,
  type StepNote,
  type TakenBack,
  type TicketId,
  type TicketPatch,
  type TicketView,
} from '../../ipc';
import { DraftKeeper } from './drafts';
import { changesOf, gapsOf, inserted, patchOf } from './macros';
import { newestPublic, seenSince } from './timeline';

/** What somebody has written and not sent, kept while they look at other tickets. */
export interface Draft {
  tab: 'reply' | 'note';
  reply: string;
  note: string;
  /** The newest public message when somebody began to write the reply; absent before they did. */
  began?: MessageId | null;
  /** The stored answer that the reply was made from, with what goes out beside. */
  macro?: { id: MacroId; changes: MacroChanges };
  /** What stands in the reply because it was read somewhere. */
  facts?: StatedFact[];
  /** When the ticket comes back after the reply, unless something happens before. */
  wakeAt?: string;
  /** The tag that goes with the note, so that whoever takes the step finds it. */
  noteTag?: string;
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
  /** Operations that were discarded and can still be brought back. */
  hidden = $state.raw<ReadonlySet<OpId>>(new Set());
  /** What waits here, without what was discarded. */
  readonly pending = $derived((this.view?.pending ?? []).filter(({ op }) => !this.hidden.has(op)));

  /** What the composer selects next; counts up so that the same place can be asked for again. */
  selection = $state.raw({ from: 0, to: 0, turn: 0 });
  /** Where the caret is, while there is a composer. */
  caret: (() => number) | null = null;
  /** The ticket that this one became part of, once its number is known. */
  partOf = $state.raw<{ id: TicketId; number: number } | null>(null);

  readonly #keeper: DraftKeeper;
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
    this.#keeper = new DraftKeeper(call, (error) => {
      if (error) this.sendError = error;
    });
  }

  /** Shows another ticket, or none. The draft of the one before is kept. */
  async open(id: TicketId | null): Promise<void> {
    if (id === this.id) return;
    this.stopTyping();
    this.#keepDraft();
    this.id = id;
    this.view = null;
    this.partOf = null;
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
      if (!this.view) this.#restore(view);
      this.view = view;
      this.error = null;
      this.slow = false;
      this.#onread(view);
      await this.#findWhole(view);
    } catch (thrown) {
      if (this.id === id) this.error = CallFailed.from(thrown);
    }
  }

  /** Puts what was begun earlier into the composer, unless something newer stands there. */
  #restore({ ticket, draft }: TicketView) {
    this.#keeper.knows(ticket.id, draft);
    if (!draft || this.draft.reply !== '' || this.draft.note !== '') return;
    this.draft.reply = draft.reply;
    this.draft.note = draft.note;
    if (draft.reply === '') this.draft.tab = 'note';
  }

  /** Learns the number of the ticket that this one is part of. */
  async #findWhole({ ticket, history }: TicketView): Promise<void> {
    const id = ticket.merged_into;
    if (id === undefined) this.partOf = null;
    if (id === undefined || this.partOf?.id === id) return;
    const number = history.find((row) => row.id === id)?.number ?? (await this.#call('ticket', { ticket: id }).catch(() => null))?.ticket.number;
    if (number !== undefined && this.id === ticket.id) this.partOf = { id, number };
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
    if (tab === 'reply' && gapsOf(text).length > 0) return null;
    this.stopTyping();
    const { macro, wakeAt, noteTag } = this.draft;
    const sleeps: TicketPatch = wakeAt && !close ? { status: 'snoozed', snoozed_until: wakeAt } : {};
    const beside = { ...(macro && patchOf(macro.changes)), ...sleeps };
    const changes = Object.keys(beside).length > 0 ? beside : undefined;
    const from = { ...(macro ? { macro_id: macro.id } : {}), ...(changes ? { changes } : {}) };
    const seen = seenSince(this.view.messages, this.draft.began, this.#me);
    const op = await this.#store(() =>
      tab === 'reply'
        ? this.#call('send_reply', { ticket: id, text, seen, close, ...from })
        : this.#call('add_note', { ticket: id, text }),
    );
    if (op === null) return null;
    const draft = this.id === id ? this.draft : this.#drafts.get(id);
    if (draft && draft[tab].trim() === text) {
      draft[tab] = '';
      if (tab === 'reply') forget(draft);
      this.#keeper.keep(id, draft);
      this.#keeper.flush();
    }
    if (tab === 'note' && draft) {
      draft.tab = 'reply';
      if (noteTag !== undefined) {
        delete draft.noteTag;
        await this.#store(() => this.#call('change_ticket', { ticket: id, patch: { add_tags: [noteTag] } }));
      }
    }
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
    if (action.kind === 'reply' && action.changes?.snoozed_until) draft.wakeAt = action.changes.snoozed_until;
    if (action.kind === 'reply' && action.macro_id) draft.macro = { id: action.macro_id, changes: changesOf(action.changes ?? {}) };
    if (this.id !== ticket) this.#drafts.set(ticket, draft);
    // Nothing else holds the text any more.
    this.#keeper.keep(ticket, draft);
    this.#keeper.flush();
  }

  /** Puts a stored answer into the reply, where the caret is, and selects its first gap. */
  insert(macro: MacroView) {
    this.insertText(macro.text);
    this.draft.macro = { id: macro.id, changes: macro.changes };
  }

  /** Puts an answer that was written from records into the reply, with what was read. */
  insertWritten({ text, facts, wake_at }: OrderAnswer) {
    this.insertText(text);
    this.draft.facts = facts;
    if (wake_at) this.draft.wakeAt = wake_at;
  }

  /** Puts what is to be done into the note, before what stands there. */
  insertNote({ text, tag }: StepNote) {
    const { note } = this.draft;
    this.draft.tab = 'note';
    this.draft.note = note.trim() === '' ? text : `${text}\n\n${note}`;
    this.draft.noteTag = tag;
    this.select(text.length, text.length);
    this.typed();
  }

  /** Puts a text into the reply, where the caret is. */
  insertText(answer: string) {
    const at = this.draft.tab === 'reply' ? (this.caret?.() ?? this.draft.reply.length) : this.draft.reply.length;
    const { text, from, to } = inserted(this.draft.reply, at, answer);
    this.draft.tab = 'reply';
    this.draft.reply = text;
    this.select(from, to);
    this.typed();
  }

  /** Selects a piece of what stands in the composer. */
  select(from: number, to: number) {
    this.selection = { from, to, turn: this.selection.turn + 1 };
  }

  /** Stores at once what was written and not stored yet. */
  keepNow() {
    this.#keepDraft();
    this.#keeper.flush();
  }

  /** Stores what is written, and says that somebody writes, at most every few seconds, and that they stopped. */
  typed() {
    const id = this.id;
    if (id === null) return;
    this.sendError = null;
    this.#keeper.keep(id, this.draft);
    if (this.draft.note.trim() === '') delete this.draft.noteTag;
    if (this.draft.tab !== 'reply') return;
    if (this.draft.reply.trim() === '') {
      forget(this.draft);
    } else if (this.draft.began === undefined && this.view) this.draft.began = newestPublic(this.view.messages)?.id ?? null;
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
    this.#keeper.flush();
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

/** The reply is gone, and what belonged to it. */
function forget(draft: Draft) {
  delete draft.began;
  delete draft.macro;
  delete draft.facts;
  delete draft.wakeAt;
}

function emptyDraft(): Draft {
  return { tab: 'reply', reply: '', note: '' };
}
