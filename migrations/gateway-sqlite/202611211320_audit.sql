create table audit (
    -- Who did what, in the order of the commits: 1, 2, 3, without gaps.
    position integer primary key not null,
    id text not null unique,
    at integer not null,
    -- account, machine, customer, system or nobody; the first three have an id.
    actor_kind text not null,
    actor text,
    action text not null,
    -- What it was done to.
    thing_kind text,
    thing text,
    -- The customer it concerns.
    customer text,
    -- The address of the other end, and the request as the logs name it.
    peer text,
    request text,
    -- JSON object; never a text that somebody wrote.
    details text not null default '{}',
    -- SHA-256 of the hash before it and of everything above.
    hash text not null
) strict;

create index audit_at on audit (at);
create index audit_actor on audit (actor, position) where actor is not null;
create index audit_customer on audit (customer, position) where customer is not null;
create index audit_action on audit (action, position);

create trigger audit_is_not_changed before update on audit
begin
    select raise(abort, 'the audit trail is only added to');
end;

create trigger audit_is_not_deleted before delete on audit
begin
    select raise(abort, 'the audit trail is only added to');
end;

-- `insert or replace` deletes without asking the trigger above.
create trigger audit_is_not_replaced before insert on audit
when exists (select 1 from audit where position >= new.position or id = new.id)
begin
    select raise(abort, 'the audit trail is only added to');
end;

-- How many entries there are and the hash of the newest, beside the counter that gives writers
-- their turn.
alter table feed_head add column audit_position integer not null default 0;
alter table feed_head add column audit_hash text not null
    default '0000000000000000000000000000000000000000000000000000000000000000';
