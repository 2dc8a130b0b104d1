-- small-tables: feature_flags
CREATE TABLE feature_flags (name text PRIMARY KEY, enabled boolean NOT NULL);

UPDATE feature_flags SET enabled = false;
DELETE FROM feature_flags;
