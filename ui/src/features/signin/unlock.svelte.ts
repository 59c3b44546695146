import { CallFailed, type Boot, type Call, type SignedIn } from '../../ipc';

/** The screen that opens a copy which a passphrase protects. */
export class Unlock {
  readonly address: string;
  readonly email: string;
  passphrase = $state('');
  revealed = $state(false);
  busy = $state<'no' | 'opening' | 'forgetting'>('no');
  error = $state<CallFailed | null>(null);
  /** Asks whether the copy is to be deleted. */
  forgetting = $state(false);

  readonly #call: Call;

  constructor(boot: Extract<Boot, { screen: 'unlock' }>, call: Call) {
    this.#call = call;
    this.address = boot.address;
    this.email = boot.email;
  }

  /** Whether the passphrase was right, and only a sign-in is missing: the core says so at its next start. */
  get opened(): boolean {
    return this.error?.code === 'lease_ended' || this.error?.code === 'signed_out';
  }

  /** Opens the copy with what was typed. */
  async open(): Promise<SignedIn | null> {
    const { passphrase } = this;
    if (this.busy !== 'no' || passphrase === '') return null;
    const signedIn = await this.#attempt('opening', () => this.#call('unlock', { passphrase }));
    if (signedIn) this.passphrase = '';
    return signedIn;
  }

  /** Deletes the copy whose passphrase is lost; answers whether it is gone. */
  async forget(): Promise<boolean> {
    if (this.busy !== 'no') return false;
    const gone = await this.#attempt('forgetting', () => this.#call('forget_copy', {}));
    this.forgetting = false;
    return gone !== null;
  }

  async #attempt<Result>(busy: 'opening' | 'forgetting', make: () => Promise<Result>): Promise<Result | null> {
    this.busy = busy;
    this.error = null;
    try {
      return await make();
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
      return null;
    } finally {
      this.busy = 'no';
    }
  }
}
