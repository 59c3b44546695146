import { expect, test } from 'vitest';
import de from '../messages/de.json';
import en from '../messages/en.json';
import fr from '../messages/fr.json';

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test.each([
  ['German', de as Record<string, string>],
  ['French', fr as Record<string, string>],
])('%s says everything that English says, with the same things filled in', (_name, other) => {
  expect(Object.keys(other).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) expect(holes(other[key] ?? ''), key).toEqual(holes(text));
});

test('no screen raises its voice or apologises', () => {
  for (const text of Object.values(en)) expect(text).not.toMatch(/!|[Ss]orry|[Oo]ops/);
});
