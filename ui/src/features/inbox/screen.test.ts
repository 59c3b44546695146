import { describe, expect, test } from 'vitest';
import type { Call, TicketPage, TicketQuery, TicketRow } from '../../ipc';
import { CallFailed } from '../../ipc/transport';
import { makeRow } from '../../ipc/preview/data';
import { drawn, mounted, reveal } from '../../components/list';
import { Inbox, merge } from './screen.svelte';

/** A core with a list that a test can change. */
class Core {
  ids: number[];
  asked: TicketQuery[] = [];
  fails = false;
  hold: Promise<void> | null = null;

  constructor(length: number) {
    this.ids = Array.from({ length }, (_, index) => index);
  }

  readonly call = (async (_name: string, args: unknown): Promise<TicketPage> => {
    const query = args as TicketQuery;
    this.asked.push(query);
    const rows = this.ids.slice(query.offset, query.offset + query.limit).map((id) => makeRow(id));
    const total = this.ids.length;
    if (this.hold) await this.hold;
    if (this.fails) throw new CallFailed({ code: 'internal', detail: '' });
    return { total, rows };
  }) as unknown as Call;
}

async function opened(length: number): Promise<[Inbox, Core]> {
  const core = new Core(length);
  const inbox = new Inbox(core.call);
  await inbox.show('my_open');
  return [inbox, core];
}

describe('the list', () => {
  test('shows its length and the first rows', async () => {
    const [inbox] = await opened(10_000);
    expect(inbox.total).toBe(10_000);
    expect(inbox.rows.get(0)?.id).toBe('t-0');
    expect(inbox.rows.size).toBeLessThan(100);
  });

  test('fetches only what is missing when it is scrolled', async () => {
    const [inbox, core] = await opened(10_000);
    await inbox.see(0, 20);
    expect(core.asked).toHaveLength(1);
    await inbox.see(5_000, 5_020);
    expect(inbox.rows.get(5_010)?.id).toBe('t-5010');
    expect(core.asked).toHaveLength(2);
  });

  test('keeps the selection when rows change places', async () => {
    const [inbox, core] = await opened(30);
    inbox.select('t-3');
    core.ids.unshift(29);
    core.ids.pop();
    await inbox.refresh();
    expect(inbox.selected).toBe('t-3');
    expect(inbox.selectedIndex).toBe(4);
  });

  test('keeps the selected row while another part of the list is on the screen', async () => {
    const [inbox] = await opened(10_000);
    inbox.select('t-3');
    await inbox.see(5_000, 5_020);
    expect(inbox.selectedIndex).toBe(3);
    expect(inbox.rows.get(3)?.id).toBe('t-3');
    expect(inbox.rows.get(4)).toBeUndefined();
  });

  test('goes on from where a selected row was when that row has left', async () => {
    const [inbox, core] = await opened(30);
    inbox.select('t-3');
    core.ids.splice(3, 1);
    await inbox.refresh();
    expect(inbox.selectedIndex).toBeNull();
    expect((await inbox.move(1))?.id).toBe('t-4');
  });

  test('moves step by step and stops at both ends', async () => {
    const [inbox] = await opened(3);
    expect((await inbox.move(1))?.id).toBe('t-0');
    expect((await inbox.move(-1))?.id).toBe('t-0');
    await inbox.move(1);
    expect((await inbox.move(1))?.id).toBe('t-2');
    expect((await inbox.move(1))?.id).toBe('t-2');
  });

  test('an empty list moves nowhere', async () => {
    const [inbox] = await opened(0);
    expect(await inbox.move(1)).toBeNull();
    expect(inbox.total).toBe(0);
  });

  test('an answer for a view that was left is dropped', async () => {
    const core = new Core(5);
    const inbox = new Inbox(core.call);
    let release = () => {};
    core.hold = new Promise((resolve) => (release = resolve));
    const first = inbox.show('my_open');
    core.hold = null;
    core.ids = [7];
    await inbox.show('unassigned');
    release();
    await first;
    expect(inbox.view).toBe('unassigned');
    expect(inbox.total).toBe(1);
    expect(inbox.rows.get(0)?.id).toBe('t-7');
  });

  test('a hint during a fetch leads to one more fetch, not to many', async () => {
    const [inbox, core] = await opened(5);
    core.asked = [];
    const fetching = inbox.refresh();
    await Promise.all([inbox.refresh(), inbox.refresh(), inbox.refresh()]);
    await fetching;
    expect(core.asked).toHaveLength(2);
  });

  test('an error keeps the rows that are there', async () => {
    const [inbox, core] = await opened(5);
    core.fails = true;
    await inbox.refresh();
    expect(inbox.error?.code).toBe('internal');
    expect(inbox.rows.size).toBe(5);
    core.fails = false;
    await inbox.refresh();
    expect(inbox.error).toBeNull();
  });
});

describe('merging', () => {
  const rows = (list: TicketRow[]) => new Map(list.map((row, index) => [index, row]));

  test('rows that did not change stay the same objects', () => {
    const [a, b] = [makeRow(0), makeRow(1)];
    const merged = merge(rows([a, b]), [structuredClone(b), { ...a, snippet: 'new' }], 0, 2);
    expect(merged.get(0)).toBe(b);
    expect(merged.get(1)).not.toBe(a);
    expect(merged.get(1)?.snippet).toBe('new');
  });

  test('nothing stands behind the end of the list', () => {
    expect(merge(new Map(), [makeRow(0), makeRow(1)], 0, 1).size).toBe(1);
  });
});

describe('the rows in the document', () => {
  test('are the visible ones and six on either side', () => {
    expect(mounted(10_000, 72, 72 * 100, 720)).toEqual({ first: 94, end: 116 });
    expect(mounted(3, 72, 0, 720)).toEqual({ first: 0, end: 3 });
    expect(mounted(0, 72, 0, 720)).toEqual({ first: 0, end: 0 });
  });

  test('and the active one wherever it is', () => {
    expect(drawn({ first: 2, end: 4 }, 900, 1_000)).toEqual([2, 3, 900]);
    expect(drawn({ first: 2, end: 4 }, 3, 1_000)).toEqual([2, 3]);
    expect(drawn({ first: 2, end: 4 }, 900, 10)).toEqual([2, 3]);
  });

  test('a row is scrolled to only as far as it must', () => {
    expect(reveal(0, 72, 100, 720)).toBe(0);
    expect(reveal(20, 72, 0, 720)).toBe(21 * 72 - 720);
    expect(reveal(5, 72, 0, 720)).toBeNull();
  });
});
