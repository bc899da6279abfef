--
-- children: below a changed row, child rows are compared by parent and list
-- index; what is equal is not written, and the rest is as the record says.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'UTC';
CREATE SERVER chl FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA chl;
CREATE FOREIGN TABLE chl.src () SERVER chl OPTIONS (path '/chl');
SELECT dload.create_pipeline('chl', 'chl.src', 'chl.t', write_disposition => 'merge', primary_key => ARRAY['id']);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":1,"l":[{"a":"x","m":[1,2]},{"a":"y","m":[3]},{"a":"z","m":[4,5]}],"s":["p","q"]},{"id":2,"v":1,"l":[],"s":["r"]},{"id":3,"v":1,"l":[{"a":"k","m":[9]}]}]'
CALL dload.run('chl');
ALTER TABLE chl.t ADD note text;
ALTER TABLE chl.t__l ADD note text;
UPDATE chl.t SET note = 'mine';
UPDATE chl.t__l SET note = 'mine';
CREATE VIEW chl.rows AS
  SELECT 't' AS what, NULL::bigint AS parent, id AS idx, v::text AS value, _dload_id AS dload_id, xmin::text AS x, note FROM chl.t
  UNION ALL SELECT 'l', t.id, _dload_list_idx, a, l._dload_id, l.xmin::text, l.note FROM chl.t__l AS l JOIN chl.t ON t._dload_id = _dload_parent_id
  UNION ALL SELECT 's', t.id, _dload_list_idx, value, s._dload_id, s.xmin::text, '' FROM chl.t__s AS s JOIN chl.t ON t._dload_id = _dload_parent_id
  UNION ALL SELECT 'm', t.id, 10 * l._dload_list_idx + m._dload_list_idx, value::text, m._dload_id, m.xmin::text, ''
    FROM chl.t__l__m AS m JOIN chl.t__l AS l ON l._dload_id = m._dload_parent_id JOIN chl.t ON t._dload_id = m._dload_root_id;
CREATE TABLE chl.before AS TABLE chl.rows;
-- what became of each row since
CREATE VIEW chl.change AS
  SELECT what, parent, idx, b.value AS old, r.value AS new, r.note,
    CASE WHEN b IS NULL THEN 'new' WHEN r IS NULL THEN 'gone' WHEN r.dload_id <> b.dload_id THEN 'another row' WHEN r.x = b.x THEN 'untouched' ELSE 'written' END AS change
  FROM chl.rows AS r FULL JOIN chl.before AS b USING (what, parent, idx) WHERE what <> 't'
  UNION ALL
  SELECT 't', NULL, idx, b.value, r.value, r.note,
    CASE WHEN b IS NULL THEN 'new' WHEN r IS NULL THEN 'gone' WHEN r.dload_id <> b.dload_id THEN 'another row' WHEN r.x = b.x THEN 'untouched' ELSE 'written' END
  FROM (SELECT * FROM chl.rows WHERE what = 't') AS r FULL JOIN (SELECT * FROM chl.before WHERE what = 't') AS b USING (idx);
CREATE VIEW chl.orphans AS
  SELECT count(*) FROM chl.t__l AS l WHERE NOT EXISTS (SELECT FROM chl.t WHERE _dload_id = _dload_parent_id)
  UNION ALL SELECT count(*) FROM chl.t__l__m AS m WHERE NOT EXISTS (SELECT FROM chl.t__l AS l WHERE l._dload_id = m._dload_parent_id);

-- the root alone changed; one child row; a list shorter, gone, longer, come
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":2,"l":[{"a":"x","m":[1,2]},{"a":"Y","m":[3,33]}],"s":["p","q"]},{"id":2,"v":1,"l":[{"a":"n","m":[7]}],"s":["r","t"]},{"id":3,"v":1}]'
CALL dload.run('chl');
SELECT * FROM chl.change ORDER BY what, parent, idx;
SELECT * FROM chl.orphans;
SELECT outcome, rows_inserted, rows_updated, rows_unchanged FROM dload.runs WHERE pipeline = 'chl' ORDER BY run_id DESC LIMIT 1;

-- a list twice in a record: the last counts, also against what is stored
TRUNCATE chl.before;
INSERT INTO chl.before TABLE chl.rows;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":2,"l":[{"a":"no","m":[0]}],"s":["no","no","no"],"l":[{"a":"x","m":[1,2]}],"s":["p"]},{"id":2,"v":9,"l":[{"a":null,"m":[7]}],"s":["r",null]}]'
CALL dload.run('chl');
SELECT * FROM chl.change ORDER BY what, parent, idx;
SELECT * FROM chl.orphans;

-- an unstorable value below one record leaves that record's rows as they were
TRUNCATE chl.before;
INSERT INTO chl.before TABLE chl.rows;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":3,"l":[{"a":"x","m":[1,2]},{"a":"b\u0000d","m":[]}],"s":["q"]},{"id":2,"v":10,"l":[{"a":"ok","m":[8]}],"s":[]}]'
CALL dload.run('chl');
SELECT * FROM chl.change ORDER BY what, parent, idx;
-- and so does a constraint, found record by record
ALTER TABLE chl.t__l__m ADD CHECK (value <> 666);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":4,"l":[{"a":"x","m":[1,666]}],"s":["q"]},{"id":2,"v":11,"l":[{"a":"ok","m":[9]}],"s":[]}]'
CALL dload.run('chl');
SELECT what, parent, idx, value FROM chl.rows ORDER BY what, parent, idx;
SELECT count(*) FROM dload.rejected WHERE pipeline = 'chl';

-- where rows must go through statements: a trigger above, one in the middle, a
-- generated column below; the rows are the same
CREATE TABLE chl.log (n int);
CREATE FUNCTION chl.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO chl.log VALUES (1); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON chl.t__l FOR EACH ROW EXECUTE FUNCTION chl.note();
ALTER TABLE chl.t__l__m ADD twice bigint GENERATED ALWAYS AS (2 * value) STORED;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":5,"l":[{"a":"x","m":[1,2]},{"a":"w","m":[5]}],"s":["p"]},{"id":2,"v":12,"l":[{"a":"ok","m":[9,10]}],"s":["r"]}]'
CALL dload.run('chl');
SELECT what, parent, idx, value FROM chl.rows ORDER BY what, parent, idx;
SELECT array_agg(twice ORDER BY twice) FROM chl.t__l__m;
SELECT * FROM chl.orphans;
SELECT count(*) FROM chl.log;
DROP TRIGGER note ON chl.t__l;
CREATE TRIGGER note AFTER UPDATE ON chl.t FOR EACH ROW EXECUTE FUNCTION chl.note();
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":6,"l":[{"a":"x","m":[1]}],"s":["p"]},{"id":2,"v":13,"l":[{"a":"ok","m":[9,11]}],"s":["r"]}]'
CALL dload.run('chl');
SELECT what, parent, idx, value FROM chl.rows ORDER BY what, parent, idx;
SELECT * FROM chl.orphans;
SELECT count(*) FROM chl.log;
-- a foreign key from the user's own table to a root row
DROP TRIGGER note ON chl.t;
CREATE TABLE chl.fk (id bigint REFERENCES chl.t);
INSERT INTO chl.fk VALUES (1);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":7,"l":[],"s":["p","o"]}]'
CALL dload.run('chl');
SELECT what, parent, idx, value FROM chl.rows ORDER BY what, parent, idx;
-- foreign keys to what changes, and to what does not; in a statement's place
DROP TABLE chl.fk;
ALTER TABLE chl.t ADD UNIQUE (v);
CREATE TABLE chl.fk (id bigint REFERENCES chl.t, v bigint REFERENCES chl.t (v) ON UPDATE CASCADE);
CREATE TABLE chl.fk_fixed (v bigint REFERENCES chl.t (v));
INSERT INTO chl.fk VALUES (1, 7), (2, 13);
INSERT INTO chl.fk_fixed VALUES (13);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":70,"l":[],"s":["p"]},{"id":2,"v":130,"l":[],"s":["r","s"]},{"id":3,"v":30,"s":["y"]},{"id":2.0,"v":13,"s":["r","s"]}]'
CALL dload.run('chl');
SELECT what, parent, idx, value FROM chl.rows ORDER BY what, parent, idx;
TABLE chl.fk;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":7,"l":[],"s":["p"]},{"id":2,"v":130,"l":[],"s":[]},{"id":3,"v":31,"s":["z"]}]'
CALL dload.run('chl');
SELECT what, parent, idx, value FROM chl.rows ORDER BY what, parent, idx;
TABLE chl.fk;
SELECT convert_from(record, 'UTF8') AS record, left(reason, 60) AS reason FROM dload.rejected WHERE pipeline = 'chl' ORDER BY last_seen DESC LIMIT 1;
-- an index on what changes
DROP TABLE chl.fk, chl.fk_fixed;
ALTER TABLE chl.t DROP CONSTRAINT t_v_key;
CREATE UNIQUE INDEX ON chl.t (v);
CREATE INDEX ON chl.t__s (value);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":1,"v":8,"l":[],"s":["p","n"]},{"id":2,"v":13,"l":[],"s":["r"]},{"id":3,"v":13,"l":[],"s":["r"]}]'
CALL dload.run('chl');
SET enable_seqscan = off;
SELECT id, v FROM chl.t WHERE v IN (7, 8, 13) ORDER BY v;
SELECT value FROM chl.t__s WHERE value IN ('n', 'o', 'p') ORDER BY 1;
RESET enable_seqscan;
SELECT convert_from(record, 'UTF8') AS record, reason FROM dload.rejected WHERE pipeline = 'chl' ORDER BY last_seen DESC LIMIT 1;
DROP INDEX chl.t__s_value_idx;
-- values too large for a page, changed and not
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl "[{\"id\":1,\"v\":9,\"big\":\"$(python3 -c 'import random; random.seed(1); print("".join(random.choice("abcdefghij") for i in range(30000)))')\",\"s\":[\"$(python3 -c 'import random; random.seed(2); print("".join(random.choice("abcdefghij") for i in range(30000)))')\"]}]"
CALL dload.run('chl');
TRUNCATE chl.before;
INSERT INTO chl.before TABLE chl.rows;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl "[{\"id\":1,\"v\":10,\"big\":\"$(python3 -c 'import random; random.seed(1); print("".join(random.choice("abcdefghij") for i in range(30000)))')\",\"s\":[\"$(python3 -c 'import random; random.seed(2); print("".join(random.choice("abcdefghij") for i in range(30000)))')\"]}]"
CALL dload.run('chl');
SELECT what, parent, idx, length(new), change FROM chl.change WHERE parent = 1 OR idx = 1 ORDER BY what;
SELECT id, v, length(big) FROM chl.t WHERE id = 1;

-- published without an identity: rows can be added and left alone, not changed
SET client_min_messages = error;
CREATE PUBLICATION chl FOR TABLE chl.t, chl.t__s;
RESET client_min_messages;
ALTER TABLE chl.t REPLICA IDENTITY NOTHING;
ALTER TABLE chl.t__s REPLICA IDENTITY NOTHING;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":2,"v":13,"l":[],"s":["r"]},{"id":7,"v":7,"s":["x"]}]'
CALL dload.run('chl');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":7,"v":77,"s":["x"]}]'
CALL dload.run('chl');
ALTER TABLE chl.t REPLICA IDENTITY DEFAULT;
CALL dload.run('chl');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /chl '[{"id":7,"v":77,"s":[]}]'
CALL dload.run('chl');
SELECT id, v, value FROM chl.t LEFT JOIN chl.t__s ON t._dload_id = _dload_parent_id WHERE id = 7;
DROP PUBLICATION chl;

SET client_min_messages = warning;
SELECT dload.drop_pipeline('chl');
DROP SCHEMA chl CASCADE;
DROP SERVER chl;
