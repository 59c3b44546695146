// Written by `make gen` from crates/protocol. Do not edit.

/**
 * Asks what a customer may be told about an order of theirs.
 */
export type AboutOrder = { 
/**
 * Where they ask.
 */
ticket: TicketId, 
/**
 * Which of their orders.
 */
order: OrderId, };

/**
 * Asks what whoever takes a step has to know.
 */
export type AboutStep = { 
/**
 * Where the customer asks.
 */
ticket: TicketId, 
/**
 * Which of their orders.
 */
order: OrderId, 
/**
 * What is to be done.
 */
step: NextStep, 
/**
 * The colleagues' language, such as `de`.
 */
language: string, };

/**
 * A person or program that signs in, as colleagues see it.
 */
export type Account = { 
/**
 * Its id.
 */
id: AccountId, 
/**
 * The whole name.
 */
name: string, 
/**
 * The address it signs in with.
 */
email: string, 
/**
 * What it may do.
 */
role: Role, 
/**
 * Whose tickets it sees.
 */
teams?: Array<TeamId>, };

/**
 * A person or program that signs in.
 */
export type AccountId = string;

/**
 * What was done. Names are stored for ever: none is changed or used again.
 */
export type Action = "trail_broken" | "history_begun" | "signed_in" | "sign_in_refused" | "signed_out" | "token_reused" | "sessions_revoked" | "device_signed_out" | "password_changed" | "account_locked" | "account_unlocked" | "second_factor_set" | "second_factor_removed" | "recovery_code_used" | "account_made" | "identity_linked" | "key_made" | "key_revoked" | "role_changed" | "ticket_changed" | "tickets_merged" | "message_sent" | "message_released" | "message_taken_back" | "note_written" | "conversation_opened" | "message_received" | "field_defined" | "audit_exported" | "denied" | "teams_changed" | "team_made" | "customer_revealed" | "policy_changed" | "customer_told" | "notices_set";

/**
 * Who did something.
 */
export type Actor = { "kind": "account", "id": AccountId } | { "kind": "machine", "id": string } | { "kind": "customer", "id": CustomerId } | { "kind": "system" } | { "kind": "nobody" };

/**
 * A note to colleagues.
 */
export type AddNote = { 
/**
 * Where.
 */
ticket: TicketId, 
/**
 * The text.
 */
text: string, };

/**
 * A postal address.
 */
export type Address = { 
/**
 * Who receives it.
 */
name: string, 
/**
 * Street and number, as the country writes them.
 */
street: string, 
/**
 * Postal code.
 */
postal_code: string, 
/**
 * Town.
 */
city: string, 
/**
 * ISO 3166-1 alpha-2.
 */
country: string, };

/**
 * What came out when the gateway read its whole trail again: every hash, the end that its key
 * signed, and the heads that were signed on the way.
 */
export type AuditCheck = { 
/**
 * When it was read, by the gateway's clock.
 */
at: string, 
/**
 * How many entries there are.
 */
entries: number, 
/**
 * What is not as it was written, in the order of the trail; at most a hundred are named.
 */
findings: Array<string>, 
/**
 * The public half of the key that signs, in hex; without one, no signature was checked.
 */
key: string | null, 
/**
 * The newest heads, newest first, at most fifty.
 */
heads: Array<AuditHead>, };

/**
 * One entry. It holds ids and words of this program, never a text that somebody wrote.
 */
export type AuditEntry = { 
/**
 * Its place in the trail: 1, 2, 3, without gaps.
 */
position: number, 
/**
 * Its id.
 */
id: string, 
/**
 * When it was done, by the gateway's clock.
 */
at: string, 
/**
 * Who did it.
 */
actor: Actor, 
/**
 * What was done.
 */
action: Action, 
/**
 * What it was done to.
 */
thing: Thing | null, 
/**
 * The customer it concerns.
 */
customer: CustomerId | null, 
/**
 * The address of the other end.
 */
peer: string | null, 
/**
 * The request, as the gateway's logs name it.
 */
request_id: string | null, 
/**
 * More, by name.
 */
details: Record<string, unknown>, 
/**
 * SHA-256 of the hash before it and of everything above, in hex.
 */
hash: string, };

/**
 * Where an export of the trail was put.
 */
export type AuditExported = { 
/**
 * The file, one entry a line.
 */
file: string, 
/**
 * How many entries it holds.
 */
entries: number, };

/**
 * How far the trail went at a moment, signed by the gateway's key. Whoever keeps it elsewhere can
 * tell later whether what lies before it was written anew.
 */
export type AuditHead = { 
/**
 * Counts the heads from 1.
 */
number: number, 
/**
 * When it was signed.
 */
at: string, 
/**
 * How many entries the trail had.
 */
position: number, 
/**
 * The hash of the newest, in hex.
 */
hash: string, };

/**
 * A page of the trail.
 */
export type AuditPage = { 
/**
 * The entries, newest first.
 */
entries: Array<AuditEntry>, 
/**
 * The cursor of the next page, when there is one.
 */
next: string | null, };

/**
 * Which entries of the trail, a page at a time, newest first.
 */
export type AuditQuery = { 
/**
 * From this moment on.
 */
from?: string, 
/**
 * Before this moment.
 */
until?: string, 
/**
 * Of this account, machine key or customer.
 */
actor?: string, 
/**
 * That concern this customer: by id, or by e-mail address or order number, word for word.
 */
customer?: string, 
/**
 * That tell of this.
 */
action?: Action, 
/**
 * `next` of the page before.
 */
cursor?: string, };

/**
 * Who wrote a message.
 */
export type Author = { "kind": "customer", "id": CustomerId } | { "kind": "account", "id": AccountId } | { "kind": "system" };

/**
 * What to show first.
 */
export type Boot = { "screen": "sign_in", 
/**
 * The gateway of the last sign-in, to offer it again.
 */
address: string | null, 
/**
 * The e-mail of the last sign-in.
 */
email: string | null, 
/**
 * Whether this program can open the sample shop.
 */
sample: boolean, 
/**
 * Why an earlier session could not go on, if one could not.
 */
problem: CallError | null, } | { "screen": "unlock", 
/**
 * The gateway.
 */
address: string, 
/**
 * Who is signed in.
 */
email: string, } | { "screen": "shop" } & SignedIn;

/**
 * A sign-in that goes on in the system's browser.
 */
export type BrowserSignIn = { 
/**
 * The gateway.
 */
address: string, 
/**
 * See [`Password::passphrase`].
 */
passphrase?: string, };

/**
 * What the window decides by.
 */
export type CallCode = "bad_call" | "signed_out" | "bad_address" | "unreachable" | "not_a_gateway" | "other_version" | "clock_off" | "wrong_credentials" | "totp_required" | "totp_enrolment" | "wrong_code" | "account_locked" | "browser_failed" | "too_many_tries" | "weak_password" | "forbidden" | "keychain_absent" | "keychain_locked" | "wrong_passphrase" | "passphrase_too_short" | "lease_ended" | "session_revoked" | "cannot_merge" | "wrong_key" | "cache_damaged" | "cache_newer" | "not_writable" | "folder_in_use" | "disk_full" | "sample_failed" | "too_late" | "text_empty" | "text_too_long" | "link_refused" | "no_browser" | "not_found" | "internal";

/**
 * A call that went wrong, as the window gets it. The window owns the words; `detail` is for what
 * only the core knows (a path, a field).
 */
export type CallError = { 
/**
 * What the window decides by.
 */
code: CallCode, 
/**
 * What only the core knows; English, without personal data.
 */
detail: string, };

/**
 * `POST /v1/password`.
 */
export type ChangePassword = { 
/**
 * The password until now.
 */
old: string, 
/**
 * The new one: 12 characters at least, and not one that is easily guessed.
 */
new: string, };

/**
 * Where a customer writes.
 */
export type Channel = "email" | "web_chat" | "whatsapp";

/**
 * A value that two people may set, as somebody saw it or as it is now. Changes are compared with
 * what their author had seen.
 */
export type Compared = { "kind": "status", "value": TicketStatus } | { "kind": "priority", "value": Priority } | { "kind": "assignee", "value": AccountId | null } | { "kind": "snoozed_until", "value": string | null } | { "kind": "field", "value": { 
/**
 * Which field.
 */
key: string, 
/**
 * Its value.
 */
value: FieldValue | null, } };

/**
 * Where a parcel, or the part of an order that has not left, stands.
 */
export type Condition = "not_shipped" | "not_shipped_late" | "preorder" | "unpaid" | "label_only" | "moving" | "late" | "stalled" | "out_for_delivery" | "failed_attempt" | "pickup" | "customs" | "address_problem" | "returning" | "returned" | "delivered" | "not_received" | "lost" | "cancelled" | "unknown";

/**
 * How sure the diagnosis is.
 */
export type Confidence = "low" | "medium" | "high";

/**
 * How the core stands to the gateway, in one word.
 */
export type Connection = "live" | "catching_up" | "offline";

/**
 * How the core stands to the gateway.
 */
export type ConnectionView = { 
/**
 * In one word.
 */
state: Connection, 
/**
 * Until when the copy is known to be complete; `None` before the first sync.
 */
current_as_of: string | null, 
/**
 * When the next attempt is made, while offline.
 */
retry_at: string | null, 
/**
 * How much of the history is here, in percent; 100 when all is.
 */
history: number, 
/**
 * Why it is offline, if something said so.
 */
problem: CallError | null, };

/**
 * An ISO 4217 currency code, three capital letters.
 */
export type Currency = string;

/**
 * A customer of the shop.
 */
export type Customer = { 
/**
 * Its id here.
 */
id: CustomerId, 
/**
 * The whole name.
 */
name: string, 
/**
 * The e-mail address.
 */
email: string, 
/**
 * The phone number in E.164, if known.
 */
phone: string | null, 
/**
 * The town of the default address.
 */
city: string | null, 
/**
 * ISO 3166-1 alpha-2 country of the default address.
 */
country: string | null, 
/**
 * BCP 47 language, for example `de`.
 */
language: string, 
/**
 * Since when this is a customer.
 */
since: string, 
/**
 * How many orders were placed.
 */
order_count: number, 
/**
 * What was paid in all, after refunds, in the shop's currency.
 */
spent: Money, 
/**
 * How many refunds there were.
 */
refund_count: number, 
/**
 * How closely a money request should be looked at. To weigh, never to block.
 */
risk: Risk, 
/**
 * Where this copy was read.
 */
source: Source, };

/**
 * A customer of the shop.
 */
export type CustomerId = string;

/**
 * How far a message to the customer has come.
 */
export type Delivery = "held" | "sent" | "delivered" | "read" | "failed";

/**
 * A device on which somebody is signed in.
 */
export type Device = { 
/**
 * Its id.
 */
id: DeviceId, 
/**
 * Its name as it was given at the sign-in.
 */
name: string, 
/**
 * When somebody signed in there.
 */
first_seen: string, 
/**
 * When it was last in use, to a few minutes.
 */
last_seen: string, 
/**
 * Whether it is the one that asks.
 */
current: boolean, };

/**
 * A sign-in on a device: what is listed, and can be ended from elsewhere.
 */
export type DeviceId = string;

/**
 * A device on which this account is signed in.
 */
export type DeviceRef = { 
/**
 * Which.
 */
device: DeviceId, };

/**
 * What stands of one parcel, or of what has not left.
 */
export type Diagnosis = { 
/**
 * The parcel; none for what has not left.
 */
shipment: ShipmentId | null, 
/**
 * Where it stands.
 */
condition: Condition, 
/**
 * How much somebody has to do.
 */
urgency: Urgency, 
/**
 * How sure this is.
 */
confidence: Confidence, 
/**
 * Why.
 */
reasons: Array<DiagnosisReason>, 
/**
 * What to do; the first is the one that is recommended.
 */
next: Array<NextStep>, 
/**
 * When to look again; always later than now.
 */
look_again: string | null, 
/**
 * What may be promised.
 */
promise: DiagnosisPromise | null, };

/**
 * What a record says.
 */
export type DiagnosisFact = { "kind": "placed" } | { "kind": "ship_by" } | { "kind": "handling_time", 
/**
 * In working days.
 */
days: number, } | { "kind": "available_from" } | { "kind": "waiting", 
/**
 * How many.
 */
pieces: number, } | { "kind": "pieces_cancelled", 
/**
 * How many.
 */
pieces: number, } | { "kind": "not_paid" } | { "kind": "called_off" } | { "kind": "label_made" } | { "kind": "recorded", 
/**
 * The state in it.
 */
status: TrackingStatus, } | { "kind": "last_scan", 
/**
 * The state after it.
 */
status: TrackingStatus, 
/**
 * In the carrier's words.
 */
text: string, 
/**
 * Where.
 */
place: string | null, } | { "kind": "silent_for", 
/**
 * How long.
 */
hours: number, } | { "kind": "usual_gap", 
/**
 * How long.
 */
hours: number, 
/**
 * Whether it was seen with this carrier, or is taken for granted.
 */
learned: boolean, } | { "kind": "promised" } | { "kind": "days_late", 
/**
 * How many, from 1.
 */
days: number, } | { "kind": "detail", 
/**
 * What makes it special.
 */
detail: TrackingDetail, } | { "kind": "attempts", 
/**
 * How often.
 */
count: number, } | { "kind": "waits_until" } | { "kind": "wait_over" } | { "kind": "handed_over" } | { "kind": "customer_misses" } | { "kind": "contradiction", 
/**
 * What the record says.
 */
record: TrackingStatus, 
/**
 * What the newest event says.
 */
event: TrackingStatus, } | { "kind": "from_the_future", 
/**
 * How many.
 */
events: number, };

/**
 * What may be told the customer, because somebody who can keep it has said it.
 */
export type DiagnosisPromise = { 
/**
 * What happens.
 */
what: PromisedThing, 
/**
 * At the latest; never in the past.
 */
by: string, 
/**
 * Who said so.
 */
source: Source, };

/**
 * One reason, with where it was read.
 */
export type DiagnosisReason = { 
/**
 * What the record says.
 */
what: DiagnosisFact, 
/**
 * The moment it is about.
 */
at: string | null, 
/**
 * Where it was read, and when.
 */
source: Source, };

/**
 * A discount on the order.
 */
export type Discount = { 
/**
 * The code or the name of the promotion.
 */
code: string, 
/**
 * What was taken off; positive.
 */
amount: Money, };

/**
 * What was begun and not sent. It lies in the copy, survives everything that the outbox survives,
 * and never leaves this computer.
 */
export type Draft = { 
/**
 * The text of the reply.
 */
reply: string, 
/**
 * The text of the note.
 */
note: string, 
/**
 * When it was last stored.
 */
saved_at: string, };

/**
 * What an authenticator app is set up with.
 */
export type Enrolment = { 
/**
 * The shared secret in base 32 (RFC 4648), to be typed.
 */
secret: string, 
/**
 * The same as an `otpauth` address, to be shown as a QR code.
 */
url: string, };

/**
 * What the core tells the window without being asked. A hint to look again, never the truth.
 */
export type Event = { "topic": "session" } | { "topic": "connection" } & ConnectionView | { "topic": "lists" } | { "topic": "ticket", 
/**
 * Which.
 */
ticket: TicketId, } | { "topic": "presence", 
/**
 * Which.
 */
ticket: TicketId, 
/**
 * Colleagues who have it open.
 */
readers: Array<Account>, 
/**
 * Who is writing.
 */
writers: Array<Writer>, } | { "topic": "outbox" } | { "topic": "outside", 
/**
 * A checked address.
 */
address: string, };

/**
 * What a fact is.
 */
export type FactKind = "amount" | "day" | "order_number" | "tracking_number" | "link" | "number";

/**
 * How a fact of a held text stands to what was missed.
 */
export type FactVerdict = "agrees" | "disagrees" | "only_mine" | "only_theirs";

/**
 * A field that the shop has defined.
 */
export type Field = { 
/**
 * Its id.
 */
id: FieldId, 
/**
 * Its name in bodies and in search: lower-case letters, digits and `_`.
 */
key: string, 
/**
 * Its name on the screen.
 */
label: string, 
/**
 * What it holds.
 */
kind: FieldKind, 
/**
 * Its place among the fields, from 0.
 */
place: number, };

/**
 * A field that the shop has defined.
 */
export type FieldId = string;

/**
 * What a field holds.
 */
export type FieldKind = { "kind": "text" } | { "kind": "number" } | { "kind": "yes_no" } | { "kind": "day" } | { "kind": "choice", 
/**
 * The words.
 */
options: Array<string>, };

/**
 * A value of a field.
 */
export type FieldValue = boolean | number | string;

/**
 * Where a hit stands.
 */
export type Found = "ticket" | "message" | "note" | "customer" | "order" | "parcel";

/**
 * How far an order has been sent.
 */
export type FulfilmentStatus = "unfulfilled" | "partly_shipped" | "shipped" | "partly_delivered" | "delivered" | "cancelled";

/**
 * Where a gateway should be.
 */
export type GatewayAddress = { 
/**
 * As typed: `desk.example.com`, `127.0.0.1:7431`, `https://…`.
 */
address: string, };

/**
 * What answers at an address.
 */
export type GatewayProbe = { 
/**
 * What stands on the button that signs in with a browser; none when there is no such way.
 */
single_sign_on?: string, 
/**
 * The address in full, as it will be used.
 */
address: string, 
/**
 * The shop's name.
 */
shop: string, 
/**
 * The gateway's version.
 */
version: string, 
/**
 * How long the answer took, in milliseconds.
 */
milliseconds: number, 
/**
 * Whether the connection is encrypted with a valid certificate.
 */
encrypted: boolean, };

/**
 * A fact of a held reply or of what was missed: an amount, a day, a number, a link.
 */
export type HeldFact = { 
/**
 * What it is.
 */
kind: FactKind, 
/**
 * As it stands in the held text; empty when it is not there.
 */
mine: string, 
/**
 * As it stands in what was missed; empty when it is not there.
 */
theirs: string, 
/**
 * How the two stand to each other.
 */
verdict: FactVerdict, };

/**
 * Whether a name belongs to the person who writes under it.
 */
export type Identity = "verified" | "claimed";

/**
 * What a customer wants.
 */
export type Intent = "where_is_it" | "not_received" | "refund" | "return" | "exchange" | "damaged" | "wrong_item" | "missing_item" | "address_change" | "cancel" | "product_question" | "invoice" | "payment" | "customs" | "warranty" | "complaint" | "thanks" | "other";

/**
 * A link that somebody wrote.
 */
export type Link = { 
/**
 * Its whole address.
 */
address: string, };

/**
 * What a stored answer changes beside writing.
 */
export type MacroChanges = { 
/**
 * The state the ticket takes.
 */
status?: TicketStatus, 
/**
 * Its new urgency.
 */
priority?: Priority, 
/**
 * Tags it adds.
 */
add_tags: Array<string>, 
/**
 * Fields it sets.
 */
fields: { [key in string]: FieldValue }, };

/**
 * A stored answer that an agent may insert.
 */
export type MacroId = string;

/**
 * A stored answer, filled in for a ticket.
 */
export type MacroView = { 
/**
 * Which.
 */
id: MacroId, 
/**
 * Its name.
 */
name: string, 
/**
 * BCP 47 language.
 */
language: string, 
/**
 * The text with everything filled in that is known; a gap stays as `{{order.number}}`.
 */
text: string, 
/**
 * The gaps, each once: `order.number`.
 */
gaps: Array<string>, 
/**
 * What it changes beside.
 */
changes: MacroChanges, };

/**
 * A ticket that becomes part of another one.
 */
export type MergeInto = { 
/**
 * The ticket that ends.
 */
ticket: TicketId, 
/**
 * The ticket that goes on.
 */
into: TicketId, };

/**
 * A message to or from a customer, or a note among colleagues.
 */
export type Message = { 
/**
 * Its id.
 */
id: MessageId, 
/**
 * The ticket it belongs to.
 */
ticket: TicketId, 
/**
 * Whether the customer sees it.
 */
kind: MessageKind, 
/**
 * Who wrote it.
 */
author: Author, 
/**
 * Where it was written or sent.
 */
channel: Channel, 
/**
 * The plain text.
 */
text: string, 
/**
 * When it was written.
 */
sent_at: string, 
/**
 * How far a message to the customer has come; `None` on what the customer wrote and on notes.
 */
delivery: Delivery | null, 
/**
 * Until when the gateway keeps a message to the customer back, so that its author may undo it.
 */
held_until?: string, 
/**
 * Names of files that came with it.
 */
attachments: Array<string>, };

/**
 * A message or note in a ticket.
 */
export type MessageId = string;

/**
 * Whether the customer sees it.
 */
export type MessageKind = "public" | "note";

/**
 * An amount in minor units (cents) of a currency.
 */
export type Money = { 
/**
 * Minor units: 27770 is 277.70 in a currency with two decimals.
 */
minor: number, 
/**
 * The currency of the amount.
 */
currency: Currency, };

/**
 * How a customer sounds.
 */
export type Mood = "pleased" | "neutral" | "worried" | "angry";

/**
 * What can be done about it.
 */
export type NextStep = "reassure" | "ask_warehouse" | "chase_carrier" | "start_trace" | "ask_address" | "tell_pickup" | "ask_neighbours" | "ask_papers" | "ask_payment" | "reship" | "refund" | "wait";

/**
 * No argument, or no result: an empty object.
 */
export type Nothing = Record<symbol, never>;

/**
 * What a customer was told of a parcel before they asked.
 */
export type Notice = { 
/**
 * What had befallen it.
 */
kind: NoticeKind, 
/**
 * When they were told.
 */
at: string, 
/**
 * Where the message is.
 */
ticket: TicketId, };

/**
 * What befell a parcel that its customer is told of.
 */
export type NoticeKind = "late" | "stalled" | "failed_attempt" | "pickup" | "lost";

/**
 * An operation: one change that somebody asked for, made on the asking machine.
 */
export type OpId = string;

/**
 * Names an operation.
 */
export type OpRef = { 
/**
 * Which.
 */
op: OpId, };

/**
 * As whom to open the sample shop.
 */
export type OpenSample = { 
/**
 * `agent` or `supervisor`.
 */
role: Role, };

/**
 * The ticket on the screen.
 */
export type Opened = { 
/**
 * Which, or none.
 */
ticket: TicketId | null, };

/**
 * An order as the shop recorded it.
 *
 * Invariant: `subtotal − discounts + shipping (+ tax unless included) = total`, and the payments
 * that were captured or authorised sum to `total` unless the order is unpaid.
 */
export type Order = { 
/**
 * Its id here.
 */
id: OrderId, 
/**
 * The number customers quote, for example `HP-20418`.
 */
number: string, 
/**
 * Who bought.
 */
customer: CustomerId, 
/**
 * When.
 */
placed_at: string, 
/**
 * What was bought.
 */
lines: Array<OrderLine>, 
/**
 * Sum of the lines before discounts.
 */
subtotal: Money, 
/**
 * Discounts on the whole order, each a positive amount that was taken off.
 */
discounts: Array<Discount>, 
/**
 * What shipping cost.
 */
shipping: Money, 
/**
 * The shipping method in the shop's words.
 */
shipping_method: string, 
/**
 * The tax in the total.
 */
tax: Money, 
/**
 * Whether line prices include tax.
 */
tax_included: boolean, 
/**
 * What the customer owes or paid.
 */
total: Money, 
/**
 * How it was paid.
 */
payments: Array<Payment>, 
/**
 * Whether it is paid.
 */
payment_status: PaymentStatus, 
/**
 * How far it has been sent.
 */
fulfilment_status: FulfilmentStatus, 
/**
 * Where it goes.
 */
ship_to: Address, 
/**
 * When the shop promised to hand it over at the latest.
 */
ship_by: string | null, 
/**
 * Money given back.
 */
refunds: Array<Refund>, 
/**
 * Goods coming back.
 */
returns: Array<Return>, 
/**
 * Where this copy was read.
 */
source: Source, };

/**
 * What a customer may be told about where an order stands. Every fact in it is from the records.
 */
export type OrderAnswer = { 
/**
 * The text, in the ticket's language where there is one for it.
 */
text: string, 
/**
 * What in it was read, each once, in the order of the text.
 */
facts: Array<StatedFact>, 
/**
 * When to look again, if somebody must.
 */
wake_at?: string, };

/**
 * An order of the shop.
 */
export type OrderId = string;

/**
 * One line of an order.
 */
export type OrderLine = { 
/**
 * Position in the order, from 1.
 */
position: number, 
/**
 * Stock-keeping unit of the variant.
 */
sku: string, 
/**
 * The product's name.
 */
title: string, 
/**
 * The variant in words, for example `moss, M`; empty when there is only one.
 */
variant: string, 
/**
 * How many.
 */
quantity: number, 
/**
 * Price of one, as shown to the customer.
 */
unit_price: Money, 
/**
 * `unit_price × quantity`.
 */
total: Money, 
/**
 * How many of them were cancelled before they left.
 */
cancelled: number, 
/**
 * From when it can be had, when it was ordered before that.
 */
available_at: string | null, 
/**
 * Its share of the order's discounts, when the shop spreads them over the lines.
 */
discount?: Money, };

/**
 * An order with its parcels.
 */
export type OrderView = { 
/**
 * The order.
 */
order: Order, 
/**
 * Its parcels, by position.
 */
shipments: Array<Shipment>, 
/**
 * Where each parcel and the rest stand, what most needs somebody first.
 */
diagnoses: Array<Diagnosis>, };

/**
 * What an operation does.
 */
export type OutboxAction = { "kind": "reply", 
/**
 * The text.
 */
text: string, 
/**
 * The newest public message its author had seen.
 */
seen: MessageId | null, 
/**
 * Closes the ticket with it.
 */
close: boolean, 
/**
 * The stored answer it was made from.
 */
macro_id?: MacroId, 
/**
 * What a stored answer changes beside.
 */
changes?: TicketPatch, } | { "kind": "note", 
/**
 * The text.
 */
text: string, } | { "kind": "change", 
/**
 * What changes.
 */
patch: TicketPatch, } | { "kind": "merge", 
/**
 * The ticket that goes on.
 */
into: TicketId, 
/**
 * Its number.
 */
number: number, };

/**
 * Something that was written here and is not at the gateway yet.
 */
export type OutboxItem = { 
/**
 * The operation.
 */
op: OpId, 
/**
 * Where.
 */
ticket: TicketId, 
/**
 * What.
 */
action: OutboxAction, 
/**
 * How it stands.
 */
state: OutboxState, 
/**
 * When it was written.
 */
created_at: string, };

/**
 * How an operation stands.
 */
export type OutboxState = { "kind": "waiting" } | { "kind": "sending" } | { "kind": "sent" } | { "kind": "held", 
/**
 * The public messages its author had not seen, oldest first.
 */
missed: Array<Message>, 
/**
 * The facts of the held text beside those of what was missed.
 */
facts: Array<HeldFact>, } | { "kind": "moved", 
/**
 * The values as they are now.
 */
now: Array<Compared>, } | { "kind": "parked", 
/**
 * Why, in the gateway's words.
 */
reason: string, };

/**
 * The passphrase of the copy.
 */
export type Passphrase = { 
/**
 * As typed.
 */
passphrase: string, };

/**
 * A sign-in with a password.
 */
export type Password = { 
/**
 * The gateway.
 */
address: string, 
/**
 * The account's e-mail address.
 */
email: string, 
/**
 * Its password.
 */
password: string, 
/**
 * Protects the copy on a computer without a keychain; 12 characters at least. Asked for when
 * the sign-in was refused with `keychain_absent` or `keychain_locked`.
 */
passphrase?: string, 
/**
 * A code of the authenticator app, or a recovery code. Asked for when the sign-in was refused
 * with `totp_required` or `totp_enrolment`.
 */
code?: string, };

/**
 * One payment of an order.
 */
export type Payment = { 
/**
 * How.
 */
method: PaymentMethod, 
/**
 * What an agent may see of it, for example `Visa ·· 4242`.
 */
label: string, 
/**
 * How much.
 */
amount: Money, 
/**
 * When it was captured, if it was.
 */
captured_at: string | null, };

/**
 * A way to pay.
 */
export type PaymentMethod = "card" | "paypal" | "klarna" | "bank_transfer" | "gift_card" | "other";

/**
 * Whether an order is paid.
 */
export type PaymentStatus = "pending" | "authorised" | "paid" | "partly_refunded" | "refunded" | "voided";

/**
 * How urgent a ticket is.
 */
export type Priority = "low" | "normal" | "high" | "urgent";

/**
 * What is promised.
 */
export type PromisedThing = "leaves" | "arrives" | "waits";

/**
 * Codes that are shown once and each work once, for the day the app is lost.
 */
export type RecoveryCodes = { 
/**
 * They.
 */
codes: Array<string>, };

/**
 * Money given back for an order.
 */
export type Refund = { 
/**
 * How much.
 */
amount: Money, 
/**
 * Where it is in its life.
 */
state: RefundState, 
/**
 * Why, in the shop's words.
 */
reason: string, 
/**
 * Positions of the lines it is for; empty when it is goodwill or shipping.
 */
lines: Array<number>, 
/**
 * When it was asked for.
 */
requested_at: string, 
/**
 * When it ended, if it has.
 */
settled_at: string | null, };

/**
 * Where a refund is in its life.
 */
export type RefundState = "requested" | "awaiting_approval" | "approved" | "denied" | "expired" | "reserved" | "sent" | "succeeded" | "failed" | "unknown" | "reconciled";

/**
 * Goods coming back.
 */
export type Return = { 
/**
 * The number on the return label, for example `RMA-3071`.
 */
number: string, 
/**
 * Where it is in its life.
 */
state: ReturnState, 
/**
 * Why, in the customer's choice of words.
 */
reason: string, 
/**
 * Positions of the lines that come back.
 */
lines: Array<number>, 
/**
 * When it was asked for.
 */
requested_at: string, 
/**
 * When it last moved.
 */
updated_at: string, };

/**
 * Where a return is in its life.
 */
export type ReturnState = "requested" | "approved" | "rejected" | "in_transit" | "received" | "inspected" | "closed" | "cancelled";

/**
 * Somebody wants to see what is masked otherwise.
 */
export type RevealAsk = { 
/**
 * Of the customer of this ticket.
 */
ticket: TicketId, 
/**
 * Why. It stands in the audit trail.
 */
reason: RevealReason, };

/**
 * Why somebody looks at what is masked otherwise.
 */
export type RevealReason = "delivery" | "identity" | "payment" | "fraud" | "request";

/**
 * What is masked otherwise.
 */
export type Revealed = { 
/**
 * The e-mail address.
 */
email: string, 
/**
 * The phone number, if known.
 */
phone: string | null, 
/**
 * The town, if known.
 */
city: string | null, 
/**
 * The newest orders, at most 50.
 */
orders: Array<RevealedOrder>, };

/**
 * What is masked of an order otherwise.
 */
export type RevealedOrder = { 
/**
 * Which order.
 */
order: OrderId, 
/**
 * Where it goes.
 */
ship_to: Address, 
/**
 * What may be seen of how it was paid.
 */
payments: Array<string>, };

/**
 * How closely to look at a request for money.
 */
export type Risk = "low" | "elevated" | "high";

/**
 * What somebody is at the shop. What a role may do stands in `roles.toml` of the policy.
 */
export type Role = "agent" | "senior_agent" | "supervisor" | "admin" | "auditor" | "service" | (string & {});

/**
 * What was begun, to be stored; with both texts empty there is none.
 */
export type SaveDraft = { 
/**
 * Where.
 */
ticket: TicketId, 
/**
 * The text of the reply.
 */
reply: string, 
/**
 * The text of the note.
 */
note: string, };

/**
 * One event the carrier reported.
 */
export type Scan = { 
/**
 * When it happened.
 */
at: string, 
/**
 * The state after it.
 */
status: TrackingStatus, 
/**
 * What happened, in the carrier's words.
 */
text: string, 
/**
 * Where, if the carrier says.
 */
place: string | null, };

/**
 * One thing that a role may or may not do.
 */
export type Scope = "tickets:read" | "tickets:write" | "tickets:move" | "messages:send" | "customers:read" | "customers:pii" | "customers:reveal" | "orders:read" | "orders:act" | "refunds:request" | "refunds:execute" | "refunds:approve" | "fields:write" | "teams:all" | "events:write" | "metrics:read" | "audit:read" | "exports:read" | "accounts:manage" | "policy:manage";

/**
 * One thing that was found.
 */
export type SearchHit = { 
/**
 * Where it stands.
 */
found: Found, 
/**
 * The ticket to open; the customer's newest when the hit is no ticket itself.
 */
ticket: TicketId | null, 
/**
 * What it is called: a subject, a name, an order number, a tracking number.
 */
title: string, 
/**
 * The words around the match.
 */
snippet: Array<SnippetPart>, 
/**
 * Whose it is.
 */
customer: string | null, 
/**
 * When it was written, placed or made.
 */
at: string | null, 
/**
 * Whether a number or an address matched as a whole.
 */
exact: boolean, };

/**
 * What somebody looks for.
 */
export type SearchQuery = { 
/**
 * As typed, operators included: `from:`, `tag:`, `is:open`, `before:2026-11-01`, `order:`.
 */
text: string, 
/**
 * How many hits at most; 100 is the limit.
 */
limit: number, };

/**
 * What was found.
 */
export type SearchResults = { 
/**
 * Exact matches of numbers and addresses first, then the best of the newest.
 */
hits: Array<SearchHit>, 
/**
 * Ways to go on with what is typed: operators and their values.
 */
completions: Array<string>, 
/**
 * How much of the copy is indexed, in percent.
 */
indexed: number, 
/**
 * What of the query was not understood or could not be looked at; empty when all was.
 */
unclear: Array<Unclear>, };

/**
 * A reply to the customer.
 */
export type SendReply = { 
/**
 * Where.
 */
ticket: TicketId, 
/**
 * The text.
 */
text: string, 
/**
 * The newest public message on the screen.
 */
seen: MessageId | null, 
/**
 * Closes the ticket with it.
 */
close: boolean, 
/**
 * The stored answer it was made from.
 */
macro_id?: MacroId, 
/**
 * What a stored answer changes beside; goes out with the reply or not at all.
 */
changes?: TicketPatch, };

/**
 * One parcel of an order.
 */
export type Shipment = { 
/**
 * Its id here.
 */
id: ShipmentId, 
/**
 * The order it belongs to.
 */
order: OrderId, 
/**
 * Which parcel of the order this is, from 1.
 */
position: number, 
/**
 * The carrier's name.
 */
carrier: string, 
/**
 * The carrier's number for it, without spaces.
 */
tracking_number: string, 
/**
 * What is in it.
 */
lines: Array<ShipmentLine>, 
/**
 * The newest state.
 */
status: TrackingStatus, 
/**
 * What makes the state special, if anything does.
 */
detail: TrackingDetail | null, 
/**
 * When the label was made.
 */
created_at: string, 
/**
 * The day the carrier or the shop promised, if one did.
 */
promised_at: string | null, 
/**
 * When it arrived, if it did.
 */
delivered_at: string | null, 
/**
 * Until when it waits at a pick-up point, if it does.
 */
pickup_until: string | null, 
/**
 * What the carrier scanned, newest first.
 */
scans: Array<Scan>, 
/**
 * What the customer was told of it before they asked, oldest first.
 */
notices?: Array<Notice>, 
/**
 * Where this copy was read.
 */
source: Source, };

/**
 * A parcel.
 */
export type ShipmentId = string;

/**
 * A line of the order, or part of it, in a parcel.
 */
export type ShipmentLine = { 
/**
 * Position of the line in the order.
 */
position: number, 
/**
 * How many of it.
 */
quantity: number, };

/**
 * The shop whose customers are answered.
 */
export type Shop = { 
/**
 * Its name.
 */
name: string, 
/**
 * The currency it keeps its books in.
 */
currency: Currency, 
/**
 * The address customers write to.
 */
help_email: string, 
/**
 * What its order numbers start with, for example `HP-`.
 */
order_prefix: string, 
/**
 * The IANA time zone the shop works in, for example `Europe/Berlin`.
 */
time_zone: string, };

/**
 * Who is signed in, and where.
 */
export type SignedIn = { 
/**
 * Shown once, when an authenticator app was set up at the sign-in.
 */
recovery_codes?: Array<string>, 
/**
 * Who.
 */
account: Account, 
/**
 * What the role may do.
 */
scopes: Array<Scope>, 
/**
 * Up to how much money it gives back alone, in whole units of a currency.
 */
refunds_up_to?: number, 
/**
 * The teams whose tickets it sees.
 */
teams?: Array<Team>, 
/**
 * The shop.
 */
shop: Shop, 
/**
 * The gateway's address.
 */
gateway: string, 
/**
 * Whether this is the sample shop.
 */
sample: boolean, 
/**
 * The address of the gateway's chat page for customers.
 */
chat_page: string, };

/**
 * A piece of text, marked where it matched.
 */
export type SnippetPart = { 
/**
 * The text.
 */
text: string, 
/**
 * Whether it matched.
 */
matched: boolean, };

/**
 * The order of a list.
 */
export type Sort = "clock" | "newest" | "oldest";

/**
 * Where a record was read and when: shown beside every block of shop data.
 */
export type Source = { 
/**
 * The system of record, in the words of the screen: `Shop`, or a carrier's name.
 */
name: string, 
/**
 * When it was read there.
 */
fetched_at: string, };

/**
 * A piece of a text that was read somewhere.
 */
export type StatedFact = { 
/**
 * As it stands in the text.
 */
text: string, 
/**
 * Where it was read, and when.
 */
source: Source, };

/**
 * A note for whoever takes a step.
 */
export type StepNote = { 
/**
 * The text.
 */
text: string, 
/**
 * The tag by which such tickets are found.
 */
tag: string, };

/**
 * An operation that came back to its author's hands.
 */
export type TakenBack = { 
/**
 * Where.
 */
ticket: TicketId, 
/**
 * What it was; its text belongs into the composer again.
 */
action: OutboxAction, };

/**
 * Some colleagues and the tickets they look after. Every ticket is of one team.
 */
export type Team = { 
/**
 * Its id.
 */
id: TeamId, 
/**
 * Its name, at most 60 characters.
 */
name: string, };

/**
 * Colleagues who look after the same tickets.
 */
export type TeamId = string;

/**
 * What something was done to.
 */
export type Thing = { 
/**
 * What it is.
 */
kind: ThingKind, 
/**
 * Its id.
 */
id: string, };

/**
 * What something is.
 */
export type ThingKind = "account" | "device" | "key" | "ticket" | "message" | "field" | "team" | "customer" | "history";

/**
 * A conversation with a customer.
 */
export type Ticket = { 
/**
 * Its id.
 */
id: TicketId, 
/**
 * The number people say, counted up by the gateway.
 */
number: number, 
/**
 * Where the customer wrote last.
 */
channel: Channel, 
/**
 * What it is about, in one line.
 */
subject: string, 
/**
 * Who wrote.
 */
customer: CustomerId, 
/**
 * Whether the gateway knows that this is the customer, or only that somebody says so.
 */
identity: Identity, 
/**
 * The order it is about, if known.
 */
order: OrderId | null, 
/**
 * Whose it is: only that team sees it.
 */
team?: TeamId, 
/**
 * Who looks after it.
 */
assignee: AccountId | null, 
/**
 * Where it is in its life.
 */
status: TicketStatus, 
/**
 * How urgent.
 */
priority: Priority, 
/**
 * Free words, sorted.
 */
tags: Array<string>, 
/**
 * What the customer wants.
 */
intent: Intent, 
/**
 * How the customer sounds.
 */
mood: Mood, 
/**
 * BCP 47 language of the customer's messages.
 */
language: string, 
/**
 * The amount the case is about.
 */
at_stake: Money | null, 
/**
 * Handed to a supervisor.
 */
escalated: boolean, 
/**
 * When it began.
 */
created_at: string, 
/**
 * When anything last changed.
 */
updated_at: string, 
/**
 * When the newest public message was written.
 */
last_message_at: string, 
/**
 * The start of the newest public message.
 */
snippet: string, 
/**
 * Since when the customer waits for an answer; `None` when nobody waits.
 */
waiting_since: string | null, 
/**
 * When the answer is due; `None` when nobody waits.
 */
due_at: string | null, 
/**
 * When an agent last had it open.
 */
seen_at: string | null, 
/**
 * Until when it sleeps, when snoozed.
 */
snoozed_until: string | null, 
/**
 * Agents named in a note who have not looked yet.
 */
mentions: Array<AccountId>, 
/**
 * The values of the shop's own fields.
 */
fields?: { [key in string]: FieldValue }, 
/**
 * The ticket that this one became part of; its messages are there.
 */
merged_into?: TicketId, };

/**
 * A change of a ticket.
 */
export type TicketChange = { 
/**
 * Which.
 */
ticket: TicketId, 
/**
 * What changes.
 */
patch: TicketPatch, };

/**
 * A conversation with a customer.
 */
export type TicketId = string;

/**
 * A slice of a list and how long the list is.
 */
export type TicketPage = { 
/**
 * How many rows the whole list has.
 */
total: number, 
/**
 * The rows of the slice.
 */
rows: Array<TicketRow>, };

/**
 * `PATCH /v1/tickets/{ticket}`: only what is there changes. `Idempotency-Key` names the operation.
 */
export type TicketPatch = { 
/**
 * The new state.
 */
status?: TicketStatus, 
/**
 * The new priority.
 */
priority?: Priority, 
/**
 * Who looks after it now; `null` for nobody.
 */
assignee?: string | null, 
/**
 * Tags to add.
 */
add_tags?: Array<string>, 
/**
 * Tags to take away.
 */
remove_tags?: Array<string>, 
/**
 * Gives it to another team.
 */
team?: TeamId, 
/**
 * Until when it sleeps; goes with `status: snoozed`.
 */
snoozed_until?: string, 
/**
 * Handed to a supervisor.
 */
escalated?: boolean, 
/**
 * Other values of the shop's own fields, by key; `null` takes a value away.
 */
fields?: { [key in string]: FieldValue | null }, 
/**
 * What the author had seen of what they change. When it is something else by now, and not what
 * they want anyway, nothing changes and the answer is `fields_moved` (409). What is not listed
 * is not compared.
 */
was?: Array<Compared>, };

/**
 * A slice of a list.
 */
export type TicketQuery = { 
/**
 * Of which view.
 */
view: ViewId, 
/**
 * In which order.
 */
sort: Sort, 
/**
 * The first row, from 0.
 */
offset: number, 
/**
 * How many rows at most; 500 is the limit.
 */
limit: number, };

/**
 * Names a ticket.
 */
export type TicketRef = { 
/**
 * Which.
 */
ticket: TicketId, };

/**
 * A row of a list.
 */
export type TicketRow = { 
/**
 * The ticket.
 */
id: TicketId, 
/**
 * Its number.
 */
number: number, 
/**
 * Where the customer wrote last.
 */
channel: Channel, 
/**
 * The customer's name.
 */
customer: string, 
/**
 * What it is about.
 */
subject: string, 
/**
 * The start of the newest message.
 */
snippet: string, 
/**
 * What the customer wants.
 */
intent: Intent, 
/**
 * How the customer sounds.
 */
mood: Mood, 
/**
 * Where it is in its life.
 */
status: TicketStatus, 
/**
 * How urgent.
 */
priority: Priority, 
/**
 * The customer wrote something nobody has looked at.
 */
unread: boolean, 
/**
 * Handed to a supervisor.
 */
escalated: boolean, 
/**
 * The amount at stake.
 */
at_stake: Money | null, 
/**
 * Since when the customer waits.
 */
waiting_since: string | null, 
/**
 * When the answer is due.
 */
due_at: string | null, 
/**
 * When the newest message was written.
 */
last_message_at: string, 
/**
 * Who looks after it.
 */
assignee: Account | null, 
/**
 * Colleagues who have it open now.
 */
readers: Array<Account>, 
/**
 * Colleagues, or the customer, who write in it now.
 */
writers: Array<Writer>, 
/**
 * Something was begun here and not sent.
 */
draft: boolean, };

/**
 * Where a ticket is in its life.
 */
export type TicketStatus = "open" | "pending" | "snoozed" | "closed";

/**
 * Everything the screen of one ticket shows.
 */
export type TicketView = { 
/**
 * The ticket.
 */
ticket: Ticket, 
/**
 * Its customer.
 */
customer: Customer | null, 
/**
 * Messages and notes, oldest first.
 */
messages: Array<Message>, 
/**
 * What this desktop has written and not yet sent, oldest first.
 */
pending: Array<OutboxItem>, 
/**
 * The order it is about.
 */
order: OrderView | null, 
/**
 * The customer's orders, newest first.
 */
orders: Array<OrderView>, 
/**
 * The customer's other tickets, newest first.
 */
history: Array<TicketRow>, 
/**
 * Colleagues, to show names for ids.
 */
people: Array<Account>, 
/**
 * Colleagues who have it open now.
 */
readers: Array<Account>, 
/**
 * Who is writing now.
 */
writers: Array<Writer>, 
/**
 * The shop's own fields, by place.
 */
fields: Array<Field>, 
/**
 * What was begun here and not sent.
 */
draft: Draft | null, };

/**
 * A code of the authenticator app, or a recovery code.
 */
export type TotpCode = { 
/**
 * It.
 */
code: string, };

/**
 * Whether codes of an authenticator app are asked for.
 */
export type TotpState = { 
/**
 * Whether an app is set up.
 */
enabled: boolean, 
/**
 * Whether the role asks for one.
 */
required: boolean, 
/**
 * How many recovery codes are left.
 */
recovery_left: number, };

/**
 * What makes a state special.
 */
export type TrackingDetail = "customs" | "address_problem" | "delayed" | "damaged" | "refused" | "left_with_neighbour" | "left_in_safe_place";

/**
 * The state of a parcel.
 */
export type TrackingStatus = "label_created" | "in_transit" | "out_for_delivery" | "failed_attempt" | "available_for_pickup" | "delivered" | "returning" | "returned" | "lost" | "cancelled" | "unknown";

/**
 * The agent is writing, or has stopped.
 */
export type TypingNow = { 
/**
 * Where.
 */
ticket: TicketId, 
/**
 * Whether they write.
 */
typing: boolean, };

/**
 * What of a query was not taken as it may have been meant.
 */
export type Unclear = { 
/**
 * Why.
 */
kind: UnclearKind, 
/**
 * The part of the query as it was typed; for [`UnclearKind::TooMany`] how many were looked at.
 */
word: string, };

/**
 * Why a part of a query was not taken as it may have been meant. The first five were looked for as
 * words instead.
 */
export type UnclearKind = "no_such_filter" | "no_such_state" | "no_such_channel" | "no_such_part" | "no_such_day" | "too_many";

/**
 * A message that its author wants back.
 */
export type UndoSend = { 
/**
 * Where.
 */
ticket: TicketId, 
/**
 * The operation that sent it.
 */
op: OpId, };

/**
 * How much somebody has to do.
 */
export type Urgency = "fine" | "watch" | "act";

/**
 * What the gateway would say. It decides again when it is asked.
 */
export type Verdict = { 
/**
 * Whether it would be done.
 */
allowed: boolean, 
/**
 * Why not, such as `needs a supervisor: above 100.00 EUR`; empty when it is allowed.
 */
words: string, 
/**
 * The rule that decided, if one did.
 */
rule: string | null, };

/**
 * How many tickets a view holds.
 */
export type ViewCount = { 
/**
 * Which.
 */
view: ViewId, 
/**
 * How many.
 */
count: number, };

/**
 * How many tickets each view holds.
 */
export type ViewCounts = { 
/**
 * In the order of [`ViewId::ALL`].
 */
views: Array<ViewCount>, };

/**
 * A view of the rail.
 */
export type ViewId = "my_open" | "unassigned" | "mentions" | "snoozed" | "held" | "where_is_it" | "refunds" | "breaching_soon" | "high_value" | "email" | "web_chat" | "whatsapp" | "escalated" | "all_open" | "closed";

/**
 * What somebody would like to do, to be told beforehand whether they may.
 */
export type Wish = { 
/**
 * The action as the policy names it, such as `message.send` or `refund.execute`.
 */
action: string, 
/**
 * The ticket, where it is about one.
 */
ticket?: TicketId, 
/**
 * The amount, where it is about money.
 */
amount?: Money, 
/**
 * Who asked for it, where it is about what was asked for.
 */
requested_by?: AccountId, };

/**
 * Somebody who is writing.
 */
export type Writer = { "kind": "customer" } | { "kind": "colleague", "account": Account };

export interface Calls {
  /** What to show first: a sign-in screen, or the shop. */
  boot: { args: Nothing; result: Boot };
  /** Whether a gateway answers at an address. */
  probe_gateway: { args: GatewayAddress; result: GatewayProbe };
  /** Signs in with a password. */
  sign_in: { args: Password; result: SignedIn };
  /** Signs in with the gateway's provider, in the system's browser. */
  sign_in_in_browser: { args: BrowserSignIn; result: SignedIn };
  /** Waits for the browser no longer: the sign-in there ends with `browser_failed`. */
  cancel_browser_sign_in: { args: Nothing; result: Nothing };
  /** Starts the sample shop in this program and signs in there. */
  open_sample: { args: OpenSample; result: SignedIn };
  /** Signs out: the session ends and the cache's key is destroyed. */
  sign_out: { args: Nothing; result: Nothing };
  /** How the core stands to the gateway. */
  connection: { args: Nothing; result: ConnectionView };
  /** Drops the pause before the next attempt to connect. */
  connect_now: { args: Nothing; result: Nothing };
  /** The views of the rail and how many tickets each holds. */
  views: { args: Nothing; result: ViewCounts };
  /** A slice of a view's list. */
  tickets: { args: TicketQuery; result: TicketPage };
  /** Everything the screen of one ticket shows. */
  ticket: { args: TicketRef; result: TicketView };
  /** Marks a ticket as the one on the screen, or none: colleagues and the customer learn of it. */
  open_ticket: { args: Opened; result: Nothing };
  /** Says that the agent is writing, or has stopped. */
  typing: { args: TypingNow; result: Nothing };
  /** Queues a reply to the customer. */
  send_reply: { args: SendReply; result: OpId };
  /** Queues a note to colleagues. */
  add_note: { args: AddNote; result: OpId };
  /** Queues a change of a ticket. */
  change_ticket: { args: TicketChange; result: OpId };
  /** What waits to be sent, and what was refused. */
  outbox: { args: Nothing; result: Array<OutboxItem> };
  /** Tries a parked operation again. */
  retry_op: { args: OpRef; result: Nothing };
  /** Gives an operation that was not sent up. */
  discard_op: { args: OpRef; result: Nothing };
  /** Sends a held reply as it is, now that its author has seen what was missed. */
  send_held: { args: OpRef; result: Nothing };
  /** Takes an operation that was not sent out of the outbox, to write on. */
  take_back: { args: OpRef; result: TakenBack };
  /** Takes a sent reply back while the gateway still holds it. */
  undo_send: { args: UndoSend; result: TakenBack };
  /** Whether the gateway would allow something, and why not. */
  may: { args: Wish; result: Verdict };
  /** Stores what was begun and not sent. */
  save_draft: { args: SaveDraft; result: Nothing };
  /** The stored answers, filled in for a ticket; those in its language first. */
  macros: { args: TicketRef; result: Array<MacroView> };
  /** What the customer of a ticket may be told about where an order of theirs stands. */
  order_answer: { args: AboutOrder; result: OrderAnswer };
  /** What whoever takes a step about an order has to know, as a note. */
  order_step: { args: AboutStep; result: StepNote };
  /** Queues that a ticket becomes part of another one. */
  merge_tickets: { args: MergeInto; result: OpId };
  /** Opens the copy with its passphrase. */
  unlock: { args: Passphrase; result: SignedIn };
  /** Gives up the copy whose passphrase is lost: it is deleted, with what was not sent. */
  forget_copy: { args: Nothing; result: Nothing };
  /** Opens a link in the system's browser or mail program. */
  open_link: { args: Link; result: Nothing };
  /** Whether codes of an authenticator app are asked for. */
  totp: { args: Nothing; result: TotpState };
  /** Begins to set an authenticator app up. */
  begin_totp: { args: Nothing; result: Enrolment };
  /** Shows that the app is set up; answers recovery codes, once. */
  confirm_totp: { args: TotpCode; result: RecoveryCodes };
  /** Signs in without an app from now on. */
  remove_totp: { args: TotpCode; result: Nothing };
  /** Changes the password; every other device is signed out. */
  change_password: { args: ChangePassword; result: Nothing };
  /** The devices on which this account is signed in, the one in use last first. */
  devices: { args: Nothing; result: Array<Device> };
  /** Signs a device out: it destroys its copy at its next contact. */
  sign_out_device: { args: DeviceRef; result: Nothing };
  /** Looks through everything that is on this computer. */
  search: { args: SearchQuery; result: SearchResults };
  /** Who works at the shop, as far as this computer knows. */
  colleagues: { args: Nothing; result: Array<Account> };
  /** Shows what is masked otherwise of a ticket's customer; it is told in the audit trail, and */
  /** never kept here. */
  reveal: { args: RevealAsk; result: Revealed };
  /** A page of the gateway's audit trail; only while connected, and never kept here. */
  audit: { args: AuditQuery; result: AuditPage };
  /** Has the gateway read its whole trail again. */
  check_audit: { args: Nothing; result: AuditCheck };
  /** Writes what an auditor looks for into a file of its own. */
  export_audit: { args: AuditQuery; result: AuditExported };
}
