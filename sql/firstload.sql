--
-- firstload: a first load that does not fit into a package builds its keys at
-- the end; what is there then is what would be there with keys from the start.
-- Here each page is a package.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'UTC';
-- small tables too have their keys built by workers
SET min_parallel_table_scan_size = 0;
CREATE SERVER fl FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA fl;
CREATE FOREIGN TABLE fl.src () SERVER fl OPTIONS (path '/fl', paginate 'page', page_param 'page');
CREATE VIEW fl.keys AS
  SELECT conrelid::regclass::text AS relation, conname, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = 'fl'::regnamespace AND contype = 'p' ORDER BY 1;
CREATE VIEW fl.state AS SELECT state, keyless, last_outcome, rows FROM dload.status WHERE pipeline = 'fl';
CREATE FUNCTION fl.create(VARIADIC keys text[]) RETURNS void LANGUAGE sql
  AS $$ SELECT dload.create_pipeline('fl', 'fl.src', 'fl.t', write_disposition => 'merge', primary_key => keys) $$;
CREATE FUNCTION fl.drop() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL client_min_messages = warning;
  PERFORM dload.drop_pipeline('fl');
  DROP TABLE IF EXISTS fl.t, fl.t__l, fl.t__l__m;
END $$;

-- keys that come again, as equal numbers, with children of children; the last
-- record counts, whatever package it is in
SET dload.package_bytes = '64kB';
SELECT fl.create('id', 'part');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /fl '[{"id":1.5,"part":"a","v":1,"l":[{"m":[1,2]},{"m":[]}]},{"id":2,"part":"a","v":1,"l":[{"m":[3]}]},{"id":1.50,"part":"a","v":2,"l":[{"m":[4]}]}]' '[{"id":1.5,"part":"a","v":3,"l":[{"m":[5]}]},{"id":1.5,"part":"b","v":1},{"id":null,"part":"c"},{"part":"c"}]' '[{"id":2e0,"part":"a","v":4,"l":[{"m":[6,7]}]},{"id":3,"part":"a","v":1}]' '[]'
CALL dload.run('fl', max_pages => 2);
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT id, part, v FROM fl.t ORDER BY _dload_id;
-- the next run goes on with it
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT id, part, v FROM fl.t ORDER BY id, part;
SELECT t.id, t.v, m.value FROM fl.t__l__m AS m JOIN fl.t__l AS l ON l._dload_id = m._dload_parent_id JOIN fl.t ON t._dload_id = l._dload_parent_id ORDER BY 1, 2, 3;
SELECT (SELECT count(*) FROM fl.t__l) AS l, (SELECT count(*) FROM fl.t__l__m) AS m;
SELECT outcome, rows_read, rows_inserted, rows_updated, rows_deleted, rows_unchanged, rows_rejected FROM dload.runs WHERE pipeline = 'fl' ORDER BY run_id;
SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = 'fl.t'::regclass AND attnum > 0 ORDER BY attnum;
SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'fl'::regnamespace AND reloptions IS NOT NULL;
-- hashes are those of a load with keys
CALL dload.run('fl');
SELECT fl.drop();

-- the same in one package has its keys at once, and so has a load that is small
-- and stops early
RESET dload.package_bytes;
SELECT fl.create('id');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /fl '[{"id":1,"v":1,"l":[1]}]' '[{"id":2,"v":1,"l":[2,3]}]' '[{"id":1,"v":2,"l":[4]}]' '[]'
CALL dload.run('fl', max_pages => 1);
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT fl.drop();

-- the page where it stopped has changed: keys first, then from the start
SET dload.package_bytes = '64kB';
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
SELECT keyless FROM fl.state;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /fl '[{"id":1,"v":1,"l":[1]}]' '[{"id":0,"v":1,"l":[]},{"id":2,"v":1,"l":[2,3]}]' '[{"id":1,"v":2,"l":[4]}]' '[]'
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT id, v, array(SELECT value FROM fl.t__l WHERE _dload_parent_id = t._dload_id) AS l FROM fl.t ORDER BY id;
SELECT rows_inserted, rows_updated, rows_unchanged FROM dload.runs WHERE pipeline = 'fl' ORDER BY run_id;
SELECT fl.drop();

-- a full refresh, another source, another key, no key
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
CALL dload.run('fl', full_refresh => true);
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT id, v, array(SELECT value FROM fl.t__l WHERE _dload_parent_id = t._dload_id) AS l FROM fl.t ORDER BY id;
SELECT fl.drop();
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
ALTER FOREIGN TABLE fl.src OPTIONS (SET path '/fl?other=1');
CALL dload.run('fl', max_pages => 1);
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
ALTER FOREIGN TABLE fl.src OPTIONS (SET path '/fl');
SELECT fl.drop();
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
SELECT dload.alter_pipeline('fl', primary_key => ARRAY['id', 'v']);
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT id, v FROM fl.t ORDER BY id, v;
SELECT fl.drop();
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
SELECT dload.alter_pipeline('fl', write_disposition => 'append', primary_key => '{}');
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT fl.drop();
-- the target is dropped meanwhile
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
DROP TABLE fl.t, fl.t__l;
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT fl.drop();

-- a key that an index does not take is rejected as ever, one that is long taken
SELECT fl.create('id');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /fl '[{"id":"a"},{"id":"b"}]' "[{\"id\":\"$(python3 -c 'import random; random.seed(1); print("".join(random.choice("abcdefghijklmnopqrstuvwxyz0123456789") for i in range(9000)))')\"},{\"id\":\"a\",\"v\":1}]" "[{\"id\":\"$(python3 -c 'print("long" * 2000)')\"}]" '[{"id":"b","v":2}]' '[]'
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT length(id), v FROM fl.t ORDER BY id;
SELECT left(reason, 20) AS reason, length(record) FROM dload.rejected WHERE pipeline = 'fl';
SELECT fl.drop();
-- types of keys that the user chose are tried out at once
SELECT dload.create_pipeline('fl', 'fl.src', 'fl.t', write_disposition => 'merge', primary_key => ARRAY['id'], columns => '{"id": "json"}');
CALL dload.run('fl', max_pages => 1);
SELECT to_regclass('fl.t') IS NULL AS nothing;
SELECT fl.drop();
-- where deletes might be published a row needs its key
SET client_min_messages = error;
CREATE PUBLICATION fl_all FOR ALL TABLES;
RESET client_min_messages;
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
SELECT keyless FROM fl.state;
SELECT relation FROM fl.keys;
DROP PUBLICATION fl_all;
SELECT fl.drop();

-- the user makes the key meanwhile; or takes its name
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /fl '[{"id":1,"v":1,"l":[1]}]' '[{"id":2,"v":1,"l":[2,3]}]' '[{"id":1,"v":2,"l":[4]}]' '[]'
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
CREATE UNIQUE INDEX mine ON fl.t (id);
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT indexdef FROM pg_indexes WHERE schemaname = 'fl' ORDER BY 1;
SELECT id, v FROM fl.t ORDER BY id;
SELECT fl.drop();
SELECT fl.create('id');
CALL dload.run('fl', max_pages => 2);
CREATE TABLE fl.t__pkey ();
CREATE VIEW fl.seen AS SELECT id, v FROM fl.t;
CALL dload.run('fl');
SELECT * FROM fl.keys;
SELECT * FROM fl.seen ORDER BY id;
DROP VIEW fl.seen;
DROP TABLE fl.t__pkey;
SELECT fl.drop();

-- an error in the build: nothing of the last package is there, and the next
-- run builds
CREATE FUNCTION fl.no_index() RETURNS event_trigger LANGUAGE plpgsql
  AS $$ BEGIN IF tg_tag = 'CREATE INDEX' THEN PERFORM pg_sleep(current_setting('fl.sleep')::float); RAISE EXCEPTION 'no index today'; END IF; END $$;
CREATE EVENT TRIGGER fl_no_index ON ddl_command_start EXECUTE FUNCTION fl.no_index();
SET fl.sleep = 0;
SELECT fl.create('id');
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT id, v FROM fl.t ORDER BY _dload_id;
-- the same if it is cancelled
SET fl.sleep = 60;
SET statement_timeout = '1s';
CALL dload.run('fl');
RESET statement_timeout;
SELECT * FROM fl.state;
DROP EVENT TRIGGER fl_no_index;
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT * FROM fl.keys;
SELECT id, v FROM fl.t ORDER BY id;
SELECT fl.drop();

-- in the caller's transaction
SELECT fl.create('id');
BEGIN;
SELECT dload.run_atomic('fl') > 0 AS ran;
SELECT * FROM fl.keys;
ROLLBACK;
SELECT dload.run_atomic('fl') > 0 AS ran;
SELECT id, v FROM fl.t ORDER BY id;
SELECT fl.drop();

-- pages larger than a package, stored piece by piece
SELECT fl.create('id');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /fl $(python3 -c 'import json; [print(json.dumps([{"id": i, "v": p, "l": [i, p]} for i in range(p * 500, p * 500 + 1300)], separators=(",", ":"))) for p in (0, 1)]') '[{"id":0,"v":2}]' '[]'
CALL dload.run('fl', max_pages => 1);
SELECT * FROM fl.state;
CALL dload.run('fl');
SELECT * FROM fl.state;
SELECT relation FROM fl.keys;
SELECT v, count(*), min(id), max(id) FROM fl.t GROUP BY v ORDER BY v;
SELECT count(*), count(DISTINCT _dload_parent_id) FROM fl.t__l WHERE EXISTS (SELECT FROM fl.t WHERE _dload_id = _dload_parent_id);
SELECT fl.drop();

RESET dload.package_bytes;
SET client_min_messages = warning;
DROP SCHEMA fl CASCADE;
DROP SERVER fl CASCADE;
