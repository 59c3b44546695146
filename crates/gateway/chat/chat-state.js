// The rules of the chat page, without page and without network: everything here is pure.

/**
 * @import { ChatMessage, ChatServerFrame, Conversation } from './types'
 * @import { Word } from './chat-words.js'
 */

/**
 * A message that the shop does not have yet. Its id never changes, so that sending it twice stores
 * it once.
 *
 * @typedef {object} Pending
 * @property {string} id
 * @property {string} text
 * @property {string} at when it was written
 * @property {'sending' | 'waiting' | 'refused'} state
 * @property {Word} [problem] why it was refused
 */

/**
 * @typedef {object} State
 * @property {string} shop
 * @property {string} name
 * @property {ChatMessage[]} messages oldest first
 * @property {Pending[]} pending in the order they were written
 * @property {string | null} writing who writes at the moment
 */

/** The longest message, in characters; as in `deskhand_domain::text`. */
export const MESSAGE_LIMIT = 20_000;
/** The longest name or address. */
export const LINE_LIMIT = 200;
/** How long the shop may be silent: two heartbeats and a little. */
export const SILENCE_MS = 12_000;
/** How long "is writing" is believed without being said again. */
export const TYPING_MS = 8_000;

/** @returns {State} */
export function empty() {
  return { shop: '', name: '', messages: [], pending: [], writing: null };
}

/**
 * @param {State} state
 * @param {ChatServerFrame} frame
 * @returns {State}
 */
export function received(state, frame) {
  switch (frame.type) {
    case 'conversation':
      return opened(state, frame.conversation);
    case 'message':
      return arrived(state, frame.message);
    case 'typing':
      return { ...state, writing: frame.typing ? frame.from : null };
    default:
      return state;
  }
}

/**
 * The conversation as the shop has it replaces what the page believed; what the shop does not have
 * yet stays.
 *
 * @param {State} state
 * @param {Conversation} conversation
 * @returns {State}
 */
export function opened(state, conversation) {
  const known = new Set(conversation.messages.map((message) => message.id));
  return {
    shop: conversation.shop,
    name: conversation.name,
    messages: inOrder(conversation.messages),
    pending: state.pending.filter((waiting) => !known.has(waiting.id)),
    writing: null,
  };
}

/**
 * A message is new or has changed; twice or out of order does no harm.
 *
 * @param {State} state
 * @param {ChatMessage} message
 * @returns {State}
 */
export function arrived(state, message) {
  const others = state.messages.filter((other) => other.id !== message.id);
  return {
    ...state,
    messages: inOrder([...others, message]),
    pending: state.pending.filter((waiting) => waiting.id !== message.id),
    writing: message.mine ? state.writing : null,
  };
}

/**
 * @param {State} state
 * @param {Pending} message
 * @returns {State}
 */
export function queued(state, message) {
  const others = state.pending.filter((waiting) => waiting.id !== message.id);
  return { ...state, pending: [...others, message] };
}

/**
 * @param {State} state
 * @param {string} id
 * @param {Partial<Pending>} change
 * @returns {State}
 */
export function changed(state, id, change) {
  const pending = state.pending.map((one) => (one.id === id ? { ...one, ...change } : one));
  return { ...state, pending };
}

/**
 * @param {State} state
 * @param {string} id
 * @returns {State}
 */
export function dropped(state, id) {
  return { ...state, pending: state.pending.filter((waiting) => waiting.id !== id) };
}

/**
 * What to send now. A refused message holds nobody up.
 *
 * @param {State} state
 * @returns {Pending | undefined}
 */
export function next(state) {
  return state.pending.find((waiting) => waiting.state !== 'refused');
}

/** @param {ChatMessage[]} messages */
function inOrder(messages) {
  return [...messages].sort(
    (a, b) => Date.parse(a.sent_at) - Date.parse(b.sent_at) || (a.id < b.id ? -1 : 1),
  );
}

/**
 * The newest message of the shop, if there is one that the visitor may not have seen.
 *
 * @param {State} state
 * @returns {ChatMessage | undefined}
 */
export function newestOfShop(state) {
  return state.messages.findLast((message) => !message.mine);
}

/**
 * One line of the log.
 *
 * @typedef {object} Row
 * @property {string} key
 * @property {string | null} day a day begins here, as `YYYY-MM-DD` of the visitor's zone
 * @property {boolean} mine
 * @property {boolean} follows the same person wrote the message before it
 * @property {string} from
 * @property {string} text
 * @property {string} at
 * @property {'sending' | 'waiting' | 'refused' | 'sent' | 'seen' | null} state
 * @property {Word} [problem]
 */

/**
 * What the log shows: one row for each message, with the state under the visitor's last one.
 *
 * @param {State} state
 * @returns {Row[]}
 */
export function rows(state) {
  const last = state.messages.findLast((message) => message.mine);
  /** @type {Omit<Row, 'day' | 'follows'>[]} */
  const all = [
    ...state.messages.map((message) => ({
      key: message.id,
      mine: message.mine,
      from: message.from,
      text: message.text,
      at: message.sent_at,
      state: message === last ? stateOf(message) : null,
    })),
    ...state.pending.map((waiting) => ({
      key: waiting.id,
      mine: true,
      from: state.name,
      text: waiting.text,
      at: waiting.at,
      state: waiting.state,
      problem: waiting.problem,
    })),
  ];
  return all.map((row, index) => {
    const before = all[index - 1];
    const newDay = !before || dayOf(before.at) !== dayOf(row.at);
    const follows =
      !newDay && before.mine === row.mine && (row.mine || before.from === row.from);
    return { ...row, day: newDay ? dayOf(row.at) : null, follows };
  });
}

/** @param {ChatMessage} message @returns {'seen' | 'sent'} */
function stateOf(message) {
  return message.seen ? 'seen' : 'sent';
}

/** @param {string} at */
function dayOf(at) {
  const date = new Date(at);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * A text cut at its addresses. Only plain http and https addresses become links, and what is shown
 * is always the address itself.
 *
 * @param {string} text
 * @returns {{ text: string, href?: string }[]}
 */
export function parts(text) {
  /** @type {{ text: string, href?: string }[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"“”„«»]+/gi)) {
    const shown = withoutTail(match[0]);
    const href = safeAddress(shown);
    if (!href) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: shown, href });
    end = match.index + shown.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** The stop after an address, and a bracket that was opened before it, belong to the sentence.
 *
 * @param {string} address
 */
function withoutTail(address) {
  let shown = address.replace(/[.,;:!?'’…]+$/, '');
  while (/[)\]]$/.test(shown) && count(shown, /[([]/g) < count(shown, /[)\]]/g)) {
    shown = shown.slice(0, -1).replace(/[.,;:!?'’…]+$/, '');
  }
  return shown;
}

/** @param {string} text @param {RegExp} what */
function count(text, what) {
  return text.match(what)?.length ?? 0;
}

/** @param {string} shown */
function safeAddress(shown) {
  if (!URL.canParse(shown)) return undefined;
  const url = new URL(shown);
  const plain = url.username === '' && url.password === '' && url.hostname.includes('.');
  return plain ? url.href : undefined;
}

/**
 * How many characters the shop will count.
 *
 * @param {string} text
 */
export function length(text) {
  return [...text.replace(/\r\n?/g, '\n').normalize('NFC').trim()].length;
}

/**
 * What stands under a field: nothing, a count near the limit, or what to cut.
 *
 * @param {string} text
 * @returns {{ word: Word, count: number } | null}
 */
export function room(text) {
  const left = MESSAGE_LIMIT - length(text);
  if (left < 0) return { word: 'over', count: -left };
  return left <= 500 ? { word: 'left', count: left } : null;
}

/**
 * What is wrong with the form, by field; as the shop will check it.
 *
 * @param {{ name: string, email: string, text: string }} form
 * @returns {Partial<Record<'name' | 'email' | 'text', { word: Word, count?: number }>>}
 */
export function mistakes({ name, email, text }) {
  /** @type {ReturnType<typeof mistakes>} */
  const found = {};
  if (length(name) === 0) found.name = { word: 'nameEmpty' };
  else if (length(name) > LINE_LIMIT) found.name = { word: 'lineLong', count: LINE_LIMIT };
  if (length(email) === 0) found.email = { word: 'emailEmpty' };
  else if (!isAddress(email.trim())) found.email = { word: 'emailWrong' };
  if (length(text) === 0) found.text = { word: 'textEmpty' };
  else if (length(text) > MESSAGE_LIMIT)
    found.text = { word: 'over', count: length(text) - MESSAGE_LIMIT };
  return found;
}

/** @param {string} address */
function isAddress(address) {
  const label = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?';
  const name = "[\\p{L}\\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}";
  return new RegExp(`^${name}@${label}(?:\\.${label})+$`, 'u').test(address);
}

/**
 * What becomes of a message after an answer: it is sent, it is tried later, the conversation is
 * over, or it is parked with a reason.
 *
 * @param {number} status 0 when there was no answer
 * @param {unknown} body
 * @returns {{ fate: 'sent' | 'later' | 'ended' } | { fate: 'parked', problem: Word, fields: string[] }}
 */
export function fateOf(status, body) {
  if (status >= 200 && status < 300) return { fate: 'sent' };
  if (status === 401) return { fate: 'ended' };
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500)
    return { fate: 'later' };
  const problem = /** @type {{ code?: string, errors?: { pointer?: string }[] } | null} */ (body);
  const errors = Array.isArray(problem?.errors) ? problem.errors : [];
  const fields = errors.map((error) => String(error?.pointer ?? '').split('/')[1] ?? '');
  return { fate: 'parked', problem: wordOf(status, problem?.code), fields };
}

/**
 * @param {number} status
 * @param {string | undefined} code
 * @returns {Word}
 */
function wordOf(status, code) {
  if (code === 'too_large' || status === 413) return 'problemLarge';
  if (code === 'invalid' || code === 'unsupported_media') return 'problemInvalid';
  if (code === 'conflict') return 'problemConflict';
  if (code === 'forbidden' || code === 'not_found') return 'problemForbidden';
  return 'problemOther';
}

/**
 * How long to wait before the next try: doubling from half a second to half a minute, with jitter
 * so that a thousand pages do not come back at once. What the server asks for wins.
 *
 * @param {number} failures in a row, from 1
 * @param {number} random from 0 to 1
 * @param {number} [asked] seconds of `Retry-After`
 * @returns {number} milliseconds
 */
export function pause(failures, random, asked = 0) {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(failures - 1, 10));
  return Math.max(ceiling * (0.5 + random / 2), Math.min(asked, 600) * 1000);
}

/**
 * A UUIDv7 (RFC 9562 §5.7). Made by hand because `crypto.randomUUID` is missing on plain http.
 *
 * @param {number} now milliseconds since 1970
 * @param {Uint8Array} random ten bytes
 */
export function uuid(now, random) {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
