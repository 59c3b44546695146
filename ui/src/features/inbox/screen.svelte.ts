import { CallFailed, type Call, type Sort, type TicketId, type TicketRow, type ViewId } from '../../ipc';

/** How many rows around the visible ones are fetched with them. */
const MARGIN = 40;
/** The core's limit for one slice. */
const LIMIT = 500;
/** Nothing is shown for this long; skeletons come after. */
export const SHOW_SKELETONS_AFTER = 150;

/**
 * The list: how long it is, and the rows that were fetched, by index.
 *
 * Invariant: the selection is an id, so it stays when rows move.
 */
export class Inbox {
  view = $state<ViewId>('my_open');
  sort = $state<Sort>('clock');
  /** `null` until the first answer. */
  total = $state<number | null>(null);
  rows = $state.raw<ReadonlyMap<number, TicketRow>>(new Map());
  selected = $state<TicketId | null>(null);
  error = $state<CallFailed | null>(null);
  /** The first answer takes longer than a person should look at nothing. */
  slow = $state(false);

  /** Where the selection was last seen; it may have scrolled out of the fetched rows. */
  #lastIndex = 0;
  #visible = { first: 0, end: 20 };
  /** Counts lists, so that an answer for an earlier one is dropped. */
  #list = 0;
  #fetching = false;
  #again = false;
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Where the selected row stands, if it is among the fetched ones. */
  readonly selectedIndex = $derived.by(() => {
    for (const [index, row] of this.rows) if (row.id === this.selected) return index;
    return null;
  });

  /** Shows another view from its top. */
  async show(view: ViewId, sort: Sort = this.sort): Promise<void> {
    this.view = view;
    this.sort = sort;
    this.total = null;
    this.rows = new Map();
    this.error = null;
    this.slow = false;
    this.#visible = { first: 0, end: 20 };
    this.#lastIndex = 0;
    this.#list += 1;
    this.#fetching = false;
    const list = this.#list;
    const timer = setTimeout(() => {
      if (list === this.#list && this.total === null) this.slow = true;
    }, SHOW_SKELETONS_AFTER);
    await this.refresh();
    clearTimeout(timer);
  }

  /** Says which rows are on the screen; fetches those that are missing. */
  async see(first: number, end: number): Promise<void> {
    this.#visible = { first, end };
    for (let index = first; index < Math.min(end, this.total ?? 0); index += 1) {
      if (!this.rows.has(index)) return this.refresh();
    }
  }

  /** Fetches what is on the screen again. Rows that did not change stay the same objects. */
  async refresh(): Promise<void> {
    if (this.#fetching) {
      this.#again = true;
      return;
    }
    this.#fetching = true;
    const list = this.#list;
    try {
      do {
        this.#again = false;
        await this.#fetch(list);
      } while (this.#again && list === this.#list);
    } finally {
      if (list === this.#list) this.#fetching = false;
    }
  }

  /** Selects a row. */
  select(id: TicketId | null) {
    this.selected = id;
    if (this.selectedIndex !== null) this.#lastIndex = this.selectedIndex;
  }

  /** Moves the selection; returns the row it lands on, fetching it if it must. */
  async move(step: number): Promise<TicketRow | null> {
    if (!this.total) return null;
    const from = this.selectedIndex ?? (this.selected === null ? (step > 0 ? -1 : 0) : this.#lastIndex - Math.max(0, step));
    return this.selectAt(from + step);
  }

  /** Selects the row at an index, the nearest one that exists. */
  async selectAt(index: number): Promise<TicketRow | null> {
    if (!this.total) return null;
    const to = Math.min(this.total - 1, Math.max(0, index));
    if (!this.rows.has(to)) await this.see(to, to + 1);
    const row = this.rows.get(to) ?? null;
    if (row) this.select(row.id);
    return row;
  }

  /** The selected row stays, where it was last seen, while another part of the list is on the screen. */
  #withSelected(rows: ReadonlyMap<number, TicketRow>, offset: number, limit: number, total: number) {
    const at = this.selectedIndex;
    const row = at === null ? undefined : this.rows.get(at);
    if (at === null || row === undefined || at >= total) return rows;
    const fetched = at >= offset && at < offset + limit;
    if (fetched || [...rows.values()].some((other) => other.id === row.id)) return rows;
    return new Map(rows).set(at, row);
  }

  async #fetch(list: number): Promise<void> {
    const { view, sort } = this;
    const offset = Math.max(0, this.#visible.first - MARGIN);
    const limit = Math.min(LIMIT, this.#visible.end + MARGIN - offset);
    try {
      const page = await this.#call('tickets', { view, sort, offset, limit });
      if (list !== this.#list) return;
      this.rows = this.#withSelected(merge(this.rows, page.rows, offset, page.total), offset, limit, page.total);
      this.total = page.total;
      this.error = null;
      this.slow = false;
      if (this.selectedIndex !== null) this.#lastIndex = this.selectedIndex;
    } catch (thrown) {
      if (list === this.#list) this.error = CallFailed.from(thrown);
    }
  }
}

/** The fetched rows at their places; equal rows keep their identity, so nothing redraws for them. */
export function merge(
  old: ReadonlyMap<number, TicketRow>,
  fetched: readonly TicketRow[],
  offset: number,
  total: number,
): ReadonlyMap<number, TicketRow> {
  const known = new Map<TicketId, TicketRow>();
  for (const row of old.values()) known.set(row.id, row);
  const rows = new Map<number, TicketRow>();
  fetched.forEach((row, place) => {
    const index = offset + place;
    if (index >= total) return;
    const before = known.get(row.id);
    rows.set(index, before && JSON.stringify(before) === JSON.stringify(row) ? before : row);
  });
  return rows;
}
