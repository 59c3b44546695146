// Puts the state on the screen. Everything that people wrote goes in as text, never as mark-up.

import { parts, rows } from './chat-state.js';

/**
 * @import { Row, State } from './chat-state.js'
 * @import { speaker } from './chat-words.js'
 */

/** @typedef {ReturnType<typeof speaker>} Say */

const SVG = 'http://www.w3.org/2000/svg';
/** @type {Record<NonNullable<Row['state']>, string>} paths of 24 × 24 icons */
const ICONS = {
  sending: 'M12 6v6l4 2M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0Z',
  waiting: 'M12 6v6l4 2M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0Z',
  refused: 'M12 8v5M12 16.5v.01M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0Z',
  sent: 'm20 6-11 11-5-5',
  seen: 'm18 6-11 11-5-5M22 10l-7.5 7.5L13 16',
};

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function element(tag, className = '', text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {NonNullable<Row['state']>} state */
function icon(state) {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({
    viewBox: '0 0 24 24',
    width: '14',
    height: '14',
    fill: 'none',
    stroke: 'currentColor',
    'stroke-width': '1.75',
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
  }))
    svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[state]);
  svg.append(path);
  return svg;
}

/**
 * The log: keeps one element for each row, so that a screen reader hears only what is new.
 *
 * @param {HTMLElement} log
 * @param {{ locale: string, say: Say, edit: (id: string) => void, retry: (id: string) => void }} with_
 */
export function logView(log, { locale, say, edit, retry }) {
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
  const near = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  /** @type {Map<string, { node: HTMLElement, print: string }>} */
  let shown = new Map();

  /** @param {string} date */
  function dayWords(date) {
    const start = new Date(`${date}T00:00`);
    const days = Math.round((start.getTime() - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
    const words = days === 0 || days === -1 ? near.format(days, 'day') : day.format(start);
    return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1);
  }

  /** @param {Row} row */
  function bubble(row) {
    const made = element('div', 'bubble');
    if (row.mine) {
      made.textContent = row.text;
      return made;
    }
    for (const part of parts(row.text)) {
      if (part.href) made.append(link(part.text, part.href));
      else made.append(part.text);
    }
    return made;
  }

  /** @param {string} text @param {string} href */
  function link(text, href) {
    const made = element('a', '', text);
    made.href = href;
    made.title = href;
    made.target = '_blank';
    made.rel = 'noopener noreferrer nofollow';
    made.append(element('span', 'hidden', ` ${say('newTab')}`));
    return made;
  }

  /** @param {Row} row */
  function stateLine(row) {
    const line = element('div', 'state');
    const time = element('time', '', clock.format(new Date(row.at)));
    time.dateTime = row.at;
    line.append(time);
    if (row.state) line.append(` · ${say(row.state)} `, icon(row.state));
    return line;
  }

  /** @param {Row} row */
  function entry(row) {
    const pending = row.state === 'waiting' || row.state === 'refused' ? ` ${row.state}` : '';
    const made = element(
      'div',
      `entry${row.mine ? ' mine' : ''}${row.follows ? ' follows' : ''}${pending}`,
    );
    const who = row.mine ? say('you') : row.from;
    made.append(element('span', row.mine || row.follows ? 'hidden' : 'who', who), bubble(row));
    if (row.state || !row.mine) made.append(stateLine(row));
    if (row.state === 'refused') {
      made.append(element('p', 'problem', say(row.problem ?? 'problemOther')));
      const buttons = element('div', 'buttons');
      const again = element('button', '', say('retry'));
      const change = element('button', '', say('edit'));
      for (const button of [again, change]) button.type = 'button';
      again.onclick = () => retry(row.key);
      change.onclick = () => edit(row.key);
      buttons.append(change, again);
      made.append(buttons);
    }
    return made;
  }

  /** @param {State} state */
  return function render(state) {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
    const first = shown.size === 0;
    /** @type {typeof shown} */
    const now = new Map();
    let grew = false;
    /** @type {ChildNode | null} */
    let place = log.firstChild;
    /** @param {string} key @param {string} print @param {() => HTMLElement} make */
    const put = (key, print, make) => {
      const before = shown.get(key);
      const kept = before?.print === print ? before : { node: make(), print };
      if (before && kept !== before) {
        if (place === before.node) place = kept.node;
        before.node.replaceWith(kept.node);
      }
      if (!before && !first) kept.node.classList.add('fresh');
      grew ||= !before;
      if (place === kept.node) place = place.nextSibling;
      else log.insertBefore(kept.node, place);
      now.set(key, kept);
    };
    for (const row of rows(state)) {
      const date = row.day;
      if (date) put(date, dayWords(date), () => element('div', 'day', dayWords(date)));
      put(row.key, JSON.stringify(row), () => entry(row));
    }
    for (const [key, { node }] of shown) if (!now.has(key)) node.remove();
    shown = now;
    const mine = state.pending.length > 0;
    if (first || (grew && (atEnd || mine))) log.scrollTop = log.scrollHeight;
  };
}

/**
 * What stands under a field.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {string | null} words
 */
export function mark(field, words) {
  const problem = document.getElementById(`${field.id}-problem`);
  field.setAttribute('aria-invalid', String(words !== null));
  if (!problem) return;
  problem.hidden = words === null;
  problem.textContent = words ?? '';
}
