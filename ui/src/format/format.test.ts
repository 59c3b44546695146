import { beforeAll, describe, expect, test } from 'vitest';
import { overwriteGetLocale } from '../paraglide/runtime';
import { atLeast, bareMoney, money, negative } from './money';
import { freshness, sla } from './sla';
import { firstName, grouped, initials, paragraphs, personColour } from './text';
import { age, dayName, duration, MINUTE, moment, HOUR, DAY, SECOND, stamp, date } from './time';

beforeAll(() => overwriteGetLocale(() => 'en'));

const NOW = new Date(2026, 10, 20, 10, 46).getTime();
const iso = (time: number) => new Date(time).toISOString();
const at = (day: number, hour: number, minute: number, month = 10, year = 2026) =>
  new Date(year, month, day, hour, minute).toISOString();

describe('lengths of time', () => {
  test.each([
    [0, '0 s'],
    [40 * SECOND, '40 s'],
    [59_999, '59 s'],
    [12 * MINUTE, '12 min'],
    [92 * MINUTE, '1 h 32'],
    [125 * MINUTE, '2 h 05'],
    [2 * HOUR, '2 h'],
    [5 * HOUR + 12 * MINUTE, '5 h'],
    [47 * HOUR, '47 h'],
    [2 * DAY, '2 d'],
    [-8 * MINUTE, '8 min'],
  ])('%d ms reads %s', (length, words) => expect(duration(length)).toBe(words));
});

describe('moments', () => {
  test('an age is relative under an hour and absolute after it', () => {
    expect(age(iso(NOW - 2 * MINUTE), NOW)).toBe('2 min');
    expect(age(at(20, 8, 5), NOW)).toBe('08:05');
    expect(age(at(4, 8, 5, 2), NOW)).toBe('4 Mar');
  });

  test('a clock that runs ahead makes nothing older than now', () => {
    expect(age(iso(NOW + 5 * MINUTE), NOW)).toBe('0 s');
  });

  test('a moment is a time today and a day before, with the year when it is another one', () => {
    expect(moment(at(20, 9, 58), NOW)).toBe('09:58');
    expect(moment(at(11, 9, 58, 0), NOW)).toBe('11 Jan');
    expect(moment(at(11, 9, 58, 0, 2025), NOW)).toBe('11 Jan 2025');
  });

  test('scans carry weekday, day and time; promises weekday and day', () => {
    expect(stamp(at(18, 4, 12), NOW)).toBe('Wed 18, 04:12');
    expect(stamp(at(4, 4, 12, 2), NOW)).toBe('4 Mar, 04:12');
    expect(date(at(19, 12, 0), NOW)).toBe('Thu 19 Nov');
  });

  test('days have names', () => {
    expect(dayName(at(20, 0, 1), NOW)).toBe('Today');
    expect(dayName(at(19, 23, 59), NOW)).toBe('Yesterday');
    expect(dayName(at(17, 12, 0), NOW)).toBe('Tuesday');
    expect(dayName(at(4, 12, 0, 2), NOW)).toBe('4 March');
  });
});

describe('money', () => {
  test('an amount has its currency and as many decimals as that has', () => {
    expect(money({ minor: 128450, currency: 'EUR' })).toBe('€1,284.50');
    expect(money({ minor: 500, currency: 'JPY' })).toBe('¥500');
    expect(bareMoney({ minor: 12345, currency: 'KWD' })).toBe('12.345');
  });

  test('what is taken away has a true minus sign', () => {
    expect(bareMoney(negative({ minor: 4830, currency: 'EUR' }))).toBe('−48.30');
  });

  test('200 is much in whole units of any currency', () => {
    expect(atLeast({ minor: 20_000, currency: 'EUR' }, 200)).toBe(true);
    expect(atLeast({ minor: 19_999, currency: 'EUR' }, 200)).toBe(false);
    expect(atLeast({ minor: 200, currency: 'JPY' }, 200)).toBe(true);
  });
});

describe('clocks', () => {
  const clock = (since: number, due: number) => sla(iso(NOW - since), iso(NOW + due), NOW);

  test('nobody waits: no clock', () => expect(sla(null, null, NOW)).toBeNull());

  test('the last quarter is soon, past it is a breach with a minus sign', () => {
    expect(clock(60 * MINUTE, 60 * MINUTE)).toEqual({ full: 0.5, tone: 'calm', words: '1 h' });
    expect(clock(48 * MINUTE, 12 * MINUTE)?.tone).toBe('soon');
    expect(clock(60 * MINUTE, -8 * MINUTE)).toEqual({ full: 1, tone: 'breach', words: '−8 min' });
    expect(clock(60 * MINUTE, -5 * SECOND)?.words).toBe('−1 min');
  });

  test('copies empty over ten minutes, half an hour, an hour', () => {
    expect(freshness('shop', iso(NOW - 5 * MINUTE), NOW)).toBe(0.5);
    expect(freshness('carrier', iso(NOW - 15 * MINUTE), NOW)).toBe(0.5);
    expect(freshness('customer', iso(NOW - 30 * MINUTE), NOW)).toBe(0.5);
    expect(freshness('shop', iso(NOW - DAY), NOW)).toBe(0);
    expect(freshness('shop', iso(NOW + DAY), NOW)).toBe(1);
  });
});

describe('text', () => {
  test.each([
    ['WR4417092651', 'WR 4417 0926 51'],
    ['wr 44 17092651', 'wr 4417 0926 51'],
    ['00340434161094', '0034 0434 1610 94'],
    ['RR123456785DE', 'RR 1234 5678 5DE'],
    ['', ''],
  ])('tracking number %s is read out as %s', (number, words) => expect(grouped(number)).toBe(words));

  test('initials and first names of all kinds of names', () => {
    expect(initials('Aoife Brennan')).toBe('AB');
    expect(initials('Pieter van Loon')).toBe('PL');
    expect(initials('Cher')).toBe('C');
    expect(initials('  ')).toBe('?');
    expect(initials('Ana <Horvat>')).toBe('AH');
    expect(initials('Øystein Ås')).toBe('ØÅ');
    expect(firstName('Aoife Brennan')).toBe('Aoife');
  });

  test('a person has the same colour everywhere', () => {
    expect(personColour('a-priya')).toBe(personColour('a-priya'));
    expect(personColour('a-priya')).toBeLessThan(6);
  });

  test('empty lines split paragraphs, mark-up stays text', () => {
    expect(paragraphs('Hi,\r\n\r\n<b>where</b> is it?\nThanks\n\n\n')).toEqual(['Hi,', '<b>where</b> is it?\nThanks']);
  });
});
