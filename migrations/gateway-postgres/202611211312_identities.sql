create table identities (
    -- Who a provider says that somebody is (OpenID Connect Core §2: iss and sub, never the address).
    issuer text not null,
    subject text not null,
    account text not null references accounts (id),
    created_at bigint not null,
    primary key (issuer, subject)
);

create index identities_account on identities (account);

create table browser_sign_ins (
    -- Somebody whose browser is at the provider. SHA-256 of what their desktop knows, in hex.
    hash text primary key not null,
    state text not null,
    nonce text not null,
    verifier text not null,
    redirect text not null,
    device text not null,
    expires_at bigint not null
);
