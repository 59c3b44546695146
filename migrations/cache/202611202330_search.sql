create table documents (
  -- What the word index holds. Ascending numbers are ascending moments: the seconds times 1024, and
  -- a counter. Kinds: 1 ticket, 2 message, 3 customer, 4 order, 5 parcel; row is the rowid there.
  doc integer primary key not null,
  kind integer not null,
  row integer not null,
  unique (kind, row)
) strict;

create index documents_kind on documents (kind, doc);

create virtual table words using fts5 (
  -- Words that were already found and folded; the texts themselves stay where they are.
  text,
  content = '',
  contentless_delete = 1,
  prefix = '2 3',
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);

create table exact (
  -- Numbers, addresses, names and tags as a whole. The first letter of a key is its class:
  -- n number, e address, d domain of an address, p phone backwards, w word of a name, t tag,
  -- o id of an order.
  key text not null,
  kind integer not null,
  row integer not null,
  primary key (key, kind, row)
) strict, without rowid;

create index exact_row on exact (kind, row);

create table to_index (
  -- What changed and is not indexed yet; the highest moment is next. Numbers and names go first.
  at integer not null,
  kind integer not null,
  row integer not null,
  primary key (at, kind, row)
) strict, without rowid;

create table evicted (
  -- Old closed tickets whose messages had to make room; they are at the gateway.
  ticket text primary key not null
) strict, without rowid;

-- Not `insert or ignore`: the outer statement's way with conflicts would win over it.
create trigger tickets_new after insert on tickets begin
  insert into to_index values (new.last_message_at, 1, new.rowid) on conflict do nothing;
end;

create trigger tickets_changed after update of body on tickets
when old.last_message_at <> new.last_message_at
  or old.body ->> '$.subject' is not new.body ->> '$.subject'
  or old.body ->> '$.order' is not new.body ->> '$.order'
  or old.body -> '$.tags' is not new.body -> '$.tags'
begin
  insert into to_index values (new.last_message_at, 1, new.rowid) on conflict do nothing;
end;

create trigger messages_new after insert on messages begin
  insert into to_index values (new.sent_at, 2, new.rowid) on conflict do nothing;
end;

create trigger messages_changed after update of body on messages
when old.body ->> '$.text' is not new.body ->> '$.text'
  or old.body -> '$.attachments' is not new.body -> '$.attachments'
begin
  insert into to_index values (new.sent_at, 2, new.rowid) on conflict do nothing;
end;

create trigger customers_new after insert on customers begin
  insert into to_index values (4611686018427387904, 3, new.rowid) on conflict do nothing;
end;

create trigger customers_changed after update of body on customers
when old.name <> new.name
  or old.body ->> '$.email' is not new.body ->> '$.email'
  or old.body ->> '$.phone' is not new.body ->> '$.phone'
  or old.body ->> '$.city' is not new.body ->> '$.city'
begin
  insert into to_index values (4611686018427387904, 3, new.rowid) on conflict do nothing;
end;

create trigger orders_new after insert on orders begin
  insert into to_index values (4611686018427387904, 4, new.rowid) on conflict do nothing;
end;

create trigger orders_changed after update of body on orders
when old.number <> new.number
  or old.body -> '$.lines' is not new.body -> '$.lines'
  or old.body -> '$.ship_to' is not new.body -> '$.ship_to'
  or old.body -> '$.returns' is not new.body -> '$.returns'
begin
  insert into to_index values (4611686018427387904, 4, new.rowid) on conflict do nothing;
end;

create trigger shipments_new after insert on shipments begin
  insert into to_index values (4611686018427387904, 5, new.rowid) on conflict do nothing;
end;

create trigger shipments_changed after update of body on shipments
when old.body ->> '$.tracking_number' is not new.body ->> '$.tracking_number'
  or old.body ->> '$.carrier' is not new.body ->> '$.carrier'
begin
  insert into to_index values (4611686018427387904, 5, new.rowid) on conflict do nothing;
end;

insert or ignore into to_index select last_message_at, 1, rowid from tickets;
insert or ignore into to_index select sent_at, 2, rowid from messages;
insert or ignore into to_index select 4611686018427387904, 3, rowid from customers;
insert or ignore into to_index select 4611686018427387904, 4, rowid from orders;
insert or ignore into to_index select 4611686018427387904, 5, rowid from shipments;
