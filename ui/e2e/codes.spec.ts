import { createHmac } from 'node:crypto';
import { expect, test, type Page } from '@playwright/test';
import { Desk } from './desk';

const gateway = process.env['DESKHAND_SHOP_URL'] ?? 'http://127.0.0.1:7431';

/** The code of now (RFC 6238: SHA-1, six digits, thirty seconds). */
function totp(secret: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replaceAll(/[^A-Z2-7]/g, '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', key).update(step).digest();
  const at = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0');
}

async function codesOf(page: Page): Promise<string[]> {
  return page.locator('[data-codes] li').allTextContents();
}

// Each walks through several screens with axe.
test.setTimeout(90_000);

// Where this runs, supervisors must have an app (scripts/screens.sh).
test('who must have an authenticator app sets it up while signing in, and comes back with a code', async ({ page }) => {
  const desk = new Desk(page);
  await desk.open();
  await desk.signIn(gateway, 'mette@hollowpine.example');
  await expect(page.getByRole('heading', { name: 'Set up your authenticator app' })).toBeVisible();
  await expect(page.getByRole('img', { name: 'QR code for the authenticator app' })).toBeVisible();
  const code = page.getByRole('textbox', { name: 'First code' });
  await expect(code).toBeFocused();
  await desk.expectAccessible();
  await page.screenshot({ path: 'test-results/codes-enrol-light.png' });
  await page.emulateMedia({ colorScheme: 'dark' });
  await desk.expectAccessible();
  await page.screenshot({ path: 'test-results/codes-enrol-dark.png' });

  const secret = (await page.locator('[data-secret]').textContent()) ?? '';
  const right = totp(secret);
  await code.fill(right === '000000' ? '000001' : '000000');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The code is wrong', { exact: true })).toBeVisible();
  await expect(code).toHaveValue('');
  await code.fill(totp(secret));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Keep these recovery codes' })).toBeVisible();
  const codes = await codesOf(page);
  expect(codes).toHaveLength(10);
  await desk.expectAccessible();
  await page.screenshot({ path: 'test-results/codes-kept-dark.png' });
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await expect(desk.connection).toHaveAttribute('data-connection', 'live', { timeout: 20_000 });
  await desk.signOut();

  await desk.signIn(gateway, 'mette@hollowpine.example');
  await expect(page.getByRole('heading', { name: 'Enter your code' })).toBeVisible();
  await desk.expectAccessible();
  await page.screenshot({ path: 'test-results/codes-ask-dark.png' });
  await page.getByRole('textbox', { name: 'Code' }).fill(codes[0] ?? '');
  await page.keyboard.press('Enter');
  await expect(desk.connection).toHaveAttribute('data-connection', 'live', { timeout: 20_000 });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`devices, the app and the password are seen to in one place, in the ${colorScheme} theme`, async ({ page, request }) => {
    await page.emulateMedia({ colorScheme });
    const email = colorScheme === 'light' ? 'luis@hollowpine.example' : 'daniel@hollowpine.example';
    const elsewhere = await request.post(`${gateway}/v1/sessions`, { data: { email, password: 'hollowpine', device: 'The other computer' } });
    expect(elsewhere.ok()).toBe(true);

    const desk = new Desk(page);
    await desk.openAs(gateway, email);
    await page.getByRole('button', { name: 'Your account' }).click();
    await page.getByRole('menuitem', { name: 'Signing in and devices' }).click();
    const dialog = page.getByRole('dialog', { name: 'Signing in and devices' });
    await expect(dialog.locator('[data-device]')).toHaveCount(2);
    await expect(dialog.getByText('this one')).toBeVisible();
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/security-${colorScheme}.png` });

    await dialog.getByRole('button', { name: 'Sign out The other computer' }).click();
    await expect(dialog.getByText('It destroys its copy at its next contact.')).toBeVisible();
    await dialog.getByRole('button', { name: 'Sign it out' }).click();
    await expect(dialog.locator('[data-device]')).toHaveCount(1);

    await dialog.getByRole('button', { name: 'Set up' }).click();
    await expect(dialog.getByRole('img', { name: 'QR code for the authenticator app' })).toBeVisible();
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/security-app-${colorScheme}.png` });
    await dialog.getByRole('textbox', { name: 'First code' }).fill(totp((await dialog.locator('[data-secret]').textContent()) ?? ''));
    await page.keyboard.press('Enter');
    await expect(dialog.getByRole('heading', { name: 'Keep these recovery codes' })).toBeVisible();
    const [first = ''] = await codesOf(page);
    await desk.expectAccessible();
    await dialog.getByRole('button', { name: 'I have kept them' }).click();
    await expect(dialog.getByText('On. 10 recovery codes are left.')).toBeVisible();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('textbox', { name: 'Code' }).fill(first);
    await page.keyboard.press('Enter');
    await expect(dialog.getByText('The app was removed.')).toBeVisible();

    await dialog.getByRole('button', { name: 'Change password' }).click();
    await expect(dialog.getByLabel('Password now')).toBeFocused();
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/security-password-${colorScheme}.png` });
    const fresh = 'cobalt ferry ninety walnut';
    await dialog.getByLabel('Password now').fill('hollowpine');
    await dialog.getByLabel('New password').fill('passwordpassword');
    await dialog.getByLabel('The same once more').fill('passwordpassword');
    await page.keyboard.press('Enter');
    await expect(dialog.getByText('This password is easily guessed')).toBeVisible();
    await dialog.getByLabel('New password').fill(fresh);
    await dialog.getByLabel('The same once more').fill(fresh);
    await page.keyboard.press('Enter');
    await expect(dialog.getByText('The password was changed.')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
  });
}
