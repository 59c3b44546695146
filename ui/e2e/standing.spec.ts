import { expect, test } from '@playwright/test';
import { Desk } from './desk';
import { Shop } from './shop';

type Customer = { id: string; name: string; email: string };

test('the panel says where the order stands, why, and wakes the ticket when to look again', async ({ page, request }) => {
  const shop = await Shop.open(request);
  // The tent of the sample shop stands still at any hour. Another conversation about it is this test's own.
  const aoife = await shop.find<Customer>('customers', (one) => one.name === 'Aoife Brennan');
  const subject = await shop.hear(aoife.email, 'Where is HP-20418?');
  const desk = new Desk(page);
  await desk.openAs(Shop.gateway, Shop.agent);
  await desk.show('Unassigned');
  await desk.list.getByRole('option').filter({ hasText: subject }).click();
  const card = desk.panel.getByRole('region', { name: 'Where it stands' });
  await expect(card).toHaveAttribute('data-condition', 'stalled');
  await expect(card).toContainText('No scan for 54 h');
  await expect(card).toContainText('the usual gap is');
  await expect(card).toContainText('Next: ask the carrier where it is');
  await desk.expectAccessible();

  const ticket = await desk.conversation.getAttribute('data-ticket');
  await card.getByRole('button', { name: /^Look again/ }).click();
  await desk.show('Snoozed');
  await expect(desk.list.locator(`[data-ticket="${ticket}"]`)).toBeVisible();
});

test('an answer says where it was read, and its ticket comes back when to look again', async ({ page, request }) => {
  const shop = await Shop.open(request);
  const aoife = await shop.find<Customer>('customers', (one) => one.name === 'Aoife Brennan');
  const subject = await shop.hear(aoife.email, 'And where is HP-20418 now?');
  const desk = new Desk(page);
  await desk.openAs(Shop.gateway, Shop.agent);
  await desk.show('Unassigned');
  await desk.list.getByRole('option').filter({ hasText: subject }).click();
  await expect(desk.panel.getByRole('region', { name: 'Where it stands' })).toHaveAttribute('data-condition', 'stalled');
  // Whoever sends it again is told what they need, and finds it by its tag.
  await desk.panel.getByRole('button', { name: 'send it again' }).click();
  await expect(desk.composer).toHaveValue(/^To be sent again: order HP-20418\.\nParcel: Wren Parcel, WR4417092651\.[^]*In it: 1 × Skarv 3 tent, moss/);
  await expect(desk.conversation.getByRole('group', { name: 'Goes out with it:' })).toContainText('reship');
  await desk.expectAccessible();
  await page.keyboard.press('Control+Enter');
  await expect(desk.thread).toContainText('To be sent again: order HP-20418.');
  await page.keyboard.press('Escape');
  await expect(desk.conversation.locator('[data-tag=reship]').or(desk.conversation.getByText('reship', { exact: true })).first()).toBeVisible();

  await page.keyboard.press('w');
  await expect(desk.composer).toHaveValue(/HP-20418 is with Wren Parcel, tracking number WR4417092651, and has not been scanned since/);
  // The other parcel of the order is told of too.
  await expect(desk.composer).toHaveValue(/A further parcel of it \(Wren Parcel, WR4417092634\) was delivered/);
  const sources = desk.conversation.getByRole('group', { name: 'Read from:' });
  await expect(sources).toContainText('Wren Parcel, ');
  await expect(desk.conversation.getByRole('group', { name: 'Goes out with it:' })).toContainText('Comes back');
  await desk.expectAccessible();
  await page.screenshot({ path: 'test-results/answer-read-from.png' });
  // What is written over was not read any more.
  const answer = await desk.composer.inputValue();
  await desk.composer.fill('Give me a moment.');
  await expect(sources).toHaveCount(0);
  await desk.composer.fill(answer);
  await expect(sources).toBeVisible();
  const ticket = await desk.conversation.getAttribute('data-ticket');
  await page.keyboard.press('Control+Enter');
  await desk.show('Snoozed');
  await expect(desk.list.locator(`[data-ticket="${ticket}"]`)).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`w writes what the records say into the reply, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.openAs(Shop.gateway, Shop.agent);
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
  const shop = await Shop.open(request);
  // A customer with several orders writes without a number.
  const customer = await shop.find<Customer>('customers', async ({ id }) => (await shop.count(`customers/${id}/orders`)) > 1);
  const subject = await shop.hear(customer.email, 'Where is it?');
  const desk = new Desk(page);
  await desk.openAs(Shop.gateway, Shop.agent);
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
