-- Graphs are recorded whole: each step with its data and wiring, from which a
-- run is carried on. Earlier programs can't read such a run, so they must not
-- open the file; what they recorded stays as it is.
CREATE VIEW step AS
SELECT
    run.id                                     AS run,
    recorded.key                               AS place,
    recorded.value ->> '$.name'                AS name,
    recorded.value ->> '$.type'                AS type,
    recorded.value ->> '$.effect'              AS effect,
    recorded.value -> '$.data'                 AS data,
    recorded.value -> '$.input'                AS input,
    recorded.value -> '$.after'                AS after
FROM run
JOIN event ON event.run = run.number AND event.seq = 0
JOIN json_each(event.body, '$.data.steps') AS recorded
ORDER BY run.number, recorded.key;
