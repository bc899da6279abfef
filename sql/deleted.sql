--
-- deleted_when: records that say that their row is gone remove it, with all
-- that is below it
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'UTC';
CREATE SERVER del FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA del;
-- the condition is about a record
CREATE FOREIGN TABLE del.bad () SERVER del OPTIONS (path '/del', deleted_when 'status = "deleted"');
CREATE FOREIGN TABLE del.bad () SERVER del OPTIONS (path '/del', deleted_when '$.a = 1 or not exists(header("X-Gone"))');
CREATE FOREIGN TABLE del.bad () SERVER del OPTIONS (path '/del', deleted_when '@removed');
CREATE FOREIGN TABLE del.src (record jsonb OPTIONS (json_path '$')) SERVER del
  OPTIONS (path '/del', deleted_when 'exists($."@removed") or $.status = "deleted"', conditional 'false');
CREATE FOREIGN TABLE del.all () SERVER del OPTIONS (path '/del', conditional 'false');
-- without a key nobody knows which row is meant
SELECT dload.create_pipeline('d', 'del.src', 'del.t');
SELECT dload.create_pipeline('d', 'del.src', 'del.t', write_disposition => 'replace');
SELECT dload.create_pipeline('d', 'del.all', 'del.t');
ALTER FOREIGN TABLE del.all OPTIONS (ADD deleted_when '$.gone = true');
CALL dload.run('d');
ALTER FOREIGN TABLE del.all OPTIONS (DROP deleted_when);
SELECT dload.drop_pipeline('d');

SELECT dload.create_pipeline('d', 'del.src', 'del.t', write_disposition => 'merge', primary_key => ARRAY['id']);
CREATE VIEW del.last AS SELECT outcome, rows_read AS read, rows_inserted AS ins, rows_updated AS upd, rows_deleted AS del, rows_unchanged AS same, rows_rejected AS rej
  FROM dload.runs WHERE pipeline = 'd' ORDER BY run_id DESC LIMIT 1;
-- nothing but tombstones: there is no table to remove anything from
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":"x","@removed":{"reason":"deleted"}},{"id":2,"status":"deleted"}]'
CALL dload.run('d');
SELECT to_regclass('del.t');
-- of one key the last record counts, whether it is a row or its end
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"n":1,"l":[1,2]},{"id":2,"n":1,"l":[[3],[4]]},{"id":3,"n":1,"l":[5]},{"id":1,"status":"deleted","l":[9]},{"id":1,"n":2,"l":[6]},{"id":3,"@removed":{}},{"id":4,"n":1},{"id":99,"status":"deleted"}]'
CALL dload.run('d');
SELECT id, n FROM del.t ORDER BY id;
SELECT * FROM del.last;
-- what a live scan gives is what the API says
SELECT count(*), count(*) FILTER (WHERE record->>'status' = 'deleted') FROM del.src;
-- rows, their lists and the lists in these go; nothing is learnt from a tombstone
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":"2","status":"deleted","n":"no number","new":{"a":[1]}},{"id":5,"n":7},{"id":77,"@removed":{"reason":"changed"}},{"status":"deleted"}]'
CALL dload.run('d');
SELECT id, n, (SELECT array_agg(value) FROM del.t__l WHERE _dload_parent_id = t._dload_id) AS l FROM del.t ORDER BY id;
SELECT (SELECT count(*) FROM del.t__l) AS l, (SELECT count(*) FROM del.t__l__list) AS ll;
SELECT relation, column_name, change FROM dload.schema_changes WHERE pipeline = 'd' ORDER BY run_id DESC, relation, column_name LIMIT 1;
SELECT * FROM del.last;
SELECT convert_from(record, 'UTF8') AS record, reason FROM dload.rejected WHERE pipeline = 'd';
-- the same once more: it is gone, which is no news
CALL dload.run('d');
SELECT * FROM del.last;
-- it may come back
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":2,"n":3}]'
CALL dload.run('d');
SELECT id, n FROM del.t ORDER BY id;
-- a run that is rolled back has removed nothing
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":2,"status":"deleted"}]'
BEGIN;
SELECT dload.run_atomic('d') IS NOT NULL AS ran;
SELECT array_agg(id ORDER BY id) FROM del.t;
ROLLBACK;
SELECT array_agg(id ORDER BY id) FROM del.t;
-- without the option the tombstone is a row like others
ALTER FOREIGN TABLE del.src OPTIONS (DROP deleted_when);
CALL dload.run('d');
SELECT id, n, status FROM del.t ORDER BY id;
ALTER FOREIGN TABLE del.src OPTIONS (ADD deleted_when '$.status = "deleted"');
-- what others refer to stays, and the record is kept with the reason
CREATE TABLE del.ref (id bigint REFERENCES del.t);
INSERT INTO del.ref VALUES (1);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"status":"deleted"},{"id":2,"status":"deleted"}]'
CALL dload.run('d');
SELECT id FROM del.t ORDER BY id;
SELECT (SELECT count(*) FROM del.t__l) AS l;
SELECT reason FROM dload.rejected WHERE pipeline = 'd' AND convert_from(record, 'UTF8') LIKE '{"id":1%';
DROP TABLE del.ref;
-- where rows are found by a query, and triggers look on
CREATE FUNCTION del.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', TG_OP, OLD.id; RETURN OLD; END $$;
CREATE TRIGGER note BEFORE DELETE ON del.t FOR EACH ROW EXECUTE FUNCTION del.note();
CREATE TABLE del.below () INHERITS (del.t);
CALL dload.run('d');
SELECT id FROM del.t ORDER BY id;
SELECT (SELECT count(*) FROM del.t__l) AS l;
DROP TABLE del.below;
-- or where one of these, or a policy, keeps the row: with what is below it
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"n":1,"l":[1,2]},{"id":2,"n":1,"l":[3]}]'
CALL dload.run('d');
CREATE OR REPLACE FUNCTION del.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.id = 2 THEN OLD END; END $$;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"status":"deleted"},{"id":2,"status":"deleted"}]'
CALL dload.run('d');
SELECT id, (SELECT array_agg(value) FROM del.t__l WHERE _dload_parent_id = t._dload_id) AS l FROM del.t ORDER BY id;
SELECT reason FROM dload.rejected WHERE pipeline = 'd' AND reason LIKE '%kept%';
DROP TRIGGER note ON del.t;
-- a full refresh and its shadow
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"n":1},{"id":2,"n":2},{"id":1,"status":"deleted"}]'
CALL dload.run('d', full_refresh => true);
SELECT id FROM del.t ORDER BY id;
SELECT rows FROM dload.status WHERE pipeline = 'd';
SELECT dload.alter_pipeline('d', write_disposition => 'append', primary_key => '{}');
SELECT section, item, content FROM dload.preview('del.src') WHERE section <> 'detected';
SELECT dload.drop_pipeline('d');
DROP TABLE del.t, del.t__l, del.t__l__list;

-- over several packages, of which the first ones go into tables without keys
CREATE FOREIGN TABLE del.pages () SERVER del
  OPTIONS (path '/del', paginate 'page', conditional 'false', deleted_when '$.gone = true');
SELECT dload.create_pipeline('d', 'del.pages', 'del.t', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'at');
SET dload.package_bytes = '64kB';
\! f=$(python3 -c "print('x' * 17000)"); python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del "[{\"id\":1,\"at\":1,\"f\":\"$f\",\"l\":[1]},{\"id\":2,\"at\":1,\"f\":\"$f\",\"l\":[2]}]" '[{"id":1,"at":2,"gone":true}]' "[{\"id\":3,\"at\":3,\"f\":\"$f\"}]" "[{\"id\":3,\"at\":4,\"gone\":true,\"f\":\"$f\"}]" '[{"id":3,"at":5,"f":"again"},{"id":4,"at":6,"gone":true}]' '[]'
CALL dload.run('d');
SELECT id, at, length(f) AS f, (SELECT array_agg(value) FROM del.t__l WHERE _dload_parent_id = t._dload_id) AS l FROM del.t ORDER BY id;
SELECT * FROM del.last;
SELECT keyless, cursor_value FROM dload.status WHERE pipeline = 'd';
SELECT count(*) FROM pg_constraint WHERE conrelid = 'del.t'::regclass AND contype = 'p';
RESET dload.package_bytes;
-- a tombstone from before the cursor is as old as any record
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":3,"at":3,"gone":true},{"id":2,"at":7,"gone":true}]' '[]'
CALL dload.run('d');
SELECT id FROM del.t ORDER BY id;
SELECT cursor_value FROM dload.cursors WHERE pipeline = 'd';
SELECT dload.drop_pipeline('d');

-- each record is counted once, also where there is no table yet
SELECT dload.create_pipeline('d', 'del.pages', 'del.none', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'at', initial_value => '5');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":3,"at":3,"gone":true},{"id":2,"at":7,"gone":true}]' '[]'
CALL dload.run('d');
SELECT * FROM del.last;
SELECT dload.drop_pipeline('d');

-- marked instead of removed
CREATE FOREIGN TABLE del.bad () SERVER del OPTIONS (path '/del', deleted_column 'gone_at');
CREATE FOREIGN TABLE del.marks () SERVER del OPTIONS (path '/del', conditional 'false', deleted_when '$.status = "deleted"', deleted_column 'id');
SELECT dload.create_pipeline('d', 'del.marks', 'del.m', write_disposition => 'merge', primary_key => ARRAY['id']);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"n":1,"l":[1]},{"id":2,"n":2,"l":[2]},{"id":2,"status":"deleted"}]'
CALL dload.run('d');
ALTER FOREIGN TABLE del.marks OPTIONS (SET deleted_column 'goneAt');
CALL dload.run('d');
SELECT id, n, gone_at FROM del.m ORDER BY id;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"status":"deleted"},{"id":2,"status":"deleted"},{"id":3,"n":3}]'
CALL dload.run('d');
SELECT id, n, gone_at = now() AS gone, gone_at < now() AS went, (SELECT array_agg(value) FROM del.m__l WHERE _dload_parent_id = m._dload_id) AS l FROM del.m ORDER BY id;
-- once more: it keeps the time
CALL dload.run('d');
SELECT * FROM del.last;
SELECT section, content FROM dload.preview('del.marks', max_rows => 1) WHERE section IN ('deleted', 'ddl');
-- back as it was
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"n":1,"l":[1]}]'
CALL dload.run('d');
SELECT id, n, gone_at, (SELECT array_agg(value) FROM del.m__l WHERE _dload_parent_id = m._dload_id) AS l FROM del.m ORDER BY id;
SELECT relation, column_name, change, new_type FROM dload.schema_changes WHERE pipeline = 'd' AND column_name = 'gone_at';
-- whoever drops the table gets it again with the column, also by records that do not have it
DROP TABLE del.m, del.m__l;
CALL dload.run('d');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"status":"deleted"}]'
CALL dload.run('d');
SELECT id, n, gone_at < now() AS gone FROM del.m ORDER BY id;
SELECT dload.drop_pipeline('d');
-- a column of the user's, or another type for it
CREATE TABLE del.own (id bigint PRIMARY KEY, n int, "goneAt" text, gone_at boolean);
INSERT INTO del.own VALUES (1, 1), (2, 2);
SELECT dload.create_pipeline('d', 'del.marks', 'del.own', write_disposition => 'merge', primary_key => ARRAY['id']);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"status":"deleted"},{"id":3,"n":3}]'
CALL dload.run('d');
SELECT id, n, gone_at FROM del.own ORDER BY id;
CREATE DOMAIN del.flag AS boolean;
ALTER TABLE del.own ALTER gone_at TYPE del.flag;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":3,"status":"deleted"}]'
CALL dload.run('d');
SELECT id, n, gone_at FROM del.own ORDER BY id;
ALTER TABLE del.own ALTER gone_at TYPE int USING NULL;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":2,"status":"deleted"}]'
CALL dload.run('d');
SELECT dload.drop_pipeline('d');
SELECT dload.create_pipeline('d', 'del.marks', 'del.b', write_disposition => 'merge', primary_key => ARRAY['id'], columns => '{"goneAt": "boolean"}');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"n":1}]'
CALL dload.run('d');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /del '[{"id":1,"status":"deleted"}]'
CALL dload.run('d');
CALL dload.run('d');
SELECT id, n, gone_at FROM del.b;
SELECT * FROM del.last;
SELECT dload.drop_pipeline('d');

SET client_min_messages = warning;
DROP SCHEMA del CASCADE;
DROP SERVER del;
