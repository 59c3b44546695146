/** Which rows of a long list are in the document. Pure. */
export interface Window {
  first: number;
  /** One past the last. */
  end: number;
}

const SPARE = 6;

/** The visible rows plus six on either side. */
export function mounted(total: number, rowHeight: number, scrollTop: number, height: number): Window {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - SPARE);
  const end = Math.min(total, Math.ceil((scrollTop + height) / rowHeight) + SPARE);
  return { first: Math.min(first, end), end };
}

/** The rows to draw: the window, and the active row wherever it is. */
export function drawn(window: Window, active: number | null, total: number): number[] {
  const rows: number[] = [];
  for (let index = window.first; index < window.end; index += 1) rows.push(index);
  if (active !== null && active < total && (active < window.first || active >= window.end)) rows.push(active);
  return rows;
}

/** Where to scroll so that a row is seen, or `null` when it is. */
export function reveal(index: number, rowHeight: number, scrollTop: number, height: number): number | null {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return null;
}
