CREATE TABLE events (at timestamp NOT NULL, kind int) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events DEFAULT;
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_1_at ON events_1 (at);
CREATE INDEX events_2_at ON events_2 (at);
