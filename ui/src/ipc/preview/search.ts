/** What the pretended core finds. */
import type { SearchHit, SearchResults, SnippetPart, Unclear } from '../generated/types';

const OPERATORS = ['from:', 'tag:', 'is:open', 'is:closed', 'before:', 'order:'];
const DAY = 24 * 60 * 60_000;
const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString();

const RECORDS: [Omit<SearchHit, 'snippet' | 'exact'>, string][] = [
  [{ found: 'order', ticket: 't-1', title: 'HP-20418', customer: 'Aoife Brennan', at: ago(8) }, 'Skarv 3 tent, Myr merino socks, Ember pot'],
  [{ found: 'order', ticket: 't-5', title: 'HP-120418', customer: 'Bastien Roche', at: ago(1_000) }, 'Birk 45'],
  [{ found: 'parcel', ticket: 't-1', title: 'WR 4417 0926 51', customer: 'Aoife Brennan', at: ago(5) }, 'in HP-20418'],
  [{ found: 'parcel', ticket: 't-1', title: 'WR 4417 0926 34', customer: 'Aoife Brennan', at: ago(5) }, 'in HP-20418'],
  [{ found: 'ticket', ticket: 't-1', title: 'Tent for the 28th: where is it?', customer: 'Aoife Brennan', at: ago(0) }, 'any news on HP-20418? Tracking has not moved'],
  [{ found: 'message', ticket: 't-8', title: 'Invoice question', customer: 'Sanne Kuipers', at: ago(5) }, 'the invoice for order 20418, please'],
  [{ found: 'note', ticket: 't-1', title: 'Tent for the 28th: where is it?', customer: 'Aoife Brennan', at: ago(0) }, '12 tents in stock. A new one for HP-20418 sent by Tuesday still makes the 28th'],
  [{ found: 'customer', ticket: 't-1', title: 'Aoife Brennan', customer: 'Aoife Brennan', at: ago(1_700) }, 'aoife@example.com, Cork, ordered HP-20418'],
  [{ found: 'customer', ticket: null, title: 'Aoife Byrne', customer: 'Aoife Byrne', at: ago(90) }, 'byrne@example.com, Galway'],
];

/** Finds a text in the few pretended records. */
export function searched(text: string, indexed: number): SearchResults {
  const words = text.trim().toLowerCase().split(/\s+/).filter((word) => word !== '');
  const last = words.at(-1) ?? '';
  const unclear = words
    .filter((word) => word.includes(':') && !['from:', 'tag:', 'is:', 'before:', 'order:'].some((one) => word.startsWith(one)))
    .map((word): Unclear => ({ kind: 'no_such_filter', word }));
  const plain = words.filter((word) => !word.includes(':'));
  const hits = plain.length === 0 ? [] : RECORDS.flatMap(([hit, around]) => {
    const all = `${hit.title} ${around} ${hit.customer ?? ''}`.toLowerCase();
    if (!plain.every((word) => all.includes(word))) return [];
    const exact = plain.some((word) => /\d{4}/.test(word) && bare(hit.title).replace('hp', '') === bare(word).replace('hp', ''));
    return [{ ...hit, snippet: marked(around, plain), exact }];
  });
  return {
    hits: [...hits.filter((hit) => hit.exact), ...hits.filter((hit) => !hit.exact)],
    completions: last === '' ? [] : OPERATORS.filter((one) => one.startsWith(last) && one !== last),
    indexed,
    unclear,
  };
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function marked(text: string, words: readonly string[]): SnippetPart[] {
  const word = words.find((one) => text.toLowerCase().includes(one));
  if (word === undefined) return [{ text, matched: false }];
  const at = text.toLowerCase().indexOf(word);
  return [
    { text: text.slice(0, at), matched: false },
    { text: text.slice(at, at + word.length), matched: true },
    { text: text.slice(at + word.length), matched: false },
  ].filter((part) => part.text !== '');
}
