import { ACTIONS, type Action } from './actions';
import type { Shop } from './features/frame/screen.svelte';
import { isSingle, pressName, Sequence } from './shortcuts';

const KEY = 'single-keys';

/** Whether single keys act; WCAG 2.1.4 wants that they can be switched off. */
class SingleKeys {
  on = $state(read());

  set(on: boolean) {
    this.on = on;
    try {
      localStorage.setItem(KEY, on ? 'on' : 'off');
    } catch {
      // Without storage the choice holds until the window closes.
    }
  }
}

export const singleKeys = new SingleKeys();

const sequence = new Sequence();

/** Does what a key press means, if it means something here. */
export function press(event: KeyboardEvent, shop: Shop) {
  if (event.defaultPrevented || event.isComposing) return;
  const target = event.target instanceof Element ? event.target : null;
  const writing = target?.closest('input, textarea, select, [contenteditable]') !== null && target !== null;
  const name = pressName(event);
  const possible = ACTIONS.filter((action) => action.when(shop));
  const allowed = possible.filter((action) => isAllowed(action, name, writing, target));
  const keys = allowed.flatMap((action) => action.keys).filter((key) => !isSingle(key) || (singleKeys.on && !writing) || isNamed(key));
  const meant = sequence.press(name, keys, event.timeStamp);
  if (meant === null || meant === 'begun') return;
  const action = allowed.find((candidate) => candidate.keys.includes(meant));
  if (!action) return;
  event.preventDefault();
  action.run(shop);
}

function isAllowed(action: Action, name: string, writing: boolean, target: Element | null): boolean {
  if (writing && action.keys.every((key) => isSingle(key)) && !action.whileWriting) return false;
  // A focused control keeps the keys that work it; an open dialog keeps all of them.
  if (target?.closest('dialog')) return action.id === 'back' || action.keys.includes('Ctrl+k');
  if (name === 'Enter' && target?.closest('button, a, summary')) return false;
  if (name.startsWith('Arrow') && target?.closest('[role=menu], [role=tablist], [data-scrolls], input, textarea')) return false;
  return true;
}

/** Arrows and Enter are no characters, so nobody types them by accident. */
function isNamed(key: string): boolean {
  return key === 'Enter' || key.startsWith('Arrow');
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}
