import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';

/** What a person sees and does at the window. */
export class Desk {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** The whole address with its token: the first load sets the cookie. */
  static address(): string {
    return process.env['DESKHAND_URL'] ?? 'http://127.0.0.1:7432/';
  }

  get list(): Locator {
    return this.page.getByRole('listbox');
  }

  get selected(): Locator {
    return this.page.locator('[role=option][aria-selected=true]');
  }

  get conversation(): Locator {
    return this.page.getByRole('main');
  }

  get thread(): Locator {
    return this.page.getByRole('log');
  }

  get composer(): Locator {
    return this.conversation.getByRole('tabpanel').getByRole('textbox');
  }

  get panel(): Locator {
    return this.page.getByRole('complementary');
  }

  get connection(): Locator {
    return this.page.locator('[data-connection]');
  }

  /** Opens the window, signed out. */
  async open() {
    await this.page.goto(Desk.address());
    const door = this.page.getByRole('button', { name: 'Open demo' });
    const account = this.page.getByRole('button', { name: 'Your account' });
    await expect(door.or(account)).toBeVisible();
    if (await account.isVisible()) await this.signOut();
    await expect(door).toBeVisible();
  }

  /** Signs in at a gateway, from the sign-in screen. */
  async signIn(gateway: string, email: string) {
    await this.page.getByLabel('Gateway').fill(gateway);
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByRole('textbox', { name: 'Password' }).fill('hollowpine');
    await this.page.keyboard.press('Enter');
  }

  /** Opens the window as this account and waits until it is live. */
  async openAs(gateway: string, email: string) {
    await this.open();
    await this.signIn(gateway, email);
    await expect(this.connection).toHaveAttribute('data-connection', 'live', { timeout: 20_000 });
  }

  /** Opens the demo shop as an agent and waits until it is live. */
  async openDemo() {
    await this.page.goto(Desk.address());
    const door = this.page.getByRole('button', { name: 'Open demo' });
    await expect(door.or(this.connection)).toBeVisible();
    if (await door.isVisible()) await door.click();
    await expect(this.connection).toHaveAttribute('data-connection', 'live', { timeout: 20_000 });
  }

  /** Goes to a view of the rail. */
  async show(view: string) {
    await this.page.getByRole('navigation').getByRole('button', { name: view }).click();
    await expect(this.page.getByRole('region', { name: 'Conversations' }).getByRole('heading', { name: view })).toBeVisible();
    await expect(this.list).toBeVisible();
    await expect(this.selected).toHaveCount(1);
    const first = (await this.selected.getAttribute('data-ticket')) ?? '';
    await expect(this.conversation).toHaveAttribute('data-ticket', first);
  }

  async signOut() {
    // An auditor begins with the trail over everything.
    const over = this.page.getByRole('dialog').first();
    if (await over.isVisible()) await this.page.keyboard.press('Escape');
    await expect(over).toHaveCount(0);
    await this.page.getByRole('button', { name: 'Your account' }).click();
    await this.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: /^Sign out/ }).click();
    await expect(this.page.getByRole('button', { name: 'Open demo' })).toBeVisible();
  }

  /** Lets axe look at everything on the screen. */
  async expectAccessible() {
    // What is still fading in has not got its colours yet.
    await this.page.waitForFunction(() => document.getAnimations().every((motion) => motion.playState !== 'running'));
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
  }
}
