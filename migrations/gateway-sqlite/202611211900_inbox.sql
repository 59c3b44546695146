create table inbox (
    -- What others told, as they sent it. Nothing is read before it lies here.
    id text primary key not null,
    -- Who told: a service, or the source of a CloudEvent.
    source text not null,
    -- What they call it. Told twice, it is kept once.
    event text not null,
    -- The type of a CloudEvent; empty for a service, whose payload says it.
    kind text not null,
    payload text not null,
    received_at integer not null,
    -- waiting, applied, ignored, dead, dropped
    state text not null,
    tries integer not null,
    -- When it is looked at, while it waits.
    due_at integer,
    settled_at integer,
    -- Why it is not applied. Never what stands in it.
    reason text,
    -- The tracking number that it tells of, once it was read.
    subject text,
    unique (source, event)
) strict;

create index inbox_due on inbox (due_at, id) where state = 'waiting';
create index inbox_received on inbox (received_at, id);
create index inbox_state on inbox (state, received_at, id);
create index inbox_subject on inbox (subject, received_at) where subject is not null;
