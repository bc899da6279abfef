--
-- slices: lists that come in parts, and what each request takes away
--
\set mock_url `cat results/mock.url`
\set mock_py `echo "${PG_ABS_SRCDIR:-.}/t/mock_api.py"`
\setenv MOCK_PY :mock_py
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER slices FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '1');
CREATE USER MAPPING FOR CURRENT_USER SERVER slices;
CREATE SCHEMA slices;
-- one table whose options are replaced from case to case
CREATE FUNCTION slices.table(options text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'DROP FOREIGN TABLE IF EXISTS slices.source';
	EXECUTE format('CREATE FOREIGN TABLE slices.source (record jsonb OPTIONS (json_path ''$'')) '
	               'SERVER slices OPTIONS (%s)', options);
END $$;
CREATE FUNCTION slices.read(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM slices.table(options);
	EXECUTE 'SELECT count(*) || '' records, '' || count(DISTINCT record ->> ''id'') || '' ids'' FROM slices.source'
		INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || regexp_replace(sqlerrm, '127\.0\.0\.1:\d+', '...', 'g');
END $$;
CREATE PROCEDURE slices.load(options text, disposition text DEFAULT 'append', keys text[] DEFAULT NULL, cursor_path text DEFAULT NULL, initial_value text DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM dload.pipelines WHERE name = 'slices') THEN
		PERFORM dload.drop_pipeline('slices');
		DROP TABLE IF EXISTS slices.loaded;
	END IF;
	PERFORM slices.table(options);
	PERFORM dload.create_pipeline('slices', 'slices.source', 'slices.loaded', write_disposition => disposition, primary_key => keys, cursor_path => cursor_path, initial_value => initial_value);
	COMMIT;
	CALL dload.run('slices');
END $$;
CREATE VIEW slices.last AS
	SELECT outcome, reason, requests, pages, rows_read, rows_inserted FROM dload.runs WHERE pipeline = 'slices' ORDER BY run_id DESC LIMIT 1;
CREATE FUNCTION slices.held(OUT n bigint, OUT ids bigint, OUT in_order boolean) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT count(*), count(DISTINCT id), bool_and(id = place) FROM (SELECT id, row_number() OVER (ORDER BY _dload_id) place FROM slices.loaded) x'
		INTO n, ids, in_order;
END $$;
\set paths `echo 'python3 "$MOCK_PY" --paths "$(cat results/mock.url)"'`

--
-- window: 100 items, one a minute from 00:01 of 2026-01-01
--
\set window 'paginate ''window'', window_from_param ''from'', window_to_param ''to'''
-- half an hour each, to a given end; the last slice is shorter
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT slices.read($$path '/window/items?from=2026-01-01T00:00:00Z&to=2026-01-01T01:45:00Z', window_step '30 min', $$ || :'window');
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" | sort
-- formats of the bounds; an upper bound that belongs to the slice
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT slices.read($$path '/window/items?from=1767225600&to=1767232800', window_step '1 hour', window_format 'epoch', $$ || :'window');
SELECT slices.read($$path '/window/items?from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', window_format 'epoch_ms', $$ || :'window');
SELECT slices.read($$path '/window/items?from=2026-01-01&to=2026-01-03', window_step '1 day', window_format 'date', $$ || :'window');
SELECT slices.read($$path '/window/items?inclusive=1&from=2026-01-01T00:00:00Z&to=2026-01-01T01:45:00Z', window_step '30 min', window_inclusive 'true', $$ || :'window');
SELECT slices.read($$path '/window/items?inclusive=1&from=2026-01-01T00:00:00Z&to=2026-01-01T01:45:00Z', window_step '30 min', $$ || :'window') AS "not told so";
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" | sort
-- bounds in a body
SELECT slices.read($$path '/window/items?from=2026-01-01&to=2026-01-01T02:00:00Z', method 'POST', body '{"a": {"b": 1}}', window_in 'body', window_step '1 hour', window_format 'epoch', $$ || :'window');
SELECT slices.read($$path '/window/items?from=2026-01-01&to=2026-01-01T02:00:00Z', window_in 'body', window_step '1 hour', $$ || :'window');
-- bounds in placeholders
CREATE FOREIGN TABLE slices.places (id int, updated_at timestamptz OPTIONS (param 'from')) SERVER slices
  OPTIONS (path '/window/items', method 'POST', idempotent 'true', body '{"from": "{from}", "to": "{to}"}', window_step '20 min',
    paginate 'window', window_from_param 'from', window_to_param 'to', window_paginate 'page', page_size '8', page_size_param 'limit', total_path 'total', records_path 'items');
SELECT count(*), count(DISTINCT id) FROM slices.places WHERE updated_at >= '2026-01-01Z' AND updated_at < '2026-01-01T02:00Z';
ALTER FOREIGN TABLE slices.places OPTIONS (SET path '/window/items?from={from}', SET body '{}');
SELECT count(*), count(DISTINCT id) FROM slices.places WHERE updated_at >= '2026-01-01Z' AND updated_at < '2026-01-01T02:00Z';
ALTER FOREIGN TABLE slices.places ADD COLUMN until timestamptz OPTIONS (param 'to', echo 'true');
ALTER FOREIGN TABLE slices.places OPTIONS (SET body '{"to": "{to}"}');
SELECT count(*) FROM slices.places WHERE updated_at >= '2026-01-01Z' AND until = '2026-01-01T01:00Z';
SELECT count(*) FROM slices.places WHERE updated_at >= '2026-01-01Z' AND updated_at < '2026-01-01T02:00Z';
SELECT count(*) FROM slices.places;
SELECT FROM dload.create_pipeline('placed', 'slices.places', 'slices.placed', params => '{"to": "2026-01-01T02:00:00Z"}',
  write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'updated_at', initial_value => '2026-01-01');
CALL dload.run('placed', max_pages => 4);
CALL dload.run('placed');
SELECT count(*), min(id), max(id) FROM slices.placed;
-- what only a read from the start has is in no slice
CREATE FOREIGN TABLE slices.later () SERVER slices OPTIONS (path '/window/items',
  query_params '{"from": "{from}", "to": "{to}", "first": "1"}', cursor_drop_params 'first',
  paginate 'window', window_from_param 'from', window_to_param 'to', window_step '1 hour', records_path 'items');
SELECT FROM dload.create_pipeline('later', 'slices.later', 'slices.later_items', params => '{"to": "2026-01-01T02:00:00Z"}',
  write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'updated_at', cursor_param => 'from', initial_value => '2026-01-01');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
CALL dload.run('later');
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" | sort
SELECT dload.drop_pipeline('later');
-- without an end: to now
SELECT slices.read($$path '/window/items?from=2026-01-01', window_step '100 days', $$ || :'window');
SELECT slices.read($$path '/window/items?from=1970-01-01&to=2026-01-02', window_step '3000 days', $$ || :'window');
-- pages within slices
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT slices.read($$path '/window/items?from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', window_paginate 'page', total_path 'total', page_size '40', page_size_param 'limit', $$ || :'window');
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"
-- a cap that cuts off: slices are halved; unnoticed without window_cap
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT slices.read($$path '/window/items?cap=20&from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', window_cap '20', total_path 'total', $$ || :'window');
SELECT slices.read($$path '/window/items?cap=20&bare=1&from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', window_cap '20', $$ || :'window');
SELECT slices.read($$path '/window/items?cap=20&from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', $$ || :'window') AS "not told so";
-- where the answer says how many there are, it is seen without
SELECT slices.read($$path '/window/items?cap=20&from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', total_path 'total', $$ || :'window');
SELECT slices.read($$path '/window/items?cap=0&from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', total_path 'total', $$ || :'window');
-- what cannot be halved
SELECT slices.read($$path '/window/items?from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', window_cap '1', $$ || :'window');
SELECT slices.read($$path '/window/items?bare=1&from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', window_cap '45', window_paginate 'page', page_size '20', page_size_param 'limit', $$ || :'window');
-- where it begins must be said, and be a time
SELECT slices.read($$path '/window/items', window_step '1 hour', $$ || :'window');
SELECT slices.read($$path '/window/items?from=soon', window_step '1 hour', $$ || :'window');
-- by a condition
CREATE FOREIGN TABLE slices.asked (id int, "from" timestamptz OPTIONS (param 'from', echo 'true'), "to" timestamptz OPTIONS (param 'to', echo 'true')) SERVER slices
  OPTIONS (path '/window/items', paginate 'window', window_from_param 'from', window_to_param 'to', window_step '10 min');
SELECT count(*), min(id), max(id) FROM slices.asked WHERE "from" = '2026-01-01 00:30:00Z' AND "to" = '2026-01-01 01:00:00Z';

-- or by conditions on the time itself, which are checked on the records, too
CREATE FOREIGN TABLE slices.timed (id int, updated_at timestamptz OPTIONS (json_path 'updated_at', param 'from'), day date OPTIONS (json_path 'updated_at')) SERVER slices
  OPTIONS (path '/window/items', paginate 'window', window_from_param 'from', window_to_param 'to', window_step '20 min');
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM slices.timed WHERE updated_at >= '2026-01-01 00:30:00Z' AND updated_at < '2026-01-01 01:00:00Z';
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT count(*), min(id), max(id) FROM slices.timed WHERE updated_at >= '2026-01-01 00:30:00Z' AND updated_at < '2026-01-01 01:00:00Z';
SELECT count(*), min(id), max(id) FROM slices.timed WHERE updated_at BETWEEN '2026-01-01 00:30:00Z' AND '2026-01-01 01:00:00Z';
SELECT count(*), min(id), max(id) FROM slices.timed WHERE '2026-01-01 00:30:00Z' < updated_at AND updated_at <= '2026-01-01 00:40:00Z' AND id > 35;
SELECT count(*), min(id), max(id) FROM slices.timed WHERE updated_at > '2026-01-01 00:30:00Z'::timestamptz - interval '10 min' AND updated_at < (SELECT '2026-01-01 00:31:00Z'::timestamptz);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" | sort
SELECT count(*) FROM slices.timed WHERE updated_at >= NULL;
-- integers are bounds where times are sent as such
CREATE FOREIGN TABLE slices.epochs (id int, ms bigint OPTIONS (param 'from')) SERVER slices
  OPTIONS (path '/window/items', paginate 'window', window_from_param 'from', window_to_param 'to', window_step '20 min', window_format 'epoch_ms');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT count(*) FROM slices.epochs WHERE ms >= 1767227400000 AND ms <= 1767229200000;
SELECT count(*) FROM slices.epochs WHERE ms > 1767227400000 AND ms < 1767227400000 + 1000;
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" | sort
SELECT count(*) FROM slices.epochs WHERE ms >= -1;
ALTER FOREIGN TABLE slices.epochs OPTIONS (SET window_format 'iso');
SELECT count(*) FROM slices.epochs WHERE ms >= 1767227400000;
SELECT count(*) FROM slices.timed WHERE updated_at < '2026-01-01 01:00:00Z';
SELECT count(*) FROM slices.timed t JOIN (VALUES ('2026-01-01 00:30:00Z'::timestamptz)) v(x) ON t.updated_at >= v.x WHERE t.updated_at >= '2026-01-01 00:00Z' AND t.updated_at < '2026-01-01 01:00:00Z';

-- loaded: order, and slices at the same time
SELECT count(*) FROM dload.runs WHERE pipeline = 'slices';
CALL slices.load($$path '/window/items?ms=50&to=2026-01-01T02:00:00Z', window_step '10 min', $$ || :'window', cursor_path => 'updated_at', initial_value => '2026-01-01');
SELECT * FROM slices.last;
SELECT * FROM slices.held();
CREATE FOREIGN TABLE slices.peak (peak int, requests int) SERVER slices OPTIONS (path '/ahead/peak');
SELECT peak > 2 AS several FROM slices.peak;
-- halved, stopped and gone on with
CALL slices.load($$path '/window/items?cap=20&to=2026-01-01T02:00:00Z', window_step '1 hour', window_cap '20', total_path 'total', $$ || :'window', cursor_path => 'updated_at', initial_value => '2026-01-01');
SELECT outcome, pages, rows_read FROM slices.last;
SELECT * FROM slices.held();
DROP TABLE slices.loaded;
CALL dload.run('slices', max_pages => 3);
CALL dload.run('slices', max_pages => 2);
CALL dload.run('slices');
SELECT outcome, pages, rows_read FROM slices.last;
SELECT * FROM slices.held();
-- stopped in a slice: the next run goes on in it; the cursor is where the last complete slice ended
DROP TABLE slices.loaded;
SELECT dload.drop_pipeline('slices');
-- the end that a rule sees is that of a slice
SELECT slices.read($$path '/window/items?from=2025-12-31T20:00:00Z&to=2026-01-01T02:00:00Z', window_step '1 hour', records_path 'items', stop_when '$.total = 0', $$ || :'window');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "page=3", "times": 0, "status": 404}' >results/mock.answer
SELECT slices.read($$path '/window/items?from=2026-01-01&to=2026-01-01T02:00:00Z', window_step '1 hour', window_paginate 'page', page_size '30', page_size_param 'limit', records_path 'items', response_rules '[{"when": "status = 404", "do": "end"}]', $$ || :'window');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
SELECT slices.table($$path '/window/items?to=2026-01-01T02:00:00Z', window_step '1 hour', window_paginate 'page', page_size '25', page_size_param 'limit', total_path 'total', $$ || :'window');
SELECT dload.create_pipeline('slices', 'slices.source', 'slices.loaded', cursor_path => 'updated_at', initial_value => '2026-01-01');
CALL dload.run('slices', max_pages => 2);
SELECT n, ids, in_order, cursor_value FROM slices.held(), dload.cursors WHERE pipeline = 'slices';
CALL dload.run('slices', max_pages => 1);
SELECT n, ids, in_order, cursor_value FROM slices.held(), dload.cursors WHERE pipeline = 'slices';
CALL dload.run('slices', max_pages => 1);
SELECT n, ids, in_order, cursor_value FROM slices.held(), dload.cursors WHERE pipeline = 'slices';
CALL dload.run('slices');
SELECT * FROM slices.last;
SELECT n, ids, in_order, cursor_value FROM slices.held(), dload.cursors WHERE pipeline = 'slices';
-- the next window begins at the cursor, and repeats nothing
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_items/grow '{"count": 10}' >results/mock.answer
CALL dload.run('slices');
SELECT n, ids, in_order, cursor_value FROM slices.held(), dload.cursors WHERE pipeline = 'slices';
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer

--
-- list
--
SELECT slices.read($$path '/list/parts', paginate 'list', list_path 'parts', list_url '/list/part?part={part}'$$);
SELECT slices.read($$path '/list/parts?of=0', paginate 'list', list_path 'parts', list_url '/list/part?part={part}'$$);
SELECT slices.read($$path '/list/files', paginate 'list', list_path 'files[*].url', list_url '{part}'$$);
SELECT slices.read($$path '/list/files?other=1', paginate 'list', list_path 'files[*].url', list_url '{part}'$$);
SELECT slices.read($$path '/list/partitions', paginate 'list', list_path 'info', list_param 'partition', list_from 'index', list_first 'true', records_path 'rows', total_path 'total'$$);
SELECT slices.read($$path '/list/partitions', paginate 'list', list_path 'info', list_param 'partition', list_from 'index', records_path 'rows'$$) AS "the first one twice asked";
SELECT slices.read($$path '/list/partitions', method 'POST', body '{"x": 1}', paginate 'list', list_path 'info', list_param 'partition', list_in 'body', list_from 'index', list_first 'true', records_path 'rows', total_path 'total'$$);
-- one file, or none yet
SELECT slices.read($$path '/list/files', paginate 'list', list_path 'files[1].url', list_url '{part}'$$);
SELECT slices.read($$path '/list/parts?none=1', paginate 'list', list_path 'parts', list_url '/list/part?part={part}'$$);
SELECT slices.read($$path '/list/parts', paginate 'list', list_path 'partz', list_url '/list/part?part={part}'$$);
SELECT slices.read($$path '/list/files', paginate 'list', list_path 'files', list_url '{part}'$$);
CALL slices.load($$path '/list/parts', paginate 'list', list_path 'parts', list_url '/list/part?part={part}'$$);
SELECT * FROM slices.last;
SELECT * FROM slices.held();
SELECT peak > 1 AS several FROM slices.peak;
-- a declared total is that of all parts
CALL slices.load($$path '/list/partitions', paginate 'list', list_path 'info', list_param 'partition', list_from 'index', list_first 'true', records_path 'rows', total_path 'total'$$);
SELECT * FROM slices.last;
CALL slices.load($$path '/list/partitions?say=21', paginate 'list', list_path 'info', list_param 'partition', list_from 'index', list_first 'true', records_path 'rows', total_path 'total'$$);
SELECT outcome, reason FROM slices.last;
-- a run that stops goes on with the parts that are left
CALL slices.load($$path '/list/parts', paginate 'list', list_path 'parts', list_url '/list/part?part={part}'$$);
DROP TABLE slices.loaded;
CALL dload.run('slices', max_pages => 2);
CALL dload.run('slices');
SELECT * FROM slices.held();

--
-- scroll
--
\set scroll 'path ''/scroll/open'', paginate ''scroll'', token_path ''id'', scroll_path ''/scroll/next'', scroll_body ''{"id": "{token}"}'''
CREATE FOREIGN TABLE slices.scrolls (opened int, closed int, held int) SERVER slices OPTIONS (path '/scroll/state');
SELECT slices.read(:'scroll');
SELECT * FROM slices.scrolls;
SELECT slices.read(:'scroll' || $$, close_path '/scroll/close?id={token}'$$);
SELECT * FROM slices.scrolls;
-- closed, too, under a LIMIT, after an error, and at a cancel
SELECT count(*) FROM (SELECT * FROM slices.source LIMIT 40) x;
SELECT * FROM slices.scrolls;
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/scroll/next", "skip": 1, "status": 500}' >results/mock.answer
SELECT count(*) FROM slices.source;
SELECT * FROM slices.scrolls;
SET statement_timeout = '600ms';
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/scroll/next", "skip": 1, "delay": 2}' >results/mock.answer
SELECT count(*) FROM slices.source;
RESET statement_timeout;
SELECT pg_sleep(0.1);
SELECT * FROM slices.scrolls;
-- a server that cannot close does no harm
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/scroll/close", "status": 500}' >results/mock.answer
SELECT count(*) FROM slices.source;
SELECT opened, closed, held FROM slices.scrolls;
-- loaded; a run that stopped cannot go on
CALL slices.load(:'scroll' || $$, close_path '/scroll/close?id={token}'$$);
SELECT * FROM slices.last;
SELECT * FROM slices.held();
DROP TABLE slices.loaded;
CALL dload.run('slices', max_pages => 2);
CALL dload.run('slices');
SELECT * FROM slices.scrolls;
CALL slices.load(:'scroll', 'merge', ARRAY['id']);
DROP TABLE slices.loaded;
CALL dload.run('slices', max_pages => 2);
CALL dload.run('slices');
SELECT * FROM slices.held();

--
-- drain
--
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=25" >results/mock.answer
SELECT slices.read($$path '/drain/get', records_path 'messages'$$) AS "once";
SELECT slices.read($$path '/drain/get', records_path 'messages', paginate 'drain'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=25" >results/mock.answer
CALL slices.load($$path '/drain/get', records_path 'messages', paginate 'drain', total_path 'left'$$);
SELECT * FROM slices.last;
-- the same messages again are other ones
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=20" >results/mock.answer
CALL dload.run('slices');
SELECT * FROM slices.last;
SELECT n, ids FROM slices.held();
-- the last message says that nothing is left, which saves the empty page
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=25" >results/mock.answer
CALL slices.load($$path '/drain/get?each=1', records_path 'messages', paginate 'drain', total_path 'messages[-1].left'$$);
SELECT requests, rows_read FROM slices.last;
-- without that the empty page is asked for
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=25" >results/mock.answer
CALL slices.load($$path '/drain/get?each=1', records_path 'messages', paginate 'drain'$$);
SELECT requests, rows_read FROM slices.last;
-- no further than max_pages or drain_for, which is no error
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=100" >results/mock.answer
CALL slices.load($$path '/drain/get', records_path 'messages', paginate 'drain', max_pages '3'$$);
SELECT outcome, pages, rows_read FROM slices.last;
CALL dload.run('slices');
SELECT * FROM slices.held();
CALL slices.load($$path '/drain/get?ms=100&count=1', records_path 'messages', paginate 'drain', drain_for '250ms'$$);
SELECT outcome, pages BETWEEN 2 AND 6 AS few FROM slices.last;
-- after a run that stopped early the next one takes what is there
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=50" >results/mock.answer
CALL slices.load($$path '/drain/get', records_path 'messages', paginate 'drain'$$);
DROP TABLE slices.loaded;
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" "/drain/fill?n=50" >results/mock.answer
CALL dload.run('slices', max_pages => 2);
CALL dload.run('slices');
SELECT * FROM slices.last;
SELECT * FROM slices.held();
SELECT dload.alter_pipeline('slices', write_disposition => 'replace');

--
-- options
--
SELECT slices.table($$paginate 'window'$$);
SELECT slices.table($$paginate 'window', window_from_param 'a', window_to_param 'b', window_step '0s'$$);
SELECT slices.table($$paginate 'window', window_from_param 'a', window_to_param 'b', window_step '1 hour', token_path 'x'$$);
SELECT slices.table($$paginate 'window', window_from_param 'a', window_to_param 'b', window_step '1 hour', window_paginate 'list'$$);
SELECT slices.table($$paginate 'page', window_step '1 hour'$$);
SELECT slices.table($$paginate 'list', list_path 'x'$$);
SELECT slices.table($$paginate 'list', list_path 'x', list_param 'a', list_url '/x/{part}'$$);
SELECT slices.table($$paginate 'list', list_path 'x', list_url '/x'$$);
SELECT slices.table($$paginate 'scroll', token_path 'x', scroll_path '/x'$$);
SELECT slices.table($$paginate 'scroll', scroll_path '/x/{token}'$$);
SELECT slices.table($$paginate 'scroll', token_path 'x', scroll_path '/x/{token}', close_body 'x'$$);
SELECT slices.table($$paginate 'none', drain_for '1s'$$);

SELECT dload.drop_pipeline('slices');
DROP SCHEMA slices CASCADE;
DROP SERVER slices CASCADE;
