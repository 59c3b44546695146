// The chat on a shop's own page:
//
//   <script src="https://desk.example.com/chat/widget.js" defer></script>
//
// Attributes: data-label (the button's words), data-position ("left" or "right"), data-lang
// ("en", "de" or "fr"). It needs nothing from the page, leaves no globals, and keeps its styles in
// a shadow tree. A strict policy of the page needs script-src and frame-src for the chat's origin.
(() => {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement) || document.querySelector('deskhand-chat')) return;
  const chat = new URL('./?embed=1', script.src);
  const { label, position, lang } = script.dataset;
  const BEGUN = 'deskhand.chat.begun';

  const languages = [lang ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  const language = languages.find((tag) => ['en', 'de', 'fr'].includes(tag)) ?? 'en';
  const words = {
    en: { open: 'Chat with us', title: 'Chat', unread: 'new message' },
    de: { open: 'Chat mit uns', title: 'Chat', unread: 'neue Nachricht' },
    fr: { open: 'Discutez avec nous', title: 'Discussion', unread: 'nouveau message' },
  }[/** @type {'en' | 'de' | 'fr'} */ (language)];
  if (lang) chat.searchParams.set('lang', lang);

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host {
      all: initial; color-scheme: light dark;
      --accent: #2b59c3; --focus: #2450b0; --line: #d6d1c7; --page: #ffffff;
      position: fixed; z-index: 2147483000; inset-block-end: 16px;
      font: 500 15px/20px Inter, system-ui, sans-serif;
    }
    :host([data-position="right"]) { inset-inline-end: 16px }
    :host([data-position="left"]) { inset-inline-start: 16px }
    @media (prefers-color-scheme: dark) {
      :host { --accent: #4069ce; --focus: #92b0f7; --line: #363b44; --page: #191c21 }
    }
    button {
      position: relative; display: flex; align-items: center; gap: 8px; box-sizing: border-box;
      min-block-size: 48px; max-inline-size: calc(100vw - 32px); margin: 0; margin-inline-start: auto;
      padding: 8px 20px 8px 16px; border: 0; border-radius: 24px; background: var(--accent);
      color: #ffffff; font: inherit; cursor: pointer; box-shadow: 0 4px 16px rgb(17 19 22 / 24%);
    }
    :host([data-position="left"]) button { margin-inline: 0 auto }
    button:hover { text-decoration: underline }
    button:focus-visible {
      outline: 3px solid var(--focus); outline-offset: 2px; box-shadow: 0 0 0 2px #ffffff;
    }
    svg { flex: none }
    .dot {
      position: absolute; inset-block-start: 0; inset-inline-end: 0; inline-size: 14px;
      block-size: 14px; border: 2px solid #ffffff; border-radius: 50%; background: #b0271e;
      box-sizing: border-box;
    }
    [hidden] { display: none !important }
    .words {
      position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap;
    }
    .panel {
      box-sizing: border-box; inline-size: min(384px, calc(100vw - 32px));
      block-size: min(600px, calc(100dvh - 104px)); margin-block-end: 12px; overflow: hidden;
      border: 1px solid var(--line); border-radius: 12px; background: var(--page);
      box-shadow: 0 12px 40px rgb(17 19 22 / 24%);
    }
    iframe { display: block; inline-size: 100%; block-size: 100%; border: 0 }
    @media (max-width: 480px), (max-height: 480px) {
      .panel {
        position: fixed; inset: 0; inline-size: auto; block-size: auto; margin: 0; border: 0;
        border-radius: 0;
      }
      .panel:not([hidden]) + button { display: none }
    }
  `);

  const host = document.createElement('deskhand-chat');
  host.dataset.position = position === 'left' ? 'left' : 'right';
  const root = host.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = [sheet];

  const panel = document.createElement('div');
  panel.className = 'panel';
  panel.id = 'panel';
  panel.hidden = true;
  panel.setAttribute('role', 'dialog');
  panel.setAttribute('aria-label', words.title);

  const button = document.createElement('button');
  button.type = 'button';
  button.lang = language;
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-controls', 'panel');
  const icon = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [name, value] of [
    ['viewBox', '0 0 24 24'],
    ['width', '20'],
    ['height', '20'],
    ['fill', 'none'],
    ['stroke', 'currentColor'],
    ['stroke-width', '1.75'],
    ['stroke-linejoin', 'round'],
    ['aria-hidden', 'true'],
  ])
    icon.setAttribute(name, value);
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', 'M21 15a2 2 0 0 1-2 2H7l-4 4V5a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2z');
  icon.append(path);
  const dot = document.createElement('span');
  dot.className = 'dot';
  dot.hidden = true;
  const dotWords = document.createElement('span');
  dotWords.className = 'words';
  dotWords.textContent = words.unread;
  dot.append(dotWords);
  button.append(icon, label ?? words.open, dot);

  const frame = document.createElement('iframe');
  frame.title = words.title;
  frame.addEventListener('load', tellShown);

  root.append(panel, button);
  document.body.append(host);
  button.addEventListener('click', () => (panel.hidden ? open() : close()));
  root.addEventListener('keydown', (event) => {
    if (/** @type {KeyboardEvent} */ (event).key === 'Escape' && !panel.hidden) close();
  });

  // Somebody who has a conversation here is told of an answer without opening the chat first.
  if (remembered()) load();

  function load() {
    if (frame.isConnected) return;
    frame.src = chat.href;
    panel.append(frame);
  }

  function open() {
    load();
    panel.hidden = false;
    dot.hidden = true;
    button.setAttribute('aria-expanded', 'true');
    frame.focus();
    tellShown();
  }

  function close() {
    panel.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    button.focus();
    tellShown();
  }

  /** The chat counts a message as read only while it can be seen. */
  function tellShown() {
    frame.contentWindow?.postMessage({ shown: !panel.hidden }, chat.origin);
  }

  addEventListener('message', (event) => {
    if (event.origin !== chat.origin || event.source !== frame.contentWindow) return;
    if (event.data?.deskhand === 'close') close();
    if (event.data?.deskhand === 'state') {
      dot.hidden = !event.data.unread || !panel.hidden;
      remember(event.data.begun === true);
    }
  });

  function remembered() {
    try {
      return localStorage.getItem(BEGUN) !== null;
    } catch {
      return false;
    }
  }

  /** @param {boolean} begun */
  function remember(begun) {
    try {
      if (begun) localStorage.setItem(BEGUN, '1');
      else localStorage.removeItem(BEGUN);
    } catch {
      // Without storage the chat loads when it is opened.
    }
  }
})();
