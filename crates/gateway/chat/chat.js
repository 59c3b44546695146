// The customer's chat page: one form, then one conversation.
//
// What the visitor writes is kept first and sent after, under an id made here, until the shop has
// it. The live socket brings everything else; when it comes back, the conversation it brings
// replaces what the page believed.

import * as rules from './chat-state.js';
import * as store from './chat-store.js';
import { Live } from './chat-live.js';
import { pick, speaker } from './chat-words.js';
import { logView, mark } from './chat-view.js';

/** @import { ChatMessage, Conversation, OpenConversation } from './types' */
/** @import { Word } from './chat-words.js' */

const query = new URLSearchParams(location.search);
const embedded = query.has('embed') && window.parent !== window;
const language = pick([query.get('lang') ?? '', ...navigator.languages]);
/** The visitor's own way to write times, where it is of the same language. */
const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
const say = speaker(language);

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
const $ = (id) => /** @type {T} */ (document.getElementById(id));
const start = /** @type {HTMLFormElement} */ ($('start'));
const [nameField, emailField] = ['name', 'email'].map(
  (id) => /** @type {HTMLInputElement} */ ($(id)),
);
const textField = /** @type {HTMLTextAreaElement} */ ($('text'));
const words = /** @type {HTMLTextAreaElement} */ ($('words'));
const dialog = /** @type {HTMLDialogElement} */ ($('confirm'));

let state = rules.empty();
/** @type {Live | null} */
let live = null;
let linked = false;
let busy = false;
let failures = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retryTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let writingTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let bannerTimer;
let toldWriting = 0;
let readUpto = '';
/** The page that embeds this one, once it has spoken. */
let hostOrigin = '';
let onScreen = !embedded;

const render = logView($('log'), { locale, say, edit, retry });

/** @param {Partial<Record<'start' | 'talk' | 'ended', true>>} which */
function screen(which) {
  for (const id of /** @type {const} */ (['start', 'talk', 'ended'])) $(id).hidden = !which[id];
}

function show() {
  render(state);
  const title = state.shop ? say('chatWith', { shop: state.shop }) : say('chat');
  if ($('shop').textContent !== title) $('shop').textContent = document.title = title;
  const typing = state.writing ? say('typing', { from: state.writing }) : '';
  if ($('typing').textContent !== typing) $('typing').textContent = typing;
  read();
}

/** A short loss is nobody's business; a longer one is said. */
function banner() {
  const trouble = !$('talk').hidden && (!navigator.onLine || (live !== null && !linked) || failures > 1);
  const text = trouble ? say('offline') : store.keeps || !store.token() ? '' : say('unkept');
  const put = () => {
    clearTimeout(bannerTimer);
    bannerTimer = undefined;
    $('banner').hidden = text === '';
    $('banner').textContent = text;
  };
  if (trouble && $('banner').hidden && navigator.onLine) bannerTimer ??= setTimeout(put, 1500);
  else put();
}

// Talking to the shop.

/**
 * @param {string} path
 * @param {{ body?: unknown, token?: string | null }} [with_]
 * @returns {Promise<{ status: number, body: unknown, after: number }>}
 */
async function ask(path, { body, token } = {}) {
  /** @type {Record<string, string>} */
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  if (body) headers['content-type'] = 'application/json';
  try {
    const answer = await fetch(path, {
      method: body ? 'POST' : 'GET',
      headers,
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(20_000),
      cache: 'no-store',
    });
    const after = Number(answer.headers.get('retry-after')) || 0;
    return { status: answer.status, body: await answer.json().catch(() => null), after };
  } catch {
    return { status: 0, body: null, after: 0 };
  }
}

/** Sends what waits, one after the other. */
async function flush() {
  if (busy) return;
  busy = true;
  clearTimeout(retryTimer);
  try {
    while (store.opening() || (store.token() && rules.next(state))) {
      const answer = store.opening() ? await sendOpening() : await sendNext();
      if (answer === 'stop') break;
    }
  } finally {
    busy = false;
  }
}

/** @returns {Promise<'on' | 'stop'>} */
async function sendOpening() {
  const opening = /** @type {OpenConversation} */ (store.opening());
  const answer = await ask('api/conversations', { body: opening });
  if (store.opening()?.id !== opening.id) return 'on';
  const verdict = rules.fateOf(answer.status, answer.body);
  const conversation = /** @type {Conversation | null} */ (answer.body);
  if (verdict.fate === 'sent' && conversation?.token) {
    failures = 0;
    store.keepToken(conversation.token);
    store.keepOpening(null);
    forgetPending(opening.id);
    state = rules.opened(state, conversation);
    connect();
    show();
    return 'on';
  }
  if (verdict.fate === 'parked') {
    store.keepOpening(null);
    forgetPending(opening.id);
    toForm(opening.text);
    const wrong = /** @type {const} */ ([
      ['name', nameField, 'nameEmpty'],
      ['email', emailField, 'emailWrong'],
      ['text', textField, 'problemInvalid'],
    ]).filter(([pointer]) => verdict.fields.includes(pointer));
    for (const [, field, word] of wrong) mark(field, say(word));
    $('start-problem').hidden = wrong.length > 0;
    $('start-problem').textContent = say(verdict.problem);
    (wrong[0]?.[1] ?? textField).focus();
    return 'stop';
  }
  return later(opening.id, answer.after);
}

/** @returns {Promise<'on' | 'stop'>} */
async function sendNext() {
  const message = /** @type {import('./chat-state.js').Pending} */ (rules.next(state));
  if (failures === 0) state = rules.changed(state, message.id, { state: 'sending' });
  show();
  const token = store.token();
  const body = { id: message.id, text: message.text };
  const answer = await ask('api/messages', { body, token });
  if (token !== store.token()) return 'stop';
  const verdict = rules.fateOf(answer.status, answer.body);
  switch (verdict.fate) {
    case 'sent': {
      failures = 0;
      forgetPending(message.id);
      const stored = /** @type {ChatMessage | null} */ (answer.body);
      if (stored?.id) state = rules.arrived(state, stored);
      show();
      banner();
      return 'on';
    }
    case 'ended':
      ended();
      return 'stop';
    case 'parked': {
      /** @type {Partial<import('./chat-state.js').Pending>} */
      const change = { state: 'refused', problem: verdict.problem };
      state = rules.changed(state, message.id, change);
      store.keepPending({ ...message, ...change });
      show();
      return 'on';
    }
    default:
      return later(message.id, answer.after);
  }
}

/** @param {string} id @param {number} after @returns {'stop'} */
function later(id, after) {
  failures += 1;
  state = rules.changed(state, id, { state: 'waiting' });
  retryTimer = setTimeout(flush, rules.pause(failures, Math.random(), after));
  show();
  banner();
  return 'stop';
}

/** @param {string} id */
function forgetPending(id) {
  store.dropPending(id);
  state = rules.dropped(state, id);
}

function connect() {
  const token = store.token();
  if (!token) return;
  live?.stop();
  linked = false;
  live = new Live(token, {
    frame(frame) {
      const before = rules.newestOfShop(state)?.id;
      state = rules.received(state, frame);
      for (const kept of store.pending()) {
        if (!state.pending.some((one) => one.id === kept.id)) store.dropPending(kept.id);
      }
      if (frame.type === 'typing') believeWriting();
      if (frame.type === 'conversation') hurry();
      show();
      const newest = rules.newestOfShop(state);
      if (newest && newest.id !== before) tellHost(newest.delivery !== 'read');
    },
    link(isLive) {
      linked = isLive;
      if (!isLive) state = { ...state, writing: null };
      show();
      banner();
    },
    async lost(times) {
      if (times < 2) return;
      // Where sockets do not get through, the page still looks whenever it tries.
      const answer = await ask('api/conversation', { token });
      if (token !== store.token()) return;
      const verdict = rules.fateOf(answer.status, answer.body);
      if (verdict.fate === 'ended') return ended();
      if (verdict.fate !== 'sent') return;
      state = rules.opened(state, /** @type {Conversation} */ (answer.body));
      show();
    },
    refused: ended,
  });
  banner();
}

/** Something says that the shop can be reached again. */
function hurry() {
  failures = 0;
  live?.hurry();
  flush();
}

function believeWriting() {
  clearTimeout(writingTimer);
  if (!state.writing) return;
  writingTimer = setTimeout(() => {
    state = { ...state, writing: null };
    show();
  }, rules.TYPING_MS);
}

/** Tells the shop what the visitor has had on the screen. */
function read() {
  const newest = rules.newestOfShop(state);
  const visible = onScreen && document.visibilityState === 'visible' && !$('talk').hidden;
  if (!visible || !newest || !linked) return;
  tellHost(false);
  if (newest.id === readUpto) return;
  readUpto = newest.id;
  live?.send({ type: 'read', upto: newest.id });
}

/** @param {boolean} writing */
function tellWriting(writing) {
  const now = performance.now();
  if (writing ? now - toldWriting < 3000 : toldWriting === 0) return;
  toldWriting = writing ? now : 0;
  live?.send({ type: 'typing', typing: writing });
}

// What the visitor does.

/** @param {string} text @returns {string} its id */
function queue(text) {
  const id = rules.uuid(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  /** @type {import('./chat-state.js').Pending} */
  const message = { id, text, at: new Date().toISOString(), state: 'sending' };
  store.keepPending(message);
  state = rules.queued(state, message);
  return id;
}

/** @param {SubmitEvent} event */
function begin(event) {
  event.preventDefault();
  const form = { name: nameField.value, email: emailField.value, text: textField.value };
  const wrong = rules.mistakes(form);
  $('start-problem').hidden = true;
  for (const field of [textField, emailField, nameField]) {
    const mistake = wrong[/** @type {keyof typeof form} */ (field.name)];
    mark(field, mistake ? say(mistake.word, { count: mistake.count ?? 0 }) : null);
    if (mistake) field.focus();
  }
  if (Object.keys(wrong).length > 0) return;
  store.keepVisitor(form);
  state = { ...state, name: form.name };
  const id = queue(form.text.trim());
  store.dropPending(id);
  store.keepOpening({ ...form, id, language });
  store.keepDraft('');
  textField.value = '';
  toTalk();
  flush();
}

/** @param {Event} [event] */
function reply(event) {
  event?.preventDefault();
  const text = words.value.trim();
  if (rules.length(text) === 0 || rules.length(text) > rules.MESSAGE_LIMIT) {
    words.focus();
    return;
  }
  queue(text);
  words.value = '';
  store.keepDraft('');
  sized();
  tellWriting(false);
  show();
  flush();
}

/** @param {string} id */
function edit(id) {
  const message = state.pending.find((one) => one.id === id);
  if (!message) return;
  forgetPending(id);
  words.value = [message.text, words.value].filter(Boolean).join('\n');
  store.keepDraft(words.value);
  sized();
  show();
  words.focus();
}

/** @param {string} id under a new number, for the old one may be what was refused */
function retry(id) {
  const message = state.pending.find((one) => one.id === id);
  if (!message) return;
  forgetPending(id);
  queue(message.text);
  show();
  words.focus();
  flush();
}

function sized() {
  words.style.blockSize = 'auto';
  words.style.blockSize = `${words.scrollHeight + 2}px`;
  counted(words, $('words-count'));
}

/** @param {HTMLTextAreaElement} field @param {HTMLElement} under */
function counted(field, under) {
  const room = rules.room(field.value);
  const text = room ? say(room.word, { count: room.count.toLocaleString(locale) }) : '';
  if (under.textContent !== text) under.textContent = text;
  under.classList.toggle('over', room?.word === 'over');
  under.hidden = text === '' && under.id === 'text-count';
  field.setAttribute('aria-invalid', String(room?.word === 'over'));
}

/** Leaves the conversation. What was typed and not sent goes along into the new one. */
function leave() {
  const unsent = [...state.pending.map((one) => one.text), words.value].filter(Boolean).join('\n');
  live?.stop();
  live = null;
  linked = false;
  failures = 0;
  readUpto = '';
  clearTimeout(retryTimer);
  store.forget();
  const { shop } = state;
  state = { ...rules.empty(), shop };
  words.value = '';
  toForm(unsent);
  tellHost(false);
  nameField.focus();
}

// The three screens.

/** @param {string} text */
function toForm(text) {
  const visitor = store.visitor();
  nameField.value ||= visitor?.name ?? '';
  emailField.value ||= visitor?.email ?? '';
  textField.value = text;
  store.keepDraft(text);
  screen({ start: true });
  show();
  banner();
}

function toTalk() {
  screen({ talk: true });
  show();
  sized();
  if (onScreen) words.focus();
}

function ended() {
  if (!$('ended').hidden) return;
  live?.stop();
  linked = false;
  clearTimeout(retryTimer);
  screen({ ended: true });
  banner();
  if (onScreen) $('ended-title').focus();
}

// The page around this one.

/** @param {boolean} unread */
function tellHost(unread) {
  if (hostOrigin) parent.postMessage({ deskhand: 'state', unread, begun: store.token() !== null }, hostOrigin);
}

function askClose() {
  if (hostOrigin) parent.postMessage({ deskhand: 'close' }, hostOrigin);
}

addEventListener('message', (event) => {
  if (!embedded || event.source !== parent || typeof event.data?.shown !== 'boolean') return;
  hostOrigin = event.origin;
  onScreen = event.data.shown;
  tellHost(false);
  show();
  if (onScreen) focusFirst();
});

function focusFirst() {
  if (!$('talk').hidden) words.focus();
  else if (!$('ended').hidden) $('ended-title').focus();
  else (nameField.value && emailField.value ? textField : nameField).focus();
}

function prepare() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll('[data-words]')) {
    node.textContent = say(/** @type {Word} */ (/** @type {HTMLElement} */ (node).dataset.words));
  }
  $('start-title').textContent = say('title');
  $('start-lead').textContent = say('lead');
  $('log').setAttribute('aria-label', say('log'));
  $('send').setAttribute('aria-label', say('send'));
  $('close').setAttribute('aria-label', say('close'));
  $('close').hidden = !embedded;

  start.onsubmit = begin;
  $('reply').onsubmit = reply;
  $('close').onclick = askClose;
  $('anew').onclick = () => leave();
  $('again').onclick = () => dialog.showModal();
  dialog.onclose = () => dialog.returnValue === 'leave' && leave();
  textField.oninput = () => {
    store.keepDraft(textField.value);
    counted(textField, $('text-count'));
  };
  words.oninput = () => {
    store.keepDraft(words.value);
    sized();
    tellWriting(words.value !== '');
  };
  words.onblur = () => tellWriting(false);
  words.onkeydown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) reply(event);
  };
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && embedded && !dialog.open) askClose();
  });
  addEventListener('online', hurry);
  addEventListener('offline', () => live?.drop());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') hurry();
    show();
  });
  addEventListener('pageshow', (event) => event.persisted && hurry());
  store.onTokenChange(() => location.reload());
}

async function learnShop() {
  const { status, body } = await ask('../v1/hello');
  const shop = /** @type {{ shop?: unknown } | null} */ (body)?.shop;
  if (status !== 200 || typeof shop !== 'string' || state.shop) return;
  state = { ...state, shop };
  show();
}

function resume() {
  const opening = store.opening();
  state = { ...state, name: store.visitor()?.name ?? '' };
  for (const message of store.pending()) {
    const again = message.state === 'refused' ? message : { ...message, state: /** @type {const} */ ('sending') };
    state = rules.queued(state, again);
  }
  if (opening) {
    const at = new Date().toISOString();
    state = rules.queued(state, { id: opening.id, text: opening.text, at, state: 'sending' });
  }
  if (opening || store.token()) {
    words.value = store.draft();
    toTalk();
    connect();
    flush();
  } else {
    toForm(store.draft());
    if (onScreen && !embedded) nameField.focus();
  }
}

prepare();
resume();
learnShop();
