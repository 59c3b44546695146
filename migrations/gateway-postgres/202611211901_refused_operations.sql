create table refused_operations (
    -- What was refused because somebody else was faster. A second copy of the same request, late on
    -- its way, is refused with the same words, whatever became of the reason meanwhile: its author
    -- may have given it up. Once its author has seen more, it is looked at anew.
    id text not null,
    -- SHA-256 of the request, with what its author had seen.
    attempt text not null,
    -- What the answer told, JSON.
    verdict text not null,
    created_at bigint not null,
    primary key (id, attempt)
);

create index refused_operations_created on refused_operations (created_at);
