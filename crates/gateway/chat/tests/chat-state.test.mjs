import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as rules from '../chat-state.js';
import { languages, pick, speaker } from '../chat-words.js';

/** @param {string} id @param {object} [more] */
const message = (id, more = {}) => ({
  id,
  mine: false,
  from: 'Priya',
  text: `text of ${id}`,
  sent_at: `2026-01-02T10:00:0${id.slice(-1)}Z`,
  seen: false,
  delivery: null,
  ...more,
});
/** @param {string} id @param {object} [more] */
const waiting = (id, more = {}) => ({
  id,
  text: `text of ${id}`,
  at: '2026-01-02T11:00:00Z',
  state: 'sending',
  ...more,
});

test('a message that arrives twice or late stands once and in order', () => {
  let state = rules.empty();
  for (const id of ['m2', 'm1', 'm2', 'm3']) state = rules.arrived(state, message(id));
  assert.deepEqual(state.messages.map((one) => one.id), ['m1', 'm2', 'm3']);
});

test('a message waits until the shop shows it, whichever way it comes back', () => {
  const queued = rules.queued(rules.queued(rules.empty(), waiting('m1')), waiting('m2'));
  const echoed = rules.arrived(queued, message('m1', { mine: true }));
  assert.deepEqual(echoed.pending.map((one) => one.id), ['m2']);
  const replaced = rules.opened(echoed, {
    shop: 'Hollowpine',
    name: 'Ana',
    messages: [message('m1', { mine: true }), message('m2', { mine: true })],
  });
  assert.deepEqual(replaced.pending, []);
  assert.equal(replaced.messages.length, 2);
});

test('the conversation of the shop replaces what the page believed and keeps what waits', () => {
  const before = rules.queued(rules.arrived(rules.empty(), message('m1')), waiting('m9'));
  const after = rules.received(before, {
    type: 'conversation',
    conversation: { shop: 'Hollowpine', name: 'Ana', messages: [message('m2')] },
  });
  assert.deepEqual(after.messages.map((one) => one.id), ['m2']);
  assert.deepEqual(after.pending.map((one) => one.id), ['m9']);
});

test('a refused message holds nobody up', () => {
  const state = rules.queued(
    rules.queued(rules.empty(), waiting('m1', { state: 'refused' })),
    waiting('m2'),
  );
  assert.equal(rules.next(state)?.id, 'm2');
  assert.equal(rules.next(rules.dropped(state, 'm2')), undefined);
});

test('an answer ends "is writing"', () => {
  const writing = rules.received(rules.empty(), { type: 'typing', from: 'Priya', typing: true });
  assert.equal(writing.writing, 'Priya');
  assert.equal(rules.arrived(writing, message('m1')).writing, null);
  assert.equal(rules.arrived(writing, message('m1', { mine: true })).writing, 'Priya');
});

test('the state stands under the last message of the visitor and under all that wait', () => {
  let state = rules.arrived(rules.empty(), message('m1', { mine: true, seen: true }));
  state = rules.arrived(state, message('m2', { mine: true }));
  state = rules.arrived(state, message('m3'));
  state = rules.queued(state, waiting('m4', { state: 'waiting' }));
  const found = rules.rows(state).map((row) => [row.key, row.state, row.follows, row.day !== null]);
  assert.deepEqual(found, [
    ['m1', null, false, true],
    ['m2', 'sent', true, false],
    ['m3', null, false, false],
    ['m4', 'waiting', false, false],
  ]);
});

test('only plain addresses become links, and they show where they lead', () => {
  /** @param {string} text @param {(string | undefined)[]} hrefs */
  const check = (text, hrefs) => {
    const found = rules.parts(text);
    assert.equal(found.map((part) => part.text).join(''), text, 'no character may be lost');
    assert.deepEqual(found.flatMap((part) => part.href ?? []), hrefs, text);
  };
  check('Hello, no link here.', []);
  check('See https://track.example/x?y=1&z=2.', ['https://track.example/x?y=1&z=2']);
  check('(https://a.example/b) and http://c.example!', ['https://a.example/b', 'http://c.example/']);
  check('https://a.example/wiki/Tent_(camping)', ['https://a.example/wiki/Tent_(camping)']);
  check('javascript:alert(1) data:text/html,x', []);
  check('https://bank.example@evil.example/', []);
  check('https://localhost/ ftp://a.example', []);
  check('<a href="https://a.example">x</a>', ['https://a.example/']);
});

test('length is counted as the shop counts it', () => {
  /** @param {string} text @param {number} expected */
  const check = (text, expected) => assert.equal(rules.length(text), expected, JSON.stringify(text));
  check('  a\r\nb  ', 3);
  check('Zu\u0308rich', 6);
  check('🏕️', 2);
  check(' \n ', 0);
  assert.equal(rules.room('x'.repeat(19_000)), null);
  assert.deepEqual(rules.room('x'.repeat(19_900)), { word: 'left', count: 100 });
  assert.deepEqual(rules.room('x'.repeat(20_012)), { word: 'over', count: 12 });
});

test('the form is checked as the shop will check it', () => {
  const good = { name: 'Ana', email: 'ana@example.com', text: 'Hi' };
  assert.deepEqual(rules.mistakes(good), {});
  assert.deepEqual(rules.mistakes({ name: ' ', email: '', text: '\n' }), {
    name: { word: 'nameEmpty' },
    email: { word: 'emailEmpty' },
    text: { word: 'textEmpty' },
  });
  for (const email of ['a.b+c@sub.example.org', 'jürgen@bücher.example', " o'neill@example.ie "])
    assert.deepEqual(rules.mistakes({ ...good, email }), {}, email);
  for (const email of ['ana', '@example.com', 'ana@localhost', 'a b@example.com', 'a@-x.com', 'a@b..com'])
    assert.deepEqual(rules.mistakes({ ...good, email }), { email: { word: 'emailWrong' } }, email);
});

test('every answer has a fate', () => {
  /** @param {number} status @param {unknown} body @param {string} fate */
  const check = (status, body, fate) => assert.equal(rules.fateOf(status, body).fate, fate, `${status}`);
  check(201, {}, 'sent');
  check(200, null, 'sent');
  for (const status of [0, 408, 429, 500, 502, 503]) check(status, null, 'later');
  check(401, { code: 'signed_out' }, 'ended');
  for (const status of [400, 404, 409, 413, 422]) check(status, null, 'parked');
  assert.deepEqual(
    rules.fateOf(422, { code: 'invalid', errors: [{ pointer: '/email', detail: 'x' }] }),
    { fate: 'parked', problem: 'problemInvalid', fields: ['email'] },
  );
  assert.deepEqual(rules.fateOf(400, { code: 'invalid', errors: 'nonsense' }), {
    fate: 'parked',
    problem: 'problemInvalid',
    fields: [],
  });
});

test('pauses double, stay under half a minute, and obey the shop', () => {
  assert.equal(rules.pause(1, 0), 250);
  assert.equal(rules.pause(1, 1), 500);
  assert.equal(rules.pause(3, 1), 2000);
  assert.equal(rules.pause(60, 1), 30_000);
  assert.equal(rules.pause(1, 0, 7), 7000);
});

test('ids are UUIDv7 and sort by time', () => {
  const random = new Uint8Array(10).fill(0xff);
  const one = rules.uuid(1_767_348_000_000, random);
  const two = rules.uuid(1_767_348_000_001, new Uint8Array(10));
  assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(one < two);
  assert.equal(Number.parseInt(one.replace(/-/g, '').slice(0, 12), 16), 1_767_348_000_000);
});

test('every language has every word with the same holes', () => {
  const holes = (/** @type {string} */ text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [language, words] of Object.entries(languages)) {
    assert.deepEqual(Object.keys(words), Object.keys(languages.en), language);
    for (const [word, text] of Object.entries(words)) {
      assert.notEqual(text, '', `${language} ${word}`);
      assert.deepEqual(holes(text), holes(languages.en[word]), `${language} ${word}`);
    }
  }
});

test('the page speaks the first language it knows', () => {
  assert.equal(pick(['nl', 'de-AT', 'en']), 'de');
  assert.equal(pick(['', 'FR']), 'fr');
  assert.equal(pick([]), 'en');
  assert.equal(speaker('de')('typing', { from: 'Priya' }), 'Priya schreibt …');
  assert.equal(speaker('en')('typing', { from: '{from}$&' }), '{from}$& is writing …');
});
