-- What relays know: how far each is and who leads it, which events are kept aside, and how often an event was refused.
CREATE TABLE timestamp_relay (
    name         text         PRIMARY KEY,
    -- All that is visible in this snapshot was handed over, or is parked.
    after        pg_snapshot  NOT NULL DEFAULT '1:1:',
    -- Of what is visible in this one beyond it, the events up to `seq` too; NULL between two windows.
    within       pg_snapshot,
    seq          bigint       NOT NULL DEFAULT 0,
    -- Larger with each new leader; what an older one writes is refused.
    token        bigint       NOT NULL,
    holder       uuid         NOT NULL,
    lease_until  timestamptz  NOT NULL
);

CREATE TABLE timestamp_parked (
    relay          text     NOT NULL,
    seq            bigint   NOT NULL,
    aggregatetype  text     NOT NULL,
    aggregateid    text     NOT NULL,
    -- NULL: it waits behind a parked event of the same entity.
    reason         text,
    refusals       bigint   NOT NULL,
    parked_at_ms   bigint   NOT NULL,
    released       boolean  NOT NULL DEFAULT false,
    PRIMARY KEY (relay, seq)
);

CREATE INDEX timestamp_parked_entity ON timestamp_parked (relay, aggregatetype, aggregateid);

CREATE TABLE timestamp_refused (
    relay  text    NOT NULL,
    seq    bigint  NOT NULL,
    times  bigint  NOT NULL,
    PRIMARY KEY (relay, seq)
);

-- What consumers have taken in, so that an event which arrives again is known.
CREATE TABLE timestamp_inbox (
    consumer        text    NOT NULL,
    event_id        uuid    NOT NULL,
    received_at_ms  bigint  NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

CREATE INDEX timestamp_inbox_age ON timestamp_inbox (received_at_ms);

-- By which a reader finds the events of transactions that it has not seen yet.
CREATE INDEX timestamp_outbox_xid ON timestamp_outbox (xid);
