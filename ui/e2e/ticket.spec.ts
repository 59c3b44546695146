import { expect, test } from '@playwright/test';
import { Desk } from './desk';
import { Shop } from './shop';

test.beforeEach(async ({ page }) => {
  await new Desk(page).openDemo();
});

test('a reply waits first and is sent when the gateway says so', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('My open');
  const text = `Thank you for waiting. Reference ${Date.now()}.`;
  await page.keyboard.press('r');
  await desk.composer.fill(text);
  await page.keyboard.press('Control+Enter');
  await expect(desk.composer).toHaveValue('');
  await expect(desk.thread.getByText(text)).toHaveCount(1);
  const sent = desk.thread.locator('[data-message]', { hasText: text });
  await expect(sent).toHaveCount(1);
  await expect(sent.locator('[data-delivery]')).toBeVisible();
  await expect(desk.thread.locator('[data-pending]', { hasText: text })).toHaveCount(0);
});

test('a note stays among colleagues', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('My open');
  const text = `Asked the warehouse. ${Date.now()}`;
  await page.keyboard.press('n');
  await expect(page.getByRole('tab', { name: 'Note' })).toHaveAttribute('aria-selected', 'true');
  await desk.composer.fill(text);
  await page.keyboard.press('Control+Enter');
  await expect(desk.thread.locator('[data-note]', { hasText: text })).toBeVisible();
});

test('a draft waits in its conversation', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('All open');
  await page.keyboard.press('r');
  await desk.composer.fill('half a sentence');
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await expect(desk.selected).toHaveAttribute('aria-posinset', '2');
  await expect(desk.composer).toHaveValue('');
  await page.keyboard.press('k');
  await expect(desk.composer).toHaveValue('half a sentence');
});

test('the thread starts at its newest message', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('My open');
  await expect(desk.thread.locator('[data-message]').last()).toBeInViewport();
});

test('a tag can be put on and taken off', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('My open');
  await expect(desk.conversation).toHaveAttribute('data-ticket', /./);
  await page.keyboard.press('l');
  await page.getByRole('textbox', { name: 'Add a tag' }).fill('checked twice');
  await page.keyboard.press('Enter');
  await expect(desk.conversation.getByText('checked twice')).toBeVisible();
  await page.keyboard.press('l');
  await page.getByRole('button', { name: 'Remove tag checked twice' }).click();
  await expect(desk.conversation.getByText('checked twice')).toHaveCount(0);
});

test('the panel shows the customer, the orders and where each was read', async ({ page, request }) => {
  const shop = await Shop.open(request);
  // Whose order has parcels at any hour.
  const aoife = await shop.find<{ name: string; email: string }>('customers', (one) => one.name === 'Aoife Brennan');
  const subject = await shop.hear(aoife.email, 'What about HP-20418?');
  const desk = new Desk(page);
  await desk.openAs(Shop.gateway, Shop.agent);
  await desk.show('Unassigned');
  await desk.list.getByRole('option').filter({ hasText: subject }).click();
  await expect(desk.panel.getByText('orders', { exact: true }).or(desk.panel.getByText('order', { exact: true }))).toBeVisible();
  await expect(desk.panel.locator('[data-order]').first()).toBeVisible();
  await expect(desk.panel.locator('[data-parcel]').first()).toBeVisible();
  await desk.panel.getByRole('tab', { name: /^Orders/ }).click();
  await expect(desk.panel.locator('[data-order]').first()).toBeVisible();
  await desk.panel.getByRole('tab', { name: /^History/ }).click();
  await expect(desk.panel.getByRole('tab', { name: /^History/ })).toHaveAttribute('aria-selected', 'true');
  await desk.expectAccessible();
});

test('the panel hides and comes back with one key', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('My open');
  await expect(desk.panel).toBeVisible();
  await page.keyboard.press('\\');
  await expect(desk.panel).toHaveCount(0);
  await page.keyboard.press('\\');
  await expect(desk.panel).toBeVisible();
});
