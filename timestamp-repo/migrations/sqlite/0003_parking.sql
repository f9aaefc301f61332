-- By which a relay finds released events among many that are parked, and counts those of one entity.
CREATE INDEX timestamp_parked_released ON timestamp_parked (relay, seq) WHERE released;
DROP INDEX timestamp_parked_entity;
CREATE INDEX timestamp_parked_entity ON timestamp_parked (relay, aggregatetype, aggregateid, seq);
