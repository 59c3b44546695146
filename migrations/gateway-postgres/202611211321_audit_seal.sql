-- The signature of the gateway's key over how many entries there are and the hash of the newest:
-- whoever can only write to the database cannot make it.
alter table feed_head add column audit_seal text collate "C" not null default '';
