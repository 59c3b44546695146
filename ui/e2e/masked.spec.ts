import { expect, test } from '@playwright/test';
import { Desk } from './desk';

const gateway = process.env['DESKHAND_SHOP_URL'] ?? 'http://127.0.0.1:7431';

// Each walks through several screens with axe.
test.setTimeout(90_000);

// Where this runs, senior agents see no contact details (scripts/screens.sh).
for (const colorScheme of ['light', 'dark'] as const) {
  test(`what a role may not see is revealed with a reason, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.openAs(gateway, 'anna@hollowpine.example');
    await desk.show('Where is it');
    await expect(desk.panel.getByText('Contact and payment details are hidden for your role.')).toBeVisible();
    await expect(desk.panel).not.toContainText('•••');
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/masked-${colorScheme}.png` });

    await desk.panel.getByRole('button', { name: 'Reveal' }).click();
    const ask = page.getByRole('dialog', { name: /^Reveal the details of/ });
    const reveal = ask.getByRole('button', { name: 'Reveal' });
    await expect(reveal).toBeDisabled();
    await ask.getByRole('radio', { name: 'A parcel does not arrive' }).check();
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/masked-ask-${colorScheme}.png` });
    await reveal.click();
    const shown = desk.panel.getByRole('region', { name: 'Revealed details' });
    await expect(shown).toContainText('@');
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/masked-revealed-${colorScheme}.png` });

    // It goes with the conversation.
    const before = await desk.selected.getAttribute('data-ticket');
    await page.keyboard.press('j');
    await expect(desk.conversation).not.toHaveAttribute('data-ticket', before ?? '');
    await expect(shown).toHaveCount(0);
  });
}

test('a refund above the limit of the role says who decides', async ({ page }) => {
  const desk = new Desk(page);
  await desk.openAs(gateway, 'anna@hollowpine.example');
  await desk.show('Above €300');
  const limit = desk.panel.locator('[data-rule="refunds.limit"]');
  for (let row = 0; row < 20 && !(await limit.isVisible()); row += 1) {
    const before = await desk.selected.getAttribute('data-ticket');
    await page.keyboard.press('j');
    await expect(desk.conversation).not.toHaveAttribute('data-ticket', before ?? '');
    await expect(desk.panel.locator('[data-order]').or(desk.panel.getByText('No order'))).toBeVisible();
  }
  await expect(limit).toHaveText('A full refund needs a supervisor: above €100');
});
