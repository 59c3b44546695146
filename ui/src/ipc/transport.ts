import type { CallCode, CallError, Event } from './generated/types';

/** The way to the core. */
export interface Transport {
  /** Makes a call; rejects with a `CallFailed`. */
  call(name: string, args: unknown): Promise<unknown>;
  /** Hears every event until the returned function is called. */
  listen(hear: (event: Event) => void): () => void;
}

/** A call that went wrong. The window decides by `code`; `detail` is only shown small. */
export class CallFailed extends Error {
  readonly code: CallCode;
  readonly detail: string;

  constructor(error: CallError) {
    super(`${error.code}: ${error.detail}`);
    this.code = error.code;
    this.detail = error.detail;
  }

  /** Whatever was thrown, as a `CallFailed`. */
  static from(thrown: unknown): CallFailed {
    if (thrown instanceof CallFailed) return thrown;
    if (isCallError(thrown)) return new CallFailed(thrown);
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    return new CallFailed({ code: 'internal', detail });
  }
}

function isCallError(value: unknown): value is CallError {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}
