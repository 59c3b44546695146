/** A piece of a text; with an address when it is a link. */
export interface Piece {
  text: string;
  link?: Link;
}

/** Where a link leads. */
export interface Link {
  /** The whole address, in ASCII: a host in other letters stands there by its true name. */
  address: string;
  /** The host, or for an e-mail the address itself. */
  host: string;
  kind: 'page' | 'email';
  /** The host as it was written, when its letters are not plain. */
  written: string | null;
}

const ADDRESS = /\b(?:https?:\/\/|mailto:)[^\s<>"“”„«»\p{Cc}\p{Cf}]+/giu;
const LONGEST = 2048;

/** A text cut at its addresses. What is shown stays what was written. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const written = withoutTail(match[0]);
    const link = linkOf(written);
    if (!link) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: written, link });
    end = match.index + written.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** Where an address leads, unless it leads to neither a web page nor an e-mail. */
export function linkOf(written: string): Link | undefined {
  if (written.length > LONGEST || !URL.canParse(written)) return undefined;
  const url = new URL(written);
  if (url.protocol === 'mailto:') {
    const host = decoded(url.pathname);
    return host.includes('@') ? { address: url.href, host, kind: 'email', written: null } : undefined;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  return { address: url.href, host: url.host, kind: 'page', written: writtenHost(written, url.host) };
}

/** The host as it was written, when it reads otherwise than its true name. */
function writtenHost(written: string, host: string): string | null {
  const typed = /^https?:[\\/]*([^\\/?#]*)/i.exec(written)?.[1] ?? '';
  const plain = /^[\x21-\x7e]*$/.test(typed);
  return plain && !host.split('.').some((part) => part.startsWith('xn--')) ? null : typed;
}

/** The stop after an address, and a bracket that was opened before it, belong to the sentence. */
function withoutTail(address: string): string {
  const stop = /[.,;:!?'’…]+$/;
  let shown = address.replace(stop, '');
  while (/[)\]]$/.test(shown) && count(shown, /[([]/g) < count(shown, /[)\]]/g)) {
    shown = shown.slice(0, -1).replace(stop, '');
  }
  return shown;
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
