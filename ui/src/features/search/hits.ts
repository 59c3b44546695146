import type { Found, SearchHit, SearchResults, Unclear, UnclearKind } from '../../ipc';
import { m } from '../../paraglide/messages';
import { wholeNumber } from '../../format/money';
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

/** What was not understood, without the word at the end while there are ways to go on with it. */
export function stillUnclear({ unclear, completions }: Pick<SearchResults, 'unclear' | 'completions'>, text: string): Unclear[] {
  const last = /\S*$/.exec(text)?.[0] ?? '';
  return unclear.filter(({ word }) => completions.length === 0 || word !== last);
}

/** What the window says about it: what was looked for as a word, why, and when there was too much. */
export function unclearWords(unclear: readonly Unclear[]): string[] {
  const asWords = unclear.filter(({ kind }) => kind !== 'too_many');
  const why = new Set(asWords.map(({ kind }) => kind));
  return [
    ...(asWords.length > 0 ? [m.search_unclear({ words: asWords.map(({ word }) => word).join(', ') })] : []),
    ...[...why].map((kind) => unclearWord[kind]?.()).filter((text) => text !== undefined),
    ...unclear.filter(({ kind }) => kind === 'too_many').map(({ word }) => m.search_too_many({ n: wholeNumber(Number(word)) })),
  ];
}

/** How it is written rightly. */
const unclearWord: Partial<Record<UnclearKind, () => string>> = {
  no_such_state: m.search_states,
  no_such_channel: m.search_channels,
  no_such_part: m.search_parts,
  no_such_day: m.search_days,
};

/** The query after a completion was taken: it replaces the word at the end, unless it is the whole. */
export function complete(text: string, completion: string): string {
  const whole = completion.toLocaleLowerCase().startsWith(text.trim().toLocaleLowerCase());
  const before = whole ? '' : text.replace(/\S*$/, '');
  // After an operator its value follows at once; after a value the next word.
  return `${before}${completion}${completion.endsWith(':') ? '' : ' '}`;
}
