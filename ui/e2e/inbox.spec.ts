import { expect, test } from '@playwright/test';
import { Desk } from './desk';

test.beforeEach(async ({ page }) => {
  await new Desk(page).openDemo();
});

test('the keyboard moves through the list and the conversation follows', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('All open');
  const first = await desk.selected.getAttribute('data-ticket');
  await expect(desk.list).toHaveAttribute('aria-activedescendant', `ticket-${first}`);
  await expect(desk.selected).toHaveAttribute('aria-posinset', '1');

  await page.keyboard.press('j');
  await expect(desk.selected).toHaveAttribute('aria-posinset', '2');
  await page.keyboard.press('ArrowDown');
  await expect(desk.selected).toHaveAttribute('aria-posinset', '3');
  const third = await desk.selected.getAttribute('data-ticket');
  await expect(desk.conversation).toHaveAttribute('data-ticket', third ?? '');

  await page.keyboard.press('k');
  await page.keyboard.press('k');
  await page.keyboard.press('k');
  await expect(desk.selected).toHaveAttribute('aria-posinset', '1');
});

test('the active row stays in the document when the list is scrolled away from it', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('All open');
  const total = Number(await desk.selected.getAttribute('aria-setsize'));
  expect(total).toBeGreaterThan(30);
  await desk.list.evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
  await expect(page.locator(`[role=option][aria-posinset="${total}"]`)).toBeVisible();
  await expect(desk.selected).toHaveCount(1);
  expect(await page.getByRole('option').count()).toBeLessThan(40);
});

test('a row has at most twenty nodes and the window at most 1,200', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('All open');
  const rows = await page.getByRole('option').evaluateAll((all) => all.map((row) => row.querySelectorAll('*').length + 1));
  expect(Math.max(...rows)).toBeLessThanOrEqual(20);
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThanOrEqual(1_200);
});

test('keys go to views, and rest while somebody writes', async ({ page }) => {
  const desk = new Desk(page);
  await page.keyboard.press('g');
  await page.keyboard.press('u');
  await expect(page.getByRole('button', { name: 'Unassigned' })).toHaveAttribute('aria-current', 'page');
  await page.keyboard.press('Control+1');
  await expect(page.getByRole('button', { name: 'My open' })).toHaveAttribute('aria-current', 'page');
  await expect(desk.conversation).toHaveAttribute('data-ticket', /./);
  await page.keyboard.press('r');
  await expect(desk.composer).toBeFocused();
  await page.keyboard.type('jjgu?');
  await expect(desk.composer).toHaveValue('jjgu?');
  await desk.composer.fill('');
  await page.keyboard.press('Escape');
  await expect(desk.list).toBeFocused();
});

test('the order of the list can be chosen', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('All open');
  await page.getByRole('button', { name: 'Sort: Clock' }).click();
  await page.getByRole('menuitemradio', { name: 'Newest' }).click();
  await expect(page.getByRole('button', { name: 'Sort: Newest' })).toBeVisible();
  await expect(page.locator('[role=option][aria-posinset="1"]')).toBeVisible();
});

test('the table of keys and the commands open and close', async ({ page }) => {
  const desk = new Desk(page);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await desk.expectAccessible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('snoozed');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Snoozed' })).toHaveAttribute('aria-current', 'page');
});
