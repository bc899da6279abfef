--
-- pushdown: conditions become request parameters, and are checked all the same.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET client_min_messages = warning;
SET timezone = 'Europe/Berlin';
SET datestyle = 'German';
CREATE SERVER push_test FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '0', max_concurrency '4');

/* What releases of the server show in different ways is left out. */
CREATE FUNCTION push_explain(query text, executed boolean DEFAULT true) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE format('EXPLAIN (ANALYZE %s, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) %s', executed::text, query) LOOP
    CONTINUE WHEN line ~ '^ *Disabled: ';
    line := regexp_replace(line, '(rows=\d+)\.00', '\1');
    line := regexp_replace(line, '\(push_item\.(\w+) = push_keys\.(\w+)\)', '(push_keys.\2 = push_item.\1)');
    RETURN NEXT regexp_replace(line, 'Bytes: [1-9]\d*', 'Bytes: N');
  END LOOP;
END $$;

-- parameters in the path are required
CREATE FOREIGN TABLE push_events (
    owner text OPTIONS (param 'owner', "in" 'path'),
    repo text OPTIONS (param 'repo', "in" 'path'),
    id text, type text OPTIONS (param 'type'), repo__name text, created_at timestamptz)
  SERVER push_test OPTIONS (path '/repos/{owner}/{repo}/events', paginate 'link', page_size '100', page_size_param 'per_page');
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM push_events WHERE owner = 'octo' AND repo = 'repo1';
SELECT owner, repo, count(*), min(repo__name), max(repo__name) FROM push_events WHERE owner = 'octo' AND repo = 'repo1' GROUP BY 1, 2;
SELECT push_explain('SELECT * FROM push_events WHERE owner = ''octo''', false);
SELECT * FROM push_events WHERE owner = 'octo';
SELECT * FROM push_events WHERE owner LIKE 'o%' AND repo = 'repo1';
SELECT * FROM push_events WHERE owner = NULL AND repo = 'repo1';
\set VERBOSITY terse
SELECT owner, repo, id FROM push_events WHERE owner = 'octo' AND repo = 'a/../b c?' AND type = 'PushEvent' LIMIT 1;
\set VERBOSITY default
-- never executed, never an error
SELECT * FROM (VALUES (1)) AS v (x) LEFT JOIN push_events ON false;

-- what is sent
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT count(*) > 0 AS found FROM push_events WHERE owner = 'octo' AND repo = 'repo1' AND type = 'PushEvent';
SELECT count(*) > 0 AS found FROM push_events WHERE 'octo' = owner AND repo = 'repo' || 2 AND type IN ('WatchEvent');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /repos

-- an API that ignores the filter does not make wrong rows
CREATE FOREIGN TABLE push_ignored (
    id int, name text, owner int OPTIONS (param 'owner', json_path 'nested.owner.id'),
    since timestamptz OPTIONS (param 'since', json_path 'updated_at'))
  SERVER push_test OPTIONS (path '/ignore-filter', paginate 'link', page_size '100', page_size_param 'per_page');
SELECT owner, count(*) FROM push_ignored WHERE owner = 3 GROUP BY 1;
-- nor double rows, when each of several requests brings them all
SELECT owner, count(*) FROM push_ignored WHERE owner IN (3, 5, 3, NULL) GROUP BY 1 ORDER BY 1;
SELECT owner, since, id FROM push_ignored WHERE owner = ANY ('{1,2}') AND since IN ('2026-01-01 00:01+00', '2026-01-01 00:02+00', '2026-01-01 02:01+02') ORDER BY id;
-- and a filter that the API does apply: one request per value, in order
CREATE FOREIGN TABLE push_owned (
    id int, owner int8 OPTIONS (param 'owner', json_path 'nested.owner.id'), name text)
  SERVER push_test OPTIONS (path '/items');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT owner, count(*) FROM push_owned WHERE owner IN (6, 1, 4, 1) GROUP BY 1 ORDER BY 1;
SELECT owner, count(*) FROM push_owned WHERE owner = ANY (ARRAY(SELECT g % 3 FROM generate_series(1, 9) g)) GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM push_owned WHERE owner = ANY ('{}'::bigint[]);
SELECT count(*) FROM push_owned WHERE owner = ANY (NULL::bigint[]);
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /items | sort

-- alternatives are a list, too
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT owner, count(*) FROM push_owned WHERE owner = 2 OR 5 = owner OR owner = 2 GROUP BY 1 ORDER BY 1;
SELECT owner, count(*) FROM push_owned WHERE owner = 2 OR id = 5 GROUP BY 1 ORDER BY 1;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /items | sort

-- values as requests carry them
CREATE FOREIGN TABLE push_values (
    b boolean OPTIONS (param 'b', echo 'true'),
    d date OPTIONS (param 'd', echo 'true'),
    ts timestamptz OPTIONS (param 'ts', echo 'true'),
    lt timestamp OPTIONS (param 'lt', echo 'true'),
    n numeric OPTIONS (param 'n', echo 'true'),
    c char(5) OPTIONS (param 'c', echo 'true'),
    v varchar(20) OPTIONS (param 'v', echo 'true'),
    i int2 OPTIONS (param 'i', echo 'true'),
    h text OPTIONS (param 'X-Test', "in" 'header', echo 'true'),
    path text, headers__x_test text, extra text)
  SERVER push_test OPTIONS (path '/echo', records_path '$', query_params '{"fixed": ["a", 1, true]}');
SELECT path FROM push_values
  WHERE b AND d = '2026-02-01' AND ts = '2026-02-01 12:00:00.5+01' AND lt = '2026-02-01 12:00' AND n = 1.50 AND c = 'ab' AND v = 'x&y' AND i = 7;
SELECT b, d, ts, lt, n, c, v, i, h FROM push_values
  WHERE NOT b AND d = '2026-02-01' AND ts = '2026-02-01 12:00:00.5+01' AND n = 1.50 AND c = 'ab' AND v = 'x&y' AND i = 7::bigint;
SELECT h FROM push_values WHERE h = 'plain value';
SELECT v, n FROM push_values WHERE (v = 'a' OR v = 'b') AND (n = 1 OR n = 1.0) ORDER BY v;
SELECT h FROM push_values WHERE h = E'two\r\nX-Other: lines';
SELECT n FROM push_values WHERE n IN (1.0, 1.00, 2);
-- a date means another instant in another time zone, so it is cast first
EXPLAIN (VERBOSE, COSTS OFF) SELECT b FROM push_values WHERE ts = '2026-02-01'::date AND b IS TRUE;
-- these say nothing that a request could carry
EXPLAIN (VERBOSE, COSTS OFF) SELECT b FROM push_values WHERE n > 1 AND v IS NOT NULL AND i <> 3 AND c = v::char(5) AND (b OR i = 3) AND n = random()::numeric;
-- equal to the database is not equal to the API
CREATE COLLATION push_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
ALTER FOREIGN TABLE push_events ALTER COLUMN type TYPE text COLLATE push_ci;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM push_events WHERE owner = 'octo' AND repo = 'repo1' AND type = 'pushevent';
SELECT count(*) > 0 AS found FROM push_events WHERE owner = 'octo' AND repo = 'repo1' AND type = 'pushevent';

-- joins drive one request per outer value
CREATE FOREIGN TABLE push_item (
    key int OPTIONS (param 'id', "in" 'path'), id int, name text)
  SERVER push_test OPTIONS (path '/items/{id}', records_path '$');
CREATE TABLE push_keys (k int, owner text);
INSERT INTO push_keys VALUES (3, 'octo'), (9, 'octo'), (27, 'nobody'), (9, 'octo');
ANALYZE push_keys;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT k, key, i.id, name FROM push_keys JOIN push_item i ON i.key = k ORDER BY k;
SELECT k, name FROM push_keys LEFT JOIN push_item ON key = k + 1 WHERE owner = 'octo' ORDER BY k;
SELECT k, name FROM push_keys, LATERAL (SELECT name FROM push_item WHERE key = k LIMIT 1) AS l ORDER BY k;
SELECT key, name FROM push_item WHERE key IN (SELECT k FROM push_keys) ORDER BY key;
SELECT (SELECT name FROM push_item WHERE key = k) AS name FROM push_keys ORDER BY 1;
SELECT k FROM push_keys WHERE EXISTS (SELECT FROM push_item WHERE key = k AND name LIKE '%9') ORDER BY k;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /items | sort | uniq -c | tr -s ' '
SELECT push_explain('SELECT name FROM push_keys JOIN push_item ON key = k', false);
-- also where the planner expects no repetition, and under a row per value
SET enable_memoize = off;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT k, name FROM push_keys JOIN push_item ON key = k ORDER BY k;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /items | sort | uniq -c | tr -s ' '
RESET enable_memoize;
-- parameters from two tables, and from one table and a constant
SELECT a.k, count(DISTINCT e.id) FROM push_keys a, push_keys b, push_events e
  WHERE e.owner = a.owner AND e.repo = 'repo' || b.k / 3 AND a.k = 3 AND b.k < 9 GROUP BY 1;
SELECT count(*) > 0 AS found FROM push_keys, push_events e WHERE e.owner = push_keys.owner AND e.repo = 'repo1' AND k = 3;
-- a column that only echoes the request is never read without a value
CREATE FOREIGN TABLE push_echo (q int OPTIONS (param 'owner', echo 'true'), id int)
  SERVER push_test OPTIONS (path '/items');
SET enable_nestloop = off;
SELECT k, count(*) FROM push_keys JOIN push_echo ON q = k / 9 GROUP BY 1 ORDER BY 1;
RESET enable_nestloop;
SELECT q, count(*), count(k) FROM push_echo LEFT JOIN push_keys ON q = k GROUP BY 1;
SELECT count(*) FROM push_echo a JOIN push_echo b ON a.q = b.q;
SELECT count(*) FROM push_echo a JOIN push_echo b ON a.q = b.id AND b.q = 1 WHERE a.id < 3;
-- one side alone cannot be read
SELECT count(*) FROM push_keys a JOIN push_item i ON i.key > a.k;

-- an item that is not there is an error, with the others already read
SELECT key FROM push_item WHERE key IN (1, 2, 3);
\set VERBOSITY terse
SELECT key FROM push_item WHERE key IN (1, 1000);
\set VERBOSITY default
-- a read cut short is not what the next one with other values remembers
CREATE TABLE push_lists (n int, keys text[], wanted int);
INSERT INTO push_lists VALUES (1, '{PushEvent}', 1), (2, '{WatchEvent,IssuesEvent}', 1000), (3, '{PushEvent}', 1000);
CREATE FOREIGN TABLE push_feed (id text, type text OPTIONS (param 'type')) SERVER push_test OPTIONS (path '/events', paginate 'link', query_params '{"per_page": 100}');
SELECT n, (SELECT count(*) FROM (SELECT FROM push_feed WHERE type = ANY (keys) LIMIT wanted) AS f) =
          (SELECT count(*) FROM (SELECT FROM (TABLE push_feed OFFSET 0) AS g WHERE type = ANY (keys) LIMIT wanted) AS f) AS same
FROM push_lists ORDER BY n;
DROP TABLE push_lists;

-- a cross product of lists has a bound
SELECT count(*) FROM push_events WHERE owner = ANY (ARRAY(SELECT 'o' || g FROM generate_series(1, 200) g)) AND repo = ANY (ARRAY(SELECT 'r' || g FROM generate_series(1, 51) g));

-- a list of values under a LIMIT asks no more than it must
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT key FROM push_item WHERE key IN (1, 2, 3, 4, 5, 6) LIMIT 1;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --requests "$(cat results/mock.url)" /items

-- generic plans: each execution has its own values, and DDL is noticed
SET plan_cache_mode = force_generic_plan;
PREPARE item (int) AS SELECT key, name FROM push_item WHERE key = $1;
EXECUTE item (5);
EXECUTE item (6);
EXECUTE item (NULL);
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE item (7);
ALTER FOREIGN TABLE push_item OPTIONS (ADD query_params '{"fields": "all"}');
EXECUTE item (8);
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE item (7);
DEALLOCATE item;
PREPARE items (int[]) AS SELECT key FROM push_item WHERE key = ANY ($1) ORDER BY key;
EXECUTE items ('{8,9}');
EXECUTE items ('{8,9,10}');
DEALLOCATE items;
RESET plan_cache_mode;
CREATE FUNCTION push_name(k int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
  SELECT name INTO r FROM push_item WHERE key = k;
  RETURN r;
EXCEPTION WHEN OTHERS THEN
  RETURN 'error ' || SQLSTATE;
END $$;
SELECT k, push_name(k) FROM unnest(ARRAY[1, 1000, 2]) AS k;

-- EXPLAIN ANALYZE counts
SELECT push_explain('SELECT key FROM push_item WHERE key IN (1, 2, 3)');
SELECT push_explain('SELECT key FROM push_item WHERE key IN (1, 2, 3) LIMIT 1');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script '{"path": "/items/5", "status": 503}' >results/mock.answer
ALTER SERVER push_test OPTIONS (SET max_retries '2');
SELECT push_explain('SELECT key FROM push_item WHERE key = 5');
SELECT push_explain('SELECT k, (SELECT name FROM push_item WHERE key = k) FROM push_keys');
CREATE FUNCTION push_explain_json(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) ' || query INTO plan;
  RETURN plan->0->'Plan';
END $$;
SELECT p->>'Request' AS request, p->>'Parameters' AS parameters, p->'Requests' AS requests, p->'Pages' AS pages,
       (p->'Bytes')::int > 0 AS bytes, p->'Retries' AS retries, p->'Rate Limit Wait' AS rate_limit, (p->'Network Wait')::float >= 0 AS network
FROM push_explain_json('SELECT key FROM push_item WHERE key = 1') AS p;

-- ANALYZE says why it cannot
ANALYZE push_item;

DROP FUNCTION push_name(int), push_explain(text, boolean), push_explain_json(text);
DROP TABLE push_keys;
DROP SERVER push_test CASCADE;
DROP COLLATION push_ci;
