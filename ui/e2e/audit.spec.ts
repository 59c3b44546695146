import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { Desk } from './desk';

const gateway = process.env['DESKHAND_SHOP_URL'] ?? 'http://127.0.0.1:7431';

// Each walks through several screens with axe.
test.setTimeout(90_000);

for (const colorScheme of ['light', 'dark'] as const) {
  test(`an auditor reads who did what, in the ${colorScheme} theme`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const desk = new Desk(page);
    await desk.open();
    await desk.signIn(gateway, 'tobias@hollowpine.example');
    const trail = page.getByRole('dialog', { name: 'Audit trail' });
    const entries = trail.getByRole('listbox').getByRole('option');
    const entry = (name: RegExp) => trail.getByRole('listbox').getByRole('option', { name });
    await expect(entry(/Signed in.*Tobias Reuter, Auditor/).first()).toBeVisible();
    await expect(trail.getByRole('listbox')).toBeFocused();
    await expect(trail.getByText('The trail is whole.')).toBeVisible();
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/audit-${colorScheme}.png` });

    await page.keyboard.press('ArrowDown');
    await expect(entries.nth(1)).toHaveAttribute('aria-selected', 'true');
    await trail.getByLabel('Action').selectOption('history_begun');
    await expect(entry(/A new history began/).first()).toBeVisible();
    await expect(entry(/Signed in/)).toHaveCount(0);
    await trail.getByRole('button', { name: 'Show everything' }).click();
    await expect(entry(/Signed in/).first()).toBeVisible();
    await trail.getByLabel('Person').selectOption({ label: 'Tobias Reuter, Auditor' });
    await expect(entry(/A new history began/)).toHaveCount(0);
    await trail.getByRole('textbox', { name: 'From' }).fill('2999-01-01');
    await trail.getByRole('textbox', { name: 'From' }).press('Enter');
    await expect(trail.getByText('No entry fits what you look for.')).toBeVisible();
    await trail.getByRole('button', { name: 'Show everything' }).click();

    await trail.getByRole('button', { name: 'Signed heads' }).click();
    await expect(trail.getByRole('columnheader', { name: 'Hash' })).toBeVisible();
    await trail.getByRole('button', { name: 'Export everything' }).click();
    const written = trail.getByText(/entries are in .*\.ndjson/);
    await expect(written).toBeVisible();
    const file = / in (.*\.ndjson)/.exec((await written.textContent()) ?? '')?.[1] ?? '';
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ action: 'audit_exported', position: lines.length });
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/audit-heads-${colorScheme}.png` });

    await page.keyboard.press('Escape');
    await expect(trail).toHaveCount(0);
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await expect(trail).toBeVisible();
  });
}
