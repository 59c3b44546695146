-- The index has a file of its own; the copy only notes what is to be indexed. What the index had
-- here (words, documents, exact, to_index) is taken away in the background, since that takes long.
drop trigger tickets_new;
drop trigger tickets_changed;
drop trigger messages_new;
drop trigger messages_changed;
drop trigger customers_new;
drop trigger customers_changed;
drop trigger orders_new;
drop trigger orders_changed;
drop trigger shipments_new;
drop trigger shipments_changed;

create table indexing (
  one integer primary key not null check (one = 1),
  -- The index that belongs to this copy says the same; no other one is looked into.
  generation text not null
) strict;

insert into indexing (one, generation) values (1, '');

create table noted (
  -- Grows only: an index that has seen a higher one belongs to another state of this copy.
  seq integer primary key autoincrement not null,
  -- 1 ticket, 2 message, 3 customer, 4 order, 5 parcel.
  kind integer not null,
  -- Rows that are new, changed or gone, by their rowids.
  first_row integer not null,
  last_row integer not null,
  -- Pages of the history wait for everything else.
  history integer not null
) strict;

create index noted_next on noted (history);

-- New rows are noted together by who brings them, and rows that go by who deletes them.
create trigger tickets_changed after update of body on tickets
when old.last_message_at <> new.last_message_at
  or old.body ->> '$.subject' is not new.body ->> '$.subject'
  or old.body ->> '$.order' is not new.body ->> '$.order'
  or old.body -> '$.tags' is not new.body -> '$.tags'
begin
  insert into noted (kind, first_row, last_row, history) values (1, new.rowid, new.rowid, 0);
end;

create trigger messages_changed after update of body on messages
when old.body ->> '$.text' is not new.body ->> '$.text'
  or old.body -> '$.attachments' is not new.body -> '$.attachments'
begin
  insert into noted (kind, first_row, last_row, history) values (2, new.rowid, new.rowid, 0);
end;

create trigger customers_changed after update of body on customers
when old.name <> new.name
  or old.body ->> '$.email' is not new.body ->> '$.email'
  or old.body ->> '$.phone' is not new.body ->> '$.phone'
  or old.body ->> '$.city' is not new.body ->> '$.city'
begin
  insert into noted (kind, first_row, last_row, history) values (3, new.rowid, new.rowid, 0);
end;

create trigger orders_changed after update of body on orders
when old.number <> new.number
  or old.body -> '$.lines' is not new.body -> '$.lines'
  or old.body -> '$.ship_to' is not new.body -> '$.ship_to'
  or old.body -> '$.returns' is not new.body -> '$.returns'
begin
  insert into noted (kind, first_row, last_row, history) values (4, new.rowid, new.rowid, 0);
end;

create trigger shipments_changed after update of body on shipments
when old.body ->> '$.tracking_number' is not new.body ->> '$.tracking_number'
  or old.body ->> '$.carrier' is not new.body ->> '$.carrier'
begin
  insert into noted (kind, first_row, last_row, history) values (5, new.rowid, new.rowid, 0);
end;
