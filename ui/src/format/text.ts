/** `WR 4417 0926 51`: letters first, then digits in fours, so that a person can read it out. */
export function grouped(number: string): string {
  const clean = number.replace(/\s+/g, '');
  const letters = /^[A-Za-z]*/.exec(clean)?.[0] ?? '';
  const rest = clean.slice(letters.length).match(/.{1,4}/g) ?? [];
  return [letters, ...rest].filter((part) => part !== '').join(' ');
}

/** The letters of an avatar: first and last name. */
export function initials(name: string): string {
  const letters = name
    .split(/\s+/)
    .map((word) => /[\p{L}\p{N}]/u.exec(word)?.[0])
    .filter((letter) => letter !== undefined);
  const first = letters[0] ?? '?';
  const last = letters.length > 1 ? (letters.at(-1) ?? '') : '';
  return (first + last).toUpperCase();
}

/** The name to call somebody by in a narrow place. */
export function firstName(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name;
}

/** Which of the avatar colours belongs to a person; the same one everywhere. */
export function personColour(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) >>> 0;
  return sum % 6;
}

/** Plain text in paragraphs, split where the writer left a line empty. */
export function paragraphs(text: string): string[] {
  return text
    .replace(/\r\n?/g, '\n')
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
