--
-- append: records become rows, whatever table they go to; what cannot be
-- stored is kept in dload.rejected, and nothing else is left out.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'UTC';
CREATE SERVER app FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA app;
CREATE FOREIGN TABLE app.items (record jsonb OPTIONS (json_path '$')) SERVER app
  OPTIONS (path '/link/items', paginate 'link', page_size '30', page_size_param 'per_page');
CREATE FOREIGN TABLE app.src (record jsonb OPTIONS (json_path '$')) SERVER app OPTIONS (path '/app');

-- rows and child rows are what a live scan of the same table gives
SELECT dload.create_pipeline('items', 'app.items', 'app.t');
CALL dload.run('items');
CREATE VIEW app.live AS SELECT (record->>'id')::bigint AS id, record FROM app.items;
SELECT count(*), count(*) FILTER (WHERE (t.name, t.value, t.price, t.active, t.updated_at, t.note, t.nested__owner__id, t.nested__owner__login)
    IS NOT DISTINCT FROM (record->>'name', (record->>'value')::bigint, (record->>'price')::numeric, (record->>'active')::boolean,
      (record->>'updated_at')::timestamptz, record->>'note', (record #>> '{nested,owner,id}')::bigint, record #>> '{nested,owner,login}')) AS equal
  FROM app.live JOIN app.t USING (id);
SELECT count(*), count(DISTINCT _dload_id), count(DISTINCT _dload_run_id) FROM app.t;
(SELECT id, e.value, e.ordinality - 1 FROM app.live, jsonb_array_elements_text(record->'tags') WITH ORDINALITY AS e)
EXCEPT ALL
(SELECT id, g.value, _dload_list_idx FROM app.t JOIN app.t__tags g ON g._dload_parent_id = t._dload_id AND g._dload_root_id = t._dload_id);
SELECT count(*) FROM app.t__tags;
\d app.t
-- a second run appends once more
CALL dload.run('items');
SELECT count(*), count(DISTINCT _dload_id), count(DISTINCT _dload_run_id) FROM app.t;
SELECT rows_read, rows_inserted, rows_updated, rows_deleted, rows_unchanged, rows_rejected, pages, outcome FROM dload.runs WHERE pipeline = 'items' ORDER BY run_id;
SELECT rows, state, last_outcome FROM dload.status WHERE pipeline = 'items';
SELECT dload.drop_pipeline('items');

-- what the loader must leave to the executor: triggers, generated columns,
-- identity, defaults, foreign keys; what multi-insert must check itself
CREATE TABLE app.owner (id bigint PRIMARY KEY, seen int DEFAULT 0);
INSERT INTO app.owner VALUES (1), (2);
CREATE TABLE app.u (
  id int PRIMARY KEY CHECK (id > 0),
  serial int GENERATED ALWAYS AS IDENTITY,
  owner_id bigint REFERENCES app.owner DEFERRABLE INITIALLY DEFERRED,
  name varchar(5),
  tags text[], extra jsonb, code uuid,
  twice int GENERATED ALWAYS AS (id * 2) STORED,
  who text DEFAULT 'somebody', loaded int NOT NULL DEFAULT 7);
CREATE UNIQUE INDEX u_lower ON app.u (lower(name));
CREATE FUNCTION app.count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id = 66 THEN RAISE EXCEPTION 'not 66'; END IF;
  UPDATE app.owner SET seen = seen + 1 WHERE id = NEW.owner_id;
  RETURN NEW;
END $$;
CREATE TRIGGER count BEFORE INSERT ON app.u FOR EACH ROW EXECUTE FUNCTION app.count();
-- good, good, no such owner, CHECK, too long, name taken, raised, no uuid,
-- NULL key, a number too large, and U+0000
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /app '[{"id":1,"owner_id":1,"name":"a","tags":["x","y"],"extra":{"k":[1]},"twice":"x","serial":9},{"id":2,"owner_id":2,"name":"b","code":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},{"id":3,"owner_id":3},{"id":-4},{"id":5,"name":"abcdefg"},{"id":6,"name":"A"},{"id":66},{"id":7,"code":"no"},{"name":"k"},{"id":5000000000},{"id":8,"name":"\u0000"},{"id":9,"owner_id":1}]'
SELECT dload.create_pipeline('user', 'app.src', 'app.u');
\set VERBOSITY terse
CALL dload.run('user');
\set VERBOSITY default
SELECT id, serial IS NOT NULL AS serial, owner_id, name, tags, extra, code, twice, who, loaded FROM app.u ORDER BY id;
SELECT column_name, data_type FROM information_schema.columns WHERE (table_schema, table_name) = ('app', 'u') AND ordinal_position > 10 ORDER BY ordinal_position;
SELECT * FROM app.owner ORDER BY id;
SELECT relation, convert_from(record, 'UTF8') AS record, reason, count FROM dload.rejected WHERE pipeline = 'user' ORDER BY rejected.record;
SELECT relation, column_name, json_path, change, new_type FROM dload.schema_changes WHERE pipeline = 'user' ORDER BY column_name;
-- once more: all are rejected now, the old ones for the second time
CALL dload.run('user');
SELECT count(*), sum(count), max(count), bool_and(first_seen < last_seen) FROM dload.rejected WHERE pipeline = 'user' AND count > 1;
SELECT count(*) FROM app.u;
SELECT dload.drop_pipeline('user');
SELECT count(*) FROM dload.rejected WHERE pipeline = 'user';
-- a jsonb column of the table's own keeps containers whole in every run
SELECT dload.create_pipeline('user', 'app.src', 'app.u');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /app '[{"id":20,"extra":{"k":[2]},"tags":[]}]'
CALL dload.run('user');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /app '[{"id":21,"extra":[{"k":3}],"tags":null},{"id":22,"extra":"s","tags":["z",null]}]'
CALL dload.run('user');
SELECT id, extra, tags FROM app.u WHERE id >= 20 ORDER BY id;
SELECT count(*) FROM dload.schema_changes WHERE pipeline = 'user';
SELECT dload.drop_pipeline('user');

-- a partitioned target: rows without a partition are rejected
CREATE TABLE app.part (id bigint, kind text) PARTITION BY LIST (kind);
CREATE TABLE app.part_a PARTITION OF app.part FOR VALUES IN ('a');
SELECT dload.create_pipeline('part', 'app.src', 'app.part');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /app '[{"id":1,"kind":"a","l":[1]},{"id":2,"kind":"b","l":[2]},{"id":3,"kind":"a","l":[3]}]'
CALL dload.run('part');
SELECT part.tableoid::regclass, id, kind, value FROM app.part JOIN app.part__l ON _dload_root_id = part._dload_id ORDER BY id;
SELECT convert_from(record, 'UTF8') AS record, reason FROM dload.rejected WHERE pipeline = 'part';
SELECT dload.drop_pipeline('part');

-- domains: the default of one that the records do not fill, null where one
-- refuses it
CREATE DOMAIN app.filled AS text DEFAULT 'by domain';
CREATE DOMAIN app.needed AS text NOT NULL;
CREATE TABLE app.d (id bigint, name app.needed, note app.filled);
SELECT dload.create_pipeline('domain', 'app.src', 'app.d');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /app '[{"id":1,"name":"a"},{"id":2},{"id":3,"name":null},{"id":4,"name":"d"}]'
CALL dload.run('domain');
SELECT id, name, note FROM app.d ORDER BY id;
SELECT convert_from(record, 'UTF8') AS record, reason FROM dload.rejected WHERE pipeline = 'domain' ORDER BY 1;
TRUNCATE app.d;
ALTER TABLE app.d DROP note, ADD other app.needed;
CALL dload.run('domain');
ALTER TABLE app.d DROP other;
CALL dload.run('domain');
SELECT id, name FROM app.d ORDER BY id;
SELECT dload.drop_pipeline('domain');

-- texts too long to be copied more than need be: where they are compressed and
-- where not, all values are as they were sent, whatever their places
CREATE FOREIGN TABLE app.long (record jsonb OPTIONS (json_path '$')) SERVER app OPTIONS (path '/shapes/long?count=8&kb=1100');
CREATE TABLE app.packed (id bigint, yes boolean, a text, n bigint, note text, b text, at timestamptz, last text);
CREATE TABLE app.plain (LIKE app.packed);
ALTER TABLE app.plain ADD gone int, ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
ALTER TABLE app.plain DROP gone;
CREATE INDEX ON app.plain (n, (left(b, 2)));
ALTER TABLE app.plain ADD CHECK (tableoid = 'app.plain'::regclass AND length(a) > id);
CREATE TABLE app.one_plain (LIKE app.packed);
ALTER TABLE app.one_plain ALTER b SET STORAGE EXTERNAL;
SELECT dload.create_pipeline(t, 'app.long', 'app.' || t) FROM unnest(ARRAY['packed', 'plain', 'one_plain']) AS t;
CALL dload.run('packed');
CALL dload.run('plain');
CALL dload.run('one_plain');
SELECT id, yes, length(a) AS a, n, note, length(b) AS b, at, last FROM app.plain ORDER BY id;
SELECT count(*) FROM app.packed, (SELECT string_agg(i || ',', '') AS text FROM generate_series(0, 300000) AS i) AS s
  WHERE a = left(text, 1100 * 1024 + id::int) AND b = left(text, 1100 * 1024 + 3 * id::int);
SELECT count(*), count(*) FILTER (WHERE pg_column_size(p.a) < length(p.a) AND pg_column_size(q.a) = length(q.a) AND pg_column_size(r.a) < length(r.a) AND pg_column_size(r.b) = length(r.b)) AS stored
  FROM app.packed AS p JOIN app.plain AS q USING (id, yes, a, n, b, at, last) JOIN app.one_plain AS r USING (id, yes, a, n, b, at, last)
  WHERE p.note IS NOT DISTINCT FROM q.note AND p.note IS NOT DISTINCT FROM r.note;
SET enable_seqscan = off;
SELECT id, left(b, 2) AS b FROM app.plain WHERE n = -5 AND left(b, 2) = '0,';
RESET enable_seqscan;
SELECT dload.drop_pipeline(t) FROM unnest(ARRAY['packed', 'plain', 'one_plain']) AS t;

-- a target that rows cannot go to
SELECT dload.create_pipeline('view', 'app.src', 'app.live');
SELECT dload.create_pipeline('view', 'app.src', 'app.late');
CREATE VIEW app.late AS SELECT 1 AS id;
CALL dload.run('view');
SELECT dload.drop_pipeline('view');

SET client_min_messages = warning;
DROP SCHEMA app CASCADE;
DROP SERVER app;
