create table tickets (
  -- Sort and filter columns beside the whole ticket; the body is what is shown.
  id text primary key not null,
  position integer not null,
  number integer not null,
  customer text not null,
  assignee text,
  -- open (also pending, and snoozed tickets whose time has come), snoozed or closed.
  lane text not null,
  -- Unix microseconds, while the lane is snoozed and an end is known.
  wakes_at integer,
  channel text not null,
  -- parcel, money or nothing: what the views of the rail ask for.
  topic text not null,
  escalated integer not null,
  -- The currency, when at least 300 of it are at stake.
  high_value text,
  -- Ascending order of the clock: when the answer is due, then those nobody waits in, newest first.
  clock integer not null,
  last_message_at integer not null,
  updated_at integer not null,
  -- The ticket as JSON.
  body text not null
) strict;

create index tickets_lane_clock on tickets (lane, clock);
create index tickets_lane_newest on tickets (lane, last_message_at);
create index tickets_assignee_clock on tickets (assignee, clock) where lane = 'open';
create index tickets_assignee_newest on tickets (assignee, last_message_at) where lane = 'open';
create index tickets_topic_clock on tickets (topic, clock) where lane = 'open' and topic <> '';
create index tickets_topic_newest on tickets (topic, last_message_at) where lane = 'open' and topic <> '';
create index tickets_channel_clock on tickets (channel, clock) where lane = 'open';
create index tickets_channel_newest on tickets (channel, last_message_at) where lane = 'open';
create index tickets_high_clock on tickets (high_value, clock) where lane = 'open' and high_value is not null;
create index tickets_high_newest on tickets (high_value, last_message_at) where lane = 'open' and high_value is not null;
create index tickets_escalated_clock on tickets (escalated, clock) where escalated = 1 and lane <> 'closed';
create index tickets_escalated_newest on tickets (escalated, last_message_at) where escalated = 1 and lane <> 'closed';
create index tickets_wakes on tickets (wakes_at) where lane = 'snoozed' and wakes_at is not null;
create index tickets_customer on tickets (customer, last_message_at);

create table mentions (
  -- Who is named in a ticket and has not looked; follows the ticket's body.
  account text not null,
  ticket text not null,
  primary key (account, ticket)
) strict, without rowid;

create index mentions_ticket on mentions (ticket);

create table messages (
  id text primary key not null,
  position integer not null,
  ticket text not null,
  sent_at integer not null,
  body text not null
) strict;

create index messages_ticket on messages (ticket, sent_at);

create table customers (
  id text primary key not null,
  position integer not null,
  -- Beside the body, since every row of a list shows it.
  name text not null,
  body text not null
) strict;

create table orders (
  id text primary key not null,
  position integer not null,
  customer text not null,
  number text not null,
  placed_at integer not null,
  body text not null
) strict;

create index orders_customer on orders (customer, placed_at);
create index orders_number on orders (number);

create table shipments (
  id text primary key not null,
  position integer not null,
  order_id text not null,
  -- Which parcel of the order, from 1.
  parcel integer not null,
  body text not null
) strict;

create index shipments_order on shipments (order_id, parcel);

create table accounts (
  id text primary key not null,
  position integer not null,
  body text not null
) strict;

create table macros (
  id text primary key not null,
  position integer not null,
  body text not null
) strict;

create table articles (
  id text primary key not null,
  position integer not null,
  body text not null
) strict;

create table gone (
  -- Tombstones stay, so that an older change which comes late cannot bring a row back.
  kind text not null,
  id text not null,
  position integer not null,
  primary key (kind, id)
) strict, without rowid;

create table sync (
  -- One row: how far the copy is. Written in the transaction of the rows it speaks of.
  one integer primary key not null check (one = 1),
  epoch text not null,
  -- Where the live socket goes on.
  cursor text not null,
  -- The position the cursor stands at; null until a frame has said it.
  upto integer,
  -- How the next page of the history is asked for; null when all of it is here.
  next text,
  received integer not null,
  total integer not null,
  -- Until when the copy is known to be complete, Unix microseconds; 0 before the first time.
  current_as_of integer not null
) strict;

create table outbox (
  -- What was written here and is not known to be at the gateway. Survives every new sync.
  seq integer primary key autoincrement not null,
  op text not null unique,
  ticket text not null,
  -- The action as JSON.
  action text not null,
  -- waiting, sent or parked.
  state text not null,
  -- Why it is parked, in the gateway's words.
  reason text not null default '',
  created_at integer not null,
  attempts integer not null default 0,
  -- Not to be tried before, Unix microseconds.
  not_before integer not null default 0,
  -- When sent: the message it became, or when the ticket was changed by it. The row goes when the
  -- feed brings that.
  became_message text,
  changed_at integer
) strict;

create index outbox_ticket on outbox (ticket, seq);
