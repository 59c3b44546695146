import { SECOND } from '../../format/time';

/** For how long a step can be taken back. */
export const REGRET = 8 * SECOND;

/** A step that can be taken back. */
export interface Step {
  /** What was done. */
  word: string;
  /** What is safe meanwhile. */
  more?: string;
  /** Takes it back. */
  undo: () => void | Promise<void>;
  /** Makes it final, when it is not yet. */
  settle?: () => void | Promise<void>;
}

/** The newest step that can be taken back. A newer one makes the one before it final. */
export class Regret {
  step = $state.raw<Step | null>(null);
  /** How much of the time is left, from 1 to 0. */
  left = $state(0);

  #since = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Offers to take a step back. */
  async offer(step: Step, now = Date.now()): Promise<void> {
    const before = this.#take();
    this.step = step;
    this.#since = now;
    this.left = 1;
    this.#timer = setInterval(() => this.#tick(), SECOND / 4);
    await before?.settle?.();
  }

  /** Takes the step back. */
  async undo(): Promise<void> {
    await this.#take()?.undo();
  }

  /** Makes the step final at once. */
  async settle(): Promise<void> {
    await this.#take()?.settle?.();
  }

  #take(): Step | null {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { step } = this;
    this.step = null;
    return step;
  }

  #tick() {
    this.left = Math.max(0, 1 - (Date.now() - this.#since) / REGRET);
    if (this.left === 0) void this.settle();
  }
}
