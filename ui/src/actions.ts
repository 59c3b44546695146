/** Every action once: shortcuts, the table of keys and the palette are made from this list. */
import type { Overlay, Shop } from './features/frame/screen.svelte';
import { VIEWS } from './features/frame/views';
import type { IconName } from './icons';
import type { ViewId } from './ipc';
import { m } from './paraglide/messages';
import { viewIcon } from './words';

/** Where an action stands in the table of keys. */
export type Group = 'moving' | 'conversation' | 'go' | 'window' | 'composer';

/** One thing that can be done. */
export interface Action {
  id: string;
  group: Group;
  label: (shop: Shop) => string;
  icon: IconName;
  /** The first is the one that is shown. */
  keys: readonly string[];
  /** Whether it can be done now. */
  when: (shop: Shop) => boolean;
  run: (shop: Shop) => void;
  /** Not in the palette: moving the selection from there makes no sense. */
  quiet?: boolean;
  /** Works while somebody writes, although it is not a Ctrl key. */
  whileWriting?: boolean;
}

const always = () => true;
const hasTicket = (shop: Shop) => shop.ticket.view !== null;
const mayChange = (shop: Shop) => hasTicket(shop) && shop.mayAnswer;
/** Whether something can be written here: not where another conversation took this one in. */
const mayWrite = (shop: Shop) => mayChange(shop) && shop.whole === null;
const isClosed = (shop: Shop) => shop.ticket.view?.ticket.status === 'closed';
const overlay = (name: Overlay) => (shop: Shop) => shop.toggle(name);

/** Below this width the panel lies over the conversation. */
export const PANEL_OVER = '(max-width: 999.98px)';

const GO: [keys: string, view: ViewId][] = [
  ['g o', 'my_open'],
  ['g u', 'unassigned'],
  ['g m', 'mentions'],
  ['g s', 'snoozed'],
  ['g h', 'held'],
  ['g w', 'where_is_it'],
  ['g r', 'refunds'],
];

export const ACTIONS: readonly Action[] = [
  { id: 'next', group: 'moving', label: m.act_next, icon: 'chevron-down', keys: ['j', 'ArrowDown'], when: always, run: (shop) => void shop.move(1), quiet: true },
  { id: 'previous', group: 'moving', label: m.act_previous, icon: 'chevron-down', keys: ['k', 'ArrowUp'], when: always, run: (shop) => void shop.move(-1), quiet: true },
  { id: 'open', group: 'moving', label: m.act_open, icon: 'chevron-right', keys: ['Enter', 'o'], when: hasTicket, run: (shop) => shop.enter(), quiet: true },
  { id: 'back', group: 'moving', label: m.act_back, icon: 'undo-2', keys: ['Escape'], when: always, run: goBack, quiet: true, whileWriting: true },
  { id: 'next_unassigned', group: 'moving', label: m.act_next_unassigned, icon: 'users', keys: ['Shift+N'], when: always, run: (shop) => void shop.nextUnassigned() },

  { id: 'reply', group: 'conversation', label: m.act_reply, icon: 'reply', keys: ['r'], when: mayWrite, run: (shop) => write(shop, 'reply') },
  { id: 'note', group: 'conversation', label: m.act_note, icon: 'sticky-note', keys: ['n'], when: mayWrite, run: (shop) => write(shop, 'note') },
  { id: 'assign_me', group: 'conversation', label: m.act_assign_me, icon: 'user-plus', keys: ['i'], when: mayChange, run: (shop) => void shop.change({ assignee: shop.signedIn.account.id }) },
  { id: 'tag', group: 'conversation', label: m.act_tag, icon: 'tag', keys: ['l'], when: mayChange, run: overlay('tag') },
  { id: 'snooze', group: 'conversation', label: m.act_snooze, icon: 'alarm-clock', keys: ['h'], when: mayChange, run: overlay('snooze') },
  { id: 'escalate', group: 'conversation', label: m.act_escalate, icon: 'flag', keys: ['x'], when: (shop) => mayChange(shop) && !shop.ticket.view?.ticket.escalated, run: (shop) => void shop.change({ escalated: true }) },
  { id: 'priority', group: 'conversation', label: m.act_priority, icon: 'circle-alert', keys: ['p'], when: mayChange, run: overlay('priority') },
  { id: 'macros', group: 'conversation', label: m.act_macros, icon: 'scroll-text', keys: ['m'], when: mayWrite, run: overlay('macros') },
  { id: 'where_is_it', group: 'conversation', label: m.act_where_is_it, icon: 'truck', keys: ['w'], when: (shop) => mayWrite(shop) && (shop.ticket.view?.orders.length ?? 0) > 0, run: (shop) => void shop.whereIsIt() },
  { id: 'fields', group: 'conversation', label: m.act_fields, icon: 'pencil-line', keys: [], when: (shop) => mayChange(shop) && (shop.ticket.view?.fields.length ?? 0) > 0, run: (shop) => shop.editFields() },
  { id: 'merge', group: 'conversation', label: m.act_merge, icon: 'merge', keys: ['Shift+M'], when: mayWrite, run: overlay('merge') },
  { id: 'close', group: 'conversation', label: m.act_close, icon: 'check', keys: ['e'], when: (shop) => mayChange(shop) && !isClosed(shop), run: (shop) => void shop.change({ status: 'closed' }) },
  { id: 'reopen', group: 'conversation', label: m.act_reopen, icon: 'rotate-ccw', keys: ['Shift+E'], when: (shop) => mayChange(shop) && isClosed(shop), run: (shop) => void shop.change({ status: 'open' }) },

  { id: 'undo', group: 'conversation', label: m.act_undo, icon: 'undo-2', keys: ['z'], when: (shop) => shop.regret.step !== null || shop.undo.newest !== undefined, run: (shop) => void shop.outbox.undoLast() },
  { id: 'held', group: 'conversation', label: m.act_held, icon: 'hand', keys: ['y'], when: (shop) => shop.mayAnswer && shop.decides, run: (shop) => shop.decide() },

  { id: 'send', group: 'composer', label: m.act_send, icon: 'send', keys: ['Ctrl+Enter'], when: mayWrite, run: (shop) => void shop.send(false), quiet: true },
  { id: 'send_close', group: 'composer', label: m.act_send_close, icon: 'send', keys: ['Ctrl+Shift+Enter'], when: mayWrite, run: (shop) => void shop.send(true), quiet: true },

  ...GO.map(([keys, view]): Action => goTo(view, [keys, ...ctrlNumber(view)])),
  ...VIEWS.filter((view) => !GO.some(([, other]) => other === view)).map((view) => goTo(view, ctrlNumber(view))),
  { id: 'next_view', group: 'go', label: m.act_next_view, icon: 'chevron-down', keys: [']'], when: always, run: (shop) => void shop.stepView(1), quiet: true },
  { id: 'previous_view', group: 'go', label: m.act_previous_view, icon: 'chevron-down', keys: ['['], when: always, run: (shop) => void shop.stepView(-1), quiet: true },

  { id: 'search', group: 'window', label: m.act_search, icon: 'search', keys: ['/'], when: always, run: overlay('search') },
  { id: 'palette', group: 'window', label: m.act_palette, icon: 'search', keys: ['Ctrl+k'], when: always, run: overlay('palette'), quiet: true },
  { id: 'panel', group: 'window', label: m.act_panel, icon: 'panel-right', keys: ['\\'], when: always, run: (shop) => shop.togglePanel(matchMedia(PANEL_OVER).matches) },
  { id: 'outbox', group: 'window', label: m.act_outbox, icon: 'send', keys: ['b'], when: always, run: overlay('outbox') },
  { id: 'keys', group: 'window', label: m.act_keys, icon: 'keyboard', keys: ['?'], when: always, run: overlay('keys') },
  { id: 'connect', group: 'window', label: m.act_connect, icon: 'refresh-cw', keys: [], when: (shop) => shop.connection.offline, run: (shop) => void shop.connectNow() },
  { id: 'audit', group: 'window', label: m.act_audit, icon: 'shield-check', keys: ['g t'], when: (shop) => shop.mayAudit, run: overlay('audit') },
  { id: 'security', group: 'window', label: m.act_security, icon: 'key-round', keys: [], when: always, run: overlay('security') },
  { id: 'sign_out', group: 'window', label: m.account_sign_out, icon: 'log-out', keys: [], when: always, run: overlay('sign_out') },
];

function goTo(view: ViewId, keys: readonly string[]): Action {
  return {
    id: `view_${view}`,
    group: 'go',
    label: (shop) => shop.viewName(view),
    icon: viewIcon[view],
    keys,
    when: always,
    run: (shop) => void shop.showView(view),
  };
}

/** `Ctrl+1` to `Ctrl+9` for the first nine views of the rail. */
function ctrlNumber(view: ViewId): string[] {
  const place = VIEWS.indexOf(view) + 1;
  return place <= 9 ? [`Ctrl+${place}`] : [];
}

function write(shop: Shop, tab: 'reply' | 'note') {
  shop.ticket.draft.tab = tab;
  shop.focusOn('composer');
}

function goBack(shop: Shop) {
  if (shop.overlay) shop.overlay = null;
  else if (shop.panel === 'shown' && matchMedia(PANEL_OVER).matches) shop.panel = 'hidden';
  else shop.focusOn('list');
}
