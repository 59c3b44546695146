create table devices (
    -- One for each sign-in: its tokens live and end with it.
    id text primary key not null,
    account text not null references accounts (id),
    name text not null,
    created_at bigint not null,
    -- When it was last known to be in use, to a few minutes.
    seen_at bigint not null,
    -- When it ends unless it is used before.
    expires_at bigint not null,
    -- When its owner signed out there, or a token of it was used by somebody else.
    ended_at bigint,
    -- When it was ended from elsewhere: its desktop is told to destroy what it keeps.
    revoked_at bigint
);

create index devices_account on devices (account);
create index devices_expiry on devices (expires_at);

create table tokens (
    -- SHA-256 of the token, in hex.
    hash text primary key not null,
    device text not null references devices (id) on delete cascade,
    -- access or refresh.
    kind text not null,
    -- The refresh token that was exchanged for it.
    parent text,
    created_at bigint not null,
    expires_at bigint not null,
    -- When it was used first.
    used_at bigint
);

create index tokens_device on tokens (device);
create index tokens_parent on tokens (parent);
create index tokens_expiry on tokens (kind, expires_at);

create table session_changes (
    -- One row. Moves whenever somebody may do less than before: what is remembered of tokens is
    -- then looked up again.
    one bigint primary key not null check (one = 1),
    version bigint not null
);

insert into session_changes (one, version) values (1, 1);

-- What a desktop kept so far is its first refresh token. The table stays for one release.
insert into devices (id, account, name, created_at, seen_at, expires_at, revoked_at)
select substr(token_hash, 1, 8) || '-' || substr(token_hash, 9, 4) || '-' ||
    substr(token_hash, 13, 4) || '-' || substr(token_hash, 17, 4) || '-' ||
    substr(token_hash, 21, 12),
    account, device, created_at, created_at, expires_at, revoked_at
from sessions;

insert into tokens (hash, device, kind, created_at, expires_at)
select token_hash,
    substr(token_hash, 1, 8) || '-' || substr(token_hash, 9, 4) || '-' ||
    substr(token_hash, 13, 4) || '-' || substr(token_hash, 17, 4) || '-' ||
    substr(token_hash, 21, 12),
    'refresh', created_at, expires_at
from sessions;
