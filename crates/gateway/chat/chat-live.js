// The live socket: opens it, keeps it, and comes back when it was lost.

import { SILENCE_MS, pause } from './chat-state.js';

/** @import { ChatClientFrame, ChatServerFrame } from './types' */

/** The close code that says: this token is over (`protocol::live::close::SIGNED_OUT`). */
const SIGNED_OUT = 4001;

export class Live {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} the next try, or the limit of silence */
  #timer;
  #failures = 0;
  #stopped = false;

  /**
   * @param {string} token
   * @param {{
   *   frame: (frame: ChatServerFrame) => void,
   *   link: (live: boolean) => void,
   *   lost: (failures: number) => void,
   *   refused: () => void,
   * }} tell
   */
  constructor(token, tell) {
    this.token = token;
    this.tell = tell;
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** @param {ChatClientFrame} frame lost without harm when there is no connection */
  send(frame) {
    if (this.isOpen) this.#socket?.send(JSON.stringify(frame));
  }

  /** Tries at once, because the network or the visitor has come back. */
  hurry() {
    if (this.#socket || this.#stopped) return;
    this.#failures = 0;
    this.#connect();
  }

  /** The network is gone: no need to wait for silence. */
  drop() {
    this.#socket?.close();
    if (this.#socket) this.#lost(this.#socket);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #connect() {
    clearTimeout(this.#timer);
    const address = new URL('live', document.baseURI);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    address.search = '';
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#watch(socket);
    socket.onopen = () => this.send({ type: 'hello', token: this.token });
    socket.onmessage = (event) => this.#heard(socket, event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  /** @param {WebSocket} socket @param {unknown} data */
  #heard(socket, data) {
    if (socket !== this.#socket) return;
    this.#watch(socket);
    /** @type {ChatServerFrame} */
    let frame;
    try {
      frame = JSON.parse(String(data));
    } catch {
      return;
    }
    if (frame.type === 'conversation') {
      this.#failures = 0;
      this.tell.link(true);
    }
    this.tell.frame(frame);
  }

  /** @param {WebSocket} socket */
  #watch(socket) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      socket.close();
      this.#lost(socket);
    }, SILENCE_MS);
  }

  /** @param {WebSocket} socket @param {number} [code] */
  #lost(socket, code) {
    if (socket !== this.#socket || this.#stopped) return;
    this.#socket = null;
    clearTimeout(this.#timer);
    this.tell.link(false);
    if (code === SIGNED_OUT) {
      this.stop();
      this.tell.refused();
      return;
    }
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), pause(this.#failures, Math.random()));
    this.tell.lost(this.#failures);
  }
}
