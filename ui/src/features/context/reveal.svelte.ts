import { CallFailed, type Call, type Revealed, type RevealReason, type TicketId } from '../../ipc';
import { MINUTE } from '../../format/time';

/** Every reason that can be given. */
export const REASONS: readonly RevealReason[] = ['delivery', 'identity', 'payment', 'fraud', 'request'];

/** How long it stays on the screen. */
export const SHOWN_FOR = 5 * MINUTE;

/** Looking on purpose at what is masked: asked with a reason, told in the trail, and gone again with
 * the conversation or after a while. Nothing of it is stored. */
export class Reveal {
  reason = $state<RevealReason | null>(null);
  busy = $state(false);
  error = $state<CallFailed | null>(null);

  readonly #call: Call;
  #shown = $state.raw<{ ticket: TicketId; what: Revealed } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: Call) {
    this.#call = call;
  }

  /** What is shown of the customer of a ticket. */
  of(ticket: TicketId): Revealed | null {
    return this.#shown?.ticket === ticket ? this.#shown.what : null;
  }

  /** Asks the gateway; answers whether it is shown now. */
  async ask(ticket: TicketId): Promise<boolean> {
    const { reason } = this;
    if (reason === null || this.busy) return false;
    this.busy = true;
    try {
      const what = await this.#call('reveal', { ticket, reason });
      this.hide();
      this.#shown = { ticket, what };
      this.#timer = setTimeout(() => this.hide(), SHOWN_FOR);
      return true;
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Takes it off the screen. */
  hide() {
    clearTimeout(this.#timer);
    this.#shown = null;
    this.reason = null;
    this.error = null;
  }
}
