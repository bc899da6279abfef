--
-- Replies that say what the next run begins with: a token or a URL, outside of
-- the records
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"reset": true}' >results/mock.answer
SET timezone = 'UTC';
CREATE SERVER bm FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA bm;
-- options that do not go together
CREATE FOREIGN TABLE bm.bad () SERVER bm OPTIONS (path '/sync/items', envelope_cursor 'a', cursor_header 'A');
CREATE FOREIGN TABLE bm.bad () SERVER bm OPTIONS (path '/sync/items', cursor_in 'url');
CREATE FOREIGN TABLE bm.bad () SERVER bm OPTIONS (path '/sync/items', cursor_in 'url', envelope_cursor 'a', cursor_drop_params '*');
CREATE FOREIGN TABLE bm.bad () SERVER bm OPTIONS (path '/sync/items', cursor_in 'url', envelope_cursor 'a', paginate 'page');
CREATE FOREIGN TABLE bm.bad () SERVER bm OPTIONS (path '/sync/items', envelope_cursor 'a', paginate 'drain');
CREATE FOREIGN TABLE bm.bad () SERVER bm OPTIONS (path '/sync/items', envelope_cursor 'a', format 'csv');
CREATE FOREIGN TABLE bm.bad () SERVER bm OPTIONS (path '/sync/items', envelope_cursor 'a[');

CREATE FOREIGN TABLE bm.items (id int) SERVER bm OPTIONS (path '/sync/items', records_path 'items',
  query_params '{"start": "2"}', cursor_drop_params 'start', envelope_cursor 'sync.next', deleted_when '$.deleted = true',
  paginate 'token', token_path 'next_page_token', token_param 'page_token', response_rules '[{"when": "status = 410", "do": "restart"}]');
CREATE FOREIGN TABLE bm.asked (target text) SERVER bm OPTIONS (path '/sync/asked');
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', write_disposition => 'merge', primary_key => ARRAY['id']);
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_param => 'sync_token', cursor_path => 'id');
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_param => 'sync_token', lag => '1');
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', write_disposition => 'replace', primary_key => ARRAY['id'], cursor_param => 'sync_token');
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_param => 'sync_token');
CREATE VIEW bm.last AS SELECT outcome, rows_read AS read, rows_inserted AS ins, rows_updated AS upd, rows_deleted AS del, rows_unchanged AS same, reason
  FROM dload.runs WHERE pipeline = 'b' ORDER BY run_id DESC LIMIT 1;
CREATE VIEW bm.state AS SELECT cursor_value, pending_value, resumable FROM dload.cursors WHERE pipeline = 'b';
\set VERBOSITY terse
-- the first run has what only it sends, and no token
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT array_agg(id ORDER BY id) FROM bm.t;
SELECT * FROM bm.state;
-- the next one has the token, and again while nothing changes
CALL dload.run('b');
SELECT * FROM bm.asked;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"put": [{"id": 3, "name": "three"}, {"id": 7, "name": "seven", "tags": []}, {"id": 4, "name": "four", "tags": [4]}], "delete": [5, 99, 7]}' >results/mock.answer
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT id, name, (SELECT array_agg(value) FROM bm.t__tags WHERE _dload_parent_id = t._dload_id) AS tags FROM bm.t ORDER BY id;
SELECT * FROM bm.last;
SELECT * FROM bm.state;
-- a query and a preview ask as a first run does
SELECT count(*) FROM bm.items;
SELECT item, content FROM dload.preview('bm.items', '{"limit": "50"}') WHERE section = 'detected';
SELECT content FROM dload.preview('bm.items', '{"limit": "50", "in": "none"}') WHERE item LIKE 'next run%';
SELECT content FROM dload.preview('bm.items', '{"in": "none"}') WHERE item LIKE 'next run%';
SELECT * FROM bm.asked;
-- the token has expired: all is read, and the old rows stay until that is done
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"delete": [2], "expire": 6}' >results/mock.answer
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT array_agg(id ORDER BY id) FROM bm.t;
SELECT * FROM bm.state;
-- without the rule it is an error
ALTER FOREIGN TABLE bm.items OPTIONS (DROP response_rules);
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"expire": 7}' >results/mock.answer
CALL dload.run('b');
ALTER FOREIGN TABLE bm.items OPTIONS (ADD response_rules '[{"when": "status = 410", "do": "restart"}]');
-- without the list of what is for the first run, it is sent with the token
ALTER FOREIGN TABLE bm.items OPTIONS (DROP cursor_drop_params);
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"expire": 0}' >results/mock.answer
CALL dload.run('b');
ALTER FOREIGN TABLE bm.items OPTIONS (ADD cursor_drop_params '*');
CALL dload.run('b');
SELECT * FROM bm.asked;
ALTER FOREIGN TABLE bm.items OPTIONS (SET cursor_drop_params 'start');
-- a run that is rolled back has not moved on
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"put": [{"id": 8, "name": "eight"}]}' >results/mock.answer
BEGIN;
SELECT dload.run_atomic('b') IS NOT NULL AS ran;
SELECT cursor_value FROM bm.state;
ROLLBACK;
SELECT cursor_value FROM bm.state;
SELECT dload.run_atomic('b') IS NOT NULL AS ran;
SELECT cursor_value FROM bm.state;
-- other settings leave it, other parameters ask for something else
SELECT dload.alter_pipeline('b', columns => '{"name": "text"}');
SELECT cursor_value FROM bm.state;
SELECT dload.alter_pipeline('b', params => '{"start": "4"}');
SELECT * FROM bm.state;
CALL dload.run('b');
CALL dload.run('b', full_refresh => true);
SELECT * FROM bm.asked;
SELECT array_agg(id ORDER BY id) FROM bm.t;
-- a full read whose rows are not taken does not move the token
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"delete": [4, 6, 8]}' >results/mock.answer
CALL dload.run('b', full_refresh => true);
SELECT * FROM bm.state;
CALL dload.run('b');
SELECT array_agg(id ORDER BY id) FROM bm.t;
SELECT * FROM bm.state;
SELECT dload.drop_pipeline('b');

-- a value in every page: only that of the last one is where the next run begins
DROP TABLE bm.t, bm.t__tags;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"reset": true, "put": [{"id": 1, "name": "one"}]}' >results/mock.answer
ALTER FOREIGN TABLE bm.items OPTIONS (SET query_params '{"each": "1"}', DROP cursor_drop_params);
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_param => 'sync_token');
CALL dload.run('b', max_pages => 1);
SELECT * FROM bm.state;
CALL dload.run('b', max_pages => 1);
SELECT * FROM bm.state;
CALL dload.run('b');
SELECT * FROM bm.state;
SELECT * FROM bm.asked;
-- also where the run goes on with a list that has changed, and begins anew
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"put": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "c"}]}' >results/mock.answer
CALL dload.run('b', max_pages => 1);
SELECT * FROM bm.state;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"put": [{"id": 2, "name": "x"}]}' >results/mock.answer
CALL dload.run('b');
SELECT * FROM bm.state;
SELECT * FROM bm.asked;
SELECT id, name FROM bm.t ORDER BY id;
-- large first loads, each page a package
SELECT dload.drop_pipeline('b');
DROP TABLE bm.t, bm.t__tags;
SET dload.package_bytes = '64kB';
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_param => 'sync_token');
CALL dload.run('b', max_pages => 2);
SELECT * FROM bm.state;
CALL dload.run('b');
SELECT * FROM bm.state;
-- and a page too large for one
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set "$(python3 -c 'import json; print(json.dumps({"put": [{"id": n, "name": "x" * 100} for n in range(1, 300)], "delete": [5]}))')" >results/mock.answer
SELECT dload.alter_pipeline('b', params => '{"limit": 200}');
CALL dload.run('b', max_pages => 1);
SELECT * FROM bm.state;
CALL dload.run('b');
SELECT * FROM bm.state;
RESET dload.package_bytes;
SELECT count(*) FROM bm.t;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"reset": true, "put": [{"id": 1, "name": "one"}]}' >results/mock.answer
SELECT count(*) FROM bm.asked;

-- what it may be: in a header, a number, and nothing else
SELECT dload.alter_pipeline('b', params => '{"kind": "number"}');
CALL dload.run('b');
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT dload.alter_pipeline('b', params => '{"kind": "list"}');
CALL dload.run('b');
SELECT dload.alter_pipeline('b', params => '{"kind": "other"}');
CALL dload.run('b');
-- nowhere: that is told, in each run
SELECT dload.alter_pipeline('b', params => '{"in": "none"}');
CALL dload.run('b');
CALL dload.run('b');
SELECT dload.alter_pipeline('b', params => '{"in": "header"}');
ALTER FOREIGN TABLE bm.items OPTIONS (DROP envelope_cursor, ADD cursor_header 'X-Sync-Token');
CALL dload.run('b');
SELECT * FROM bm.state;
CALL dload.run('b');
-- pages that are as they were have it all the same
ALTER FOREIGN TABLE bm.items OPTIONS (SET query_params '{"etag": "1", "limit": "50"}');
SELECT dload.alter_pipeline('b', params => '{}');
ALTER FOREIGN TABLE bm.items OPTIONS (ADD envelope_cursor 'sync.next', DROP cursor_header);
CALL dload.run('b');
SELECT count(*) FROM bm.asked;
CALL dload.run('b');
CALL dload.run('b');
SELECT * FROM bm.last;
SELECT * FROM bm.asked;
SELECT * FROM bm.state;
SELECT dload.drop_pipeline('b');

-- append: what has changed, once each time; what expired is replaced
DROP TABLE bm.t, bm.t__tags;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"reset": true}' >results/mock.answer
ALTER FOREIGN TABLE bm.items OPTIONS (DROP query_params, DROP deleted_when);
SELECT dload.create_pipeline('b', 'bm.items', 'bm.t', cursor_param => 'sync_token');
CALL dload.run('b');
CALL dload.run('b');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"put": [{"id": 1, "name": "one"}], "delete": [2]}' >results/mock.answer
CALL dload.run('b');
SELECT id, name, deleted FROM bm.t WHERE id < 3 ORDER BY _dload_id;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"expire": 2}' >results/mock.answer
CALL dload.run('b');
SELECT id, name FROM bm.t WHERE id < 3 ORDER BY _dload_id;
SELECT dload.drop_pipeline('b');
-- replace reads everything and keeps nothing
SELECT count(*) > 0 FROM bm.asked;
SELECT dload.create_pipeline('b', 'bm.items', 'bm.r', write_disposition => 'replace');
CALL dload.run('b');
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT * FROM bm.state;
SELECT dload.drop_pipeline('b');

-- in a body, with a first value
CREATE FOREIGN TABLE bm.post () SERVER bm OPTIONS (path '/sync/items', method 'POST', idempotent 'true', records_path 'items', cursor_in 'body',
  envelope_cursor 'sync.next', paginate 'token', token_path 'next_page_token', token_param 'page_token', query_params '{"kind": "number"}');
SELECT dload.create_pipeline('b', 'bm.post', 'bm.p', cursor_param => 'from.token');
CALL dload.run('b');
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT dload.drop_pipeline('b');
CREATE FOREIGN TABLE bm.place () SERVER bm OPTIONS (path '/sync/items', method 'POST', idempotent 'true', records_path 'items', body '{"from": {"token": {cursor}}}',
  envelope_cursor 'sync.next', paginate 'token', token_path 'next_page_token', token_param 'page_token');
SELECT dload.create_pipeline('b', 'bm.place', 'bm.p2');
SELECT dload.create_pipeline('b', 'bm.place', 'bm.p2', initial_value => 'r1');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"expire": 0}' >results/mock.answer
CALL dload.run('b');
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT id FROM bm.p2;
SELECT dload.drop_pipeline('b');

-- a URL: asked for as it stands, but only where credentials may go
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"reset": true}' >results/mock.answer
CREATE FOREIGN TABLE bm.delta () SERVER bm OPTIONS (path '/sync/delta', records_path 'value', paginate 'next_url', next_path '"@odata.nextLink"',
  cursor_in 'url', envelope_cursor '"@odata.deltaLink"', deleted_when '$.deleted = true', response_rules '[{"when": "status = 410", "do": "restart"}]');
SELECT dload.create_pipeline('b', 'bm.delta', 'bm.d', write_disposition => 'merge', primary_key => ARRAY['id']);
CALL dload.run('b');
SELECT replace(cursor_value, :'mock_url', '') FROM bm.state;
CALL dload.run('b');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"put": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], "delete": [3]}' >results/mock.answer
CALL dload.run('b', max_pages => 1);
SELECT replace(cursor_value, :'mock_url', ''), resumable FROM bm.state;
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT id, name FROM bm.d WHERE id < 4 ORDER BY id;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"expire": 3}' >results/mock.answer
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT dload.alter_pipeline('b', params => '{"relative": "1"}');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /sync/set '{"expire": 0}' >results/mock.answer
CALL dload.run('b');
CALL dload.run('b');
SELECT * FROM bm.asked;
SELECT dload.alter_pipeline('b', params => '{"other": "1"}');
CALL dload.run('b');
DO $$ BEGIN PERFORM dload.run_atomic('b'); EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', regexp_replace(SQLERRM, ':\d+', ':PORT'); END $$;
SELECT * FROM bm.asked;
SELECT dload.drop_pipeline('b');

SET client_min_messages = warning;
DROP SCHEMA bm CASCADE;
DROP SERVER bm;
