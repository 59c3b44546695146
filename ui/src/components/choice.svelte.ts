/** The chosen one of the options below a field. The arrow keys go round at both ends. */
export class Choice<T> {
  #at = $state(0);
  readonly #options: () => readonly T[];

  constructor(options: () => readonly T[]) {
    this.#options = options;
  }

  get chosen(): T | undefined {
    const options = this.#options();
    return options[Math.min(this.#at, options.length - 1)];
  }

  /** Chooses the first: the field says something else now. */
  restart() {
    this.#at = 0;
  }

  choose(option: T) {
    this.#at = Math.max(0, this.#options().indexOf(option));
  }

  move(step: number) {
    const { length } = this.#options();
    if (length > 0) this.#at = (Math.min(this.#at, length - 1) + step + length) % length;
  }
}

/** How far an arrow key moves; nothing for other keys. */
export function stepOf(key: string): number | undefined {
  return { ArrowDown: 1, ArrowUp: -1 }[key];
}
