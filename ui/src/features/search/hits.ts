import type { Found, SearchHit, SearchResults } from '../../ipc';
import { m } from '../../paraglide/messages';
import { foundGroupWord } from '../../words';

/** Hits under one heading. */
export interface HitGroup {
  key: 'exact' | Found;
  title: string;
  hits: SearchHit[];
}

/** What whole numbers and addresses match first, then the rest by kind, each in the core's order. */
export function grouped(hits: readonly SearchHit[]): HitGroup[] {
  const groups: HitGroup[] = [];
  for (const hit of hits) {
    const key = hit.exact ? 'exact' : hit.found;
    const title = hit.exact ? m.search_exact() : foundGroupWord[hit.found]();
    const group = groups.find((one) => one.key === key);
    if (group) group.hits.push(hit);
    else groups.push({ key, title, hits: [hit] });
  }
  return groups.sort((a, b) => Number(b.key === 'exact') - Number(a.key === 'exact'));
}

/** What a key can land on: the ways to go on, then the hits as they stand on the screen. */
export type Option = { kind: 'completion'; text: string } | { kind: 'hit'; hit: SearchHit };

export function options(results: Pick<SearchResults, 'completions'>, groups: readonly HitGroup[]): Option[] {
  return [
    ...results.completions.map((text): Option => ({ kind: 'completion', text })),
    ...groups.flatMap((group) => group.hits.map((hit): Option => ({ kind: 'hit', hit }))),
  ];
}

/** The part of the query that the core quotes in its sentence; the window has its own words around it. */
export function unclearWord(sentence: string): string {
  return /“([^”]+)”/.exec(sentence)?.[1] ?? sentence;
}

/** What was not understood, without the word at the end while there are ways to go on with it. */
export function stillUnclear({ unclear, completions }: Pick<SearchResults, 'unclear' | 'completions'>, text: string): string[] {
  const last = /\S*$/.exec(text)?.[0] ?? '';
  return unclear.map(unclearWord).filter((word) => completions.length === 0 || word !== last);
}

/** The query after a completion was taken: it replaces the word at the end, unless it is the whole. */
export function complete(text: string, completion: string): string {
  const whole = completion.toLocaleLowerCase().startsWith(text.trim().toLocaleLowerCase());
  const before = whole ? '' : text.replace(/\S*$/, '');
  // After an operator its value follows at once; after a value the next word.
  return `${before}${completion}${completion.endsWith(':') ? '' : ' '}`;
}
