import { announcements } from '../../announce.svelte';
import type { Call, ConnectionView, OutboxItem } from '../../ipc';
import { m } from '../../paraglide/messages';
import { waitingOps, type Back } from './back';

/** How long the network is away before its return is worth a word. */
const NOTICED = 3000;
/** How long the window says that the network is back. */
const SHOW_BACK = 30_000;

/** How the window stands with the gateway, and since when. */
export class Connection {
  view = $state<ConnectionView>({ state: 'catching_up', current_as_of: null, retry_at: null, history: 100, problem: null });
  /** The network came back; shown for a while. */
  back = $state.raw<Back | null>(null);
  readonly offline = $derived(this.view.state === 'offline');
  /** What `Age` needs: the moment of the copy while offline, else nothing. */
  readonly offlineSince = $derived(this.offline ? this.view.current_as_of : undefined);

  readonly #call: Call;
  /** What waits to go out. */
  readonly #outbox: () => OutboxItem[];
  #backTimer: ReturnType<typeof setTimeout> | undefined;
  #offlineFrom = Date.now();
  /** Counts what was heard, so that an older answer does not overwrite it. */
  #turn = 0;

  constructor(call: Call, outbox: () => OutboxItem[]) {
    this.#call = call;
    this.#outbox = outbox;
  }

  /** Asks how it stands. */
  async read(): Promise<void> {
    const turn = this.#turn;
    const view = await this.#call('connection', {});
    // An event that came meanwhile is newer than this answer.
    if (turn === this.#turn) this.hear(view);
  }

  /** Hears how it stands now. */
  hear(view: ConnectionView) {
    this.#turn += 1;
    if (view.state === 'offline' && !this.offline) announcements.say(m.live_offline());
    if (view.state === 'live' && this.offline) announcements.say(m.live_online());
    if (view.state === 'offline') {
      this.back = null;
      if (!this.offline) this.#offlineFrom = Date.now();
    } else if (this.offline && this.#wasMissed()) {
      this.back = { at: new Date().toISOString(), waited: waitingOps(this.#outbox()) };
      clearTimeout(this.#backTimer);
      this.#backTimer = setTimeout(() => (this.back = null), SHOW_BACK);
    }
    this.view = view;
  }

  /** Whether a person noticed that the network was away: not at the start, not for a blink. */
  #wasMissed(): boolean {
    const away = Date.now() - this.#offlineFrom;
    return this.view.current_as_of !== null && (away >= NOTICED || waitingOps(this.#outbox()).length > 0);
  }
}
