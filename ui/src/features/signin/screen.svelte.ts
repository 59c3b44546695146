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
  busy = $state<'no' | 'signing_in' | 'opening_sample'>('no');
  /** Why nobody is signed in: from the start, or from the last attempt. */
  error = $state<Pick<CallFailed, 'code' | 'detail'> | null>(null);
  /** Whether `error` is from the start of the program. */
  atStart = $state(true);
  /** Somebody pressed the button with an empty field. */
  missing = $state(false);
  /** Why the keychain could not take the key; then a passphrase is offered. */
  keychain = $state<'keychain_absent' | 'keychain_locked' | null>(null);
  passphrase = $state('');
  repeated = $state('');

  readonly #call: Call;
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
  get step(): 'account' | 'passphrase' {
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
    const { address, email, password, passphrase } = this;
    this.missing = address.trim() === '' || email.trim() === '' || password === '';
    if (this.missing) return null;
    const account = { address: address.trim(), email: email.trim(), password };
    const guarded = this.step === 'passphrase' && !keychain;
    if (guarded && !this.protected) return null;
    const signedIn = await this.#attempt('signing_in', () => this.#call('sign_in', guarded ? { ...account, passphrase } : account));
    const code = this.error?.code;
    if (code === 'keychain_absent' || code === 'keychain_locked') this.keychain = code;
    // The account is wrong, not the passphrase: it is asked for where it stands.
    else if (code === 'wrong_credentials') this.back(this.error);
    return signedIn;
  }

  /** Goes back to the account. */
  back(error: typeof this.error = null) {
    this.keychain = null;
    this.passphrase = '';
    this.repeated = '';
    this.error = error;
  }

  /** Opens the demo shop. */
  async openSample(role: Extract<Role, 'agent' | 'supervisor'>): Promise<SignedIn | null> {
    return this.#attempt('opening_sample', () => this.#call('open_sample', { role }));
  }

  async #attempt(busy: 'signing_in' | 'opening_sample', make: () => Promise<SignedIn>): Promise<SignedIn | null> {
    if (this.busy !== 'no') return null;
    this.busy = busy;
    this.error = null;
    this.atStart = false;
    try {
      const signedIn = await make();
      this.password = '';
      this.passphrase = '';
      this.repeated = '';
      return signedIn;
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
      return null;
    } finally {
      this.busy = 'no';
    }
  }
}
