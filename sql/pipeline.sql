--
-- pipeline: definitions, what is refused and why, and who may do what.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET client_min_messages = warning;
CREATE SERVER pip FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA pip;
CREATE FOREIGN TABLE pip.items (record jsonb OPTIONS (json_path '$')) SERVER pip
  OPTIONS (path '/link/items', paginate 'link', page_size '40', page_size_param 'per_page');
CREATE FOREIGN TABLE pip.owned (owner text OPTIONS (param 'owner', in 'path'), record jsonb OPTIONS (json_path '$')) SERVER pip
  OPTIONS (path '/repos/{owner}/r/events', paginate 'none');
RESET client_min_messages;

-- what a definition may not say, with what to do instead
SELECT dload.create_pipeline(NULL, 'pip.items', 'pip.t');
SELECT dload.create_pipeline('', 'pip.items', 'pip.t');
SELECT dload.create_pipeline(repeat('p', 64), 'pip.items', 'pip.t');
SELECT dload.create_pipeline('p', NULL, 'pip.t');
SELECT dload.create_pipeline('p', 'pip.items', NULL);
SELECT dload.create_pipeline('p', 'pip.nowhere', 'pip.t');
SELECT dload.create_pipeline('p', 'pg_class', 'pip.t');
SELECT dload.create_pipeline('p', 'pip.items', 'a.b.c');
SELECT dload.create_pipeline('p', 'pip.items', '');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.' || repeat('x', 64));
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', params => '[1]');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', params => '{"a": {"b": 1}}');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', write_disposition => 'upsert');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', write_disposition => 'merge');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', primary_key => ARRAY['id']);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', write_disposition => 'merge', primary_key => ARRAY['tags[0]']);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', write_disposition => 'merge', primary_key => ARRAY['$']);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', write_disposition => 'merge', primary_key => ARRAY['a..b']);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', write_disposition => 'merge', primary_key => ARRAY['id', NULL]);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', write_disposition => 'merge', primary_key => ARRAY['id', 'id']);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', cursor_param => 'since');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', lag => '1 day');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', cursor_path => 'tags[*]');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', cursor_path => 'id', cursor_order => 'up');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', cursor_path => 'id', lag => '1 day');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', cursor_path => 'id', lag => 'soon', write_disposition => 'merge', primary_key => ARRAY['id']);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', cursor_path => 'id', write_disposition => 'replace');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', max_nesting => -1);
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', columns => '["id"]');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', columns => '{"id": 1}');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', columns => '{"id": "no_such_type"}');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', columns => '{"id": "int); DROP TABLE x; --"}');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', columns => '{"id": "record"}');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', columns => '{"a..b": "text"}');
SELECT count(*) FROM dload.pipelines;

-- defined, changed, and taken back
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t', cursor_path => 'updated_at', cursor_order => 'asc', initial_value => '2026-01-01', max_nesting => 2, columns => '{"id": "int"}');
SELECT dload.create_pipeline('p', 'pip.items', 'pip.t2');
SELECT dload.create_pipeline('q', 'pip.items', 'pip.t');
SELECT name, owner = current_user::regrole AS mine, source, target_schema, target_name, params, write_disposition, primary_key, cursor_path, cursor_order, initial_value, lag, max_nesting, columns FROM dload.pipelines;
SELECT dload.alter_pipeline('p', write_disposition => 'replace');
SELECT dload.alter_pipeline('p', cursor_path => '', write_disposition => 'replace');
SELECT dload.alter_pipeline('p', write_disposition => 'replace', cursor_path => '', cursor_order => '', initial_value => '', primary_key => ARRAY['id'], columns => '{}');
SELECT write_disposition, primary_key, cursor_path, cursor_order, initial_value, max_nesting, columns FROM dload.pipelines;
SELECT dload.alter_pipeline('p', write_disposition => 'append');
SELECT dload.alter_pipeline('p', write_disposition => 'append', primary_key => '{}');
SELECT dload.alter_pipeline('q');
SELECT dload.drop_pipeline('q');
SELECT dload.drop_pipeline(NULL) IS NULL;
-- another cursor starts from nothing
SELECT dload.alter_pipeline('p', cursor_path => 'id');
CALL dload.run('p', max_pages => 1);
SELECT cursor_value, pending_value, resumable FROM dload.cursors;
CALL dload.run('p');
SELECT dload.alter_pipeline('p', columns => '{"name": "text"}');
SELECT cursor_value, pending_value, resumable FROM dload.cursors;
SELECT dload.alter_pipeline('p', cursor_path => 'value');
SELECT cursor_value, pending_value, resumable FROM dload.cursors;

-- where a run can be called from
BEGIN;
CALL dload.run('p');
ROLLBACK;
CREATE FUNCTION pip.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL dload.run('p'); END $$;
SELECT pip.f();
DO $$ BEGIN CALL dload.run('p'); END $$;
-- the lock of an earlier run in the transaction ends before that of this one
SET client_min_messages = warning;
DO $$ BEGIN PERFORM dload.run_atomic('p'); CALL dload.run('p'); END $$;
RESET client_min_messages;
CALL dload.run(NULL);
CALL dload.run('q');
CALL dload.run('p', max_pages => 0);
SELECT dload.run_atomic('q');
-- a run that fails is recorded, with the reason
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script '{"path": "/link", "status": 404}' >results/mock.answer
\set VERBOSITY sqlstate
CALL dload.run('p');
\set VERBOSITY default
SELECT outcome, reason FROM dload.runs WHERE outcome = 'failed';
SELECT state, last_outcome, last_error FROM dload.status;
-- what it counts as stored is stored
SET client_min_messages = warning;
CREATE TABLE pip.half (id bigint, _dload_id bigint, _dload_run_id bigint);
CREATE FUNCTION pip.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.id = 3 THEN RAISE 'three'; END IF;
  IF NEW.id = 90 THEN RAISE 'ninety' USING ERRCODE = 'io_error'; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON pip.half FOR EACH ROW EXECUTE FUNCTION pip.refuse();
SELECT dload.create_pipeline('half', 'pip.items', 'pip.half', max_nesting => 0);
\set VERBOSITY sqlstate
CALL dload.run('half');
\set VERBOSITY default
SELECT outcome, rows_read, rows_inserted, rows_rejected, (SELECT rows FROM dload.status WHERE pipeline = 'half'), (SELECT count(*) FROM pip.half) FROM dload.runs WHERE pipeline = 'half';
SELECT dload.drop_pipeline('half');
RESET client_min_messages;
-- one that is cancelled leaves nothing behind, and the next one runs
ALTER FOREIGN TABLE pip.items OPTIONS (SET path '/hang');
SET statement_timeout = '400ms';
CALL dload.run('p');
RESET statement_timeout;
SELECT outcome, reason FROM dload.runs WHERE outcome = 'cancelled';
ALTER FOREIGN TABLE pip.items OPTIONS (SET path '/link/items');
SELECT state, last_outcome FROM dload.status;
CALL dload.run('p');
SELECT state, last_outcome FROM dload.status;
-- a look before loading: nothing is written
SELECT section, item, content FROM dload.preview('pip.items', max_rows => 1) WHERE section <> 'ddl';
SELECT count(*) FROM dload.preview('pip.items', params => '{"count": 3}', max_rows => 10) WHERE section = 'record';
SELECT to_regclass('pip.items__tags');
-- the target's schema is made when there is none
SELECT dload.create_pipeline('schema', 'pip.items', 'Pip_new."The Items"', cursor_path => 'id', params => '{"count": 2}');
CALL dload.run('schema');
SELECT id, g._dload_list_idx, g.value FROM pip_new."The Items" AS t LEFT JOIN pip_new."The Items__tags" AS g ON _dload_parent_id = t._dload_id ORDER BY 1, 2;
-- its child tables are not for others either
SELECT dload.create_pipeline('q', 'pip.items', 'pip_new."The Items__tags"');
SELECT dload.drop_pipeline('schema');
SET client_min_messages = warning;
DROP SCHEMA pip_new CASCADE;
RESET client_min_messages;
-- a required parameter
SELECT dload.create_pipeline('path', 'pip.owned', 'pip.o');
SELECT dload.create_pipeline('path', 'pip.owned', 'pip.o', params => '{"owner": "octo"}');
CALL dload.run('path');
SELECT count(*), count(*) FILTER (WHERE repo__name = 'octo/r') AS octo FROM pip.o;

-- Privileges.  Another role sees nothing of it and may not touch it; a member
-- of the owner's role may, and what he does is done as the owner.
CREATE ROLE dload_pip_owner NOLOGIN;
CREATE ROLE dload_pip_member LOGIN IN ROLE dload_pip_owner;
CREATE ROLE dload_pip_other LOGIN;
GRANT USAGE ON SCHEMA pip TO PUBLIC;
GRANT CREATE ON SCHEMA pip TO dload_pip_owner;
SET ROLE dload_pip_owner;
SELECT dload.create_pipeline('theirs', 'pip.items', 'pip.theirs');
RESET ROLE;
GRANT SELECT ON pip.items TO dload_pip_owner;
SET ROLE dload_pip_owner;
SELECT dload.create_pipeline('theirs', 'pip.items', 'pip.theirs', cursor_path => 'id');
RESET ROLE;
SET ROLE dload_pip_member;
CALL dload.run('theirs');
SELECT count(*) FROM pip.theirs;
SELECT tableowner FROM pg_tables WHERE tablename = 'theirs';
SELECT name, owner FROM dload.pipelines ORDER BY name;
SELECT pipeline, outcome FROM dload.runs ORDER BY run_id;
SELECT current_user;
RESET ROLE;
SET ROLE dload_pip_other;
CALL dload.run('theirs');
SELECT dload.run_atomic('theirs');
SELECT dload.alter_pipeline('theirs', max_nesting => 1);
SELECT dload.drop_pipeline('theirs');
SELECT (SELECT count(*) FROM dload.pipelines), (SELECT count(*) FROM dload.runs), (SELECT count(*) FROM dload.status),
  (SELECT count(*) FROM dload.cursors), (SELECT count(*) FROM dload.column_map), (SELECT count(*) FROM dload.schema_changes), (SELECT count(*) FROM dload.rejected);
SELECT count(*) FROM dload.pipeline;
SELECT count(*) FROM dload.run_log;
RESET ROLE;
-- a superuser's run is the owner's: the table of somebody else stays his
CREATE TABLE pip.foreign_target (id bigint);
SELECT dload.create_pipeline('mine', 'pip.items', 'pip.mine', cursor_path => 'id');
SET ROLE dload_pip_owner;
SELECT dload.create_pipeline('grab', 'pip.items', 'pip.foreign_target', cursor_path => 'id');
RESET ROLE;
CALL dload.run('grab');
SELECT count(*) FROM pip.foreign_target;
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'grab';
-- nor does what the owner hangs on his table run as the superuser
CREATE FUNCTION pip.who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := current_user; RETURN NEW; END $$;
CREATE TRIGGER who BEFORE INSERT ON pip.theirs FOR EACH ROW EXECUTE FUNCTION pip.who();
CALL dload.run('theirs', full_refresh => true);
SELECT name, count(*) FROM pip.theirs GROUP BY 1;

SET client_min_messages = warning;
SELECT count(dload.drop_pipeline(name)) FROM dload.pipelines;
SELECT (SELECT count(*) FROM dload.runs), (SELECT count(*) FROM dload.cursors), (SELECT count(*) FROM dload.column_map);
SELECT to_regclass('pip.theirs');
DROP SCHEMA pip CASCADE;
DROP SERVER pip;
DROP ROLE dload_pip_member;
DROP ROLE dload_pip_owner;
DROP ROLE dload_pip_other;
