// A copy without a keychain: the passphrase at the sign-in and at the start. The browser host keeps its
// key in memory, so the answers of such a computer are put in its place here.
import { expect, test, type Page } from '@playwright/test';
import { Desk } from './desk';

/** Answers a call of the window as a computer without a keychain would. */
async function answer(page: Page, call: string, make: (args: Record<string, unknown>) => { ok?: object; code?: string }) {
  await page.route(`**/rpc/${call}`, async (route) => {
    const { ok, code } = make((route.request().postDataJSON() ?? {}) as Record<string, unknown>);
    if (ok) await route.fulfill({ status: 200, json: ok });
    else await route.fulfill({ status: 422, json: { code, detail: '' } });
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the sign-in offers a passphrase where no keychain answers, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.open();
    const asked: unknown[] = [];
    await answer(page, 'probe_gateway', () => ({ ok: { address: 'https://desk.example', shop: 'Hollowpine', version: '0.1.0', milliseconds: 4, encrypted: true } }));
    await answer(page, 'sign_in', ({ passphrase }) => {
      asked.push(passphrase);
      return { code: passphrase === undefined ? 'keychain_locked' : 'unreachable' };
    });
    await page.getByLabel('Gateway address').fill('desk.example');
    await page.getByLabel('E-mail').fill('priya@hollowpine.example');
    await page.getByRole('textbox', { name: 'Password' }).fill('hollowpine');
    await page.keyboard.press('Enter');
    const phrase = page.getByRole('textbox', { name: 'Passphrase' });
    await expect(phrase).toBeFocused();
    await expect(page.getByText('The keychain is locked.')).toBeVisible();
    await desk.expectAccessible();
    await phrase.fill('too short');
    await expect(page.getByText('3 more characters')).toBeVisible();
    await phrase.fill('four plain little words');
    const submit = page.getByRole('button', { name: 'Protect and sign in' });
    await expect(submit).toBeDisabled();
    await page.getByRole('textbox', { name: 'The same once more' }).fill('four plain little words');
    await expect(submit).toBeEnabled();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toBeVisible();
    await page.getByRole('button', { name: 'Try the keychain again' }).click();
    await expect.poll(() => asked).toEqual([undefined, 'four plain little words', undefined]);
    await desk.expectAccessible();
  });

  test(`a locked copy asks for its passphrase and says what forgetting it costs, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await new Desk(page).open();
    const desk = new Desk(page);
    await answer(page, 'boot', () => ({ ok: { screen: 'unlock', address: 'https://desk.example', email: 'priya@hollowpine.example' } }));
    await answer(page, 'unlock', () => ({ code: 'wrong_passphrase' }));
    const forgotten: unknown[] = [];
    await answer(page, 'forget_copy', (args) => {
      forgotten.push(args);
      return { code: 'not_writable' };
    });
    await page.reload();
    const phrase = page.getByRole('textbox', { name: 'Passphrase' });
    await expect(phrase).toBeFocused();
    await phrase.fill('not this one');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toContainText('That is not the passphrase');
    await desk.expectAccessible();
    await page.getByRole('button', { name: 'Forgot it?' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the copy on this computer' });
    await expect(dialog).toContainText('Lost: drafts');
    await desk.expectAccessible();
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    expect(forgotten).toEqual([]);
    await page.getByRole('button', { name: 'Forgot it?' }).click();
    await dialog.getByRole('button', { name: 'Delete the copy' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    expect(forgotten).toHaveLength(1);
  });
}
