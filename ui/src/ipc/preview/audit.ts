import type { Account, AuditCheck, AuditEntry, AuditPage, AuditQuery, SignedIn } from '../generated/types';
import { DANIEL, PRIYA } from './data';

const TOBIAS: Account = { ...PRIYA, id: 'a-tobias', name: 'Tobias Reuter', email: 'tobias@hollowpine.example', role: 'auditor' };

/** An auditor's window: the trail and nothing personal. */
export const AUDITOR: Pick<SignedIn, 'account' | 'scopes'> = { account: TOBIAS, scopes: ['audit:read'] };

const CUSTOMER = '01a9c0de-0000-7000-8000-0000000000c1';
const DONE: [AuditEntry['action'], AuditEntry['actor'], Record<string, unknown>][] = [
  ['message_sent', { kind: 'account', id: PRIYA.id }, { channel: 'email', held: true, status: ['open', 'pending'] }],
  ['ticket_changed', { kind: 'account', id: DANIEL.id }, { priority: ['normal', 'high'], fields: ['carrier_claim'], tags_added: 1 }],
  ['sign_in_refused', { kind: 'nobody' }, { reason: 'wrong_password' }],
  ['signed_in', { kind: 'account', id: PRIYA.id }, {}],
  ['message_received', { kind: 'customer', id: CUSTOMER }, { channel: 'web_chat' }],
  ['history_begun', { kind: 'system' }, {}],
];

/** What the pretended gateway found. */
export const CHECK: AuditCheck = {
  at: new Date().toISOString(),
  entries: 42,
  findings: [],
  key: 'c0ffee'.repeat(10) + 'c0ff',
  heads: [3, 2, 1].map((number) => ({ number, at: new Date(Date.now() - (4 - number) * 3_600_000).toISOString(), position: number * 11, hash: 'a9'.repeat(32) })),
};

/** The trail of the pretended shop. */
export function trail({ action, actor }: AuditQuery): AuditPage {
  const entries = Array.from({ length: 42 }, (_, index): AuditEntry => {
    const [done, who, details] = DONE[index % DONE.length] ?? ['signed_in', { kind: 'system' }, {}];
    const concerns = done.startsWith('message') || done === 'ticket_changed';
    return {
      position: 42 - index,
      id: `01a9c0de-0000-7000-8000-${String(index).padStart(12, '0')}`,
      at: new Date(Date.now() - index * 7 * 60_000).toISOString(),
      actor: who,
      action: done,
      thing: concerns ? { kind: 'ticket', id: 't-1' } : null,
      customer: concerns ? CUSTOMER : null,
      peer: who.kind === 'system' ? null : '192.0.2.17',
      request_id: who.kind === 'system' ? null : `01a9c0de-0000-7000-9000-${String(index).padStart(12, '0')}`,
      details,
      hash: Array.from({ length: 8 }, (_each, part) => ((index + 3) * (part + 7) * 2_654_435_761 % 4_294_967_296).toString(16).padStart(8, '0')).join(''),
    };
  });
  const kept = entries.filter((entry) => (!action || entry.action === action) && (!actor || ('id' in entry.actor && entry.actor.id === actor)));
  return { entries: kept, next: null };
}
