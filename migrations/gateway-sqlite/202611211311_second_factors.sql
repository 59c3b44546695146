-- When an admin locked the account: nobody signs in to it.
alter table accounts add column locked_at integer;

create table second_factors (
    account text primary key not null references accounts (id),
    -- What the authenticator app shares with the gateway, in base 32 (RFC 4648).
    secret text not null,
    created_at integer not null,
    -- When the first code showed that the app has it; before, no code is asked for.
    confirmed_at integer,
    -- The time step of the newest code that was taken: none is taken twice.
    last_step integer not null default 0
) strict;

create table recovery_codes (
    -- SHA-256 of the code, in hex.
    hash text primary key not null,
    account text not null references accounts (id),
    created_at integer not null,
    used_at integer
) strict;

create index recovery_codes_account on recovery_codes (account);

create table challenges (
    -- Somebody who showed the right password and has yet to show a code. SHA-256, in hex.
    hash text primary key not null,
    account text not null references accounts (id),
    device text not null,
    expires_at integer not null,
    tries integer not null default 0
) strict;
