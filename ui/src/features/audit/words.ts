import type { Account, AuditEntry } from '../../ipc';
import { m } from '../../paraglide/messages';
import { roleWord } from '../../words';

export type AuditAction = AuditEntry['action'];
type ThingKind = NonNullable<AuditEntry['thing']>['kind'];

const actionWords: Partial<Record<AuditAction, () => string>> = {
  trail_broken: m.audit_did_trail_broken,
  history_begun: m.audit_did_history_begun,
  signed_in: m.audit_did_signed_in,
  sign_in_refused: m.audit_did_sign_in_refused,
  signed_out: m.audit_did_signed_out,
  sessions_revoked: m.audit_did_sessions_revoked,
  role_changed: m.audit_did_role_changed,
  ticket_changed: m.audit_did_ticket_changed,
  tickets_merged: m.audit_did_tickets_merged,
  message_sent: m.audit_did_message_sent,
  message_released: m.audit_did_message_released,
  message_taken_back: m.audit_did_message_taken_back,
  note_written: m.audit_did_note_written,
  conversation_opened: m.audit_did_conversation_opened,
  message_received: m.audit_did_message_received,
  field_defined: m.audit_did_field_defined,
  audit_exported: m.audit_did_audit_exported,
  token_reused: m.audit_did_token_reused,
  denied: m.audit_did_denied,
  teams_changed: m.audit_did_teams_changed,
  team_made: m.audit_did_team_made,
  customer_revealed: m.audit_did_customer_revealed,
  policy_changed: m.audit_did_policy_changed,
  customer_told: m.audit_did_customer_told,
  notices_set: m.audit_did_notices_set,
  device_signed_out: m.audit_did_device_signed_out,
  password_changed: m.audit_did_password_changed,
  account_locked: m.audit_did_account_locked,
  account_unlocked: m.audit_did_account_unlocked,
  second_factor_set: m.audit_did_second_factor_set,
  second_factor_removed: m.audit_did_second_factor_removed,
  recovery_code_used: m.audit_did_recovery_code_used,
  account_made: m.audit_did_account_made,
  identity_linked: m.audit_did_identity_linked,
  key_made: m.audit_did_key_made,
  key_revoked: m.audit_did_key_revoked,
};

/** Every action that can be looked for, in the order of their words' table. */
export const AUDIT_ACTIONS = Object.keys(actionWords) as AuditAction[];

/** What was done, for people; a word of a newer gateway stays as it is. */
export function actionWord(action: AuditAction): string {
  return actionWords[action]?.() ?? plain(action);
}

/** Who did something, as far as this computer knows them. */
export function actorWord(actor: AuditEntry['actor'], colleagues: readonly Account[]): string {
  switch (actor.kind) {
    case 'account': {
      const known = colleagues.find(({ id }) => id === actor.id);
      return known ? m.audit_colleague({ name: known.name, role: roleWord(known.role) }) : m.audit_account({ id: short(actor.id) });
    }
    case 'machine':
      return m.audit_machine({ id: short(actor.id) });
    case 'customer':
      return m.audit_of_customer({ id: short(actor.id) });
    case 'system':
      return m.audit_system();
    case 'nobody':
      return m.audit_nobody();
  }
}

const thingWords: Partial<Record<ThingKind, () => string>> = {
  account: m.audit_thing_account,
  ticket: m.audit_thing_ticket,
  message: m.audit_thing_message,
  field: m.audit_thing_field,
  history: m.audit_thing_history,
  device: m.audit_thing_device,
  key: m.audit_thing_key,
  team: m.audit_thing_team,
  customer: m.audit_customer,
};

/** What something was done to, for people. */
export function thingWord(kind: ThingKind): string {
  return thingWords[kind]?.() ?? plain(kind);
}

/** What else an entry tells, by name; a change says from what to what. */
export function detailLines(details: Record<string, unknown>): [name: string, value: string][] {
  return Object.entries(details ?? {}).map(([name, value]) => [plain(name), written(value, name !== 'fields')]);
}

/** A pair is a change, unless it is a list of names. */
function written(value: unknown, pair = false): string {
  if (pair && Array.isArray(value) && value.length === 2) return `${written(value[0])} → ${written(value[1])}`;
  if (Array.isArray(value)) return value.map((one) => written(one)).join(', ');
  if (value === null || value === undefined) return m.audit_nothing();
  if (typeof value === 'boolean') return value ? m.field_yes() : m.field_no();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The end of an id: its beginning is a moment, and much the same for all. */
function short(id: string): string {
  return id.slice(-6);
}

function plain(name: string): string {
  return name.replace(/^./, (letter) => letter.toLocaleUpperCase()).replaceAll('_', ' ');
}
