create table state (
  one integer primary key not null check (one = 1),
  -- What this file looks like; one that looks otherwise is made anew.
  shape integer not null,
  -- The state of the copy that it speaks of.
  generation text not null,
  -- The newest note of the copy that is in here.
  newest integer not null
) strict;

create table done (
  -- Up to which row a note of the copy is in here, until the copy has put the note away.
  note integer primary key not null,
  upto integer not null
) strict;

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

-- The program merges the word index itself, in steps whose length it measures; by itself the index
-- would do it in whatever write comes along.
insert into words (words, rank) values ('automerge', 0);
insert into words (words, rank) values ('usermerge', 16);
insert into words (words, rank) values ('crisismerge', 512);
