CREATE TABLE members (team_id bigint, user_id bigint, PRIMARY KEY (team_id, user_id));
CREATE INDEX members_team ON members (team_id);  -- error: [redundant-index] "the primary key (team_id, user_id)"
CREATE UNIQUE INDEX members_both ON members (team_id, user_id);  -- error: [redundant-index] "the primary key"
CREATE INDEX members_user ON members (user_id);
CREATE INDEX members_user_again ON members (user_id);  -- error: [redundant-index] "members_user (user_id)"
CREATE TABLE words (id bigint PRIMARY KEY, text text UNIQUE, doc tsvector);
CREATE INDEX words_text ON words (text);  -- error: [redundant-index] "words_text_key"
CREATE INDEX words_doc ON words USING gin (doc);
CREATE INDEX words_doc_too ON words USING gin (doc);  -- error: [redundant-index] "words_doc (doc)"
