import { describe, expect, it } from 'vitest';
import type { Diagnosis, DiagnosisFact } from '../../ipc';
import { sentences } from './diagnosis';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const source = { name: 'Wren', fetched_at: '2026-11-20T11:59:00Z' };

function stalled(...facts: [DiagnosisFact, string | null][]): Diagnosis {
  return {
    shipment: 'a',
    condition: 'stalled',
    urgency: 'act',
    confidence: 'high',
    reasons: facts.map(([what, at]) => ({ what, at, source })),
    next: ['chase_carrier'],
    look_again: null,
    promise: null,
  };
}

describe('the reasons of a diagnosis', () => {
  it('are told together where they belong together, the most telling first', () => {
    const diagnosis = stalled(
      [{ kind: 'last_scan', status: 'in_transit', text: 'Sorted at hub', place: 'Venlo' }, '2026-11-18T06:00:00Z'],
      [{ kind: 'promised' }, '2026-11-19T12:00:00Z'],
      [{ kind: 'days_late', days: 1 }, '2026-11-19T12:00:00Z'],
      [{ kind: 'silent_for', hours: 54 }, '2026-11-18T06:00:00Z'],
      [{ kind: 'usual_gap', hours: 14, learned: true }, null],
    );
    expect(sentences(diagnosis, NOW)).toEqual([
      'No scan for 54 h; the usual gap is 14 h.',
      'Promised for Thu 19 Nov, 1 d late.',
    ]);
  });

  it('name the last scan when there is nothing else to say', () => {
    const diagnosis = stalled([{ kind: 'last_scan', status: 'in_transit', text: 'Sorted', place: null }, '2026-11-18T12:00:00Z']);
    expect(sentences(diagnosis, NOW)).toEqual([expect.stringContaining('Sorted')]);
  });

  it('say what contradicts what', () => {
    const diagnosis = stalled([{ kind: 'contradiction', record: 'in_transit', event: 'delivered' }, '2026-11-18T12:00:00Z']);
    expect(sentences(diagnosis, NOW)).toEqual(['The record says “On its way”, the last event “Delivered”.']);
  });

  it('count days only when hours tell nothing any more', () => {
    const silent = (hours: number) => sentences(stalled([{ kind: 'silent_for', hours }, null]), NOW);
    expect(silent(95)).toEqual(['No scan for 95 h.']);
    expect(silent(96)).toEqual(['No scan for 4 d.']);
  });
});
