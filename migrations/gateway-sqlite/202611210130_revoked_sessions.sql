-- When a session was ended from elsewhere: its desktop is told to destroy what it keeps.
alter table sessions add column revoked_at integer;
