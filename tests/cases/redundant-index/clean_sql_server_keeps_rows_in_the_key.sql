-- dialect: tsql
CREATE TABLE members (team_id bigint, user_id bigint, photo varbinary(max), CONSTRAINT pk PRIMARY KEY CLUSTERED (team_id, user_id));
CREATE INDEX members_team ON members (team_id);
