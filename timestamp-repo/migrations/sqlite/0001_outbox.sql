-- The outbox: one row for every event that was ever stored. Rows are inserted and, by retention, deleted; never changed.
-- The first five columns after `seq` are those that Debezium's outbox event router reads by default.
CREATE TABLE timestamp_outbox (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT    NOT NULL UNIQUE,
    aggregatetype   TEXT    NOT NULL,
    aggregateid     TEXT    NOT NULL,
    type            TEXT    NOT NULL,
    payload         TEXT    NOT NULL,
    version         BIGINT  NOT NULL,
    kind            TEXT    NOT NULL,
    reason          TEXT,
    occurred_at_ms  BIGINT  NOT NULL,
    recorded_at_ms  BIGINT  NOT NULL,
    tenantid        TEXT,
    correlationid   TEXT,
    causationid     TEXT,
    traceparent     TEXT,
    UNIQUE (aggregatetype, aggregateid, version)
);

CREATE TRIGGER timestamp_outbox_is_never_changed BEFORE UPDATE ON timestamp_outbox
BEGIN
    SELECT RAISE(ABORT, 'timestamp_outbox: a stored event is never changed');
END;
