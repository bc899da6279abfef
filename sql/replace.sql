--
-- replace: new rows take the place of the old ones in one transaction, and
-- the table stays the one it was.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SERVER rep FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA rep;
CREATE FOREIGN TABLE rep.src (record jsonb OPTIONS (json_path '$')) SERVER rep OPTIONS (path '/rep');
CREATE FOREIGN TABLE rep.paged (record jsonb OPTIONS (json_path '$')) SERVER rep OPTIONS (path '/rep', paginate 'page', page_param 'page');
CREATE VIEW rep.shadows AS SELECT relname FROM pg_class WHERE relnamespace = 'rep'::regnamespace AND relname LIKE '%dload_new%' AND relkind = 'r';
CREATE VIEW rep.runs AS SELECT run_id, pipeline, outcome, reason, pages, rows_read AS read, rows_inserted AS inserted, rows_deleted AS deleted, rows_rejected AS rejected FROM dload.runs;
CREATE ROLE dload_rep_reader;

-- Storage is swapped: oid, view, grant, comment, index and its name survive,
-- the file does not.
SELECT dload.create_pipeline('swap', 'rep.src', 'rep.t', write_disposition => 'replace');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1,"v":"a","l":[1,2]},{"id":2,"v":"b","m":["x"]}]'
CALL dload.run('swap');
CREATE INDEX t_v ON rep.t (v);
CREATE VIEW rep.seen AS SELECT id, v FROM rep.t;
GRANT SELECT ON rep.t TO dload_rep_reader;
COMMENT ON TABLE rep.t IS 'kept';
COMMENT ON COLUMN rep.t.v IS 'kept too';
CREATE TABLE rep.before AS SELECT relname, oid, relfilenode FROM pg_class WHERE relnamespace = 'rep'::regnamespace;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":2,"v":"bb","l":[3]},{"id":3,"v":"c","l":[4]},{"id":4,"v":"d"}]'
CALL dload.run('swap');
SELECT id, v FROM rep.seen ORDER BY id;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM rep.t WHERE v = 'bb';
SELECT id FROM rep.t WHERE v = 'bb';
RESET enable_seqscan;
SELECT relname, c.oid = b.oid AS same_oid, c.relfilenode = b.relfilenode AS same_file FROM rep.before b JOIN pg_class c USING (relname)
  WHERE c.relnamespace = 'rep'::regnamespace AND relname IN ('t', 't_v', 't__l', 't__m', 't__dload_id_seq') ORDER BY 1;
SELECT has_table_privilege('dload_rep_reader', 'rep.t', 'SELECT'), obj_description('rep.t'::regclass), col_description('rep.t'::regclass, 2);
-- the rows of child tables too, and a child table without rows is empty
SELECT t.id, value FROM rep.t JOIN rep.t__l ON _dload_parent_id = t._dload_id ORDER BY 1, 2;
SELECT count(*) FROM rep.t__m;
SELECT * FROM rep.shadows;
-- The swapped table's horizon covers its rows: all of them can be frozen, and
-- none is older than it says.
SELECT bool_and(age(t.xmin) <= age(relfrozenxid)) FROM rep.t AS t, pg_class c WHERE c.oid = 'rep.t'::regclass;
VACUUM (FREEZE) rep.t;
SELECT count(*), bool_and(age(relfrozenxid) < 100) FROM rep.t, pg_class c WHERE c.oid = 'rep.t'::regclass;
-- new columns, wider types and new child tables come with the new rows; where
-- a view uses the column, it keeps its type
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":"x","v":"y","n":1,"o":[{"p":1}]},{"id":5,"v":6}]'
CALL dload.run('swap');
SELECT id, id__v_text, v, n, pg_typeof(id) FROM rep.t ORDER BY id;
SELECT p FROM rep.t__o;
SELECT count(*) FROM rep.t__l;
SELECT relation, column_name, change, old_type, new_type, reason FROM dload.schema_changes WHERE pipeline = 'swap';
DROP VIEW rep.seen;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1,"v":"y","n":0.5}]'
CALL dload.run('swap');
SELECT id, v, n, pg_typeof(n) FROM rep.t;
SELECT pg_get_serial_sequence('rep.t', '_dload_id');

-- an empty answer, a failed read, and records that are all rejected leave the old rows
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[]'
CALL dload.run('swap');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1},{"id":2}'
\set VERBOSITY sqlstate
CALL dload.run('swap');
\set VERBOSITY default
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"\u0000":1}]'
CALL dload.run('swap');
SELECT id, v, n FROM rep.t;
SELECT outcome, reason, read, inserted, deleted, rejected FROM rep.runs WHERE pipeline = 'swap' AND outcome = 'suspect' ORDER BY run_id;
SELECT * FROM rep.shadows;
-- where there is nothing to lose, nothing is a complete answer
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[]'
DELETE FROM rep.t;
CALL dload.run('swap');
SELECT last_outcome FROM dload.status WHERE pipeline = 'swap';
SELECT dload.drop_pipeline('swap');

-- What a swap would pass by gets DELETE and INSERT: triggers, foreign keys in
-- either direction, publications, gaps of dropped columns, identity, rules,
-- row security.  Where there are keys and rows of other tables refer to the
-- target, a row that stays is updated, so that what refers to it holds.
SELECT dload.create_pipeline('copy', 'rep.src', 'rep.c', write_disposition => 'replace', primary_key => ARRAY['id']);
CREATE FUNCTION rep.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO rep.log VALUES (TG_OP, coalesce(NEW.id, OLD.id)); RETURN coalesce(NEW, OLD); END $$;
CREATE TABLE rep.log (op text, id bigint);
CREATE TABLE rep.c (gone int, id bigint PRIMARY KEY, v text, made timestamptz DEFAULT now(), num int GENERATED ALWAYS AS IDENTITY, dbl bigint GENERATED ALWAYS AS (id * 2) STORED);
ALTER TABLE rep.c DROP COLUMN gone;
CREATE TABLE rep.refers (c bigint REFERENCES rep.c ON DELETE SET NULL);
CREATE TABLE rep.holds (c bigint REFERENCES rep.c);
CREATE TRIGGER note AFTER INSERT OR DELETE ON rep.c FOR EACH ROW EXECUTE FUNCTION rep.note();
SET client_min_messages = error;	-- wal_level may be too low to publish
CREATE PUBLICATION dload_rep FOR TABLE rep.c;
SET client_min_messages = warning;
INSERT INTO rep.c (id, v) VALUES (1, 'old'), (7, 'old');
INSERT INTO rep.refers VALUES (7);
INSERT INTO rep.holds VALUES (1);
TRUNCATE rep.log;
CREATE TABLE rep.file AS SELECT relfilenode FROM pg_class WHERE oid = 'rep.c'::regclass;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1,"v":"new","l":[1]},{"id":2,"v":"new","w":1}]'
CALL dload.run('copy');
SELECT id, v, made IS NOT NULL AS made, num > 2 AS num, dbl, w FROM rep.c ORDER BY id;
SELECT id, value FROM rep.c JOIN rep.c__l ON _dload_root_id = c._dload_id;
SELECT op, id FROM rep.log ORDER BY op, id;
SELECT * FROM rep.refers;
SELECT * FROM rep.holds;
SELECT c.relfilenode = f.relfilenode AS same_file FROM pg_class c, rep.file f WHERE oid = 'rep.c'::regclass;
CALL dload.run('copy');
SELECT count(*), count(DISTINCT _dload_id), pg_get_serial_sequence('rep.c', '_dload_id') FROM rep.c;
SELECT outcome, inserted, deleted FROM rep.runs WHERE pipeline = 'copy' ORDER BY run_id;
-- a trigger that keeps old rows: they would stand beside the new ones
CREATE FUNCTION rep.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.id <> 2 THEN OLD END; END $$;
CREATE TRIGGER keep BEFORE DELETE ON rep.c FOR EACH ROW EXECUTE FUNCTION rep.keep();
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1,"v":"newer"}]'
CALL dload.run('copy');
DELETE FROM rep.holds;
ALTER TABLE rep.holds DROP CONSTRAINT holds_c_fkey;
ALTER TABLE rep.refers DROP CONSTRAINT refers_c_fkey;
CALL dload.run('copy');
SELECT id, v FROM rep.c ORDER BY id;
DROP TRIGGER keep ON rep.c;
CALL dload.run('copy');
SELECT id, v FROM rep.c ORDER BY id;
SELECT dload.drop_pipeline('copy');
DROP PUBLICATION dload_rep;

-- each of these alone is enough; without any, the file is exchanged
CREATE TABLE rep.b_none (id bigint);
CREATE TABLE rep.b_trigger (id bigint);
CREATE TRIGGER t AFTER TRUNCATE ON rep.b_trigger EXECUTE FUNCTION rep.note();
CREATE TABLE rep.b_published (id bigint PRIMARY KEY);
SET client_min_messages = error;
CREATE PUBLICATION dload_rep FOR TABLE rep.b_published;
SET client_min_messages = warning;
CREATE TABLE rep.b_referred (id bigint UNIQUE);
CREATE TABLE rep.b_refers (id bigint REFERENCES rep.b_referred (id));
CREATE TABLE rep.b_dropped (gone int, id bigint);
ALTER TABLE rep.b_dropped DROP COLUMN gone;
CREATE TABLE rep.b_identity (id bigint, n int GENERATED BY DEFAULT AS IDENTITY);
CREATE TABLE rep.b_parted (id bigint) PARTITION BY RANGE (id);
CREATE TABLE rep.b_part PARTITION OF rep.b_parted DEFAULT;
CREATE TABLE rep.b_secured (id bigint);
ALTER TABLE rep.b_secured ENABLE ROW LEVEL SECURITY;
CREATE TABLE rep.b_rule (id bigint);
CREATE RULE r AS ON UPDATE TO rep.b_rule DO ALSO SELECT 1;
INSERT INTO rep.file SELECT relfilenode FROM pg_class WHERE relnamespace = 'rep'::regnamespace;
SELECT count(dload.create_pipeline(relname, 'rep.src', 'rep.' || relname, write_disposition => 'replace')) FROM pg_class
  WHERE relnamespace = 'rep'::regnamespace AND relname ~ '^b_(?!refers|part$)' AND relkind IN ('r', 'p');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1},{"id":2}]'
SELECT format('CALL dload.run(%L)', name) FROM dload.pipelines ORDER BY name \gexec
SELECT name, relfilenode IN (TABLE rep.file) AS same_file FROM dload.pipelines JOIN pg_class ON relname = name AND relnamespace = 'rep'::regnamespace ORDER BY name;
SELECT string_agg(format('SELECT %L AS name, count(*) FROM rep.%I', name, name), ' UNION ALL ' ORDER BY name) FROM dload.pipelines \gexec
SELECT count(dload.drop_pipeline(name)) FROM dload.pipelines;
DROP PUBLICATION dload_rep;

-- An interrupted replace goes on in the next run; until it is complete, the
-- old rows are there.  A package that ends exactly with the last page, or
-- holds a page too large for memory, is swapped in once.
SELECT dload.create_pipeline('pages', 'rep.paged', 'rep.p', write_disposition => 'replace');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1}]' '[{"id":2}]' '[]'
CALL dload.run('pages');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1},{"id":11}]' '[{"id":2},{"id":12}]' '[{"id":3},{"id":13}]' '[]'
CALL dload.run('pages', max_pages => 2);
SELECT id FROM rep.p ORDER BY id;
SELECT * FROM rep.shadows;
SELECT state FROM dload.status WHERE pipeline = 'pages';
CALL dload.run('pages');
SELECT id FROM rep.p ORDER BY id;
SELECT * FROM rep.shadows;
-- when the page at which it stopped has changed, it starts over
CALL dload.run('pages', max_pages => 2);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1}]' '[{"id":20,"new":[1]}]' '[{"id":3}]' '[]'
SET client_min_messages = notice;
CALL dload.run('pages');
SET client_min_messages = warning;
SELECT id FROM rep.p ORDER BY id;
-- forgotten when the pipeline is altered or dropped
CALL dload.run('pages', max_pages => 1);
SELECT dload.alter_pipeline('pages', params => '{"a": "b"}');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1}]' '[]'
CALL dload.run('pages', max_pages => 1);
SELECT * FROM rep.shadows;
SELECT dload.drop_pipeline('pages');
SELECT * FROM rep.shadows;
SELECT id FROM rep.p ORDER BY id;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1},{"id":2}]'
SELECT dload.create_pipeline('large', 'rep.src', 'rep.large', write_disposition => 'replace');
SET dload.package_bytes = '64kB';
\! python3 -c 'import json; print(json.dumps([{"id": i, "text": "x" * 1000, "l": [i]} for i in range(300)]))' >results/large.json; python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep "$(cat results/large.json | head -c 100000 | sed 's/, {[^{]*$/]/')"
CALL dload.run('large');
CALL dload.run('large');
SELECT count(*) = count(DISTINCT large.id) AS once, count(*) > 80 AS many, bool_and(value = id) AS children FROM rep.large JOIN rep.large__l ON _dload_parent_id = large._dload_id;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1},{"id":2}]'
CALL dload.run('large');
SELECT id FROM rep.large ORDER BY id;
SELECT count(*) FROM rep.large__l;
RESET dload.package_bytes;
SELECT dload.drop_pipeline('large');

-- full_refresh of other dispositions: the cursor begins anew
SELECT dload.create_pipeline('merge', 'rep.src', 'rep.m', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'at');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1,"at":5,"l":[1]},{"id":2,"at":9,"l":[2,3]}]'
CALL dload.run('merge');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1,"at":3,"l":[7]},{"id":3,"at":4}]'
CALL dload.run('merge', full_refresh => true);
SELECT id, at FROM rep.m ORDER BY id;
SELECT cursor_value FROM dload.cursors WHERE pipeline = 'merge';
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '[{"id":1,"at":6,"l":[8,9]},{"id":3,"at":4}]'
CALL dload.run('merge');
SELECT id, at, value FROM rep.m LEFT JOIN rep.m__l ON _dload_parent_id = m._dload_id ORDER BY id, value;
SELECT outcome, read, inserted, deleted FROM rep.runs WHERE pipeline = 'merge' ORDER BY run_id;
SELECT dload.drop_pipeline('merge');

-- a read that lacks records, by what the API says, does not take the place of
-- the old rows; the first one does, since there are none
CREATE FOREIGN TABLE rep.counted () SERVER rep OPTIONS (path '/rep', records_path 'items', total_path 'total');
SELECT dload.create_pipeline('counted', 'rep.counted', 'rep.kept', write_disposition => 'replace');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '{"total":3,"items":[{"id":1},{"id":2}]}'
CALL dload.run('counted');
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'counted' ORDER BY run_id DESC LIMIT 1;
SELECT count(*) FROM rep.kept;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '{"total":5,"items":[{"id":3}]}'
CALL dload.run('counted');
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'counted' ORDER BY run_id DESC LIMIT 1;
SELECT count(*) FROM rep.kept;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '{"total":1,"items":[{"id":3}]}'
CALL dload.run('counted');
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'counted' ORDER BY run_id DESC LIMIT 1;
SELECT id FROM rep.kept;
-- a next page that nobody asked for
ALTER FOREIGN TABLE rep.counted OPTIONS (DROP total_path);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /rep '{"next":"http://127.0.0.1/more","items":[{"id":4}]}'
CALL dload.run('counted');
SELECT outcome, reason LIKE '%"paginate" is not given.%old rows were kept.' AS why FROM dload.runs WHERE pipeline = 'counted' ORDER BY run_id DESC LIMIT 1;
SELECT id FROM rep.kept;
ALTER FOREIGN TABLE rep.counted OPTIONS (ADD paginate 'none');
CALL dload.run('counted');
SELECT id FROM rep.kept;
SELECT dload.drop_pipeline('counted');

DROP SCHEMA rep CASCADE;
DROP SERVER rep;
DROP ROLE dload_rep_reader;
