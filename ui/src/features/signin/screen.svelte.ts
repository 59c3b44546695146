import { CallFailed, type Boot, type Call, type GatewayProbe, type Role, type SignedIn } from '../../ipc';
import { missing, strength, type Strength } from './passphrase';

/** Typing rests this long before an address is looked up. */
const PROBE_AFTER = 400;

/** What a look at an address found. */
export type Probe =
  | { kind: 'none' }
  | { kind: 'looking' }
  | { kind: 'found'; probe: GatewayProbe }
  | { kind: 'failed'; error: CallFailed };

/** The sign-in screen. */
export class SignIn {
  address = $state('');
  email = $state('');
  password = $state('');
  revealed = $state(false);
  sample = $state(false);
  probe = $state<Probe>({ kind: 'none' });
  busy = $state<'no' | 'signing_in' | 'in_browser' | 'opening_sample'>('no');
  /** Why nobody is signed in: from the start, or from the last attempt. */
  error = $state<Pick<CallFailed, 'code' | 'detail'> | null>(null);
  /** Whether `error` is from the start of the program. */
  atStart = $state(true);
  /** Somebody pressed the button with an empty field. */
  missing = $state(false);
  /** Why the keychain could not take the key; then a passphrase is offered. */
  keychain = $state<'keychain_absent' | 'keychain_locked' | null>(null);
  passphrase = $state('');
  /** Whether a code of the authenticator app is asked for. */
  asksCode = $state(false);
  /** The app has to be set up first: what it needs to know. */
  enrolment = $state<string | null>(null);
  code = $state('');
  /** Who has just set an app up, until the recovery codes are kept. */
  enrolled = $state.raw<SignedIn | null>(null);
  repeated = $state('');

  readonly #call: Call;
  /** Where it was looked last. */
  #looked = '';
  /** Whether the account is proven in the browser. */
  #inBrowser = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(boot: Extract<Boot, { screen: 'sign_in' }>, call: Call) {
    this.#call = call;
    this.address = boot.address ?? '';
    this.email = boot.email ?? '';
    this.sample = boot.sample;
    this.error = boot.problem;
    if (this.address) void this.look();
  }

  /** The address changed: look there once typing rests. */
  addressTyped() {
    this.#turn += 1;
    this.probe = { kind: 'none' };
    clearTimeout(this.#timer);
    if (this.address.trim() !== '') this.#timer = setTimeout(() => void this.look(), PROBE_AFTER);
  }

  /** Looks whether a gateway answers at the address. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    const address = this.address.trim();
    if (address === '') return;
    // Whoever leaves the field presses something: nothing may move away under the pointer.
    if (address === this.#looked && (this.probe.kind === 'looking' || this.probe.kind === 'found')) return;
    this.#looked = address;
    this.#turn += 1;
    const turn = this.#turn;
    this.probe = { kind: 'looking' };
    try {
      const probe = await this.#call('probe_gateway', { address });
      if (turn === this.#turn) this.probe = { kind: 'found', probe };
    } catch (thrown) {
      if (turn === this.#turn) this.probe = { kind: 'failed', error: CallFailed.from(thrown) };
    }
  }

  /** What is asked for. */
  get step(): 'account' | 'code' | 'codes' | 'passphrase' {
    if (this.enrolled !== null) return 'codes';
    if (this.asksCode) return 'code';
    return this.keychain === null ? 'account' : 'passphrase';
  }

  /** How hard the passphrase is to guess. */
  get strength(): Strength {
    return strength(this.passphrase, [this.address, this.email, this.password]);
  }

  /** Whether the passphrase can be taken: long enough, and typed twice. */
  get protected(): boolean {
    return missing(this.passphrase) === 0 && this.passphrase === this.repeated;
  }

  /** Signs in with what was typed; with `keychain` the passphrase is left out and the keychain tried again. */
  async signIn({ keychain = false } = {}): Promise<SignedIn | null> {
    if (this.#inBrowser) return this.signInInBrowser({ keychain });
    const { address, email, password, passphrase } = this;
    this.missing = address.trim() === '' || email.trim() === '' || password === '';
    if (this.missing) return null;
    const account = { address: address.trim(), email: email.trim(), password };
    const guarded = this.keychain !== null && !keychain;
    if (guarded && !this.protected) return null;
    const factor = this.code.trim();
    const asked = { ...account, ...(guarded && { passphrase }), ...(factor !== '' && { code: factor }) };
    const signedIn = await this.#attempt('signing_in', () => this.#call('sign_in', asked));
    if (signedIn?.recovery_codes?.length) {
      this.enrolled = signedIn;
      return null;
    }
    const code = this.error?.code;
    if (code === 'totp_required' || code === 'totp_enrolment' || code === 'wrong_code') {
      if (code === 'totp_enrolment') this.enrolment = this.error?.detail ?? '';
      // What is asked for next says it; only a wrong code is trouble.
      if (code !== 'wrong_code') this.error = null;
      this.asksCode = true;
      this.code = '';
      return signedIn;
    }
    this.asksCode = false;
    if (code === 'keychain_absent' || code === 'keychain_locked') this.keychain = code;
    // The account is wrong, not the passphrase: it is asked for where it stands.
    else if (code === 'wrong_credentials' || code === 'account_locked' || code === 'too_many_tries') this.back(this.error);
    return signedIn;
  }

  /** Who else vouches for people at this gateway, in the browser. */
  get provider(): string | null {
    return this.probe.kind === 'found' ? (this.probe.probe.single_sign_on ?? null) : null;
  }

  /** Signs in with the provider of the gateway, in the system's browser. */
  async signInInBrowser({ keychain = false } = {}): Promise<SignedIn | null> {
    const { passphrase } = this;
    const address = this.address.trim();
    const guarded = this.keychain !== null && !keychain;
    if (guarded && !this.protected) return null;
    this.#inBrowser = true;
    const signedIn = await this.#attempt('in_browser', () => this.#call('sign_in_in_browser', guarded ? { address, passphrase } : { address }));
    const code = this.error?.code;
    if (code === 'keychain_absent' || code === 'keychain_locked') this.keychain = code;
    else if (signedIn === null) this.back(this.error);
    return signedIn;
  }

  /** Waits for the browser no longer. */
  cancelBrowser() {
    // The call that waits says how it ended.
    this.#call('cancel_browser_sign_in', {}).catch(() => undefined);
  }

  /** The recovery codes are kept: goes on to the shop. */
  kept(): SignedIn | null {
    const signedIn = this.enrolled;
    this.enrolled = null;
    return signedIn;
  }

  /** Goes back to the account. */
  back(error: typeof this.error = null) {
    this.keychain = null;
    this.#inBrowser = false;
    this.asksCode = false;
    this.enrolment = null;
    this.code = '';
    this.passphrase = '';
    this.repeated = '';
    this.error = error;
  }

  /** Opens the demo shop. */
  async openSample(role: Extract<Role, 'agent' | 'supervisor'>): Promise<SignedIn | null> {
    return this.#attempt('opening_sample', () => this.#call('open_sample', { role }));
  }

  async #attempt(busy: 'signing_in' | 'in_browser' | 'opening_sample', make: () => Promise<SignedIn>): Promise<SignedIn | null> {
    if (this.busy !== 'no') return null;
    this.busy = busy;
    this.error = null;
    this.atStart = false;
    try {
      const signedIn = await make();
      this.password = '';
      this.passphrase = '';
      this.repeated = '';
      this.code = '';
      return signedIn;
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
      return null;
    } finally {
      this.busy = 'no';
    }
  }
}
