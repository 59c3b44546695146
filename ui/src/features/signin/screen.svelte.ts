import { CallFailed, type Boot, type Call, type GatewayProbe, type Role, type SignedIn } from '../../ipc';

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
  /** Somebody pressed the button with an empty field. */
  missing = $state(false);

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

  /** Signs in with what was typed. */
  async signIn(): Promise<SignedIn | null> {
    const { address, email, password } = this;
    this.missing = address.trim() === '' || email.trim() === '' || password === '';
    if (this.missing) return null;
    return this.#attempt('signing_in', () => this.#call('sign_in', { address: address.trim(), email: email.trim(), password }));
  }

  /** Opens the demo shop. */
  async openSample(role: Extract<Role, 'agent' | 'supervisor'>): Promise<SignedIn | null> {
    return this.#attempt('opening_sample', () => this.#call('open_sample', { role }));
  }

  async #attempt(busy: 'signing_in' | 'opening_sample', make: () => Promise<SignedIn>): Promise<SignedIn | null> {
    if (this.busy !== 'no') return null;
    this.busy = busy;
    this.error = null;
    try {
      const signedIn = await make();
      this.password = '';
      return signedIn;
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
      return null;
    } finally {
      this.busy = 'no';
    }
  }
}
