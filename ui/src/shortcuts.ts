/** Keys to actions. Pure: the time arrives as an argument. */

const PAUSE_IN_SEQUENCE = 1_200;

/** What of a keyboard event matters. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The name of a press as written in `actions.ts`: `j`, `Shift+E`, `Ctrl+Enter`, `?`. */
export function pressName(press: Press): string {
  const ctrl = press.ctrlKey || press.metaKey;
  const letter = press.key.length === 1;
  const upper = letter && press.key.toLowerCase() !== press.key.toUpperCase();
  const key = letter ? press.key.toLowerCase() : press.key;
  // A sign such as ? is what it is, however it is typed; only letters and named keys count Shift.
  const shift = press.shiftKey && (upper || !letter);
  return `${ctrl ? 'Ctrl+' : ''}${press.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${upper && shift ? key.toUpperCase() : key}`;
}

/** Whether keys act without Ctrl, so that they must rest while somebody writes. */
export function isSingle(keys: string): boolean {
  return !keys.includes('Ctrl+') && keys !== 'Escape';
}

/** Follows sequences such as `g o`. */
export class Sequence {
  #first: { name: string; at: number } | null = null;

  /** What the press means among these bindings: a binding, a beginning, or nothing. */
  press(name: string, bindings: readonly string[], at: number): string | 'begun' | null {
    const first = this.#first !== null && at - this.#first.at <= PAUSE_IN_SEQUENCE ? this.#first.name : null;
    this.#first = null;
    if (first !== null) {
      const both = `${first} ${name}`;
      if (bindings.includes(both)) return both;
    }
    if (bindings.some((binding) => binding.startsWith(`${name} `))) {
      this.#first = { name, at };
      return 'begun';
    }
    return bindings.includes(name) ? name : null;
  }

  /** Forgets a beginning, for example when the focus moved. */
  forget() {
    this.#first = null;
  }
}

const SIGNS: Record<string, string> = {
  Enter: '↵',
  ArrowDown: '↓',
  ArrowUp: '↑',
  Escape: 'Esc',
  ' ': 'Space',
};

/** Keys as they stand on a key cap: `Shift N`, `Ctrl ↵`, or two caps for `g o`. */
export function keyWords(keys: string): string[] {
  const caps = keys === ' ' ? [' '] : keys.split(' ');
  const mac = globalThis.navigator?.platform?.startsWith('Mac') ?? false;
  return caps.map((cap) =>
    cap
      .split('+')
      .map((part) => SIGNS[part] ?? (part === 'Ctrl' && mac ? 'Cmd' : part))
      .join(' '),
  );
}
