-- When the gateway was reached last, by its clock, and the latest moment that was seen here since.
create table contact (
    id integer primary key not null check (id = 1),
    at integer not null,
    seen integer not null,
    days integer not null
) strict;
