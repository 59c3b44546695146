-- Until when a reply is kept back, so that its author may undo it.
alter table messages add column held_until bigint;

create index messages_held on messages (held_until) where held_until is not null;

create table held_replies (
    -- The message, which is also the operation that wrote it.
    message text primary key not null,
    ticket text not null references tickets (id),
    author text not null,
    -- Its place in the conversation, also when it is gone.
    sent_at bigint not null,
    -- JSON: the ticket before the reply, which an undo gives back.
    ticket_before text not null,
    -- The state that the reply gave the ticket.
    status text not null,
    undone_at bigint
);

create index held_replies_ticket on held_replies (ticket, sent_at);
