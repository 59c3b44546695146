// Nothing is lost and nothing goes out on a stale view: held replies and undo, against the sample shop.
import { expect, test, type APIRequestContext, type Page } from '@playwright/test';
import { randomUUID } from 'node:crypto';
import { Desk } from './desk';

/** Where the window's gateway is, and who sits at the window. */
async function boot(page: Page): Promise<{ gateway: string; account: { email: string } }> {
  return page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' };
    const boot = await fetch('/rpc/boot', { method: 'POST', headers, body: '{}' });
    return (await boot.json()) as { gateway: string; account: { email: string } };
  });
}

/** A colleague answers a conversation at the gateway, as from another desktop. */
async function colleagueAnswers(page: Page, request: APIRequestContext, text: string): Promise<void> {
  const desk = new Desk(page);
  const ticket = (await desk.conversation.getAttribute('data-ticket')) ?? '';
  const { gateway: address, account } = await boot(page);
  // Whoever signed in last sits there.
  const colleague = account.email.startsWith('anna@') ? 'priya' : 'anna';
  const session = await request.post(`${address}/v1/sessions`, {
    data: { email: `${colleague}@hollowpine.example`, password: 'hollowpine' },
  });
  expect(session.ok(), await session.text()).toBe(true);
  const { token } = (await session.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const messages = `${address}/v1/tickets/${ticket}/messages`;
  const { items } = (await (await request.get(`${messages}?limit=200`, { headers })).json()) as { items: { id: string; kind: string }[] };
  const seen = items.filter((one) => one.kind === 'public').at(-1)?.id ?? null;
  const answer = await request.post(messages, {
    headers: { ...headers, 'idempotency-key': randomUUID() },
    data: { kind: 'public', text, seen },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  await expect(desk.thread.getByText(text)).toBeVisible();
}

/** Writes a reply during which a colleague answers, and sends it. */
async function crossing(page: Page, request: APIRequestContext): Promise<{ mine: string; theirs: string }> {
  const desk = new Desk(page);
  await desk.show('E-mail');
  await expect(desk.conversation).toHaveAttribute('data-ticket', /./);
  const mine = `You get €20.00 back. ${Date.now()}`;
  const theirs = `You get €25.00 back. ${Date.now()}`;
  await page.keyboard.press('r');
  await desk.composer.pressSequentially(mine);
  await colleagueAnswers(page, request, theirs);
  await page.keyboard.press('Control+Enter');
  await expect(desk.thread.locator('[data-pending=held]', { hasText: mine })).toBeVisible();
  return { mine, theirs };
}

test.beforeEach(async ({ page }) => {
  await new Desk(page).openDemo();
});

test('a reply that crosses a colleague’s answer is held, and shown beside it', async ({ page, request }) => {
  const desk = new Desk(page);
  const { mine, theirs } = await crossing(page, request);
  await page.keyboard.press('Escape');
  await page.keyboard.press('y');
  const dialog = page.getByRole('dialog', { name: /is held/ });
  await expect(dialog.getByRole('region', { name: 'What you missed' })).toContainText(theirs);
  await expect(dialog.getByRole('region', { name: 'Your reply' })).toContainText(mine);
  const amount = dialog.getByRole('table', { name: 'What the two say' }).getByRole('row', { name: /Amount/ });
  await expect(amount).toHaveAttribute('data-verdict', 'disagrees');
  await expect(amount).toContainText(/€25.00.*€20.00/);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await desk.expectAccessible();
  }
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  // It waits in its own view until somebody chooses.
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await expect(page.getByRole('button', { name: /^Held replies/ })).toHaveAttribute('aria-current', 'page');
  await expect(desk.selected).toHaveCount(1);
  await expect(desk.thread.locator('[data-pending=held]', { hasText: mine })).toBeVisible();
  await page.keyboard.press('y');
  await page.keyboard.press('3');
  await expect(desk.thread.locator('[data-message]', { hasText: mine })).toBeVisible();
  await expect(desk.thread.locator('[data-pending=held]')).toHaveCount(0);
});

test('a held reply can be written on, and then goes out', async ({ page, request }) => {
  const desk = new Desk(page);
  const { mine } = await crossing(page, request);
  await page.keyboard.press('Escape');
  await page.keyboard.press('y');
  await page.keyboard.press('2');
  await expect(desk.composer).toHaveValue(mine);
  await expect(desk.composer).toBeFocused();
  await desk.composer.fill(`As a colleague wrote. ${mine}`);
  await page.keyboard.press('Control+Enter');
  await expect(desk.thread.locator('[data-message]', { hasText: `As a colleague wrote. ${mine}` })).toBeVisible();
});

test('a held reply can be dropped', async ({ page, request }) => {
  const desk = new Desk(page);
  const { mine } = await crossing(page, request);
  await page.keyboard.press('Escape');
  await page.keyboard.press('y');
  await page.keyboard.press('1');
  await expect(desk.thread.getByText(mine)).toHaveCount(0);
  await expect(desk.composer).toHaveValue('');

  // For some seconds it can be brought back; then it is gone from the outbox too.
  await page.keyboard.press('z');
  await expect(desk.thread.locator('[data-pending=held]', { hasText: mine })).toBeVisible();
  await page.keyboard.press('y');
  await page.keyboard.press('1');
  await expect(page.locator('[data-regret]')).toBeVisible();
  await expect(page.locator('[data-regret]')).toHaveCount(0, { timeout: 15_000 });
  await expect(desk.thread.getByText(mine)).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Held replies/ })).not.toContainText('1');
});

test('a sent reply counts down and comes back with one key', async ({ page }) => {
  const desk = new Desk(page);
  await desk.show('E-mail');
  await expect(desk.conversation).toHaveAttribute('data-ticket', /./);
  const text = `Sent too early. ${Date.now()}`;
  await page.keyboard.press('r');
  await desk.composer.fill(text);
  await page.keyboard.press('Control+Enter');
  const leaving = desk.thread.locator('[data-message]', { hasText: text });
  await expect(leaving).toContainText(/Goes out in \d+ s/);
  await expect(page.getByRole('region', { name: 'Undo the last step' })).toBeVisible();
  await desk.expectAccessible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('z');
  await expect(desk.composer).toHaveValue(text);
  await expect(leaving).toHaveCount(0);
  await desk.composer.fill('');
});
