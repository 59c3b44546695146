import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, type Page } from '@playwright/test';
import { Desk } from './desk';

const root = path.resolve(import.meta.dirname, '../..');
const programs = process.env['DESKHAND_PROGRAMS'] ?? path.join(root, 'target/debug');
const processes: ChildProcess[] = [];
const folder = mkdtempSync(path.join(tmpdir(), 'deskhand-oidc-'));
let gateway = '';

/** Starts a program and waits for the line that says its address; it ends with its input or with us. */
async function addressOf(program: string, args: string[]): Promise<string> {
  const started = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  processes.push(started);
  for await (const line of createInterface({ input: started.stdout })) {
    const found = /https?:\/\/127\.0\.0\.1:\d+/.exec(line);
    if (found) return found[0];
  }
  throw new Error(`${program} did not say its address`);
}

// A real provider, and a gateway of its own that knows it.
test.beforeAll(async () => {
  test.setTimeout(90_000);
  const issuer = await addressOf('node', [path.join(root, 'tests/oidc/provider.mjs')]);
  const config = path.join(folder, 'gateway.toml');
  writeFileSync(
    config,
    `[oidc]
issuer = "${issuer}"
client_id = "deskhand"
client_secret = { file = "${path.join(folder, 'secret')}" }
name = "Hollowpine ID"
roles = [{ group = "support", role = "agent" }]
`,
  );
  writeFileSync(path.join(folder, 'secret'), 'only-for-tests-and-known-to-everybody', { mode: 0o600 });
  gateway = await addressOf(path.join(programs, 'deskhand-gateway'), [
    ...['serve', '--config', config, '--sample', '--data-dir', path.join(folder, 'data'), '--listen', '127.0.0.1:0'],
  ]);
});

test.afterAll(async () => {
  for (const one of processes) {
    one.kill();
    if (one.exitCode === null && one.signalCode === null) await once(one, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Presses the button and gives the page of the provider that opens beside the window. */
async function throughProvider(page: Page): Promise<Page> {
  const door = page.getByRole('button', { name: 'Sign in with Hollowpine ID' });
  await page.getByLabel('Gateway address').fill(gateway);
  const opened = page.waitForEvent('popup');
  await door.click();
  await expect(page.getByText('Go on in your browser. This window waits for it.')).toBeVisible();
  return opened;
}

/** Says at the provider who one is, and agrees. */
async function signInThere(provider: Page, who: string) {
  await provider.locator('input[name=login]').fill(who);
  await provider.locator('input[name=password]').fill('anything');
  await provider.getByRole('button', { name: 'Sign-in' }).click();
  await provider.getByRole('button', { name: 'Continue' }).click();
}

test('somebody signs in with the gateway’s provider, in the browser', async ({ page }) => {
  test.setTimeout(90_000);
  const desk = new Desk(page);
  await desk.open();
  await page.getByLabel('Gateway address').fill(gateway);
  await expect(page.getByRole('button', { name: 'Sign in with Hollowpine ID' })).toBeVisible();
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await desk.expectAccessible();
    await page.screenshot({ path: `test-results/oidc-${colorScheme}.png` });
  }
  const provider = await throughProvider(page);
  await desk.expectAccessible();
  await page.screenshot({ path: 'test-results/oidc-waiting.png' });
  await signInThere(provider, 'priya');
  await expect(desk.connection).toHaveAttribute('data-connection', 'live', { timeout: 20_000 });
  await expect(provider.getByText('You may close this window.')).toBeVisible();
  await page.getByRole('button', { name: 'Your account' }).click();
  await expect(page.getByText('priya@hollowpine.example')).toBeVisible();
  await page.keyboard.press('Escape');
  await desk.signOut();
});

test('who leaves the provider’s page, or is none of the shop’s, can sign in another way', async ({ page }) => {
  test.setTimeout(90_000);
  const desk = new Desk(page);
  await desk.open();
  const left = await throughProvider(page);
  await left.close();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('alert')).toContainText('The sign-in in the browser did not end');
  await expect(page.getByRole('button', { name: 'Sign in with Hollowpine ID' })).toBeEnabled();

  const provider = await throughProvider(page);
  await signInThere(provider, 'zoe');
  await expect(page.getByRole('alert')).toContainText('Your role may not do this');
  await page.screenshot({ path: 'test-results/oidc-refused.png' });
  await desk.signIn(gateway, 'priya@hollowpine.example');
  await expect(desk.connection).toHaveAttribute('data-connection', 'live', { timeout: 20_000 });
  await desk.signOut();
});
