/** Where a text stands in a label: before, hit, after; `null` when it does not. */
export function find(label: string, text: string): [before: string, hit: string, after: string] | null {
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted === '') return [label, '', ''];
  const at = label.toLocaleLowerCase().indexOf(wanted);
  if (at < 0) return null;
  return [label.slice(0, at), label.slice(at, at + wanted.length), label.slice(at + wanted.length)];
}
