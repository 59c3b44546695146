create table macro_uses (
    -- How often a stored answer went out.
    macro text primary key not null,
    uses integer not null
) strict;

-- What an undo gives back beside: the changes of the stored answer that a reply was made from.
alter table held_replies add column changes text not null default '{}';
alter table held_replies add column macro text;

-- The ticket that a message was written in, when that became part of another one.
alter table messages add column moved_from text;

-- The same of a conversation, and since when it goes on there.
alter table conversations add column moved_from text;
alter table conversations add column moved_at integer;

create index conversations_ticket on conversations (ticket);
create index tickets_merged on tickets (merged_into) where merged_into is not null;
create index operations_created on operations (created_at);
