import { expect, test } from '@playwright/test';
import { Desk } from './desk';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the shop has nothing for axe in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.openDemo();
    await desk.show('My open');
    await expect(desk.thread).toBeVisible();
    await desk.expectAccessible();
    await page.keyboard.press('b');
    await expect(page.getByRole('dialog', { name: 'Outbox' })).toBeVisible();
    await desk.expectAccessible();
  });
}

test('a chosen theme is there before the first paint after a reload', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  const desk = new Desk(page);
  await desk.openDemo();
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('html')).toHaveCSS('color-scheme', 'dark');
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('the shop’s chat page is named with a button to copy it', async ({ page }) => {
  const desk = new Desk(page);
  await desk.openDemo();
  await page.getByRole('button', { name: 'Your account' }).click();
  await expect(page.getByText(/\/chat/)).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Copy the address' })).toBeVisible();
});

test('below 1180 the rail shows icons, below 1000 the panel lies over the conversation', async ({ page }) => {
  const desk = new Desk(page);
  await desk.openDemo();
  await desk.show('My open');
  await page.setViewportSize({ width: 1100, height: 700 });
  await expect(page.getByRole('navigation')).toHaveCSS('width', '52px');
  await page.setViewportSize({ width: 920, height: 640 });
  await expect(desk.panel).toHaveCount(0);
  await page.keyboard.press('\\');
  await expect(desk.panel).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(desk.panel).toHaveCount(0);
});
