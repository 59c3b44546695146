/** The word of every code word, so that a screen and a record never disagree. */
import type {
  CallCode,
  Channel,
  Condition,
  Delivery,
  Diagnosis,
  Found,
  FactKind,
  FactVerdict,
  FieldValue,
  FulfilmentStatus,
  Intent,
  Mood,
  NextStep,
  PaymentStatus,
  Priority,
  RefundState,
  ReturnState,
  RevealReason,
  Risk,
  Role,
  Sort,
  TicketStatus,
  TrackingDetail,
  TrackingStatus,
  ViewId,
} from './ipc';
import { wholeMoney, wholeNumber } from './format/money';
import { date } from './format/time';
import type { IconName } from './icons';
import { m } from './paraglide/messages';

/** What a colour means; the same four everywhere. */
export type Tone = 'plain' | 'ok' | 'soon' | 'breach' | 'unknown' | 'accent';

type Words<Key extends string> = Record<Key, () => string>;

export const channelWord: Words<Channel> = {
  email: m.channel_email,
  web_chat: m.channel_web_chat,
  whatsapp: m.channel_whatsapp,
};

export const channelWordInside: Words<Channel> = {
  email: m.by_email,
  web_chat: m.by_web_chat,
  whatsapp: m.by_whatsapp,
};

export const channelIcon: Record<Channel, IconName> = {
  email: 'mail',
  web_chat: 'message-square',
  whatsapp: 'phone',
};

export const intentWord: Words<Intent> = {
  where_is_it: m.intent_where_is_it,
  not_received: m.intent_not_received,
  refund: m.intent_refund,
  return: m.intent_return,
  exchange: m.intent_exchange,
  damaged: m.intent_damaged,
  wrong_item: m.intent_wrong_item,
  missing_item: m.intent_missing_item,
  address_change: m.intent_address_change,
  cancel: m.intent_cancel,
  product_question: m.intent_product_question,
  invoice: m.intent_invoice,
  payment: m.intent_payment,
  customs: m.intent_customs,
  warranty: m.intent_warranty,
  complaint: m.intent_complaint,
  thanks: m.intent_thanks,
  other: m.intent_other,
};

export const moodWord: Words<Mood> = {
  pleased: m.mood_pleased,
  neutral: m.mood_neutral,
  worried: m.mood_worried,
  angry: m.mood_angry,
};

export const moodIcon: Record<Mood, IconName> = {
  pleased: 'smile',
  neutral: 'meh',
  worried: 'meh',
  angry: 'frown',
};

export const riskWord: Words<Risk> = { low: m.risk_low, elevated: m.risk_elevated, high: m.risk_high };

export const riskTone: Record<Risk, Tone> = { low: 'ok', elevated: 'soon', high: 'breach' };

export const priorityWord: Words<Priority> = {
  low: m.priority_low,
  normal: m.priority_normal,
  high: m.priority_high,
  urgent: m.priority_urgent,
};

export const statusWord: Words<TicketStatus> = {
  open: m.status_open,
  pending: m.status_pending,
  snoozed: m.status_snoozed,
  closed: m.status_closed,
};

const roles: Record<string, () => string> = {
  agent: m.role_agent,
  senior_agent: m.role_senior_agent,
  supervisor: m.role_supervisor,
  admin: m.role_admin,
  auditor: m.role_auditor,
  service: m.role_service,
};

/** A role of the shop's own has no other word than its name. */
export const roleWord = (role: Role): string => roles[role]?.() ?? role;

export const revealReasonWord: Words<RevealReason> = {
  delivery: m.reveal_for_delivery,
  identity: m.reveal_for_identity,
  payment: m.reveal_for_payment,
  fraud: m.reveal_for_fraud,
  request: m.reveal_for_request,
};

export const sortWord: Words<Sort> = { clock: m.sort_clock, newest: m.sort_newest, oldest: m.sort_oldest };

export const deliveryWord: Words<Delivery> = {
  held: m.delivery_held,
  sent: m.delivery_sent,
  delivered: m.delivery_delivered,
  read: m.delivery_read,
  failed: m.delivery_failed,
};

export const deliveryIcon: Record<Delivery, IconName> = {
  held: 'clock',
  sent: 'check',
  delivered: 'check-check',
  read: 'check-check',
  failed: 'circle-alert',
};

export const foundWord: Words<Found> = {
  ticket: m.search_ticket,
  message: m.search_message,
  note: m.search_note,
  customer: m.search_person,
  order: m.search_order,
  parcel: m.search_parcel,
};

export const foundGroupWord: Words<Found> = {
  ticket: m.search_tickets,
  message: m.search_messages,
  note: m.search_notes,
  customer: m.search_people,
  order: m.search_orders,
  parcel: m.search_parcels,
};

export const foundIcon: Record<Found, IconName> = {
  ticket: 'inbox',
  message: 'message-square',
  note: 'sticky-note',
  customer: 'user',
  order: 'receipt-text',
  parcel: 'truck',
};

export const factWord: Words<FactKind> = {
  amount: m.fact_amount,
  day: m.fact_day,
  order_number: m.fact_order_number,
  tracking_number: m.fact_tracking_number,
  link: m.fact_link,
  number: m.fact_number,
};

export const verdictWord: Words<FactVerdict> = {
  agrees: m.fact_agrees,
  disagrees: m.fact_disagrees,
  only_mine: m.fact_only_mine,
  only_theirs: m.fact_only_theirs,
};

export const verdictTone: Record<FactVerdict, Tone> = { agrees: 'plain', disagrees: 'soon', only_mine: 'accent', only_theirs: 'accent' };

export const verdictIcon: Record<FactVerdict, IconName> = {
  agrees: 'check',
  disagrees: 'triangle-alert',
  only_mine: 'plus',
  only_theirs: 'plus',
};

export const paymentWord: Words<PaymentStatus> = {
  pending: m.payment_pending,
  authorised: m.payment_authorised,
  paid: m.payment_paid,
  partly_refunded: m.payment_partly_refunded,
  refunded: m.payment_refunded,
  voided: m.payment_voided,
};

export const paymentTone: Record<PaymentStatus, Tone> = {
  pending: 'soon',
  authorised: 'plain',
  paid: 'ok',
  partly_refunded: 'plain',
  refunded: 'plain',
  voided: 'plain',
};

export const fulfilmentWord: Words<FulfilmentStatus> = {
  unfulfilled: m.fulfilment_unfulfilled,
  partly_shipped: m.fulfilment_partly_shipped,
  shipped: m.fulfilment_shipped,
  partly_delivered: m.fulfilment_partly_delivered,
  delivered: m.fulfilment_delivered,
  cancelled: m.fulfilment_cancelled,
};

export const parcelWord: Words<TrackingStatus> = {
  label_created: m.parcel_label_created,
  in_transit: m.parcel_in_transit,
  out_for_delivery: m.parcel_out_for_delivery,
  failed_attempt: m.parcel_failed_attempt,
  available_for_pickup: m.parcel_available_for_pickup,
  delivered: m.parcel_delivered,
  returning: m.parcel_returning,
  returned: m.parcel_returned,
  lost: m.parcel_lost,
  cancelled: m.parcel_cancelled,
  unknown: m.parcel_unknown,
};

export const parcelTone: Record<TrackingStatus, Tone> = {
  label_created: 'plain',
  in_transit: 'plain',
  out_for_delivery: 'accent',
  failed_attempt: 'soon',
  available_for_pickup: 'soon',
  delivered: 'ok',
  returning: 'soon',
  returned: 'plain',
  lost: 'breach',
  cancelled: 'plain',
  unknown: 'unknown',
};

export const parcelIcon: Record<TrackingStatus, IconName> = {
  label_created: 'package',
  in_transit: 'truck',
  out_for_delivery: 'truck',
  failed_attempt: 'triangle-alert',
  available_for_pickup: 'store',
  delivered: 'package-check',
  returning: 'undo-2',
  returned: 'undo-2',
  lost: 'package-x',
  cancelled: 'ban',
  unknown: 'circle-help',
};

export const conditionWord: Words<Condition> = {
  not_shipped: m.diag_not_shipped,
  not_shipped_late: m.diag_not_shipped_late,
  preorder: m.diag_preorder,
  unpaid: m.diag_unpaid,
  label_only: m.diag_label_only,
  moving: m.diag_moving,
  late: m.diag_late,
  stalled: m.diag_stalled,
  out_for_delivery: m.diag_out_for_delivery,
  failed_attempt: m.diag_failed_attempt,
  pickup: m.diag_pickup,
  customs: m.diag_customs,
  address_problem: m.diag_address_problem,
  returning: m.diag_returning,
  returned: m.diag_returned,
  delivered: m.diag_delivered,
  not_received: m.diag_not_received,
  lost: m.diag_lost,
  cancelled: m.diag_cancelled,
  unknown: m.diag_unknown,
};

export const conditionIcon: Record<Condition, IconName> = {
  not_shipped: 'package',
  not_shipped_late: 'triangle-alert',
  preorder: 'hourglass',
  unpaid: 'hourglass',
  label_only: 'package',
  moving: 'truck',
  late: 'clock',
  stalled: 'triangle-alert',
  out_for_delivery: 'truck',
  failed_attempt: 'triangle-alert',
  pickup: 'store',
  customs: 'hand',
  address_problem: 'map-pin',
  returning: 'undo-2',
  returned: 'undo-2',
  delivered: 'package-check',
  not_received: 'circle-help',
  lost: 'package-x',
  cancelled: 'ban',
  unknown: 'circle-help',
};

export const nextStepWord: Words<NextStep> = {
  reassure: m.diag_next_reassure,
  ask_warehouse: m.diag_next_ask_warehouse,
  chase_carrier: m.diag_next_chase_carrier,
  start_trace: m.diag_next_start_trace,
  ask_address: m.diag_next_ask_address,
  tell_pickup: m.diag_next_tell_pickup,
  ask_neighbours: m.diag_next_ask_neighbours,
  ask_papers: m.diag_next_ask_papers,
  ask_payment: m.diag_next_ask_payment,
  reship: m.diag_next_reship,
  refund: m.diag_next_refund,
  wait: m.diag_next_wait,
};

/** Red for what is gone, amber for what needs somebody, green for what has arrived. */
export function urgencyTone({ condition, urgency }: Pick<Diagnosis, 'condition' | 'urgency'>): Tone {
  if (condition === 'lost' || condition === 'not_received') return 'breach';
  if (condition === 'unknown') return 'unknown';
  if (condition === 'delivered') return 'ok';
  return urgency === 'fine' ? 'plain' : 'soon';
}

export const parcelDetailWord: Words<TrackingDetail> = {
  customs: m.detail_customs,
  address_problem: m.detail_address_problem,
  delayed: m.detail_delayed,
  damaged: m.detail_damaged,
  refused: m.detail_refused,
  left_with_neighbour: m.detail_left_with_neighbour,
  left_in_safe_place: m.detail_left_in_safe_place,
};

export const refundWord: Words<RefundState> = {
  requested: m.refund_requested,
  awaiting_approval: m.refund_awaiting_approval,
  approved: m.refund_approved,
  denied: m.refund_denied,
  expired: m.refund_expired,
  reserved: m.refund_reserved,
  sent: m.refund_sent,
  succeeded: m.refund_succeeded,
  failed: m.refund_failed,
  unknown: m.refund_unknown,
  reconciled: m.refund_reconciled,
};

export const refundTone: Record<RefundState, Tone> = {
  requested: 'accent',
  awaiting_approval: 'unknown',
  approved: 'accent',
  denied: 'breach',
  expired: 'soon',
  reserved: 'accent',
  sent: 'accent',
  succeeded: 'ok',
  failed: 'breach',
  unknown: 'unknown',
  reconciled: 'ok',
};

export const refundIcon: Record<RefundState, IconName> = {
  requested: 'clock',
  awaiting_approval: 'hourglass',
  approved: 'badge-check',
  denied: 'ban',
  expired: 'history',
  reserved: 'lock',
  sent: 'send',
  succeeded: 'check',
  failed: 'circle-alert',
  unknown: 'circle-help',
  reconciled: 'check-check',
};

export const returnWord: Words<ReturnState> = {
  requested: m.return_requested,
  approved: m.return_approved,
  rejected: m.return_rejected,
  in_transit: m.return_in_transit,
  received: m.return_received,
  inspected: m.return_inspected,
  closed: m.return_closed,
  cancelled: m.return_cancelled,
};

const viewWords: Record<Exclude<ViewId, 'high_value'>, () => string> = {
  my_open: m.view_my_open,
  unassigned: m.view_unassigned,
  mentions: m.view_mentions,
  snoozed: m.view_snoozed,
  held: m.view_held,
  where_is_it: m.view_where_is_it,
  refunds: m.view_refunds,
  breaching_soon: m.view_breaching_soon,
  email: m.view_email,
  web_chat: m.view_web_chat,
  whatsapp: m.view_whatsapp,
  escalated: m.view_escalated,
  all_open: m.view_all_open,
  closed: m.view_closed,
};

/** From how much of the shop's currency a case counts as high value; the core filters by the same. */
const HIGH_VALUE = 300;

/** The name of a view in the rail. */
export function viewWord(view: ViewId, currency: string): string {
  if (view !== 'high_value') return viewWords[view]();
  return m.view_high_value({ amount: wholeMoney(HIGH_VALUE, currency) });
}

export const viewIcon: Record<ViewId, IconName> = {
  my_open: 'inbox',
  unassigned: 'users',
  mentions: 'at-sign',
  snoozed: 'alarm-clock',
  held: 'hand',
  where_is_it: 'map-pin',
  refunds: 'rotate-ccw',
  breaching_soon: 'hourglass',
  high_value: 'layers',
  email: 'mail',
  web_chat: 'message-square',
  whatsapp: 'phone',
  escalated: 'flag',
  all_open: 'inbox',
  closed: 'check',
};

const errorWords: Record<CallCode, [what: () => string, todo: () => string]> = {
  bad_call: [m.error_bad_call, m.error_bad_call_do],
  signed_out: [m.error_signed_out, m.error_signed_out_do],
  bad_address: [m.error_bad_address, m.error_bad_address_do],
  unreachable: [m.error_unreachable, m.error_unreachable_do],
  not_a_gateway: [m.error_not_a_gateway, m.error_not_a_gateway_do],
  other_version: [m.error_other_version, m.error_other_version_do],
  clock_off: [m.error_clock_off, m.error_clock_off_do],
  wrong_credentials: [m.error_wrong_credentials, m.error_wrong_credentials_do],
  totp_required: [m.error_totp_required, m.error_totp_required_do],
  totp_enrolment: [m.error_totp_enrolment, m.error_totp_enrolment_do],
  wrong_code: [m.error_wrong_code, m.error_wrong_code_do],
  account_locked: [m.error_account_locked, m.error_account_locked_do],
  too_many_tries: [m.error_too_many_tries, m.error_too_many_tries_do],
  weak_password: [m.error_weak_password, m.error_weak_password_do],
  browser_failed: [m.error_browser_failed, m.error_browser_failed_do],
  forbidden: [m.error_forbidden, m.error_forbidden_do],
  keychain_absent: [m.error_keychain_absent, m.error_keychain_absent_do],
  keychain_locked: [m.error_keychain_locked, m.error_keychain_locked_do],
  wrong_passphrase: [m.error_wrong_passphrase, m.error_wrong_passphrase_do],
  passphrase_too_short: [m.error_passphrase_too_short, m.error_passphrase_too_short_do],
  lease_ended: [m.error_lease_ended, m.error_lease_ended_do],
  session_revoked: [m.error_session_revoked, m.error_session_revoked_do],
  cannot_merge: [m.error_cannot_merge, m.error_cannot_merge_do],
  wrong_key: [m.error_wrong_key, m.error_wrong_key_do],
  cache_damaged: [m.error_cache_damaged, m.error_cache_damaged_do],
  cache_newer: [m.error_cache_newer, m.error_cache_newer_do],
  not_writable: [m.error_not_writable, m.error_not_writable_do],
  folder_in_use: [m.error_folder_in_use, m.error_folder_in_use_do],
  disk_full: [m.error_disk_full, m.error_disk_full_do],
  sample_failed: [m.error_sample_failed, m.error_sample_failed_do],
  too_late: [m.error_too_late, m.error_too_late_do],
  text_empty: [m.error_text_empty, m.error_text_empty_do],
  text_too_long: [m.error_text_too_long, m.error_text_too_long_do],
  link_refused: [m.error_link_refused, m.error_link_refused_do],
  no_browser: [m.error_no_browser, m.error_no_browser_do],
  not_found: [m.error_not_found, m.error_not_found_do],
  internal: [m.error_internal, m.error_internal_do],
};

/** What happened, and what is safe and what to do about it. */
export function errorWord(code: CallCode): { what: string; todo: string } {
  const [what, todo] = errorWords[code] ?? errorWords.internal;
  return { what: what(), todo: todo() };
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A value of the shop's own fields, for people: days and yes or no in words. */
export function fieldWord(value: FieldValue): string {
  if (typeof value === 'boolean') return value ? m.field_yes() : m.field_no();
  if (typeof value === 'number') return wholeNumber(value);
  return DAY.test(value) ? date(`${value}T12:00:00`, Date.now()) : value;
}
