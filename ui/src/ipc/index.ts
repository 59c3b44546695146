/** The only door to the core. Nothing else in the window knows whether Tauri is there. */
import { browser } from './browser';
import type { Calls, Event } from './generated/types';
import type { Transport } from './transport';

export { CallFailed } from './transport';
export type * from './generated/types';

/** The function that makes calls, so that state can be tested with another one. */
export type Call = <Name extends keyof Calls>(name: Name, args: Calls[Name]['args']) => Promise<Calls[Name]['result']>;

let transport: Promise<Transport> | undefined;

/** Makes a call to the core. */
export const call: Call = async (name, args) => {
  const chosen = await choose();
  return chosen.call(name, args) as Promise<Calls[typeof name]['result']>;
};

/** Hears the core's events until the returned function is called. */
export function onEvent(hear: (event: Event) => void): () => void {
  let stop = () => {};
  let stopped = false;
  void choose().then((chosen) => {
    if (!stopped) stop = chosen.listen(hear);
  });
  return () => {
    stopped = true;
    stop();
  };
}

function choose(): Promise<Transport> {
  transport ??= load();
  return transport;
}

async function load(): Promise<Transport> {
  if (__PREVIEW__) return (await import('./preview')).preview(new URLSearchParams(location.search));
  if ('__TAURI_INTERNALS__' in window) return (await import('./tauri')).tauri;
  return browser;
}
