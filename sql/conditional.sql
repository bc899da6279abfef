--
-- conditional: pages that are as they were are not sent, and not lost
--
\set mock_url `cat results/mock.url`
\set mock_py `echo "${PG_ABS_SRCDIR:-.}/t/mock_api.py"`
\setenv MOCK_PY :mock_py
\set reset '\\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer'
\set change '\\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_items/change "$ANSWER" >results/mock.answer'
:reset
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA cond;
CREATE SERVER cond_server FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE FOREIGN TABLE cond_items (record jsonb OPTIONS (json_path '$')) SERVER cond_server
  OPTIONS (path '/validators/items', paginate 'next_url', next_path 'next', records_path 'data');
-- the last run: requests, pages, those not sent, rows
CREATE FUNCTION cond_last(name text) RETURNS TABLE (outcome text, requests bigint,
	pages bigint, unchanged bigint, rows_read bigint, updated bigint, reason text)
  LANGUAGE sql AS $$
  SELECT outcome, requests, pages, pages_unchanged, rows_read, rows_updated, reason
  FROM dload.runs WHERE pipeline = $1 ORDER BY run_id DESC LIMIT 1 $$;

-- merge: an unchanged list is a run without rows
SELECT dload.create_pipeline('m', source => 'cond_items', target => 'cond.m',
	write_disposition => 'merge', primary_key => '{id}');
CALL dload.run('m');
SELECT * FROM cond_last('m');
CALL dload.run('m');
SELECT * FROM cond_last('m');
SELECT count(*) FROM cond.m;
-- the pages are found by what was kept of them
SELECT count(*), count(etag) AS etags, count(last_modified) AS times,
	count(next_request) AS next, sum(records) AS records, bool_and(complete) AS complete
FROM dload.page_validator;
-- one page has changed: it alone is read
\setenv ANSWER '{"ids": [60], "set": {"value": 1}, "touch": false}'
:change
CALL dload.run('m');
SELECT * FROM cond_last('m');
SELECT value FROM cond.m WHERE id = 60;
CALL dload.run('m');
SELECT * FROM cond_last('m');
-- more pages at the end
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_items/grow '{"count": 30}' >results/mock.answer
CALL dload.run('m');
SELECT * FROM cond_last('m');
SELECT count(*) FROM cond.m;
CALL dload.run('m');
SELECT * FROM cond_last('m');
-- without the option everything is read
ALTER FOREIGN TABLE cond_items OPTIONS (ADD conditional 'false');
CALL dload.run('m');
SELECT * FROM cond_last('m');
ALTER FOREIGN TABLE cond_items OPTIONS (SET conditional 'true');

-- what was kept is erased: by a full refresh, a new definition of pipeline,
-- table, server or mapping, a target that was truncated or dropped
CALL dload.run('m');
CALL dload.run('m');
SELECT unchanged FROM cond_last('m');
CALL dload.run('m', full_refresh => true);
SELECT unchanged, rows_read FROM cond_last('m');
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
SELECT dload.alter_pipeline('m', columns => '{"value": "numeric"}');
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
ALTER SERVER cond_server OPTIONS (ADD headers '{"X-View": "full"}');
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
CREATE USER MAPPING FOR CURRENT_USER SERVER cond_server;
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
TRUNCATE cond.m, cond.m__tags;
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
SELECT count(*) FROM cond.m;
DROP TABLE cond.m, cond.m__tags;
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');
CALL dload.run('m');
SELECT unchanged, rows_read FROM cond_last('m');

-- a live scan asks without conditions
:reset
SELECT count(*) FROM cond_items;
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" /_journal | grep -c -i if-none-match
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" /_journal | grep -c -i if-modified-since

-- replace: the new table cannot have rows that were not sent
:reset
SELECT dload.create_pipeline('r', source => 'cond_items', target => 'cond.r', write_disposition => 'replace');
CALL dload.run('r');
SELECT * FROM cond_last('r');
CALL dload.run('r');
SELECT * FROM cond_last('r');
SELECT count(*) FROM cond.r;
\setenv ANSWER '{"ids": [60], "set": {"value": 1}, "touch": false}'
:change
CALL dload.run('r');
SELECT * FROM cond_last('r');
SELECT count(*), sum(value) FILTER (WHERE id = 60) AS value FROM cond.r;
\setenv ANSWER '{"ids": [1], "set": {"value": 1}, "touch": false}'
:change
CALL dload.run('r');
SELECT * FROM cond_last('r');
CALL dload.run('r');
SELECT * FROM cond_last('r');
SELECT count(*) FROM cond.r;

-- a run that did not come to its end leaves nothing to go by
SELECT dload.create_pipeline('p', source => 'cond_items', target => 'cond.p',
	write_disposition => 'merge', primary_key => '{id}');
CALL dload.run('p', max_pages => 2);
SELECT outcome, unchanged FROM cond_last('p');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "page=3", "status": 500}' >results/mock.answer
CALL dload.run('p');
SELECT outcome, unchanged FROM cond_last('p');
CALL dload.run('p');
SELECT outcome, unchanged, rows_read FROM cond_last('p');
CALL dload.run('p');
SELECT outcome, unchanged, rows_read FROM cond_last('p');
-- nor does one whose rows were turned away
SELECT dload.create_pipeline('j', source => 'cond_items', target => 'cond.j',
	write_disposition => 'merge', primary_key => '{id}');
CALL dload.run('j');
ALTER TABLE cond.j ADD CONSTRAINT small CHECK (value < 990) NOT VALID;
\setenv ANSWER '{"ids": [99], "set": {"price": 1}, "touch": false}'
:change
CALL dload.run('j');
SELECT outcome, unchanged, rows_read FROM cond_last('j');
CALL dload.run('j');
SELECT outcome, unchanged, rows_read FROM cond_last('j');
ALTER TABLE cond.j DROP CONSTRAINT small;
CALL dload.run('j');
SELECT outcome, unchanged, rows_read, updated FROM cond_last('j');
SELECT price FROM cond.j WHERE id = 99;

-- append has no use for it, unless a cursor tells what is there
CREATE FOREIGN TABLE cond_events (record jsonb OPTIONS (json_path '$')) SERVER cond_server
  OPTIONS (path '/events?per_page=100', paginate 'link');
SELECT dload.create_pipeline('a', source => 'cond_events', target => 'cond.a');
CALL dload.run('a');
CALL dload.run('a');
SELECT outcome, unchanged, rows_read FROM cond_last('a');
SELECT count(*) FROM cond.a;
SELECT dload.create_pipeline('f', source => 'cond_events', target => 'cond.f',
	cursor_path => 'created_at', cursor_order => 'desc');
CALL dload.run('f');
SELECT * FROM cond_last('f');
-- of a feed with the newest first the first page tells that nothing came
CALL dload.run('f');
SELECT * FROM cond_last('f');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_events/grow '{"count": 3}' >results/mock.answer
CALL dload.run('f');
SELECT * FROM cond_last('f');
CALL dload.run('f');
SELECT * FROM cond_last('f');
SELECT count(*), count(DISTINCT id) FROM cond.f;

-- the declared total counts rows that were not sent
CREATE FOREIGN TABLE cond_total (record jsonb OPTIONS (json_path '$')) SERVER cond_server
  OPTIONS (path '/etag/items', paginate 'link');
SELECT dload.create_pipeline('t', source => 'cond_total', target => 'cond.t',
	write_disposition => 'merge', primary_key => '{id}');
CALL dload.run('t');
CALL dload.run('t');
SELECT outcome, unchanged, rows_read FROM cond_last('t');

-- pages that are asked for ahead of their turn
:reset
CREATE FOREIGN TABLE cond_pages (record jsonb OPTIONS (json_path '$')) SERVER cond_server
  OPTIONS (path '/validators/items?total=1', paginate 'page', total_path 'total', records_path 'data');
SELECT dload.create_pipeline('g', source => 'cond_pages', target => 'cond.g',
	write_disposition => 'merge', primary_key => '{id}');
SELECT dload.create_pipeline('gr', source => 'cond_pages', target => 'cond.gr', write_disposition => 'replace');
CALL dload.run('g');
CALL dload.run('g');
SELECT outcome, pages, unchanged, rows_read FROM cond_last('g');
CALL dload.run('gr');
CALL dload.run('gr');
SELECT outcome, pages, unchanged, rows_read FROM cond_last('gr');
\setenv ANSWER '{"ids": [1], "set": {"value": 1}, "touch": false}'
:change
CALL dload.run('g');
SELECT outcome, pages, unchanged, rows_read FROM cond_last('g');
CALL dload.run('gr');
SELECT outcome, pages, unchanged, rows_read FROM cond_last('gr');
\setenv ANSWER '{"ids": [99], "set": {"value": 1}, "touch": false}'
:change
CALL dload.run('gr');
SELECT outcome, pages, unchanged, rows_read FROM cond_last('gr');
SELECT count(*), sum(value) FILTER (WHERE id IN (1, 99)) FROM cond.gr;

-- an answer that only ends the list brings nothing, so the others still count
:reset
CREATE FOREIGN TABLE cond_end (record jsonb OPTIONS (json_path '$')) SERVER cond_server
  OPTIONS (path '/validators/items?count=60', paginate 'page', records_path 'data', stop_on_empty 'false', stop_when 'status = 404');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "page=4", "times": 0, "status": 404}' >results/mock.answer
SELECT dload.create_pipeline('e', source => 'cond_end', target => 'cond.e', write_disposition => 'replace');
CALL dload.run('e');
CALL dload.run('e');
SELECT outcome, requests, pages, unchanged, rows_read FROM cond_last('e');
SELECT count(*) FROM cond.e;

-- the head of an unchanged page names a next one
:reset
CREATE FOREIGN TABLE cond_one (record jsonb OPTIONS (json_path '$')) SERVER cond_server
  OPTIONS (path '/validators/items?count=20', records_path 'data');
SELECT dload.create_pipeline('o', source => 'cond_one', target => 'cond.o',
	write_disposition => 'merge', primary_key => '{id}');
CALL dload.run('o');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/validators/items", "headers": {"Link": "</validators/items?count=50&page=2>; rel=next"}}' >results/mock.answer
CALL dload.run('o');
SELECT outcome, unchanged, reason FROM cond_last('o');
CREATE FOREIGN TABLE cond_link (record jsonb OPTIONS (json_path '$')) SERVER cond_server
  OPTIONS (path '/validators/items?count=20', records_path 'data', paginate 'link');
SELECT dload.create_pipeline('l', source => 'cond_link', target => 'cond.l',
	write_disposition => 'merge', primary_key => '{id}');
CALL dload.run('l');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/validators/items", "headers": {"Link": "</validators/items?count=50&page=2>; rel=next"}}' >results/mock.answer
CALL dload.run('l');
SELECT outcome, pages, unchanged, rows_read FROM cond_last('l');

SELECT count(dload.drop_pipeline(name)) FROM dload.pipelines WHERE name IN ('e', 'o', 'l', 'g', 'gr', 'm', 'r', 'p', 'j', 'a', 'f', 't');
SELECT count(*) FROM dload.page_validator;
DROP SERVER cond_server CASCADE;
DROP SCHEMA cond CASCADE;
DROP FUNCTION cond_last;
