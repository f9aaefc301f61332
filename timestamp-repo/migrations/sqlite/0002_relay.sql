-- What relays know: how far each is and who leads it, which events are kept aside, and how often an event was refused.
CREATE TABLE timestamp_relay (
    name            TEXT    PRIMARY KEY,
    -- Everything up to here was handed over, or is parked.
    seq             BIGINT  NOT NULL DEFAULT 0,
    -- Larger with each new leader; what an older one writes is refused.
    token           BIGINT  NOT NULL,
    holder          TEXT    NOT NULL,
    lease_until_ms  BIGINT  NOT NULL
);

CREATE TABLE timestamp_parked (
    relay          TEXT    NOT NULL,
    seq            BIGINT  NOT NULL,
    aggregatetype  TEXT    NOT NULL,
    aggregateid    TEXT    NOT NULL,
    -- NULL: it waits behind a parked event of the same entity.
    reason         TEXT,
    refusals       BIGINT  NOT NULL,
    parked_at_ms   BIGINT  NOT NULL,
    released       BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (relay, seq)
);

CREATE INDEX timestamp_parked_entity ON timestamp_parked (relay, aggregatetype, aggregateid);

CREATE TABLE timestamp_refused (
    relay  TEXT    NOT NULL,
    seq    BIGINT  NOT NULL,
    times  BIGINT  NOT NULL,
    PRIMARY KEY (relay, seq)
);

-- What consumers have taken in, so that an event which arrives again is known.
CREATE TABLE timestamp_inbox (
    consumer        TEXT    NOT NULL,
    event_id        TEXT    NOT NULL,
    received_at_ms  BIGINT  NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

CREATE INDEX timestamp_inbox_age ON timestamp_inbox (received_at_ms);
