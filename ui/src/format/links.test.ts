import { describe, expect, test } from 'vitest';
import { linkOf, pieces } from './links';

const addresses = (text: string) => pieces(text).flatMap(({ link }) => (link ? [link.address] : []));

describe('links in a text', () => {
  test('the text stays as it was written, cut at its addresses', () => {
    const text = 'See https://example.com/a?b=1 (and https://example.com/b_(c)). Or mailto:help@example.com!';
    const cut = pieces(text);
    expect(cut.map((piece) => piece.text).join('')).toBe(text);
    expect(addresses(text)).toEqual(['https://example.com/a?b=1', 'https://example.com/b_(c)', 'mailto:help@example.com']);
  });

  test.each([
    'javascript:alert(1)',
    'data:text/html,<script>1</script>',
    'file:///etc/passwd',
    'vbscript:x',
    'tauri://localhost/',
    'ipc://localhost/rpc',
    'https://user:secret@example.com/',
    'https://example.com@evil.example/',
    'https://',
    'https://[',
    'mailto:nobody',
    `https://example.com/${'a'.repeat(2048)}`,
  ])('%s is no link', (text) => {
    expect(addresses(text)).toEqual([]);
  });

  test.each([
    ['https://аррӏе.com/login', 'xn--80ak6aa92e.com', 'аррӏе.com'],
    ['https://müller.example', 'xn--mller-kva.example', 'müller.example'],
    ['https://xn--80ak6aa92e.com', 'xn--80ak6aa92e.com', 'xn--80ak6aa92e.com'],
    ['https://ｅxample.com', 'example.com', 'ｅxample.com'],
    ['https://example.com。evil.example', 'example.com.evil.example', 'example.com。evil.example'],
  ])('%s leads to its true name', (text, host, written) => {
    const [piece] = pieces(text);
    expect(piece?.link).toMatchObject({ host, written });
    expect(piece?.link?.address).toMatch(/^[\x21-\x7e]+$/);
  });

  test('an address ends where a character turns the direction of writing or is not seen', () => {
    expect(addresses('https://example.com/\u202emoc.knab\u202c')).toEqual(['https://example.com/']);
    expect(addresses('https://exa\u200bmple.com/')).toEqual(['https://exa/']);
    expect(addresses('https://example.com/\u0000x')).toEqual(['https://example.com/']);
  });

  test('a plain host reads as it is', () => {
    expect(linkOf('https://Example.com:8443/x')).toMatchObject({ host: 'example.com:8443', written: null, kind: 'page' });
  });
});
