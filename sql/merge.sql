--
-- merge: a row per key, equal to the last record that had it; what did not
-- change is not written.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'UTC';
CREATE SERVER mrg FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA mrg;
CREATE FOREIGN TABLE mrg.events (record jsonb OPTIONS (json_path '$')) SERVER mrg
  OPTIONS (path '/events', paginate 'link', page_size '100', page_size_param 'per_page', conditional 'false');
CREATE FOREIGN TABLE mrg.src (record jsonb OPTIONS (json_path '$')) SERVER mrg OPTIONS (path '/mrg');

-- events with commits, labels and topics below them
SELECT dload.create_pipeline('events', 'mrg.events', 'mrg.e', write_disposition => 'merge', primary_key => ARRAY['id']);
CALL dload.run('events');
CREATE VIEW mrg.live AS SELECT record->>'id' AS id, record FROM mrg.events;
-- the rows that differ from a live scan: none, in root and child tables
CREATE VIEW mrg.diff AS
  SELECT 'root' AS what, count(*) FROM mrg.live FULL JOIN mrg.e USING (id)
  WHERE (e.type, e.actor__login, e.public, e.score::text, e.revision::text, e.created_at, e.payload__number, e.payload__pull_request__title)
    IS DISTINCT FROM (record->>'type', record #>> '{actor,login}', (record->>'public')::boolean, record->>'score', record->>'revision',
      (record->>'created_at')::timestamptz, (record #>> '{payload,number}')::bigint, record #>> '{payload,pull_request,title}')
  UNION ALL SELECT 'commits', count(*) FROM (
    (SELECT id, c->>'sha', c #>> '{author,email}', n - 1 FROM mrg.live, jsonb_array_elements(record #> '{payload,commits}') WITH ORDINALITY AS x(c, n)
     EXCEPT ALL SELECT e.id, sha, author__email, _dload_list_idx FROM mrg.e JOIN mrg.e__payload__commits c ON c._dload_parent_id = e._dload_id)
    UNION ALL
    (SELECT e.id, sha, author__email, _dload_list_idx FROM mrg.e JOIN mrg.e__payload__commits c ON c._dload_parent_id = e._dload_id
     EXCEPT ALL SELECT id, c->>'sha', c #>> '{author,email}', n - 1 FROM mrg.live, jsonb_array_elements(record #> '{payload,commits}') WITH ORDINALITY AS x(c, n))) d
  UNION ALL SELECT 'labels', count(*) FROM (
    (SELECT id, c->>'name', n - 1 FROM mrg.live, jsonb_array_elements(record #> '{payload,pull_request,labels}') WITH ORDINALITY AS x(c, n)
     EXCEPT ALL SELECT e.id, name, _dload_list_idx FROM mrg.e JOIN mrg.e__payload__pull_request__labels c ON c._dload_root_id = e._dload_id)
    UNION ALL
    (SELECT e.id, name, _dload_list_idx FROM mrg.e JOIN mrg.e__payload__pull_request__labels c ON c._dload_root_id = e._dload_id
     EXCEPT ALL SELECT id, c->>'name', n - 1 FROM mrg.live, jsonb_array_elements(record #> '{payload,pull_request,labels}') WITH ORDINALITY AS x(c, n))) d;
SELECT count(*) FROM mrg.e;
SELECT * FROM mrg.diff;
\d mrg.e__payload__commits
SELECT indexdef FROM pg_indexes WHERE schemaname = 'mrg' AND tablename = 'e';
-- nothing changed: nothing is written
CREATE TABLE mrg.before AS SELECT id, _dload_id, xmin::text AS x, ctid AS c FROM mrg.e;
CALL dload.run('events');
SELECT count(*) FROM mrg.e JOIN mrg.before USING (id, _dload_id) WHERE e.xmin::text = x AND e.ctid = c;
-- some changed, in the row or below it, and some are new
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_events/change '{"count": 5}' >results/mock.answer
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_events/change '{"ids": ["20000000000", "20000000007", "20000000014"], "set": {"payload": {"commits": [{"sha": "new", "author": {"email": "x"}}]}}}' >results/mock.answer
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_events/grow '{"count": 7}' >results/mock.answer
CALL dload.run('events');
SELECT * FROM mrg.diff;
SELECT count(*), count(*) FILTER (WHERE e.xmin::text <> x) AS written, count(*) FILTER (WHERE x IS NULL) AS new FROM mrg.e LEFT JOIN mrg.before USING (id, _dload_id);
SELECT count(*) FROM mrg.e__payload__commits c WHERE NOT EXISTS (SELECT FROM mrg.e WHERE _dload_id IN (_dload_parent_id, _dload_root_id));
SELECT outcome, rows_read, rows_inserted, rows_updated, rows_unchanged FROM dload.runs WHERE pipeline = 'events' ORDER BY run_id;
-- a changed definition of rows writes all of them
SELECT dload.alter_pipeline('events', columns => '{"score": "numeric"}');
CALL dload.run('events');
SELECT dload.drop_pipeline('events');

-- keys twice in a package: the last record counts; numbers are equal by value
SELECT dload.create_pipeline('keys', 'mrg.src', 'mrg.k', write_disposition => 'merge', primary_key => ARRAY['k.id', 'part'], columns => '{"k.id": "numeric"}');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"k":{"id":1},"part":"a","v":1,"l":[1,2]},{"k":{"id":1.0},"part":"a","v":2,"l":[3]},{"k":{"id":1},"part":"b","v":3},{"part":"a","v":4},{"k":{"id":2},"part":null},{"k":{"id":2},"part":{"x":1}},{"k":{"id":1.00},"part":"b","v":5,"l":[4,5,6]}]'
CALL dload.run('keys');
SELECT k__id, part, v, array_agg(value ORDER BY _dload_list_idx) FILTER (WHERE l._dload_id IS NOT NULL) AS l FROM mrg.k LEFT JOIN mrg.k__l AS l ON _dload_parent_id = k._dload_id GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT convert_from(record, 'UTF8') AS record, reason, count FROM dload.rejected WHERE pipeline = 'keys' ORDER BY rejected.record;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"k":{"id":1e0},"part":"a","v":2,"l":[]},{"k":{"id":3},"part":"a","v":1,"l":[[7],[8,9]]},{"part":"a","v":4}]'
CALL dload.run('keys');
SELECT k__id, part, v, array_agg(value ORDER BY _dload_list_idx) FILTER (WHERE l._dload_id IS NOT NULL) AS l FROM mrg.k LEFT JOIN mrg.k__l AS l ON _dload_parent_id = k._dload_id GROUP BY 1, 2, 3 ORDER BY 1, 2;
-- children of children go with them
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"k":{"id":3},"part":"a","v":1,"l":[[1]]}]'
CALL dload.run('keys');
SELECT l._dload_list_idx, ll.value FROM mrg.k__l l JOIN mrg.k__l__list ll ON ll._dload_parent_id = l._dload_id;
SELECT count(*) FROM mrg.k__l__list;
SELECT convert_from(record, 'UTF8') AS record, count FROM dload.rejected WHERE pipeline = 'keys' AND count > 1;
SELECT dload.drop_pipeline('keys');

-- a table of the user's own, with rows, a key, and a CHECK that one record of
-- each kind violates: an old row stays as it was, a new one is not there
CREATE TABLE mrg.own (id int, name text CHECK (name <> 'bad'), kept text DEFAULT 'kept', UNIQUE (id));
INSERT INTO mrg.own VALUES (1, 'one', 'mine'), (2, 'two', 'mine'), (9, 'nine', 'mine');
SELECT dload.create_pipeline('own', 'mrg.src', 'mrg.own', write_disposition => 'merge', primary_key => ARRAY['id']);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":1,"name":"uno","l":["a"]},{"id":2,"name":"bad","l":["b"]},{"id":3,"name":"bad","l":["c"]},{"id":4,"name":"four","l":["d"]},{"id":4,"name":"\u0000"},{"id":5,"name":"five"},{"id":5,"name":"bad"}]'
CALL dload.run('own');
SELECT id, name, kept, _dload_id IS NOT NULL AS loaded FROM mrg.own ORDER BY id;
SELECT id, value FROM mrg.own JOIN mrg.own__l ON _dload_parent_id = own._dload_id ORDER BY 1;
SELECT convert_from(record, 'UTF8') AS record, reason, count FROM dload.rejected WHERE pipeline = 'own' ORDER BY rejected.record;
SELECT relation, column_name, change FROM dload.schema_changes WHERE pipeline = 'own' ORDER BY relation, column_name;
CALL dload.run('own');
SELECT sum(count) FROM dload.rejected WHERE pipeline = 'own';
SELECT dload.drop_pipeline('own');
-- a table with a primary key on something else gets a unique key
SELECT dload.create_pipeline('own', 'mrg.src', 'mrg.own2', write_disposition => 'merge', primary_key => ARRAY['id']);
CREATE TABLE mrg.own2 (other text PRIMARY KEY DEFAULT gen_random_uuid()::text, id int, name text);
CALL dload.run('own');
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'mrg.own2'::regclass AND contype <> 'n' ORDER BY 1;
SELECT id, name, other IS NOT NULL FROM mrg.own2 ORDER BY id;
SELECT dload.drop_pipeline('own');
-- constraints see which table a row is in, whether it is new or changed
CREATE TABLE mrg.own3 (id bigint PRIMARY KEY, name text);
ALTER TABLE mrg.own3 ADD CHECK (tableoid = 'mrg.own3'::regclass);
SELECT dload.create_pipeline('own', 'mrg.src', 'mrg.own3', write_disposition => 'merge', primary_key => ARRAY['id']);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":1,"name":"one"},{"id":2,"name":"two"}]'
CALL dload.run('own');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":1,"name":"uno"},{"id":2,"name":"due"},{"id":3,"name":"tre"}]'
CALL dload.run('own');
SELECT id, name FROM mrg.own3 ORDER BY id;
-- a changed row loses what it had in a column that was dropped
ALTER TABLE mrg.own3 ADD large text;
ALTER TABLE mrg.own3 ALTER large SET STORAGE PLAIN;
UPDATE mrg.own3 SET large = repeat('x', 3000);
ALTER TABLE mrg.own3 DROP large;
SELECT id, pg_column_size(own3) > 3000 AS large FROM mrg.own3 ORDER BY id;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":1,"name":"eins"},{"id":2,"name":"due"},{"id":3,"name":"drei"}]'
CALL dload.run('own');
SELECT id, pg_column_size(own3) > 3000 AS large FROM mrg.own3 ORDER BY id;
SELECT dload.drop_pipeline('own');

-- a type whose "=" is in another schema than pg_catalog, and not that of text:
-- rows are the same by what it means, found by an index, a statement or a query
SET client_min_messages = warning;
CREATE TYPE mrg.ci;
CREATE FUNCTION mrg.ci_in(cstring) RETURNS mrg.ci LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION mrg.ci_out(mrg.ci) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE mrg.ci (INPUT = mrg.ci_in, OUTPUT = mrg.ci_out, LIKE = text, CATEGORY = 'S');
CREATE CAST (mrg.ci AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE FUNCTION mrg.ci_cmp(mrg.ci, mrg.ci) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT pg_catalog.bttextcmp(lower($1::text), lower($2::text))';
CREATE FUNCTION mrg.ci_hash(mrg.ci) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT pg_catalog.hashtext(lower($1::text))';
SELECT format('CREATE FUNCTION mrg.ci_%1$s(mrg.ci, mrg.ci) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS %3$L;
  CREATE OPERATOR mrg.%2$s (LEFTARG = mrg.ci, RIGHTARG = mrg.ci, FUNCTION = mrg.ci_%1$s%4$s)',
  name, op, format('SELECT mrg.ci_cmp($1, $2) %s 0', op), CASE op WHEN '=' THEN ', HASHES, MERGES, COMMUTATOR = OPERATOR(mrg.=)' END)
  FROM (VALUES ('lt', '<'), ('le', '<='), ('eq', '='), ('ge', '>='), ('gt', '>')) AS o(name, op)
\gexec
CREATE OPERATOR CLASS mrg.ci_ops DEFAULT FOR TYPE mrg.ci USING btree AS OPERATOR 1 mrg.<, OPERATOR 2 mrg.<=, OPERATOR 3 mrg.=, OPERATOR 4 mrg.>=, OPERATOR 5 mrg.>, FUNCTION 1 mrg.ci_cmp(mrg.ci, mrg.ci);
CREATE OPERATOR CLASS mrg.ci_hash_ops DEFAULT FOR TYPE mrg.ci USING hash AS OPERATOR 1 mrg.=, FUNCTION 1 mrg.ci_hash(mrg.ci);
RESET client_min_messages;
CREATE FOREIGN TABLE mrg.named () SERVER mrg OPTIONS (path '/mrg', deleted_when '$.gone = true', conditional 'false');
SELECT dload.create_pipeline('ci', 'mrg.named', 'mrg.n', write_disposition => 'merge', primary_key => ARRAY['id'], columns => '{"id": "mrg.ci"}');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":"A","n":1,"l":[1]},{"id":"B","n":1,"l":[2]},{"id":"C","n":1,"l":[3]}]'
CALL dload.run('ci');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":"a","n":2,"l":[1]},{"id":"b","gone":true}]'
CALL dload.run('ci');
CREATE TRIGGER same BEFORE UPDATE ON mrg.n FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":"A","n":3,"l":[1]}]'
CALL dload.run('ci');
CREATE TABLE mrg.n_below () INHERITS (mrg.n);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":"a","n":4,"l":[1]},{"id":"c","gone":true}]'
CALL dload.run('ci');
DROP TABLE mrg.n_below;
CREATE TABLE mrg.n_ref (id mrg.ci REFERENCES mrg.n);
INSERT INTO mrg.n_ref VALUES ('a');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /mrg '[{"id":"A","n":5,"l":[1]}]'
CALL dload.run('ci', full_refresh => true);
SELECT id, n, (SELECT array_agg(value) FROM mrg.n__l WHERE _dload_parent_id = n._dload_id) AS l FROM mrg.n;
SELECT count(*) FROM mrg.n__l;
SELECT reason FROM dload.rejected WHERE pipeline = 'ci';
SELECT dload.drop_pipeline('ci');

SET client_min_messages = warning;
DROP SCHEMA mrg CASCADE;
DROP SERVER mrg;
