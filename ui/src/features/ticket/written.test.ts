import { describe, expect, it } from 'vitest';
import type { StatedFact } from '../../ipc';
import { readFrom } from './written';

const fact = (text: string, name: string, fetched_at: string): StatedFact => ({ text, source: { name, fetched_at } });

describe('where a written answer was read', () => {
  const facts = [
    fact('HP-20418', 'Shop', '2026-11-19T11:00:00Z'),
    fact('6A123', 'Colissimo', '2026-11-19T11:30:00Z'),
    fact('Lyon', 'Colissimo', '2026-11-19T09:00:00Z'),
  ];

  it('names each place once, with the age of its oldest fact', () => {
    expect(readFrom(facts, 'HP-20418: 6A123 is in Lyon.')).toEqual([
      { source: { name: 'Shop', fetched_at: '2026-11-19T11:00:00Z' }, facts: ['HP-20418'] },
      { source: { name: 'Colissimo', fetched_at: '2026-11-19T09:00:00Z' }, facts: ['6A123', 'Lyon'] },
    ]);
  });

  it('forgets what was written over', () => {
    expect(readFrom(facts, 'It is on its way, HP-20418.').map(({ source }) => source.name)).toEqual(['Shop']);
    expect(readFrom(facts, '')).toEqual([]);
  });
});
