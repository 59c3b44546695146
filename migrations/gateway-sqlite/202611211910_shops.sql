create table shop_cursors (
    -- How far the changes of each connected shop are read.
    source text primary key not null,
    cursor text not null,
    read_at integer not null
) strict;

create table shop_records (
    -- Which record of which shop is which entity here.
    source text not null,
    kind text not null,
    shop_id text not null,
    entity text not null,
    -- SHA-256 of what the shop said: the same again changes nothing.
    said text not null,
    fetched_at integer not null,
    -- What the shop said, word for word, until it is forgotten.
    raw text,
    primary key (source, kind, shop_id)
) strict;

create index shop_records_entity on shop_records (entity);
create index shop_records_raw on shop_records (fetched_at) where raw is not null;
