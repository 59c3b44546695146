import { expect, test } from '@playwright/test';
import { Desk } from './desk';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the sign-in screen has nothing for axe in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.open();
    await expect(page.getByRole('heading', { name: 'Where do you work?' })).toBeVisible();
    await desk.expectAccessible();
  });
}

test('an address where nothing answers is said in words before anybody signs in', async ({ page }) => {
  const desk = new Desk(page);
  await desk.open();
  await page.getByLabel('Gateway address').fill('127.0.0.1:9');
  await expect(page.getByText('Nothing answers at this address')).toBeVisible();
  await expect(page.getByText('Check the address and the network')).toBeVisible();
});

test('empty fields are asked for', async ({ page }) => {
  const desk = new Desk(page);
  await desk.open();
  await page.getByLabel('Gateway address').fill('');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('Fill in address, e-mail and password first.')).toBeVisible();
});

test('the password can be shown and hidden', async ({ page }) => {
  const desk = new Desk(page);
  await desk.open();
  const field = page.getByLabel('Password', { exact: true });
  await expect(field).toHaveAttribute('type', 'password');
  await page.getByRole('button', { name: 'Show the password' }).click();
  await expect(field).toHaveAttribute('type', 'text');
});

test('the demo shop opens as an agent, and as a supervisor', async ({ page }) => {
  const desk = new Desk(page);
  await desk.open();
  await page.getByRole('button', { name: 'Open demo' }).click();
  await expect(page.getByRole('heading', { name: 'Hollowpine', level: 1 })).toBeVisible();
  await page.getByRole('button', { name: 'Your account' }).click();
  await expect(page.getByText('priya@hollowpine.example')).toBeVisible();
  await page.keyboard.press('Escape');
  await desk.signOut();
  await page.getByRole('button', { name: 'Open the demo shop as supervisor' }).click();
  await page.getByRole('button', { name: 'Your account' }).click();
  await expect(page.getByText('mette@hollowpine.example')).toBeVisible();
  await page.keyboard.press('Escape');
  await desk.signOut();
});
