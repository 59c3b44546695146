import { expect, test } from '@playwright/test';
import { Desk } from './desk';

test('the panel says where the order stands, why, and wakes the ticket when to look again', async ({ page }) => {
  const desk = new Desk(page);
  await desk.openDemo();
  await desk.show('Where is it');
  const card = desk.panel.getByRole('region', { name: 'Where it stands' });
  // What stands still, and is to be looked at again: which one that is depends on the hour and on
  // what was answered before.
  const again = card.filter({ hasText: /No scan for \d+ [hd]/ }).getByRole('button', { name: /^Look again/ });
  for (let row = 0; row < 30 && !(await again.isVisible()); row += 1) {
    const before = await desk.selected.getAttribute('data-ticket');
    await page.keyboard.press('j');
    await expect(desk.selected).not.toHaveAttribute('data-ticket', before ?? '');
    await expect(desk.conversation).toHaveAttribute('data-ticket', (await desk.selected.getAttribute('data-ticket')) ?? '');
    await expect(card.or(desk.panel.getByText('No order'))).toBeVisible();
  }
  await expect(again).toBeVisible();
  await expect(card).toHaveAttribute('data-condition', /./);
  await expect(card).toContainText(/No scan for \d+ [hd]/);
  await expect(card).toContainText('Next:');
  await desk.expectAccessible();

  const ticket = await desk.conversation.getAttribute('data-ticket');
  await again.click();
  await desk.show('Snoozed');
  await expect(desk.list.locator(`[data-ticket="${ticket}"]`)).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`w writes what the records say into the reply, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.openDemo();
    await desk.show('Where is it');
    const card = desk.panel.getByRole('region', { name: 'Where it stands' });
    await expect(card.getByRole('button', { name: 'Write the answer' })).toBeVisible();
    const number = (await desk.panel.locator('[data-order]').first().getAttribute('data-order')) ?? '';
    expect(number).toMatch(/^HP-\d+$/);
    await page.keyboard.press('w');
    await expect(desk.composer).toHaveValue(new RegExp(`^(Hello|Guten Tag|Bonjour) .+\\n\\n[^]*${number}[^]*\\n\\n(Kind regards|Freundliche Grüße|Cordialement,)\\nPriya$`));
    expect(await desk.composer.inputValue()).not.toMatch(/[{}•]/);
    await expect(desk.composer).toBeFocused();
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/answer-${colorScheme}.png` });
    await desk.composer.fill('');
    await page.keyboard.press('Escape');
  });
}

test('where nobody can say which order it is about, w asks', async ({ page, request }) => {
  const gateway = process.env['DESKHAND_SHOP_URL'] ?? 'http://127.0.0.1:7431';
  const email = 'priya@hollowpine.example';
  const session = await request.post(`${gateway}/v1/sessions`, { data: { email, password: 'hollowpine' } });
  const { token } = (await session.json()) as { token: string };
  const read = async <T>(path: string): Promise<T[]> => {
    const answer = await request.get(`${gateway}/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
    return ((await answer.json()) as { items: T[] }).items;
  };
  // A customer with several orders writes without a number.
  let customer: { id: string; email: string } | undefined;
  for (const one of await read<{ id: string; email: string }>('customers?limit=100')) {
    if ((await read(`customers/${one.id}/orders`)).length > 1) {
      customer = one;
      break;
    }
  }
  const subject = `My parcel ${Date.now()}`;
  const opening = { name: 'Somebody', email: customer?.email, text: `${subject}\n\nWhere is it?`, id: crypto.randomUUID(), language: 'en' };
  expect((await request.post(`${gateway}/chat/api/conversations`, { data: opening })).ok()).toBe(true);

  const desk = new Desk(page);
  await desk.open();
  await desk.signIn(gateway, email);
  await expect(desk.connection).toHaveAttribute('data-connection', 'live', { timeout: 20_000 });
  await desk.show('Unassigned');
  await desk.list.getByRole('option').filter({ hasText: subject }).click();
  await expect(desk.conversation.getByRole('heading', { name: subject })).toBeVisible();
  await page.keyboard.press('w');
  const pick = desk.panel.getByRole('region', { name: 'Which order is it about?' });
  const order = pick.getByRole('button').first();
  await expect(order).toBeFocused();
  await expect(desk.composer).toHaveValue('');
  await desk.expectAccessible();
  await page.screenshot({ path: 'test-results/answer-which.png' });
  const number = (await order.locator('.id').textContent()) ?? '';
  await page.keyboard.press('Enter');
  await expect(desk.composer).toHaveValue(new RegExp(number));
  await desk.composer.fill('');
  await page.keyboard.press('Escape');
  await desk.signOut();
});
