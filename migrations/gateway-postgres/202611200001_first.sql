create table meta (
    key text collate "C" primary key not null,
    value text collate "C" not null
);

create table feed_head (
    -- One row. Every writing transaction updates it first, so transactions that write are serial
    -- and positions are in the order of the commits.
    one bigint primary key not null check (one = 1),
    position bigint not null
);

insert into feed_head (one, position) values (1, 0);

create table feed (
    -- What changed last and where that stands: one row for each entity, so ten changes to a ticket
    -- catch up as one.
    kind text collate "C" not null,
    id text collate "C" not null,
    position bigint not null unique,
    primary key (kind, id)
);

create table accounts (
    id text collate "C" primary key not null,
    name text collate "C" not null,
    email text collate "C" not null,
    -- The address in lower case: people type it as they like.
    email_key text collate "C" not null unique,
    role text collate "C" not null,
    password text collate "C" not null,
    created_at bigint not null
);

create table sessions (
    token_hash text collate "C" primary key not null,
    account text collate "C" not null references accounts (id),
    device text collate "C" not null,
    created_at bigint not null,
    expires_at bigint not null
);

create index sessions_expiry on sessions (expires_at);

create table operations (
    id text collate "C" primary key not null,
    actor text collate "C" not null,
    -- SHA-256 of what was asked for: the same id with another request is refused.
    request text collate "C" not null,
    status bigint not null,
    body text collate "C" not null,
    created_at bigint not null
);

create table customers (
    id text collate "C" primary key not null,
    email_key text collate "C" not null,
    document text collate "C" not null,
    source text collate "C" not null,
    fetched_at bigint not null
);

create index customers_email on customers (email_key);

create table orders (
    id text collate "C" primary key not null,
    number text collate "C" not null unique,
    customer text collate "C" not null references customers (id),
    placed_at bigint not null,
    document text collate "C" not null,
    source text collate "C" not null,
    fetched_at bigint not null
);

create index orders_customer on orders (customer);
create index orders_placed on orders (placed_at, id);

create table shipments (
    id text collate "C" primary key not null,
    order_id text collate "C" not null references orders (id),
    tracking_number text collate "C" not null,
    document text collate "C" not null,
    source text collate "C" not null,
    fetched_at bigint not null
);

create index shipments_order on shipments (order_id);
create index shipments_tracking on shipments (tracking_number);

create table products (
    id text collate "C" primary key not null,
    document text collate "C" not null
);

create table articles (
    id text collate "C" primary key not null,
    slug text collate "C" not null,
    language text collate "C" not null,
    topic text collate "C" not null,
    document text collate "C" not null
);

create table macros (
    id text collate "C" primary key not null,
    name text collate "C" not null,
    language text collate "C" not null,
    document text collate "C" not null
);

create table tickets (
    id text collate "C" primary key not null,
    number bigint not null unique,
    channel text collate "C" not null,
    subject text collate "C" not null,
    customer text collate "C" not null references customers (id),
    identity text collate "C" not null,
    order_id text collate "C" references orders (id),
    assignee text collate "C" references accounts (id),
    status text collate "C" not null,
    priority text collate "C" not null,
    -- JSON array of words.
    tags text collate "C" not null,
    intent text collate "C" not null,
    mood text collate "C" not null,
    language text collate "C" not null,
    stake_minor bigint,
    stake_currency text,
    escalated bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    last_message_at bigint not null,
    snippet text collate "C" not null,
    waiting_since bigint,
    due_at bigint,
    seen_at bigint,
    snoozed_until bigint,
    -- JSON array of account ids.
    mentions text collate "C" not null
);

create index tickets_newest on tickets (last_message_at, id);
create index tickets_status on tickets (status, last_message_at, id);
create index tickets_customer on tickets (customer);

create table messages (
    id text collate "C" primary key not null,
    ticket text collate "C" not null references tickets (id),
    kind text collate "C" not null,
    author_kind text collate "C" not null,
    author text,
    channel text collate "C" not null,
    text text collate "C" not null,
    sent_at bigint not null,
    delivery text,
    -- JSON array of names.
    attachments text collate "C" not null
);

create index messages_ticket on messages (ticket, sent_at, id);

create table conversations (
    -- Made by the visitor's page: the same id opens one conversation.
    id text collate "C" primary key not null,
    request text collate "C" not null,
    ticket text collate "C" not null references tickets (id),
    customer text collate "C" not null references customers (id),
    name text collate "C" not null,
    created_at bigint not null
);

create table visitors (
    token_hash text collate "C" primary key not null,
    conversation text collate "C" not null references conversations (id),
    created_at bigint not null
);
