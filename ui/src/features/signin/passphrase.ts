/** The shortest passphrase that the core takes. */
export const SHORTEST = 12;

/** How hard a passphrase is to guess. */
export type Strength = 'empty' | 'short' | 'weak' | 'fair' | 'strong';

/** From how many guesses, as a power of two, it is fair and strong. */
const FAIR = 45;
const STRONG = 60;

/**
 * How hard a passphrase is to guess, roughly: what repeats, what runs on like `abc` or `123`, and what
 * stands in the address or the e-mail counts little.
 */
export function strength(passphrase: string, known: readonly string[] = []): Strength {
  if (passphrase === '') return 'empty';
  if ([...passphrase].length < SHORTEST) return 'short';
  const bits = guesses(passphrase, known);
  return bits >= STRONG ? 'strong' : bits >= FAIR ? 'fair' : 'weak';
}

/** How many characters are missing to the shortest length. */
export function missing(passphrase: string): number {
  return Math.max(0, SHORTEST - [...passphrase].length);
}

function guesses(passphrase: string, known: readonly string[]): number {
  let text = passphrase.toLocaleLowerCase();
  for (const word of known.flatMap((one) => one.toLocaleLowerCase().split(/[^\p{L}\p{N}]+/u))) {
    if (word.length >= 4) text = text.replaceAll(word, word.charAt(0));
  }
  const characters = [...text];
  const fresh = characters.filter((character, index) => !runsOn(characters, index) && character !== ' ').length;
  const different = new Set(characters).size;
  // Words share letters and their order; every character of a sentence is worth about three bits.
  const each = Math.min(perCharacter(passphrase), Math.log2(Math.max(2, different)));
  return Math.min(fresh, different * 2) * each;
}

function perCharacter(passphrase: string): number {
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}\s]/u].filter((kind) => kind.test(passphrase)).length;
  return 2.6 + kinds * 0.5;
}

/** Whether a character repeats the one before it or follows it in the alphabet. */
function runsOn(characters: readonly string[], index: number): boolean {
  const before = characters[index - 1]?.codePointAt(0);
  const here = characters[index]?.codePointAt(0);
  return before !== undefined && here !== undefined && Math.abs(here - before) <= 1;
}
