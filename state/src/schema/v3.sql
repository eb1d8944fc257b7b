-- What persons ask of runs while other processes carry them. No part of the
-- history: the process that carries the run takes each up, records what comes
-- of it as an event, and writes its answer here.
CREATE TABLE request (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run    TEXT NOT NULL,
    at     INTEGER NOT NULL,
    body   TEXT NOT NULL,
    answer TEXT
) STRICT;
