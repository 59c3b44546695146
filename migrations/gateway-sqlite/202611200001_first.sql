create table meta (
    key text primary key not null,
    value text not null
) strict;

create table feed_head (
    -- One row. Every writing transaction updates it first, so transactions that write are serial
    -- and positions are in the order of the commits.
    one integer primary key not null check (one = 1),
    position integer not null
) strict;

insert into feed_head (one, position) values (1, 0);

create table feed (
    -- What changed last and where that stands: one row for each entity, so ten changes to a ticket
    -- catch up as one.
    kind text not null,
    id text not null,
    position integer not null unique,
    primary key (kind, id)
) strict, without rowid;

create table accounts (
    id text primary key not null,
    name text not null,
    email text not null,
    -- The address in lower case: people type it as they like.
    email_key text not null unique,
    role text not null,
    password text not null,
    created_at integer not null
) strict;

create table sessions (
    token_hash text primary key not null,
    account text not null references accounts (id),
    device text not null,
    created_at integer not null,
    expires_at integer not null
) strict;

create index sessions_expiry on sessions (expires_at);

create table operations (
    id text primary key not null,
    actor text not null,
    -- SHA-256 of what was asked for: the same id with another request is refused.
    request text not null,
    status integer not null,
    body text not null,
    created_at integer not null
) strict;

create table customers (
    id text primary key not null,
    email_key text not null,
    document text not null,
    source text not null,
    fetched_at integer not null
) strict;

create index customers_email on customers (email_key);

create table orders (
    id text primary key not null,
    number text not null unique,
    customer text not null references customers (id),
    placed_at integer not null,
    document text not null,
    source text not null,
    fetched_at integer not null
) strict;

create index orders_customer on orders (customer);
create index orders_placed on orders (placed_at, id);

create table shipments (
    id text primary key not null,
    order_id text not null references orders (id),
    tracking_number text not null,
    document text not null,
    source text not null,
    fetched_at integer not null
) strict;

create index shipments_order on shipments (order_id);
create index shipments_tracking on shipments (tracking_number);

create table products (
    id text primary key not null,
    document text not null
) strict;

create table articles (
    id text primary key not null,
    slug text not null,
    language text not null,
    topic text not null,
    document text not null
) strict;

create table macros (
    id text primary key not null,
    name text not null,
    language text not null,
    document text not null
) strict;

create table tickets (
    id text primary key not null,
    number integer not null unique,
    channel text not null,
    subject text not null,
    customer text not null references customers (id),
    identity text not null,
    order_id text references orders (id),
    assignee text references accounts (id),
    status text not null,
    priority text not null,
    -- JSON array of words.
    tags text not null,
    intent text not null,
    mood text not null,
    language text not null,
    stake_minor integer,
    stake_currency text,
    escalated integer not null,
    created_at integer not null,
    updated_at integer not null,
    last_message_at integer not null,
    snippet text not null,
    waiting_since integer,
    due_at integer,
    seen_at integer,
    snoozed_until integer,
    -- JSON array of account ids.
    mentions text not null
) strict;

create index tickets_newest on tickets (last_message_at, id);
create index tickets_status on tickets (status, last_message_at, id);
create index tickets_customer on tickets (customer);

create table messages (
    id text primary key not null,
    ticket text not null references tickets (id),
    kind text not null,
    author_kind text not null,
    author text,
    channel text not null,
    text text not null,
    sent_at integer not null,
    delivery text,
    -- JSON array of names.
    attachments text not null
) strict;

create index messages_ticket on messages (ticket, sent_at, id);

create table conversations (
    -- Made by the visitor's page: the same id opens one conversation.
    id text primary key not null,
    request text not null,
    ticket text not null references tickets (id),
    customer text not null references customers (id),
    name text not null,
    created_at integer not null
) strict;

create table visitors (
    token_hash text primary key not null,
    conversation text not null references conversations (id),
    created_at integer not null
) strict;
