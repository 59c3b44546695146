import { expect, test } from '@playwright/test';
import { Desk } from './desk';

const gateway = process.env['DESKHAND_GATEWAY_URL'] ?? '';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`an auditor reads who did what, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.open();
    await page.getByLabel('Gateway').fill(gateway);
    await page.getByLabel('E-mail').fill('tobias@hollowpine.example');
    await page.getByRole('textbox', { name: 'Password' }).fill('hollowpine');
    await page.keyboard.press('Enter');
    const trail = page.getByRole('dialog', { name: 'Audit trail' });
    await expect(trail.getByRole('option', { name: /Tobias Reuter, Auditor.*Signed in/ }).first()).toBeVisible();
    await expect(trail.getByRole('listbox')).toBeFocused();
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/audit-${colorScheme}.png` });
    await page.keyboard.press('ArrowDown');
    await expect(trail.getByRole('option').nth(1)).toHaveAttribute('aria-selected', 'true');
    await trail.getByLabel('Action').selectOption('history_begun');
    await expect(trail.getByRole('option')).toHaveCount(1);
    await trail.getByRole('button', { name: 'Show everything' }).click();
    await expect(trail.getByRole('option').nth(1)).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(trail).toHaveCount(0);
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await expect(trail).toBeVisible();
  });
}
