-- The program merges the word index itself, in steps whose length it measures; by itself the index
-- would do it in whatever write comes along.
insert into words (words, rank) values ('automerge', 0);
insert into words (words, rank) values ('usermerge', 16);
insert into words (words, rank) values ('crisismerge', 512);
