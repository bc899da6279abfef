--
-- evolve: tables follow the records: new columns, wider types, variants.
--
\set mock_url `cat results/mock.url`
SET timezone = 'America/New_York';
SET datestyle = 'ISO';
CREATE SERVER evo FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA evo;
CREATE FOREIGN TABLE evo.src (record jsonb OPTIONS (json_path '$')) SERVER evo OPTIONS (path '/evo');
CREATE VIEW evo.columns AS SELECT table_name, column_name, data_type FROM information_schema.columns
  WHERE table_schema = 'evo' AND column_name NOT LIKE '\_dload%' AND table_name NOT IN ('columns', 'changes', 'src')
  ORDER BY table_name COLLATE "C", ordinal_position;
CREATE VIEW evo.changes AS SELECT pipeline, relation, column_name, json_path, change, old_type, new_type, reason FROM dload.schema_changes;
SET client_min_messages = warning;

-- Each type to each wider one, in one table and between runs; old values are
-- kept exactly, whatever the session's time zone.
SELECT dload.create_pipeline('types', 'evo.src', 'evo.t');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":1,"i_n":1,"i_t":2,"n_t":1.50,"b_t":true,"d_z":"2026-02-03","d_t":"2026-02-03","z_t":"2026-02-03T04:05:06.7+02:00","nul":null,"i_i":5.0,"big":9223372036854775807,"late":null,"o":{"p":null}}]'
CALL dload.run('types');
SELECT column_name, data_type FROM evo.columns WHERE table_name = 't';
SELECT json_path, column_name FROM dload.column_map WHERE pipeline = 'types' AND json_path ~ 'late|nul|o.p' ORDER BY 1;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":2,"i_n":0.1,"i_t":"x","n_t":"y","b_t":"maybe","d_z":"2026-02-03T01:00:00Z","d_t":"someday","z_t":"now","nul":null,"i_i":1e3,"big":9223372036854775808,"late":"2026-01-01","o":{"p":[1]}}]'
CALL dload.run('types');
SELECT column_name, data_type FROM evo.columns WHERE table_name IN ('t', 't__o__p');
SELECT id, i_n, i_t, n_t, b_t, d_z, d_t, z_t, i_i, big, late FROM evo.t ORDER BY id;
SELECT relation, column_name, json_path, change, old_type, new_type, reason FROM evo.changes WHERE pipeline = 'types';
-- a third step, and what does not fit at once is no change: 5.0 is a bigint
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":3.0,"i_n":"t","late":"2026-01-01T00:00:00","d_z":"2026-02-04"}]'
CALL dload.run('types');
SELECT id, i_n, late, d_z FROM evo.t ORDER BY id;
SELECT column_name, change, old_type, new_type FROM evo.changes WHERE pipeline = 'types' AND change = 'widen column' AND column_name IN ('i_n', 'late', 'id');
SELECT dload.drop_pipeline('types');

-- What stands in the way of a rewrite is named, and a variant column takes
-- what does not fit, in this run and the next; equal values go where they
-- always went.
SELECT dload.create_pipeline('variant', 'evo.src', 'evo.v');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":1,"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1},{"id":0,"e":{"v_text":"mine"}}]'
CALL dload.run('variant');
CREATE VIEW evo.blocker AS SELECT a FROM evo.v;
ALTER TABLE evo.v ADD CHECK (b > 0);
ALTER TABLE evo.v ADD gen bigint GENERATED ALWAYS AS (c * 2) STORED;
CREATE INDEX ON evo.v (d) WHERE d > 0;
CREATE TRIGGER f BEFORE UPDATE OF f ON evo.v EXECUTE FUNCTION suppress_redundant_updates_trigger();
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":2,"a":"x","b":"x","c":"x","d":"x","f":"x","g":"x"},{"id":3,"a":2,"b":2,"c":2,"d":2,"f":2,"g":2},{"id":4,"a":null},{"id":5,"a":true},{"id":6,"a":1.5}]'
CALL dload.run('variant');
SELECT id, a, a__v_text, b, b__v_text, c, c__v_text, gen, d, d__v_text, f, f__v_text, g FROM evo.v ORDER BY id;
SELECT column_name, change, old_type, new_type, reason FROM evo.changes WHERE pipeline = 'variant' AND change <> 'add column' ORDER BY column_name COLLATE "C";
SET dload.rewrite_limit = 0;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":7,"a":"y","e":"x","new":1},{"id":8,"a":7,"e":"2026-01-01","new":"n"}]'
CALL dload.run('variant');
CALL dload.run('variant');
SELECT id, a, a__v_text, e, e__v_text, e__v_text_cpdsv4, new FROM evo.v WHERE id >= 7 OR id <= 1 ORDER BY id, _dload_id;
SELECT column_name FROM evo.columns WHERE table_name = 'v' AND column_name LIKE 'e%';
SELECT json_path, column_name, variant FROM dload.column_map WHERE pipeline = 'variant' AND variant IS NOT NULL ORDER BY 1;
SELECT column_name, change, reason FROM evo.changes WHERE pipeline = 'variant' AND column_name LIKE 'e%';
RESET dload.rewrite_limit;
SELECT dload.drop_pipeline('variant');

-- the user's types: by path, in child tables too; they are never widened, and
-- what does not fit them is rejected
SELECT dload.create_pipeline('hint', 'evo.src', 'evo.h', columns =>
  '{"code": "char(3)", "\"odd key\"": "text", "$.at": "timestamp", "doc": "jsonb", "list": "text[]", "l[*].n": "smallint", "s[*]": "numeric(6,2)", "never": "int"}');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":1,"code":"ab","odd key":7,"at":"2026-01-02T03:04:05","doc":{"k":[1]},"list":["a"],"l":[{"n":1},{"n":2}],"s":[1,2.345]},{"id":2,"code":"abcd"},{"id":3,"l":[{"n":70000}]},{"id":4,"doc":[1],"list":[]}]'
CALL dload.run('hint');
SELECT * FROM evo.columns WHERE table_name LIKE 'h%';
SELECT id, code, odd_key, at, doc, list FROM evo.h ORDER BY id;
SELECT value FROM evo.h__s ORDER BY _dload_list_idx;
SELECT convert_from(record, 'UTF8') AS record, relation, reason FROM dload.rejected WHERE pipeline = 'hint' ORDER BY rejected.record;
SELECT dload.drop_pipeline('hint');

-- A key column is widened like others; where that cannot be, the record whose
-- key does not fit is rejected, since a variant is no key.
SELECT dload.create_pipeline('key', 'evo.src', 'evo.k', write_disposition => 'merge', primary_key => ARRAY['id']);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":1,"v":1},{"id":2,"v":1}]'
CALL dload.run('key');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":1,"v":2},{"id":2.5,"v":1}]'
CALL dload.run('key');
CREATE VIEW evo.keys AS SELECT id FROM evo.k;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":"x","v":3},{"id":"y"},{"id":2.5,"v":4}]'
CALL dload.run('key');
SELECT id, v FROM evo.k ORDER BY id;
SELECT convert_from(record, 'UTF8') AS record, reason FROM dload.rejected WHERE pipeline = 'key' ORDER BY rejected.record;
SELECT column_name, change, old_type, new_type, reason FROM evo.changes WHERE pipeline = 'key' AND change NOT IN ('add column', 'create table');
SELECT dload.drop_pipeline('key');

-- columns and tables that the user drops come back when their values do
SELECT dload.create_pipeline('back', 'evo.src', 'evo.b');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":1,"a":1,"l":[1]}]'
CALL dload.run('back');
ALTER TABLE evo.b DROP COLUMN a;
DROP TABLE evo.b__l;
CALL dload.run('back');
SELECT id, a FROM evo.b ORDER BY a;
SELECT value FROM evo.b__l;
-- a child table never takes over a table that is somebody else's
CREATE TABLE evo.b__m (mine int);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /evo '[{"id":1,"m":[5]}]'
CALL dload.run('back');
SELECT count(*) FROM evo.b__m;
SELECT relation, change FROM evo.changes WHERE pipeline = 'back' ORDER BY 1, 2;
-- the rows of child tables left behind belong to nobody
DROP TABLE evo.b;
CALL dload.run('back');
DROP TABLE evo.b__l, evo.b__m_kt32km;
CALL dload.run('back');
SELECT id FROM evo.b;
SELECT dload.drop_pipeline('back');

DROP SCHEMA evo CASCADE;
DROP SERVER evo;
