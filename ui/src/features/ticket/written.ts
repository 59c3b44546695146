import type { Source, StatedFact } from '../../ipc';

/** Where the facts were read that still stand in a text, the oldest reading of each place. */
export function readFrom(facts: readonly StatedFact[], text: string): { source: Source; facts: string[] }[] {
  const found = new Map<string, { source: Source; facts: string[] }>();
  for (const fact of facts) {
    if (!text.includes(fact.text)) continue;
    const known = found.get(fact.source.name);
    if (!known) found.set(fact.source.name, { source: fact.source, facts: [fact.text] });
    else {
      known.facts.push(fact.text);
      if (Date.parse(fact.source.fetched_at) < Date.parse(known.source.fetched_at)) known.source = fact.source;
    }
  }
  return [...found.values()];
}
