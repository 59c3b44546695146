import { CallFailed, type Boot, type Call, type SignedIn } from './ipc';
import { Shop } from './features/frame/screen.svelte';
import { SignIn } from './features/signin/screen.svelte';
import { Unlock } from './features/signin/unlock.svelte';

/** Which screen is on: nothing yet, sign-in, a copy to open, the shop, or why neither can be shown. */
export type Screen =
  | { kind: 'starting' }
  | { kind: 'sign_in'; signIn: SignIn }
  | { kind: 'unlock'; unlock: Unlock }
  | { kind: 'shop'; shop: Shop }
  | { kind: 'broken'; error: CallFailed };

/** The window. */
export class Window {
  screen = $state.raw<Screen>({ kind: 'starting' });
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Asks the core what to show. */
  async start(): Promise<void> {
    let boot: Boot;
    try {
      boot = await this.#call('boot', {});
    } catch (thrown) {
      this.screen = { kind: 'broken', error: CallFailed.from(thrown) };
      return;
    }
    if (boot.screen === 'shop') this.enter(boot);
    else if (boot.screen === 'unlock') this.screen = { kind: 'unlock', unlock: new Unlock(boot, this.#call) };
    else this.screen = { kind: 'sign_in', signIn: new SignIn(boot, this.#call) };
  }

  /** Somebody signed in or out, or events may have been missed. */
  async look(): Promise<void> {
    // While somebody signs in here, the answer to that call says what comes next.
    if (this.screen.kind === 'sign_in' && (this.screen.signIn.busy !== 'no' || this.screen.signIn.enrolled !== null)) return;
    if (this.screen.kind === 'unlock' && this.screen.unlock.busy !== 'no') return;
    if (this.screen.kind !== 'shop') {
      if (this.screen.kind === 'sign_in' || this.screen.kind === 'unlock') {
        const boot = await this.#call('boot', {}).catch(() => null);
        if (boot?.screen === 'shop') this.enter(boot);
        return;
      }
      return this.start();
    }
    const { shop } = this.screen;
    const boot = await this.#call('boot', {}).catch(() => null);
    if (boot?.screen === 'shop' && boot.account.id === shop.signedIn.account.id && boot.gateway === shop.signedIn.gateway) {
      await shop.refresh();
    } else if (boot) {
      await this.start();
    }
  }

  /** Opens the shop. */
  enter(signedIn: SignedIn) {
    if (this.screen.kind === 'shop' && this.screen.shop.signedIn.account.id === signedIn.account.id) return;
    const shop = new Shop(signedIn, this.#call);
    this.screen = { kind: 'shop', shop };
    void shop.start();
  }

  /** Signs out and shows the sign-in screen. */
  async signOut(): Promise<void> {
    try {
      await this.#call('sign_out', {});
    } catch (thrown) {
      if (this.screen.kind === 'shop') this.screen.shop.error = CallFailed.from(thrown);
      return;
    }
    await this.start();
  }
}
