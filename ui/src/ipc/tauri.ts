import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { Event } from './generated/types';
import { CallFailed, type Transport } from './transport';

/** The way to the core inside the Tauri window: one command, one event channel. */
export const tauri: Transport = {
  async call(name, args) {
    try {
      return await invoke('rpc', { name, args });
    } catch (thrown) {
      throw CallFailed.from(thrown);
    }
  },
  listen(hear) {
    const stop = listen<Event>('core', (message) => hear(message.payload));
    return () => void stop.then((unlisten) => unlisten());
  },
};
