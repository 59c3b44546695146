import { CallFailed, type Call, type TicketId } from '../../ipc';

/** What is written is stored at the latest after this long. */
const KEEP_AFTER = 400;

/** Two texts that were begun and not sent. */
export interface Texts {
  reply: string;
  note: string;
}

/** Stores what is being written, so that neither a crash nor a new day loses it. */
export class DraftKeeper {
  readonly #call: Call;
  /** Hears why something could not be stored; `null` when it was. */
  readonly #onresult: (error: CallFailed | null) => void;
  readonly #stored = new Map<TicketId, string>();
  #next: { ticket: TicketId; texts: Texts } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: Call, onresult: (error: CallFailed | null) => void = () => undefined) {
    this.#call = call;
    this.#onresult = onresult;
  }

  /** Learns what the copy holds, so that the same is not stored again. */
  knows(ticket: TicketId, texts: Texts | null) {
    this.#stored.set(ticket, key(texts ?? { reply: '', note: '' }));
  }

  /** Stores the texts soon; what comes meanwhile goes with them. */
  keep(ticket: TicketId, { reply, note }: Texts) {
    if (this.#next && this.#next.ticket !== ticket) this.flush();
    this.#next = { ticket, texts: { reply, note } };
    this.#timer ??= setTimeout(() => this.flush(), KEEP_AFTER);
  }

  /** Stores at once what waits to be stored. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const next = this.#next;
    this.#next = null;
    if (!next) return;
    const { ticket, texts } = next;
    if ((this.#stored.get(ticket) ?? key({ reply: '', note: '' })) === key(texts)) return;
    this.#stored.set(ticket, key(texts));
    this.#call('save_draft', { ticket, ...texts }).then(
      () => this.#onresult(null),
      (thrown: unknown) => {
        this.#stored.delete(ticket);
        this.#onresult(CallFailed.from(thrown));
      },
    );
  }
}

/** White space alone is no draft. */
function key({ reply, note }: Texts): string {
  return JSON.stringify([reply.trim() === '' ? '' : reply, note.trim() === '' ? '' : note]);
}
