import { CallFailed, type Call, type SearchResults } from '../../ipc';
import { complete, grouped, options, type Option } from './hits';

/** How many hits are asked for. */
const LIMIT = 50;
/** While history is still being indexed, the answer is asked for again this often. */
const AGAIN = 2_000;

const NOTHING: SearchResults = { hits: [], completions: [], indexed: 100, unclear: [] };

/** Runs something before the next frame is painted. */
export type NextFrame = (run: () => void) => void;
const nextFrame: NextFrame = (run) => void requestAnimationFrame(run);

/**
 * The search field and what it found.
 *
 * Invariant: what is shown answers the newest question that has an answer; an answer to an earlier
 * question never replaces it.
 */
export class Search {
  text = $state('');
  results = $state.raw<SearchResults>(NOTHING);
  error = $state<CallFailed | null>(null);
  /** How long the last answer took, in milliseconds; `null` before the first. */
  took = $state<number | null>(null);
  /** Where the keys are, or `null` until somebody moved them. */
  active = $state<number | null>(null);

  readonly groups = $derived(grouped(this.results.hits));
  readonly options = $derived(options(this.results, this.groups));
  /** The option that Enter takes: the first hit, until the keys moved. */
  readonly at = $derived.by(() => {
    if (this.options.length === 0) return null;
    if (this.active !== null) return Math.min(this.active, this.options.length - 1);
    const hit = this.options.findIndex((option) => option.kind === 'hit');
    return hit >= 0 ? hit : 0;
  });

  readonly #call: Call;
  readonly #frame: NextFrame;
  #waiting = false;
  /** Counts questions. */
  #asked = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** Whether what is shown answers what the field says. */
  #answered = true;
  /** What a key wants to do with the answer that is still on its way. */
  #then: (() => void) | null = null;

  constructor(call: Call, frame: NextFrame = nextFrame) {
    this.#call = call;
    this.#frame = frame;
  }

  get chosen(): Option | undefined {
    return this.at === null ? undefined : this.options[this.at];
  }

  /** The question changed. Many keys in one frame are one question. */
  type(text: string) {
    this.text = text;
    this.active = null;
    this.#asked += 1;
    this.#answered = false;
    this.#then = null;
    if (this.#waiting) return;
    this.#waiting = true;
    this.#frame(() => {
      this.#waiting = false;
      void this.ask();
    });
  }

  /** Does something with the answer to what the field says now, as soon as there is one. */
  whenAnswered(run: () => void) {
    if (this.#answered) run();
    else this.#then = run;
  }

  /** Takes a completion into the field. */
  take(completion: string) {
    this.type(complete(this.text, completion));
  }

  /** Moves the keys, round at both ends. */
  move(step: number) {
    const length = this.options.length;
    if (length > 0) this.active = ((this.at ?? 0) + step + length) % length;
  }

  /** Asks what the field says now. */
  async ask(): Promise<void> {
    clearTimeout(this.#again);
    this.#asked += 1;
    const question = this.#asked;
    const text = this.text.trim();
    if (text === '') {
      this.results = NOTHING;
      this.took = null;
      this.error = null;
      this.#settle();
      return;
    }
    const start = performance.now();
    try {
      const results = await this.#call('search', { text: this.text, limit: LIMIT });
      if (question !== this.#asked) return;
      this.results = results;
      this.took = Math.max(1, Math.round(performance.now() - start));
      this.error = null;
      this.#settle();
      if (results.indexed < 100) this.#again = setTimeout(() => void this.ask(), AGAIN);
    } catch (thrown) {
      if (question !== this.#asked) return;
      this.results = NOTHING;
      this.took = null;
      this.error = CallFailed.from(thrown);
      this.#then = null;
      this.#settle();
    }
  }

  #settle() {
    this.#answered = true;
    const then = this.#then;
    this.#then = null;
    then?.();
  }

  /** Nobody looks any more. */
  rest() {
    this.#asked += 1;
    this.#then = null;
    clearTimeout(this.#again);
  }
}
