create table fields (
    -- What a shop wants to know of a ticket beside what every shop wants to know.
    id text primary key not null,
    key text not null unique,
    place integer not null,
    document text not null
) strict;

-- JSON object of values by key.
alter table tickets add column fields text not null default '{}';
-- The ticket that it became part of.
alter table tickets add column merged_into text references tickets (id);
