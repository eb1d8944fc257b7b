-- A run: what the list shows, kept up to date by its run-level events.
CREATE TABLE run (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    workflow   TEXT NOT NULL,
    target     TEXT NOT NULL,
    account    TEXT NOT NULL,
    status     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;

-- The history, in the order of its recording. Times are milliseconds since the
-- UNIX epoch.
CREATE TABLE event (
    run  INTEGER NOT NULL,
    seq  INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (run, seq)
) STRICT;

-- For people with a database shell.
CREATE VIEW history AS
SELECT
    run.id                                                   AS run,
    run.workflow                                             AS workflow,
    run.target                                               AS target,
    event.seq                                                AS seq,
    strftime('%Y-%m-%dT%H:%M:%fZ', event.at / 1000.0, 'unixepoch') AS time,
    event.body ->> '$.kind'                                  AS kind,
    event.body ->> '$.data.step'                             AS step,
    event.body ->> '$.data.attempt'                          AS attempt,
    event.body -> '$.data'                                   AS data
FROM event JOIN run ON run.number = event.run
ORDER BY event.run, event.seq;

CREATE VIEW run_list AS
SELECT
    id,
    workflow,
    target,
    status,
    strftime('%Y-%m-%dT%H:%M:%fZ', started_at / 1000.0, 'unixepoch') AS started,
    strftime('%Y-%m-%dT%H:%M:%fZ', ended_at / 1000.0, 'unixepoch')   AS ended,
    account
FROM run
ORDER BY number DESC;
