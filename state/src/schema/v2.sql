-- Each event's link in the chain of its run: SHA-256 over the link before it
-- and the event itself (see chain.rs), so that a change afterwards is seen.
ALTER TABLE event ADD COLUMN link BLOB;

-- The link of the latest run-level event: the chain can't be cut off unseen.
ALTER TABLE run ADD COLUMN head BLOB;
