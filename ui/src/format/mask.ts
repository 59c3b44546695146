/** What the gateway sends in place of a text that this role may not see. */
const MASK = '•••';

/** Whether a text is not the real one. */
export function isMasked(text: string | null | undefined): boolean {
  return text === MASK;
}

/** The text, unless it is not the real one. */
export function unmasked(text: string | null | undefined): string | null {
  return text && !isMasked(text) ? text : null;
}
