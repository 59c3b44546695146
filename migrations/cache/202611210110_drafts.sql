create table fields (
  -- The shop's own fields of a ticket.
  id text primary key not null,
  position integer not null,
  place integer not null,
  body text not null
) strict;

create table drafts (
  -- What was begun and not sent. Survives every new sync, and never leaves this computer.
  ticket text primary key not null,
  reply text not null,
  note text not null,
  saved_at integer not null
) strict;
