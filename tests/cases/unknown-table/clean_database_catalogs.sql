SELECT column_name FROM information_schema.columns WHERE table_name = 'users';
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1;
SELECT name FROM sqlite_master WHERE type = 'table';
SELECT pid FROM pg_stat_activity WHERE datname = $1;
