// What the page remembers between visits. Each unsent message has a key of its own, so that two
// open tabs never overwrite each other.

/** @import { Pending } from './chat-state.js' */
/** @import { OpenConversation } from './types' */

const PREFIX = 'deskhand.chat.';
const PENDING = `${PREFIX}pending.`;

/** @type {Map<string, string>} stands in where the browser keeps nothing */
const memory = new Map();

function probe() {
  try {
    localStorage.setItem(`${PREFIX}probe`, '1');
    localStorage.removeItem(`${PREFIX}probe`);
    return true;
  } catch {
    return false;
  }
}

/** Whether what is kept survives a reload. */
export const keeps = probe();

/** @param {string} key */
function read(key) {
  if (!keeps) return memory.get(key) ?? null;
  return localStorage.getItem(key);
}

/** @param {string} key @param {string | null} value */
function write(key, value) {
  if (value === null) memory.delete(key);
  else memory.set(key, value);
  if (!keeps) return;
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Full: the message still goes out from memory as long as the page stays open.
  }
}

function keys() {
  return keeps ? Object.keys(localStorage) : [...memory.keys()];
}

/** @template T @param {string} key @returns {T | null} */
function parsed(key) {
  try {
    return JSON.parse(read(key) ?? 'null');
  } catch {
    return null;
  }
}

export const token = () => read(`${PREFIX}token`);
export const keepToken = (/** @type {string | null} */ value) => write(`${PREFIX}token`, value);

export const draft = () => read(`${PREFIX}draft`) ?? '';
export const keepDraft = (/** @type {string} */ text) => write(`${PREFIX}draft`, text || null);

/** Who the visitor is, and the opening that has not arrived yet. @returns {OpenConversation | null} */
export const opening = () => parsed(`${PREFIX}opening`);
export const keepOpening = (/** @type {OpenConversation | null} */ value) =>
  write(`${PREFIX}opening`, value && JSON.stringify(value));

/** @returns {{ name: string, email: string } | null} */
export const visitor = () => parsed(`${PREFIX}visitor`);
export const keepVisitor = (/** @type {{ name: string, email: string }} */ value) =>
  write(`${PREFIX}visitor`, JSON.stringify({ name: value.name, email: value.email }));

/** @returns {Pending[]} in the order they were written: their ids are sorted by time */
export function pending() {
  return keys()
    .filter((key) => key.startsWith(PENDING))
    .sort()
    .flatMap((key) => /** @type {Pending | null} */ (parsed(key)) ?? [])
    .filter((message) => typeof message.id === 'string' && typeof message.text === 'string');
}

export const keepPending = (/** @type {Pending} */ message) =>
  write(PENDING + message.id, JSON.stringify(message));
export const dropPending = (/** @type {string} */ id) => write(PENDING + id, null);

/** Forgets the conversation, not the visitor. */
export function forget() {
  for (const key of keys()) {
    if (key.startsWith(PREFIX) && key !== `${PREFIX}visitor`) write(key, null);
  }
}

/** @param {() => void} tell another tab began or left a conversation */
export function onTokenChange(tell) {
  addEventListener('storage', (event) => {
    if (event.key === `${PREFIX}token`) tell();
  });
}
