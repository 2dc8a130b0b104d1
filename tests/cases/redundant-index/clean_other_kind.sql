CREATE TABLE words (id bigint PRIMARY KEY, text text, other text, doc jsonb);
CREATE INDEX words_text ON words (text);
CREATE INDEX words_like ON words (text text_pattern_ops);
CREATE INDEX words_c ON words (text COLLATE "C");
CREATE INDEX words_hash ON words USING hash (text);
CREATE INDEX words_lower ON words (lower(text));
CREATE INDEX words_doc ON words USING gin (doc);
CREATE INDEX words_path ON words USING gin (doc jsonb_path_ops);
CREATE INDEX words_both ON words USING gin (doc, other gin_trgm_ops);
