import { describe, expect, test } from 'vitest';
import { CallFailed, type Boot, type Call } from '../../ipc';
import { SIGNED_IN } from '../../ipc/preview/data';
import { missing, strength } from './passphrase';
import { SignIn } from './screen.svelte';
import { Unlock } from './unlock.svelte';

const START: Extract<Boot, { screen: 'sign_in' }> = { screen: 'sign_in', address: null, email: 'priya@hollowpine.example', sample: true, problem: null };
const PHRASE = 'four plain little words';

/** A core on a computer whose keychain does not answer. */
function core(code: 'keychain_absent' | 'keychain_locked' = 'keychain_absent') {
  const state = { keychain: false, made: [] as { name: string; args: unknown }[] };
  const call = (async (name: string, args: { password?: string; passphrase?: string }) => {
    state.made.push({ name, args });
    if (name === 'sign_in' && args.password !== 'hollowpine') throw new CallFailed({ code: 'wrong_credentials', detail: '' });
    if (name === 'sign_in' && !state.keychain && args.passphrase === undefined) throw new CallFailed({ code, detail: '' });
    if (name === 'unlock' && args.passphrase !== PHRASE) throw new CallFailed({ code: 'wrong_passphrase', detail: '' });
    return name === 'forget_copy' ? {} : SIGNED_IN;
  }) as unknown as Call;
  return { state, call };
}

function signIn(call: Call, password = 'hollowpine') {
  const screen = new SignIn(START, call);
  screen.address = 'desk.hollowpine.example';
  screen.email = 'priya@hollowpine.example';
  screen.password = password;
  return screen;
}

describe('how hard a passphrase is to guess', () => {
  test.each([
    ['', 'empty'],
    ['elevenchars', 'short'],
    ['aaaaaaaaaaaaaaaaaa', 'weak'],
    ['abcdefghijklmnop', 'weak'],
    ['123456789012', 'weak'],
    ['priya hollowpine', 'weak'],
    ['four plain little words', 'fair'],
    ['a tent, three wet socks and 2 maps', 'strong'],
  ] as const)('%j is %s', (text, word) => {
    expect(strength(text, ['desk.hollowpine.example', 'priya@hollowpine.example'])).toBe(word);
  });

  test('characters are counted, not their bytes', () => {
    expect(missing('ñandú')).toBe(7);
    expect(missing('🏕️🏕️🏕️🏕️🏕️🏕️')).toBe(0);
  });
});

describe('a computer without a keychain', () => {
  test('asks for a passphrase, twice, and then signs in with it', async () => {
    const { call, state } = core();
    const screen = signIn(call);
    expect(await screen.signIn()).toBeNull();
    expect(screen.step).toBe('passphrase');
    screen.passphrase = PHRASE;
    expect(screen.protected).toBe(false);
    expect(await screen.signIn()).toBeNull();
    screen.repeated = PHRASE;
    expect(screen.protected).toBe(true);
    expect(await screen.signIn()).toEqual(SIGNED_IN);
    expect(state.made.filter(({ name }) => name === 'sign_in')).toHaveLength(2);
    expect(screen.passphrase + screen.password).toBe('');
  });

  test('a keychain that was unlocked meanwhile is tried without the passphrase', async () => {
    const { call, state } = core('keychain_locked');
    const screen = signIn(call);
    await screen.signIn();
    expect(screen.keychain).toBe('keychain_locked');
    screen.passphrase = PHRASE;
    state.keychain = true;
    expect(await screen.signIn({ keychain: true })).toEqual(SIGNED_IN);
    expect(state.made.at(-1)?.args).not.toHaveProperty('passphrase');
  });

  test('a wrong password leads back to where it is typed', async () => {
    const { call } = core();
    const screen = signIn(call);
    await screen.signIn();
    screen.password = 'other';
    screen.passphrase = screen.repeated = PHRASE;
    await screen.signIn();
    expect(screen.step).toBe('account');
    expect(screen.error?.code).toBe('wrong_credentials');
    expect(screen.passphrase).toBe('');
  });
});

describe('a copy that waits for its passphrase', () => {
  const boot = { screen: 'unlock', address: 'https://desk', email: 'priya@hollowpine.example' } as const;

  test('opens with the right one and stays closed with another', async () => {
    const unlock = new Unlock(boot, core().call);
    unlock.passphrase = 'wrong';
    expect(await unlock.open()).toBeNull();
    expect(unlock.error?.code).toBe('wrong_passphrase');
    unlock.passphrase = PHRASE;
    expect(await unlock.open()).toEqual(SIGNED_IN);
    expect(unlock.passphrase).toBe('');
  });

  test('is deleted only on request', async () => {
    const { call, state } = core();
    const unlock = new Unlock(boot, call);
    unlock.forgetting = true;
    expect(state.made).toEqual([]);
    expect(await unlock.forget()).toBe(true);
    expect(state.made.map(({ name }) => name)).toEqual(['forget_copy']);
  });
});
