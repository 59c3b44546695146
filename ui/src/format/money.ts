import type { Money } from '../ipc';
import { localeTag } from './locale';

const MINUS = '\u2212';

/** `€389.00`, with as many decimals as the currency has. */
export function money(amount: Money): string {
  return write(amount, { style: 'currency', currency: amount.currency, currencyDisplay: 'narrowSymbol' });
}

/** `389.00`: an amount in a column whose currency is said elsewhere. */
export function bareMoney(amount: Money): string {
  const digits = decimals(amount.currency);
  return write(amount, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `€300`: so many whole units of a currency. */
export function wholeMoney(units: number, currency: string): string {
  const options = { style: 'currency', currency, currencyDisplay: 'narrowSymbol', maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(localeTag(), options).format(units);
}

/** `10,000`: a count. */
export function wholeNumber(count: number): string {
  return new Intl.NumberFormat(localeTag()).format(count);
}

/** The same amount taken away. */
export function negative(amount: Money): Money {
  return { ...amount, minor: -amount.minor };
}

/** Whether an amount is at least so many whole units of its currency. */
export function atLeast(amount: Money, units: number): boolean {
  return amount.minor >= units * 10 ** decimals(amount.currency);
}

function write(amount: Money, options: Intl.NumberFormatOptions): string {
  const value = amount.minor / 10 ** decimals(amount.currency);
  return new Intl.NumberFormat(localeTag(), options).format(value).replace('-', MINUS);
}

function decimals(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}
