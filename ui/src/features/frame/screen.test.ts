import { describe, expect, test } from 'vitest';
import { coalesced } from '../../coalesced';
import type { Call, ConnectionView, TicketPage } from '../../ipc';
import { COUNTS, makeRow, makeView, SIGNED_IN } from '../../ipc/preview/data';
import { find } from './palette';
import { Shop } from './screen.svelte';

const LIVE: ConnectionView = { state: 'live', current_as_of: null, retry_at: null, history: 100, problem: null };

/** A core whose list a test can fill. */
function core(length: number) {
  const state = { length, made: [] as string[], connection: LIVE, hold: null as Promise<void> | null };
  const call = (async (name: string, args: unknown) => {
    state.made.push(name);
    switch (name) {
      case 'views':
        return { views: COUNTS };
      case 'outbox':
        return [];
      case 'tickets': {
        const rows = Array.from({ length: state.length }, (_, index) => makeRow(index));
        return { total: state.length, rows } satisfies TicketPage;
      }
      case 'ticket':
        return makeView(makeRow(Number((args as { ticket: string }).ticket.slice(2))));
      case 'connection': {
        const answer = state.connection;
        if (state.hold) await state.hold;
        return answer;
      }
      case 'order_answer':
        return { text: 'Hello, it is on its way.' };
      default:
        return {};
    }
  }) as unknown as Call;
  return { state, shop: new Shop(SIGNED_IN, call) };
}

describe('the shop', () => {
  test('starts with its first conversation on the screen, unmarked', async () => {
    const { shop, state } = core(3);
    await shop.start();
    expect(shop.ticket.id).toBe('t-0');
    expect(shop.counts.my_open).toBe(14);
    expect(state.made).not.toContain('open_ticket');
  });

  test('shows the first conversation that arrives in an empty list', async () => {
    const { shop, state } = core(0);
    await shop.start();
    expect(shop.ticket.id).toBeNull();
    state.length = 2;
    shop.hear({ topic: 'lists' });
    await expect.poll(() => shop.ticket.view?.ticket.id).toBe('t-0');
  });

  test('a list that changes leaves the open conversation alone', async () => {
    const { shop, state } = core(5);
    await shop.start();
    await shop.openRow('t-3');
    state.length = 6;
    shop.hear({ topic: 'lists' });
    await expect.poll(() => shop.inbox.total).toBe(6);
    expect(shop.ticket.id).toBe('t-3');
    expect(shop.inbox.selected).toBe('t-3');
  });

  test('what may be told of an order goes into the reply; where nobody can say which, the window asks', async () => {
    const { shop, state } = core(1);
    await shop.start();
    const { view } = shop.ticket;
    const [one] = view?.orders ?? [];
    if (!view || !one) throw new Error('the preview has no order');
    shop.ticket.view = { ...view, order: null, orders: [one, one] };
    await shop.whereIsIt();
    expect(shop.focus.place).toBe('orders');
    expect(state.made).not.toContain('order_answer');
    shop.ticket.view = { ...view, order: null, orders: [one] };
    await shop.whereIsIt();
    expect(shop.ticket.draft.reply).toBe('Hello, it is on its way.');
    expect(shop.ticket.draft.macro).toBeUndefined();
  });

  test('an answer about the connection does not overwrite what was heard after the question', async () => {
    const { shop, state } = core(0);
    let release = () => {};
    state.hold = new Promise((resolve) => (release = resolve));
    state.connection = { ...LIVE, state: 'offline', history: 99 };
    const asking = shop.connection.read();
    shop.hear({ topic: 'connection', ...LIVE });
    release();
    await asking;
    expect(shop.connection.view.state).toBe('live');
    expect(shop.connection.view.history).toBe(100);
  });

  test('a conversation somebody goes into is marked for colleagues at once', async () => {
    const { shop, state } = core(2);
    await shop.start();
    shop.enter();
    expect(state.made).toContain('open_ticket');
  });

  test('sending leaves the focus where somebody took it meanwhile', async () => {
    const { shop } = core(2);
    await shop.start();
    shop.ticket.draft.reply = 'Hello';
    const sending = shop.send(false);
    shop.focusOn('list');
    await sending;
    expect(shop.focus.place).toBe('list');
    shop.ticket.draft.reply = 'Hello again';
    await shop.send(false);
    expect(shop.focus.place).toBe('composer');
  });

  test('views go round in the order of the rail', async () => {
    const { shop } = core(1);
    await shop.start();
    await shop.stepView(-1);
    expect(shop.inbox.view).toBe('closed');
    await shop.stepView(1);
    expect(shop.inbox.view).toBe('my_open');
  });

  test('the panel is hidden and shown where it lies over, and where it does not', () => {
    const { shop } = core(0);
    shop.togglePanel(false);
    expect(shop.panel).toBe('hidden');
    shop.togglePanel(true);
    expect(shop.panel).toBe('shown');
  });
});

test('many hints during a run lead to one more run', async () => {
  let runs = 0;
  const run = coalesced(async () => {
    runs += 1;
    await Promise.resolve();
  });
  await Promise.all([run(), run(), run(), run()]);
  expect(runs).toBe(2);
});

test('the palette finds what was typed anywhere in a label', () => {
  expect(find('Next unassigned', 'UN')).toEqual(['Next ', 'un', 'assigned']);
  expect(find('Reply', 'zz')).toBeNull();
  expect(find('Reply', ' ')).toEqual(['Reply', '', '']);
});
