create table audit (
    -- Who did what, in the order of the commits: 1, 2, 3, without gaps.
    position bigint primary key not null,
    id text collate "C" not null unique,
    at bigint not null,
    -- account, machine, customer, system or nobody; the first three have an id.
    actor_kind text collate "C" not null,
    actor text collate "C",
    action text collate "C" not null,
    -- What it was done to.
    thing_kind text collate "C",
    thing text collate "C",
    -- The customer it concerns.
    customer text collate "C",
    -- The address of the other end, and the request as the logs name it.
    peer text collate "C",
    request text collate "C",
    -- JSON object; never a text that somebody wrote.
    details text collate "C" not null default '{}',
    -- SHA-256 of the hash before it and of everything above.
    hash text collate "C" not null
);

create index audit_at on audit (at);
create index audit_actor on audit (actor, position) where actor is not null;
create index audit_customer on audit (customer, position) where customer is not null;
create index audit_action on audit (action, position);

create function audit_is_only_added_to() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail is only added to';
end
$$;

create trigger audit_is_not_changed before update or delete or truncate on audit
    for each statement execute function audit_is_only_added_to();

-- How many entries there are and the hash of the newest, beside the counter that gives writers
-- their turn.
alter table feed_head add column audit_position bigint not null default 0;
alter table feed_head add column audit_hash text collate "C" not null
    default '0000000000000000000000000000000000000000000000000000000000000000';
