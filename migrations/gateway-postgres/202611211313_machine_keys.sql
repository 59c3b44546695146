-- Whether a program has this account: nobody signs in to it, its keys stand for it.
alter table accounts add column machine bigint not null default 0;

create table machine_keys (
    id text primary key not null,
    -- SHA-256 of the key, in hex. The key itself is shown once and kept nowhere.
    hash text not null unique,
    account text not null references accounts (id),
    name text not null,
    -- How the key begins, to tell it from others.
    prefix text not null,
    -- What it allows at most: a JSON list of scopes.
    scopes text not null,
    created_at bigint not null,
    expires_at bigint not null,
    -- When it was last in use, to an hour.
    used_at bigint,
    revoked_at bigint
);

create index machine_keys_account on machine_keys (account);
