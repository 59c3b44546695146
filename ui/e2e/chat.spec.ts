// The customer's chat page and the widget, against a running gateway with the sample shop.
import AxeBuilder from '@axe-core/playwright';
import {
  expect,
  test,
  type APIRequestContext,
  type FrameLocator,
  type Page,
} from '@playwright/test';
import { randomUUID } from 'node:crypto';

const gateway = process.env['DESKHAND_SHOP_URL'] ?? 'http://127.0.0.1:7431';

async function openConversation(page: Page | FrameLocator, text: string): Promise<void> {
  await page.getByLabel('Your name').fill('Ana Horvat');
  await page.getByLabel('E-mail').fill('ana.horvat@example.com');
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('button', { name: 'Start the chat' }).click();
  await expect(page.getByRole('log')).toContainText(text);
}

interface Listed {
  items: { id: string; subject: string; delivery: string | null }[];
}

/** Priya answers the newest conversation with this subject. */
async function agentAnswers(request: APIRequestContext, subject: string, text: string): Promise<() => Promise<string | null>> {
  const signIn = { email: 'priya@hollowpine.example', password: 'hollowpine' };
  const session = await request.post(`${gateway}/v1/sessions`, { data: signIn });
  const { token } = (await session.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const read = async (path: string): Promise<Listed> =>
    (await (await request.get(`${gateway}/v1/tickets${path}`, { headers })).json()) as Listed;
  const ticket = (await read('?limit=20')).items.find((one) => one.subject === subject);
  expect(ticket, `a ticket called ${subject}`).toBeDefined();
  const messages = `/${ticket?.id ?? ''}/messages`;
  const seen = (await read(messages)).items.at(-1)?.id;
  const answer = await request.post(`${gateway}/v1/tickets${messages}`, {
    headers: { ...headers, 'idempotency-key': randomUUID() },
    data: { kind: 'public', text, seen },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  const { message } = (await answer.json()) as { message: { id: string } };
  return async () =>
    (await read(messages)).items.find((one) => one.id === message.id)?.delivery ?? null;
}

async function expectNoViolations(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  const words = found.violations.map((one) => `${one.id}: ${one.nodes[0]?.html ?? ''}`);
  expect(words).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the chat and the shop's page in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${gateway}/chat/`);
    await expect(page.getByLabel('Your name')).toBeVisible();
    await expectNoViolations(page);

    await page.getByRole('button', { name: 'Start the chat' }).click();
    await expect(page.getByText('Enter your name.')).toBeVisible();
    await expect(page.getByLabel('Your name')).toBeFocused();
    await expectNoViolations(page);

    await openConversation(page, 'Is the Skarv 3 still in stock?');
    await expect(page.getByRole('log')).toContainText(/sent|seen/);
    await expectNoViolations(page);

    await page.getByRole('button', { name: 'Start a new conversation' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectNoViolations(page);

    await page.goto(`${gateway}/chat/demo`);
    await page.getByRole('button', { name: 'Chat with us' }).click();
    const chat = page.frameLocator('iframe[title="Chat"]');
    await expect(chat.getByRole('log')).toContainText('Is the Skarv 3 still in stock?');
    await expectNoViolations(page);
  });
}

test('a conversation is found again after a reload, with what was typed and not sent', async ({ page }) => {
  await page.goto(`${gateway}/chat/`);
  await openConversation(page, 'Where is my parcel?');
  await page.getByRole('textbox', { name: 'Message' }).fill('It was promised for Tuesday.');
  await page.getByRole('textbox', { name: 'Message' }).press('Enter');
  await expect(page.getByRole('log').getByText('It was promised for Tuesday.')).toHaveCount(1);
  await expect(page.getByRole('log')).toContainText(/· (sent|seen)/);
  await page.getByRole('textbox', { name: 'Message' }).fill('And one more');

  await page.reload();
  await expect(page.getByRole('log').getByText('Where is my parcel?')).toHaveCount(1);
  await expect(page.getByRole('log').getByText('It was promised for Tuesday.')).toHaveCount(1);
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('And one more');
});

test('a message written without a connection goes out once when it is back', async ({ page, context }) => {
  await page.goto(`${gateway}/chat/`);
  await openConversation(page, 'Hello from the train');
  await expect(page.getByRole('log')).toContainText(/· (sent|seen)/);

  await context.setOffline(true);
  await page.getByRole('textbox', { name: 'Message' }).fill('Written in the tunnel');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('log')).toContainText('not sent yet, retrying');
  await expect(page.getByText('No connection.')).toBeVisible();

  await context.setOffline(false);
  await expect(page.getByRole('log')).not.toContainText('not sent yet, retrying');
  await expect(page.getByRole('log')).toContainText(/· (sent|seen)/);
  await page.reload();
  await expect(page.getByRole('log').getByText('Written in the tunnel')).toHaveCount(1);
});

test('an answer that was lost on the way back does not store the message twice', async ({ page }) => {
  await page.goto(`${gateway}/chat/`);
  await openConversation(page, 'First words');
  const ids: string[] = [];
  await page.route('**/chat/api/messages', async (route) => {
    ids.push((route.request().postDataJSON() as { id: string }).id);
    const answer = await route.fetch();
    if (ids.length === 1) await route.abort('connectionreset');
    else await route.fulfill({ response: answer });
  });
  await page.getByRole('textbox', { name: 'Message' }).fill('Said once');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('log')).toContainText(/· (sent|seen)/);
  await page.reload();
  await expect(page.getByRole('log').getByText('Said once')).toHaveCount(1);
  expect(new Set(ids).size, 'the same id every time').toBe(1);
});

test('an opening without an answer is tried again and opens one conversation', async ({ page }) => {
  let tries = 0;
  await page.route('**/chat/api/conversations', async (route) => {
    tries += 1;
    const answer = await route.fetch();
    if (tries === 1) await route.abort('connectionreset');
    else await route.fulfill({ response: answer });
  });
  await page.goto(`${gateway}/chat/`);
  await openConversation(page, 'Anybody there?');
  await expect(page.getByRole('log')).toContainText(/· (sent|seen)/);
  await expect(page.getByRole('log').getByText('Anybody there?')).toHaveCount(1);
  expect(tries).toBe(2);
});

test('a token that is refused offers a new conversation and keeps what was typed', async ({ page }) => {
  await page.goto(`${gateway}/chat/`);
  await page.evaluate(() => {
    localStorage.setItem('deskhand.chat.token', 'not-a-token');
    localStorage.setItem('deskhand.chat.draft', 'My long story');
  });
  await page.reload();
  await expect(page.getByText('This conversation cannot be opened here any more')).toBeVisible();
  await expectNoViolations(page);
  await page.getByRole('button', { name: 'Start a new conversation' }).click();
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('My long story');
});

test('an answer appears by itself, its address is a link, and the shop learns that it was read', async ({ page, request }) => {
  const subject = `Where is ${randomUUID()}`;
  await page.goto(`${gateway}/chat/`);
  await openConversation(page, subject);
  await expect(page.getByRole('log')).toContainText(/· (sent|seen)/);
  const delivery = await agentAnswers(request, subject, 'With Wren: https://wren.example/t/1. <b>Soon</b>');
  const link = page.getByRole('log').getByRole('link');
  await expect(link).toHaveAttribute('href', 'https://wren.example/t/1');
  await expect(link).toHaveAttribute('rel', /noopener/);
  await expect(page.getByRole('log')).toContainText('<b>Soon</b>');
  await expect.poll(delivery).toBe('read');
  await expectNoViolations(page);
});

test('a closed widget shows a dot for an answer, which is read only once it is open', async ({ page, request }) => {
  const subject = `About ${randomUUID()}`;
  await page.goto(`${gateway}/chat/demo`);
  const launcher = page.getByRole('button', { name: 'Chat with us' });
  await launcher.click();
  const chat = page.frameLocator('iframe[title="Chat"]');
  await openConversation(chat, subject);
  await expect(chat.getByRole('log')).toContainText(/· (sent|seen)/);
  await chat.getByRole('button', { name: 'Close the chat' }).click();
  const delivery = await agentAnswers(request, subject, 'Here is your answer.');
  await expect(launcher).toHaveAccessibleName(/new message/);
  expect(await delivery()).not.toBe('read');
  await launcher.click();
  await expect(chat.getByRole('log')).toContainText('Here is your answer.');
  await expect.poll(delivery).toBe('read');
});

test('mark-up stays text', async ({ page }) => {
  const words = '<img src=x onerror=alert(1)> <b>bold</b> & "quotes"';
  await page.goto(`${gateway}/chat/`);
  await openConversation(page, words);
  await page.reload();
  await expect(page.getByRole('log')).toContainText(words);
  expect(await page.getByRole('log').locator('img, b').count()).toBe(0);
});

test('a text that is too long says by how much and is not sent', async ({ page }) => {
  await page.goto(`${gateway}/chat/`);
  await openConversation(page, 'A question');
  await page.getByRole('textbox', { name: 'Message' }).fill('x'.repeat(20_012));
  await expect(page.getByText('Too long: shorten it by 12 characters.')).toBeVisible();
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue(/x{100}/);
});

test('the page fits 320 pixels and is worked by keys alone', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 480 });
  await page.goto(`${gateway}/chat/`);
  await expect(page.getByLabel('Your name')).toBeFocused();
  await page.keyboard.type('Ana');
  await page.keyboard.press('Tab');
  await page.keyboard.type('ana@example.com');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Only keys');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('log')).toContainText('Only keys');
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeFocused();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width, 'nothing sticks out to the side').toBeLessThanOrEqual(320);
});

test('the widget opens, closes with Escape, and gives the focus back', async ({ page }) => {
  await page.goto(`${gateway}/chat/demo`);
  const launcher = page.getByRole('button', { name: 'Chat with us' });
  await launcher.press('Enter');
  const chat = page.frameLocator('iframe[title="Chat"]');
  await expect(chat.getByLabel('Your name')).toBeFocused();
  await chat.getByLabel('Your name').press('Escape');
  await expect(launcher).toBeFocused();
  await expect(launcher).toHaveAttribute('aria-expanded', 'false');
  const leaked = await page.evaluate(() => Object.keys(window).filter((key) => /deskhand/i.test(key)));
  expect(leaked).toEqual([]);
});
