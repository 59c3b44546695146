import { describe, expect, test } from 'vitest';
import css from './app.css?raw';

const tokens = new Map<string, [light: string, dark: string]>();
for (const [, name, light, dark] of css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)) {
  if (name && light && dark) tokens.set(name, [light, dark]);
}

const GROUNDS = ['rail', 'list', 'page', 'raised', 'sunken', 'hover', 'chip', 'accent-tint'];
const TINTS = ['ok', 'soon', 'breach', 'unknown'];
const TEXT: [text: string, ground: string][] = [
  ...GROUNDS.flatMap((ground): [string, string][] => [
    ['text', ground],
    ['text-2', ground],
  ]),
  ...['rail', 'list', 'page', 'raised', 'hover', 'accent-tint', 'sunken'].map((ground): [string, string] => ['text-3', ground]),
  ...['rail', 'list', 'page', 'raised', 'accent-tint', 'sunken'].map((ground): [string, string] => ['accent-text', ground]),
  ...TINTS.flatMap((tone): [string, string][] => [
    [`${tone}-text`, `${tone}-tint`],
    ...['rail', 'list', 'page', 'raised'].map((ground): [string, string] => [`${tone}-text`, ground]),
  ]),
  ['text', 'soon-tint'],
  ['text-2', 'soon-tint'],
  ['text-2', 'breach-tint'],
  ['soon-text', 'accent-tint'],
  ['breach-text', 'accent-tint'],
  ['on-accent', 'accent'],
  ['on-ink', 'ink'],
  ...[0, 1, 2, 3, 4, 5].map((n): [string, string] => [`person-${n}-text`, `person-${n}`]),
  ['text-2', 'line'],
];
const SHAPES: [shape: string, ground: string][] = [
  ...['page', 'raised', 'list'].map((ground): [string, string] => ['control', ground]),
  ...['ok', 'soon', 'breach', 'accent'].flatMap((shape): [string, string][] => [
    [shape, 'list'],
    [shape, 'page'],
  ]),
  ['accent-text', 'page'],
];

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('in the %s theme', (_theme, column) => {
  test.each(TEXT)('%s on %s can be read (4.5)', (text, ground) => {
    expect(contrast(colour(text, column), colour(ground, column))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(SHAPES)('%s on %s can be seen (3)', (shape, ground) => {
    expect(contrast(colour(shape, column), colour(ground, column))).toBeGreaterThanOrEqual(3);
  });
});

function colour(name: string, column: 0 | 1): string {
  const pair = tokens.get(name);
  if (!pair) throw new Error(`app.css has no token ${name}`);
  return pair[column];
}

/** WCAG 2 relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
