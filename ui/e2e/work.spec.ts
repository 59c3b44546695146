// Macros, fields, merging and drafts, against the sample shop.
import { expect, test, type Page } from '@playwright/test';
import { Desk } from './desk';

const THEMES = ['light', 'dark'] as const;

/** Opens the first conversation of a view. */
async function openFirst(page: Page, view = 'E-mail'): Promise<Desk> {
  const desk = new Desk(page);
  await desk.openDemo();
  await desk.show(view);
  await expect(desk.thread).toBeVisible();
  return desk;
}

for (const colorScheme of THEMES) {
  test(`a macro is found, inserted and filled in, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = await openFirst(page);
    await desk.composer.fill('');
    await page.keyboard.press('Escape');
    await page.keyboard.press('m');
    const dialog = page.getByRole('dialog', { name: 'Macros' });
    await expect(dialog.getByRole('option').first()).toBeVisible();
    await desk.expectAccessible();
    const name = (await dialog.getByRole('option', { selected: true }).innerText()).split('\n')[0] ?? '';
    await dialog.getByRole('combobox').fill(name);
    await expect(dialog.getByRole('option').first()).toContainText(name);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);

    // A slash on an empty line does the same, and what comes stands in the composer.
    await page.keyboard.press('r');
    await page.keyboard.press('/');
    await dialog.getByRole('combobox').fill(name);
    await page.keyboard.press('Enter');
    await expect(desk.composer).toBeFocused();
    await expect(desk.composer).not.toHaveValue('');
    await desk.composer.fill('Hello {{order.number}}, {{parcel.number}}');
    const send = page.getByRole('button', { name: /^Send(?! and)/ });
    await expect(send).toBeDisabled();
    await expect(page.getByText('Fill in {{order.number}} and 1 more first.')).toBeVisible();
    await desk.expectAccessible();
    await page.keyboard.press('Control+Enter');
    await expect(desk.composer).toHaveValue('Hello {{order.number}}, {{parcel.number}}');
    await desk.composer.press('Home');
    await page.keyboard.press('Tab');
    await page.keyboard.type('HP-1');
    await page.keyboard.press('Tab');
    await page.keyboard.type('WR 1');
    await expect(desk.composer).toHaveValue('Hello HP-1, WR 1');
    await expect(send).toBeEnabled();
    await desk.composer.fill('');
  });

  test(`the merge dialog names the customer’s other conversations, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = await openFirst(page, 'All open');
    await page.keyboard.press('Shift+M');
    const dialog = page.getByRole('dialog', { name: /^Merge #\d+/ });
    await expect(dialog.getByRole('combobox')).toBeFocused();
    await desk.expectAccessible();
    await dialog.getByRole('combobox').fill('999999999');
    await expect(dialog.getByText('No conversation #999999999 is on this computer')).toBeVisible();
    await expect(dialog.getByRole('button', { name: /Choose where/ })).toBeDisabled();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });
}

test('a conversation becomes part of another one and says so', async ({ page }) => {
  const desk = await openFirst(page, 'All open');
  const dialog = page.getByRole('dialog', { name: /^Merge #\d+/ });
  for (let tries = 0; tries < 40; tries += 1) {
    await page.keyboard.press('Shift+M');
    await expect(dialog).toBeVisible();
    if ((await dialog.getByRole('option').count()) > 0) break;
    const before = await desk.conversation.getAttribute('data-ticket');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await expect(desk.conversation).not.toHaveAttribute('data-ticket', before ?? '');
    await expect(desk.conversation).toHaveAttribute('data-ticket', /./);
  }
  const number = /#(\d+)/.exec(await dialog.getByRole('option').first().innerText())?.[1] ?? '';
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: `Merge into #${number}` })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(desk.conversation.locator('[data-merged]')).toContainText(`art of #${number}`);
  await expect(desk.composer).toHaveCount(0);
  await expect(desk.conversation.locator('[data-merged]')).toContainText(`Part of #${number}`);
  await desk.expectAccessible();
  await desk.conversation.getByRole('button', { name: `Open #${number}` }).click();
  await expect(desk.conversation).toContainText(`#${number}`);
  await expect(desk.composer).toBeVisible();
});

test('the shop’s own fields are edited with the keyboard and stay', async ({ page }) => {
  const desk = await openFirst(page);
  const fields = page.getByRole('region', { name: 'Details' });
  await expect(fields).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Edit details');
  await page.keyboard.press('Enter');
  await expect(fields.locator(':focus')).toHaveCount(1);
  await desk.expectAccessible();
  const choice = fields.locator('select').first();
  const option = (await choice.locator('option').nth(1).getAttribute('value')) ?? '';
  await choice.selectOption(option);
  await page.keyboard.press('Escape');
  await page.reload();
  await expect(desk.list).toBeVisible();
  await desk.show('E-mail');
  await expect(fields.locator('select').first()).toHaveValue(option);
});

test('what is begun is kept, marked in the list, and gone once it is cleared', async ({ page }) => {
  const desk = await openFirst(page);
  await desk.composer.fill('');
  const text = `Half a sentence ${Date.now()}`;
  await desk.composer.pressSequentially(text);
  await expect(desk.selected).toContainText('Draft');
  await page.reload();
  await desk.openDemo();
  await desk.show('E-mail');
  await expect(desk.composer).toHaveValue(text);
  await desk.composer.fill('');
  await expect(desk.selected).not.toContainText('Draft');
});
