// The top field finds what is on this computer.
import { expect, test } from '@playwright/test';
import { Desk } from './desk';

test.beforeEach(async ({ page }) => {
  await new Desk(page).openDemo();
});

test('an order’s number finds the order first, and Enter opens its conversation', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('Where is it');
  const number = (await desk.panel.locator('[data-order]').first().getByText(/^HP-\d+$/).first().textContent()) ?? '';
  await page.keyboard.press('/');
  const field = page.getByRole('dialog').getByRole('combobox');
  await expect(field).toBeFocused();
  await page.keyboard.type(number.replace('HP-', ''));
  const first = page.locator('[data-hit]').first();
  await expect(first).toHaveAttribute('data-hit', 'order');
  await expect(first).toHaveAttribute('data-exact', 'true');
  await expect(first).toContainText(number);
  await desk.expectAccessible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(desk.panel).toContainText(number);
});

test('words are marked, operators complete, and what is no filter is said', async ({ page }) => {
  await page.keyboard.press('/');
  const field = page.getByRole('dialog').getByRole('combobox');
  await field.fill('tent');
  await expect(page.locator('[data-hit] mark').first()).toHaveText(/^tent/i);
  await field.fill('tent is:op');
  await page.keyboard.press('Tab');
  await expect(field).toHaveValue('tent is:open ');
  await expect(field).toBeFocused();
  await field.fill('tent colour:red');
  await expect(page.locator('[data-unclear]')).toContainText('colour:');
});

test('Escape closes the search and a sign leads to the commands', async ({ page }) => {
  const desk = new Desk(page);
  await page.keyboard.press('/');
  await page.keyboard.type('>snoozed');
  await expect(page.getByRole('dialog', { name: 'Commands' })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Snoozed' })).toHaveAttribute('aria-current', 'page');
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog', { name: 'Search' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(desk.list).toBeVisible();
});
