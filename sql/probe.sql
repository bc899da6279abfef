--
-- probe: rows are found by their key whatever the key is made of, its index
-- looks like, and which of the rows are asked for.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
CREATE SERVER prb FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA prb;
SET client_min_messages = warning;
CREATE FOREIGN TABLE prb.src () SERVER prb OPTIONS (path '/prb');
-- a text; numbers of different looks, backwards; two columns in the other
-- order; padded; of a type whose index holds another; and equal if alike
CREATE TABLE prb.backwards (id numeric NOT NULL, v int);
CREATE UNIQUE INDEX ON prb.backwards (id DESC);
CREATE TABLE prb.turned (few int NOT NULL, many int NOT NULL, v int, UNIQUE (many, few));
CREATE TABLE prb.padded (name char(9) PRIMARY KEY, v int);
CREATE TABLE prb.named (name name PRIMARY KEY, v int);
CREATE TABLE prb.float (half float8 PRIMARY KEY, v int);
SELECT dload.create_pipeline(t, 'prb.src', 'prb.' || t, write_disposition => 'merge', primary_key => k)
  FROM (VALUES ('plain', '{name}'::text[]), ('pair', '{few,many}'), ('backwards', '{id}'), ('turned', '{few,many}'),
    ('padded', '{name}'), ('named', '{name}'), ('float', '{half}')) AS p(t, k);
CREATE TABLE prb.model (id int PRIMARY KEY, v int);
-- load what a query gives, numbers and values, and compare all tables with it
CREATE FUNCTION prb.body(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE format('INSERT INTO prb.model %s ON CONFLICT (id) DO UPDATE SET v = excluded.v', query);
  EXECUTE format($q$SELECT json_agg(json_build_object('id', CASE WHEN (id + v) %% 2 = 0 THEN id ELSE id::numeric(9,2) END, 'few', id %% 7, 'many', id / 7,
    'half', id / 2.0 - 100, 'name', 'k' || id, 'v', v))::text FROM (SELECT * FROM (%s) AS q(id, v) ORDER BY hashint4(id)) AS q$q$, query) INTO result;
  RETURN result;
END $$;
CREATE VIEW prb.runs AS
  SELECT DISTINCT rows_inserted, rows_updated, rows_unchanged FROM dload.runs
  WHERE run_id IN (SELECT max(run_id) FROM dload.runs JOIN dload.pipelines AS p ON name = pipeline WHERE source = 'prb.src'::regclass GROUP BY pipeline);
-- many new ones
SELECT prb.body('SELECT i, 1 FROM generate_series(100, 849) AS i') \g (format=unaligned tuples_only=on) results/probe.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /prb "$(cat results/probe.json)"
SELECT count(dload.run_atomic(name)) FROM dload.pipelines WHERE source = 'prb.src'::regclass;
CREATE VIEW prb.diff AS
  SELECT t, count(*) FROM (
    SELECT 'plain' AS t, substr(name, 2)::int AS id, v FROM prb.plain UNION ALL SELECT 'pair', many * 7 + few, v FROM prb.pair
    UNION ALL SELECT 'backwards', id::int, v FROM prb.backwards UNION ALL SELECT 'turned', many * 7 + few, v FROM prb.turned
    UNION ALL SELECT 'padded', substr(name, 2)::int, v FROM prb.padded UNION ALL SELECT 'named', substr(name, 2)::int, v FROM prb.named
    UNION ALL SELECT 'float', (half + 100) * 2, v FROM prb.float) AS l
  FULL JOIN (SELECT * FROM prb.model, unnest('{plain,pair,backwards,turned,padded,named,float}'::text[]) AS t) AS m USING (t, id)
  WHERE l.v IS DISTINCT FROM m.v GROUP BY t;
SELECT * FROM prb.diff;
SELECT * FROM prb.runs;
-- all of them, unchanged, and one behind the last
SELECT prb.body('SELECT i, 1 FROM generate_series(100, 850) AS i') \g (format=unaligned tuples_only=on) results/probe.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /prb "$(cat results/probe.json)"
SELECT count(dload.run_atomic(name)) FROM dload.pipelines WHERE source = 'prb.src'::regclass;
SELECT * FROM prb.diff;
SELECT * FROM prb.runs;
-- few, far from each other
SELECT prb.body('SELECT i, 2 FROM generate_series(100, 850, 97) AS i') \g (format=unaligned tuples_only=on) results/probe.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /prb "$(cat results/probe.json)"
SELECT count(dload.run_atomic(name)) FROM dload.pipelines WHERE source = 'prb.src'::regclass;
SELECT * FROM prb.diff;
SELECT * FROM prb.runs;
-- runs of neighbours with gaps, between new ones before, within and behind
SELECT prb.body('SELECT i, 3 FROM generate_series(0, 1000) AS i WHERE i % 150 < 45') \g (format=unaligned tuples_only=on) results/probe.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /prb "$(cat results/probe.json)"
SELECT count(dload.run_atomic(name)) FROM dload.pipelines WHERE source = 'prb.src'::regclass;
SELECT * FROM prb.diff;
SELECT * FROM prb.runs;
-- every second, changed, as many unchanged, and what is not there
SELECT prb.body('SELECT i, CASE WHEN i % 4 = 0 THEN 4 ELSE coalesce(v, 5) END FROM prb.model RIGHT JOIN generate_series(0, 1200, 2) AS i ON id = i') \g (format=unaligned tuples_only=on) results/probe.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /prb "$(cat results/probe.json)"
SELECT count(dload.run_atomic(name)) FROM dload.pipelines WHERE source = 'prb.src'::regclass;
SELECT * FROM prb.diff;
SELECT * FROM prb.runs;
-- all there are
SELECT prb.body('SELECT id, v FROM prb.model WHERE id % 3 < 2') \g (format=unaligned tuples_only=on) results/probe.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /prb "$(cat results/probe.json)"
SELECT count(dload.run_atomic(name)) FROM dload.pipelines WHERE source = 'prb.src'::regclass;
SELECT * FROM prb.diff;
SELECT * FROM prb.runs;
DROP VIEW prb.runs, prb.diff;
SELECT dload.drop_pipeline(name) FROM dload.pipelines WHERE source = 'prb.src'::regclass;
DROP SCHEMA prb CASCADE;
DROP SERVER prb;
