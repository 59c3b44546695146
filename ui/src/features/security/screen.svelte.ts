import { CallFailed, type Call, type Device, type DeviceId, type Enrolment, type TotpState } from '../../ipc';

/** What one sees to for the own sign-in: devices, the authenticator app, the password. Asked of the
 * gateway each time and never kept. */
export class Security {
  devices = $state.raw<readonly Device[] | null>(null);
  totp = $state.raw<TotpState | null>(null);
  error = $state<CallFailed | null>(null);
  busy = $state(false);
  /** Of which device one is asked whether to sign it out. */
  leaving = $state<DeviceId | null>(null);
  /** An app that is being set up. */
  enrolment = $state.raw<Enrolment | null>(null);
  /** New recovery codes, to be seen once. */
  codes = $state.raw<readonly string[] | null>(null);
  removing = $state(false);
  code = $state('');
  changing = $state(false);
  /** What was just done. */
  done = $state<'password' | 'removed' | null>(null);
  old = $state('');
  fresh = $state('');
  repeated = $state('');

  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** Reads everything anew; what was begun before is dropped. */
  async open(): Promise<void> {
    this.drop();
    await this.#do(() => this.#read());
  }

  /** Gives up what was begun. */
  drop() {
    this.leaving = null;
    this.enrolment = null;
    this.codes = null;
    this.removing = false;
    this.changing = false;
    this.done = null;
    this.error = null;
    this.code = '';
    this.old = '';
    this.fresh = '';
    this.repeated = '';
  }

  /** Signs a device out; one that is gone already is fine. */
  signOut(device: DeviceId): Promise<void> {
    return this.#do(async () => {
      try {
        await this.#call('sign_out_device', { device });
      } catch (thrown) {
        if (CallFailed.from(thrown).code !== 'not_found') throw thrown;
      }
      this.leaving = null;
      await this.#read();
    });
  }

  /** Begins to set an app up. */
  begin(): Promise<void> {
    this.drop();
    return this.#do(async () => {
      this.enrolment = await this.#call('begin_totp', {});
    });
  }

  /** Shows that the app works. */
  confirm(): Promise<void> {
    return this.#do(async () => {
      const { codes } = await this.#call('confirm_totp', { code: this.#typed() });
      this.enrolment = null;
      this.codes = codes;
      await this.#read();
    });
  }

  /** Signs in without an app from now on. */
  remove(): Promise<void> {
    return this.#do(async () => {
      await this.#call('remove_totp', { code: this.#typed() });
      this.drop();
      this.done = 'removed';
      await this.#read();
    });
  }

  /** Whether the new password was typed twice the same. */
  get ready(): boolean {
    return this.old !== '' && this.fresh !== '' && this.fresh === this.repeated;
  }

  /** Changes the password. */
  change(): Promise<void> {
    if (!this.ready) return Promise.resolve();
    return this.#do(async () => {
      await this.#call('change_password', { old: this.old, new: this.fresh });
      this.drop();
      this.done = 'password';
      await this.#read();
    });
  }

  /** What was typed; a wrong one is not kept. */
  #typed(): string {
    const code = this.code.trim();
    this.code = '';
    return code;
  }

  async #read(): Promise<void> {
    const [devices, totp] = await Promise.all([this.#call('devices', {}), this.#call('totp', {})]);
    this.devices = devices;
    this.totp = totp;
  }

  async #do(what: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    try {
      await what();
    } catch (thrown) {
      this.error = CallFailed.from(thrown);
    } finally {
      this.busy = false;
    }
  }
}
