create table teams (
    -- Colleagues who look after the same tickets.
    id text primary key not null,
    name text not null,
    -- The name in lower case: two teams of one name would be mixed up.
    name_key text not null unique
) strict;

insert into teams (id, name, name_key) values
    ('01900000-0000-7000-8000-000000000001', 'Everybody', 'everybody');

-- JSON array of team ids.
alter table accounts add column teams text not null
    default '["01900000-0000-7000-8000-000000000001"]';
-- Counts what admins change: of two who change the same at once, one is told.
alter table accounts add column version integer not null default 1;

alter table tickets add column team text not null
    default '01900000-0000-7000-8000-000000000001';

create index tickets_team on tickets (team, last_message_at, id);

-- Whose an entity is, also when it is gone; null where it is the whole shop's.
alter table feed add column team text;
-- Whose it was before, ids with spaces between: they are told that it is gone.
alter table feed add column former text not null default '';

update feed set team = '01900000-0000-7000-8000-000000000001'
    where kind in ('ticket', 'message');
