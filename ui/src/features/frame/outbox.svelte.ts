import { announcements } from '../../announce.svelte';
import { coalesced } from '../../coalesced';
import { firstName } from '../../format/text';
import type { Call, OpId, OutboxItem, TakenBack } from '../../ipc';
import { m } from '../../paraglide/messages';
import { operationWord, textOf } from './operation';
import type { Shop } from './screen.svelte';
import type { Leaving } from './undo.svelte';

/** What waits on this computer to go out, and what a person may do about it. */
export class Outbox {
  items = $state.raw<OutboxItem[]>([]);
  readonly waiting = $derived(this.items.filter((item) => item.state.kind === 'waiting' || item.state.kind === 'sending').length);
  readonly parked = $derived(this.items.filter((item) => item.state.kind === 'parked').length);
  /** Replies and changes that wait for a choice because something moved meanwhile. */
  readonly held = $derived(this.items.filter(({ state }) => state.kind === 'held' || state.kind === 'moved').length);

  readonly #call: Call;
  readonly #shop: Shop;

  constructor(call: Call, shop: Shop) {
    this.#call = call;
    this.#shop = shop;
  }

  readonly read = coalesced(() =>
    this.#shop.do(async () => {
      const before = new Map(this.items.map((item) => [item.op, item.state.kind]));
      this.items = (await this.#call('outbox', {})).filter(({ op }) => !this.#shop.ticket.hidden.has(op));
      for (const { op, state } of this.items) {
        if (before.get(op) === state.kind) continue;
        if (state.kind === 'parked') announcements.interrupt(m.live_parked({ reason: state.reason }));
        if (state.kind === 'moved') announcements.interrupt(m.live_moved());
        if (state.kind === 'held') announcements.interrupt(m.live_held());
      }
    }),
  );

  /** Sends a held reply as it is. */
  sendHeld(op: OpId): Promise<void> {
    return this.#shop.do(async () => {
      this.#shop.overlay = null;
      await this.#call('send_held', { op });
      if (this.#shop.ticket.id) this.#shop.undo.expect(this.#shop.ticket.id, op);
      await this.settled();
    });
  }

  /** Takes an operation out of the outbox; its text goes into the composer. */
  takeBack(op: OpId): Promise<void> {
    return this.#shop.do(async () => {
      this.#shop.overlay = null;
      await this.#backInHand(await this.#call('take_back', { op }));
    });
  }

  /** Takes the newest step back: a discarded thing, an applied macro, else the reply that was sent last. */
  undoLast(): Promise<void> {
    return this.#shop.regret.step ? this.#shop.do(() => this.#shop.regret.undo()) : this.undoSend();
  }

  /** Takes the reply back that was sent last, while the gateway still holds it. */
  undoSend(leaving: Leaving | undefined = this.#shop.undo.newest): Promise<void> {
    return this.#shop.do(async () => {
      if (!leaving) return;
      this.#shop.undo.forget(leaving.op);
      await this.#backInHand(await this.#call('undo_send', { ticket: leaving.ticket, op: leaving.op }));
    });
  }

  async #backInHand(taken: TakenBack): Promise<void> {
    if (taken.ticket !== this.#shop.ticket.id) await this.#shop.openRow(taken.ticket);
    await this.settled();
    this.#shop.ticket.putBack(taken);
    if (textOf(taken.action) === null) return;
    this.#shop.focusOn('composer');
    announcements.say(m.live_back());
  }

  /** Looks again after something went in or out. */
  async settled(): Promise<void> {
    await Promise.all([this.read(), this.#shop.ticket.refresh(), this.#shop.readCounts()]);
  }

  /** Tries a parked operation again. */
  retry(op: string): Promise<void> {
    return this.#shop.do(async () => {
      await this.#call('retry_op', { op });
      await this.settled();
    });
  }

  /**
   * Gives an operation up. What would go out by itself is given up at once; what waits for somebody
   * can be brought back for some seconds, and until then nothing is called.
   */
  discard(item: OutboxItem): Promise<void> {
    const { op } = item;
    const settle = () =>
      this.#shop.do(async () => {
        try {
          await this.#call('discard_op', { op });
        } finally {
          this.#hide(op, false);
          await this.settled();
        }
      });
    if (item.state.kind === 'waiting' || item.state.kind === 'sending') return settle();
    this.#hide(op, true);
    const undo = () => {
      this.#hide(op, false);
      announcements.say(m.gone_back());
      return this.read();
    };
    const { view } = this.#shop.ticket;
    const name = item.action.kind === 'reply' && view?.ticket.id === item.ticket ? firstName(view.customer?.name ?? '') : '';
    const word = name === '' ? m.gone_other({ what: operationWord(item, view?.fields) }) : m.gone_held({ name });
    return this.#shop.regret.offer({ word, more: m.gone_more(), undo, settle });
  }

  #hide(op: OpId, hidden: boolean) {
    const others = [...this.#shop.ticket.hidden].filter((other) => other !== op);
    this.#shop.ticket.hidden = new Set(hidden ? [...others, op] : others);
    this.items = this.items.filter((item) => !this.#shop.ticket.hidden.has(item.op));
  }
}
