import { getLocale } from '../paraglide/runtime';

const FALLBACK = { en: 'en-GB', de: 'de-DE', fr: 'fr-FR' } as const;

/** The BCP 47 tag to format with: the person's own variant of the window's language, if they have one. */
export function localeTag(): string {
  const language = getLocale();
  const own = globalThis.navigator?.languages?.find((tag) => tag.startsWith(`${language}-`));
  return own ?? FALLBACK[language];
}

/** `Ireland` for `IE`. */
export function countryName(code: string): string {
  return nameOf('region', code);
}

/** `German` for `de`. */
export function languageName(code: string): string {
  return nameOf('language', code);
}

function nameOf(type: 'region' | 'language', code: string): string {
  try {
    return new Intl.DisplayNames(localeTag(), { type }).of(code) ?? code;
  } catch {
    return code;
  }
}
