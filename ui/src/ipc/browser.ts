import type { Event } from './generated/types';
import { CallFailed, type Transport } from './transport';

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;

/** The way to the core through the browser host: HTTP for calls, one WebSocket for events. */
export const browser: Transport = {
  async call(name, args) {
    let response: Response;
    try {
      response = await fetch(`/rpc/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(args),
      });
    } catch (thrown) {
      throw CallFailed.from(thrown);
    }
    const text = await response.text();
    if (response.ok) return text === '' ? {} : JSON.parse(text);
    throw CallFailed.from(parse(text) ?? new Error(`the browser host answered ${response.status}`));
  },

  listen(hear) {
    let stopped = false;
    let socket: WebSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let pause = FIRST_PAUSE;
    let again = false;

    const connect = () => {
      socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/events`);
      socket.onopen = () => {
        pause = FIRST_PAUSE;
        // Events were missed: look at everything again.
        if (again) hear({ topic: 'session' });
        again = true;
      };
      socket.onmessage = (message) => {
        const event = JSON.parse(String(message.data)) as Event;
        if (event.topic === 'outside') window.open(event.address, '_blank', 'noopener,noreferrer');
        else hear(event);
      };
      socket.onclose = () => {
        if (stopped) return;
        timer = setTimeout(connect, pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      };
    };

    connect();
    return () => {
      stopped = true;
      clearTimeout(timer);
      socket?.close();
    };
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
