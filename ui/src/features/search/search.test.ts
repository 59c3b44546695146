import { describe, expect, test, vi } from 'vitest';
import type { Call, SearchHit, SearchResults } from '../../ipc';
import { CallFailed } from '../../ipc/transport';
import { complete, grouped, options, stillUnclear, unclearWords } from './hits';
import { Search } from './screen.svelte';

function hit(title: string, found: SearchHit['found'], exact = false): SearchHit {
  return { found, ticket: 't-1', title, snippet: [], customer: null, at: null, exact };
}
function results(hits: SearchHit[], more: Partial<SearchResults> = {}): SearchResults {
  return { hits, completions: [], indexed: 100, unclear: [], ...more };
}

/** A core that answers when the test says so, and frames that come when the test says so. */
function desk() {
  const asked: { text: string; answer: (results: SearchResults | CallFailed) => void }[] = [];
  const call = ((_: string, { text }: { text: string }) =>
    new Promise((resolve, reject) => {
      asked.push({ text, answer: (answer) => (answer instanceof CallFailed ? reject(answer) : resolve(answer)) });
    })) as unknown as Call;
  const frames: (() => void)[] = [];
  const search = new Search(call, (run) => frames.push(run));
  const frame = () => frames.splice(0).forEach((run) => run());
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const answer = async (index: number, what: SearchResults | CallFailed) => {
    asked[index]?.answer(what);
    await settle();
  };
  return { search, asked, frame, answer };
}
const titles = (search: Search) => search.results.hits.map(({ title }) => title);

describe('the search field', () => {
  test('asks once for all the keys of a frame', () => {
    const { search, asked, frame } = desk();
    search.type('2');
    search.type('20');
    search.type('204');
    expect(asked).toHaveLength(0);
    frame();
    expect(asked.map(({ text }) => text)).toEqual(['204']);
  });

  test('an answer to an earlier question never replaces a later one', async () => {
    const { search, frame, answer } = desk();
    search.type('te');
    frame();
    search.type('tent');
    frame();
    await answer(1, results([hit('Tent', 'ticket')]));
    await answer(0, results([hit('Tea', 'ticket')]));
    expect(titles(search)).toEqual(['Tent']);
  });

  test('an answer that comes after the next key is not shown', async () => {
    const { search, frame, answer } = desk();
    search.type('te');
    frame();
    search.type('tent');
    await answer(0, results([hit('Tea', 'ticket')]));
    expect(titles(search)).toEqual([]);
  });

  test('an empty field asks nothing and shows nothing', async () => {
    const { search, asked, frame, answer } = desk();
    search.type('tent');
    frame();
    await answer(0, results([hit('Tent', 'ticket')]));
    search.type('  ');
    frame();
    expect(asked).toHaveLength(1);
    expect(titles(search)).toEqual([]);
    expect(search.took).toBeNull();
  });

  test('says what went wrong instead of showing what was found before', async () => {
    const { search, frame, answer } = desk();
    search.type('tent');
    frame();
    await answer(0, results([hit('Tent', 'ticket')]));
    search.type('tents');
    frame();
    await answer(1, new CallFailed({ code: 'cache_damaged', detail: '' }));
    expect(search.error?.code).toBe('cache_damaged');
    expect(titles(search)).toEqual([]);
  });

  test('asks again while history is being indexed, and no longer when nobody looks', async () => {
    const { search, asked, frame } = desk();
    search.type('tent');
    frame();
    vi.useFakeTimers();
    try {
      asked[0]?.answer(results([], { indexed: 40 }));
      await vi.advanceTimersByTimeAsync(2_100);
      expect(asked).toHaveLength(2);
      asked[1]?.answer(results([hit('Tent', 'ticket')], { indexed: 60 }));
      await vi.advanceTimersByTimeAsync(10);
      expect(titles(search)).toEqual(['Tent']);
      search.rest();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(asked).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('Enter takes the first hit, not a completion, until the keys moved', async () => {
    const { search, frame, answer } = desk();
    search.type('is');
    frame();
    await answer(0, results([hit('Island tent', 'ticket'), hit('Isolde', 'customer')], { completions: ['is:'] }));
    expect(search.chosen).toMatchObject({ kind: 'hit', hit: { title: 'Island tent' } });
    search.move(-1);
    expect(search.chosen).toEqual({ kind: 'completion', text: 'is:' });
    search.move(-1);
    expect(search.chosen).toMatchObject({ kind: 'hit', hit: { title: 'Isolde' } });
    search.move(1);
    expect(search.chosen).toEqual({ kind: 'completion', text: 'is:' });
  });
});

describe('a key that is faster than the answer', () => {
  test('acts on the answer to what the field says, not on what was there before', async () => {
    const { search, frame, answer } = desk();
    search.type('tea');
    frame();
    await answer(0, results([hit('Tea', 'ticket')]));
    search.type('tent');
    const taken: unknown[] = [];
    search.whenAnswered(() => taken.push(search.chosen));
    frame();
    expect(taken).toEqual([]);
    await answer(1, results([hit('Tent', 'ticket')]));
    expect(taken).toMatchObject([{ hit: { title: 'Tent' } }]);
  });

  test('is forgotten when somebody types on', async () => {
    const { search, frame, answer } = desk();
    search.type('te');
    let acted = false;
    search.whenAnswered(() => (acted = true));
    search.type('ten');
    frame();
    await answer(0, results([hit('Tent', 'ticket')]));
    expect(acted).toBe(false);
  });
});

describe('hits', () => {
  test('stand in groups, the exact ones first', () => {
    const groups = grouped([hit('a', 'message'), hit('b', 'order', true), hit('c', 'message'), hit('d', 'parcel', true)]);
    expect(groups.map(({ key, hits }) => [key, hits.map(({ title }) => title)])).toEqual([
      ['exact', ['b', 'd']],
      ['message', ['a', 'c']],
    ]);
    expect(options({ completions: ['tag:'] }, groups)).toHaveLength(5);
  });
});

describe('a completion', () => {
  test.each([
    ['', 'from:', 'from:'],
    ['fr', 'from:', 'from:'],
    ['tent fr', 'from:', 'tent from:'],
    ['tent ', 'is:open', 'tent is:open '],
    ['tent is:o', 'is:open', 'tent is:open '],
    ['tag:cus', 'tag:customs', 'tag:customs '],
    ['tent tag:sp', 'tag:"split parcel"', 'tent tag:"split parcel" '],
  ])('%s and %s is %s', (text, completion, all) => expect(complete(text, completion)).toBe(all));
});

test('what was not understood is said in the words of the window', () => {
  const state = { kind: 'no_such_state', word: 'is:op' } as const;
  const filter = { kind: 'no_such_filter', word: 'foo:' } as const;
  const results = { unclear: [state, filter], completions: ['is:open'] };
  expect(stillUnclear(results, 'foo: is:op')).toEqual([filter]);
  expect(stillUnclear({ ...results, completions: [] }, 'foo: is:op')).toEqual([state, filter]);
  expect(unclearWords([])).toEqual([]);
  const said = unclearWords([state, filter, { kind: 'too_many', word: '20000' }]);
  expect(said).toHaveLength(3);
  expect(said[0]).toContain('is:op, foo:');
  expect(said[1]).toContain('unassigned');
  expect(said[2]).toMatch(/20.000/);
});
