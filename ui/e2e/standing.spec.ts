import { expect, test } from '@playwright/test';
import { Desk } from './desk';

test('the panel says where the order stands, why, and wakes the ticket when to look again', async ({ page }) => {
  const desk = new Desk(page);
  await desk.openDemo();
  await desk.show('Where is it');
  const card = desk.panel.getByRole('region', { name: 'Where it stands' });
  const stalled = desk.panel.locator('[data-condition=stalled]');
  for (let row = 0; row < 20 && !(await stalled.isVisible()); row += 1) {
    const before = await desk.selected.getAttribute('data-ticket');
    await page.keyboard.press('j');
    await expect(desk.selected).not.toHaveAttribute('data-ticket', before ?? '');
    await expect(desk.conversation).toHaveAttribute('data-ticket', (await desk.selected.getAttribute('data-ticket')) ?? '');
    await expect(card.or(desk.panel.getByText('No order'))).toBeVisible();
  }
  await expect(card).toHaveAttribute('data-condition', 'stalled');
  await expect(card).toContainText(/No scan for \d+ [hd]; the usual gap is \d+ h\./);
  await expect(card).toContainText('ask the carrier where it is');
  await desk.expectAccessible();

  const ticket = await desk.conversation.getAttribute('data-ticket');
  await card.getByRole('button', { name: /^Look again/ }).click();
  await desk.show('Snoozed');
  await expect(desk.list.locator(`[data-ticket="${ticket}"]`)).toBeVisible();
});
