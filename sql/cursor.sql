--
-- cursor: only what is new is asked for and loaded, and nothing is missed or
-- repeated when a run stops early.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'America/New_York';
CREATE SERVER cur FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA cur;
CREATE FOREIGN TABLE cur.src (record jsonb OPTIONS (json_path '$')) SERVER cur OPTIONS (path '/cur');
CREATE FOREIGN TABLE cur.paged (record jsonb OPTIONS (json_path '$')) SERVER cur OPTIONS (path '/cur', paginate 'page', page_param 'page');
CREATE FOREIGN TABLE cur.since (record jsonb OPTIONS (json_path '$')) SERVER cur
  OPTIONS (path '/since/items', paginate 'next_url', next_path 'next', records_path 'items');
CREATE FOREIGN TABLE cur.feed (record jsonb OPTIONS (json_path '$')) SERVER cur
  OPTIONS (path '/events', paginate 'link', page_size '20', page_size_param 'per_page');
CREATE FOREIGN TABLE cur.unfiltered (record jsonb OPTIONS (json_path '$')) SERVER cur
  OPTIONS (path '/ignore-filter', paginate 'link', page_size '50', page_size_param 'per_page');
CREATE FOREIGN TABLE cur.total (record jsonb OPTIONS (json_path '$')) SERVER cur
  OPTIONS (path '/page/items', paginate 'page', page_size '30', page_size_param 'page_size', total_path 'total_count');
CREATE VIEW cur.cursors AS SELECT pipeline, cursor_value, pending_value, resumable FROM dload.cursors;
CREATE VIEW cur.runs AS SELECT run_id, pipeline, outcome, reason, pages, rows_read AS read, rows_inserted AS inserted, rows_updated AS updated, rows_unchanged AS unchanged, rows_rejected AS rejected FROM dload.runs;

-- The parameter is sent once there is a cursor.  The API's filter is
-- inclusive; the record at the boundary is not appended again.
SELECT dload.create_pipeline('asc', 'cur.since', 'cur.asc', cursor_path => 'updated_at', cursor_param => 'updated_since', cursor_order => 'asc');
CALL dload.run('asc');
SELECT cursor_value, pending_value, resumable FROM cur.cursors;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_items/grow '{"count": 3}' >results/mock.answer
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
CALL dload.run('asc');
CALL dload.run('asc');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /since
SELECT count(*), count(DISTINCT id), max(updated_at) AT TIME ZONE 'UTC' AS max FROM cur.asc;
SELECT cursor_value FROM cur.cursors;
-- the cursor follows the packages: what a failed run loaded is not read again
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_items/grow '{"count": 60}' >results/mock.answer
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script '{"path": "page=2", "status": 500}' >results/mock.answer
\set VERBOSITY sqlstate
CALL dload.run('asc');
\set VERBOSITY default
SELECT count(*), count(DISTINCT id) FROM cur.asc;
SELECT cursor_value, resumable FROM cur.cursors;
CALL dload.run('asc');
SELECT count(*), count(DISTINCT id) FROM cur.asc;
SELECT state, last_outcome, cursor_value, rows FROM dload.status;
-- where nobody declares an order, the cursor waits for the end
SELECT dload.create_pipeline('none', 'cur.since', 'cur.none', cursor_path => 'updated_at', cursor_param => 'updated_since', initial_value => '2026-01-01T01:00:00Z');
CALL dload.run('none', max_pages => 2);
SELECT cursor_value, pending_value, resumable FROM cur.cursors WHERE pipeline = 'none';
SELECT dload.run_atomic('none') > 0;
SELECT cursor_value, pending_value, resumable FROM cur.cursors WHERE pipeline = 'none';
SELECT count(*), count(DISTINCT id), min(id), max(id) FROM cur.none;
SELECT dload.drop_pipeline('asc'), dload.drop_pipeline('none');

-- A feed, newest first: reading stops at the first page that is wholly older.
SELECT dload.create_pipeline('desc', 'cur.feed', 'cur.desc', cursor_path => 'created_at', cursor_order => 'desc');
CALL dload.run('desc', max_pages => 3);
SELECT cursor_value, pending_value, resumable FROM cur.cursors;
CALL dload.run('desc');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_events/grow '{"count": 25}' >results/mock.answer
CALL dload.run('desc');
SELECT count(*), count(DISTINCT id) FROM cur.desc;
SELECT pages, read, inserted, unchanged FROM cur.runs WHERE pipeline = 'desc' ORDER BY run_id;
SELECT cursor_value, pending_value, resumable FROM cur.cursors;
-- stopped early, and the feed grew: pages have moved, and append cannot know
CALL dload.run('desc');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_events/grow '{"count": 50}' >results/mock.answer
CALL dload.run('desc', max_pages => 1);
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_events/grow '{"count": 1}' >results/mock.answer
CALL dload.run('desc');
CALL dload.run('desc', full_refresh => true);
SELECT count(*), count(DISTINCT id) FROM cur.desc;
SELECT dload.drop_pipeline('desc');
-- merge reads the window again
SELECT dload.create_pipeline('desc', 'cur.feed', 'cur.desc2', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'created_at', cursor_order => 'desc');
CALL dload.run('desc', max_pages => 1);
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_events/grow '{"count": 1}' >results/mock.answer
CALL dload.run('desc');
SELECT count(*), count(DISTINCT id) FROM cur.desc2;
SELECT dload.drop_pipeline('desc');

-- an API that ignores the filter: older records are left out here
SELECT dload.create_pipeline('ignore', 'cur.unfiltered', 'cur.ignore', cursor_path => 'id', cursor_param => 'since', initial_value => '150');
CALL dload.run('ignore');
SELECT count(*), min(id), max(id) FROM cur.ignore;
CALL dload.run('ignore');
SELECT count(*) FROM cur.ignore;
SELECT dload.drop_pipeline('ignore');

-- Values: numbers by value, times by instant, whatever their offset and form;
-- other kinds and missing values are rejected, but merge needs no cursor value.
SELECT dload.create_pipeline('num', 'cur.src', 'cur.num', cursor_path => 'm.seq');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":1,"m":{"seq":9}},{"id":2,"m":{"seq":10}},{"id":3,"m":{"seq":"x"}},{"id":4,"m":{}},{"id":5,"m":{"seq":null}},{"id":6,"m":{"seq":10.0}},{"id":7}]'
CALL dload.run('num');
SELECT cursor_value FROM cur.cursors;
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":1,"m":{"seq":9}},{"id":2,"m":{"seq":10}},{"id":6,"m":{"seq":10.0}},{"id":8,"m":{"seq":1e1}},{"id":9,"m":{"seq":100}},{"id":3,"m":{"seq":"x"}}]'
CALL dload.run('num');
SELECT id, m__seq FROM cur.num ORDER BY id;
SELECT cursor_value FROM cur.cursors;
SELECT convert_from(record, 'UTF8') AS record, reason, count FROM dload.rejected WHERE pipeline = 'num' ORDER BY rejected.record;
SELECT dload.drop_pipeline('num');
SELECT dload.create_pipeline('time', 'cur.src', 'cur.time', cursor_path => 'at', initial_value => '2026-01-01');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":1,"at":"2026-01-01T12:00:00+02:00"},{"id":2,"at":"2026-01-01T11:00:00Z"},{"id":3,"at":"2026-01-01T10:59:59.999Z"},{"id":4,"at":"2025-12-31T23:59:59Z"},{"id":5,"at":"2026-01-01 06:00:00-05:00"},{"id":6,"at":17}]'
CALL dload.run('time');
SELECT id FROM cur.time ORDER BY id;
SELECT cursor_value FROM cur.cursors;
CALL dload.run('time');
SELECT id FROM cur.time ORDER BY id;
SELECT dload.drop_pipeline('time');

-- identifiers in strings are no numbers, though one may be all digits
SELECT dload.create_pipeline('hex', 'cur.src', 'cur.hex', cursor_path => 'id');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":"0a"},{"id":"12"},{"id":"1b"}]'
CALL dload.run('hex');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":"12"},{"id":"1b"},{"id":"20"},{"id":"3f"},{"id":"40"}]'
CALL dload.run('hex');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":"3f"},{"id":"40"},{"id":"4a"},{"id":50}]'
CALL dload.run('hex');
SELECT id FROM cur.hex ORDER BY id;
SELECT dload.drop_pipeline('hex');

-- lag asks for what is a little older too, for records that come late
SELECT dload.create_pipeline('lag', 'cur.since', 'cur.lag', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'updated_at', cursor_param => 'updated_since', lag => '90 min', initial_value => '2026-01-01T01:00:00Z');
CALL dload.run('lag');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
CALL dload.run('lag');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /since | sed -n 1p
SELECT dload.drop_pipeline('lag');
SELECT dload.create_pipeline('lag', 'cur.src', 'cur.lag2', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'id', lag => '2', initial_value => '2');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":1},{"id":2,"v":1},{"id":3},{"id":5,"v":1},{"x":1}]'
CALL dload.run('lag');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":1},{"id":2,"v":2},{"id":4,"v":2},{"id":3,"v":2},{"id":5,"v":2}]'
CALL dload.run('lag');
SELECT id, v FROM cur.lag2 ORDER BY id;
SELECT dload.drop_pipeline('lag');

-- stopped after some pages, then continued: the rows are exactly those
SELECT dload.create_pipeline('pages', 'cur.paged', 'cur.pages');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":1},{"id":2}]' '[{"id":3},{"id":4}]' '[{"id":5}]' '[]'
CALL dload.run('pages', max_pages => 1);
CALL dload.run('pages', max_pages => 1);
CALL dload.run('pages');
SELECT id FROM cur.pages ORDER BY id;
-- not when the page at which it stopped has changed
CALL dload.run('pages', max_pages => 2);
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":0},{"id":1}]' '[{"id":2},{"id":3}]' '[{"id":4},{"id":5}]' '[]'
CALL dload.run('pages');
SELECT count(*) FROM cur.pages;
SELECT state, last_outcome FROM dload.status;
-- nor when the source is another one meanwhile
CALL dload.run('pages', full_refresh => true, max_pages => 1);
ALTER FOREIGN TABLE cur.paged OPTIONS (SET path '/cur2');
CALL dload.run('pages');
SELECT count(*) FROM cur.pages;
CALL dload.run('pages', full_refresh => true);
CALL dload.run('pages', max_pages => 1);
ALTER FOREIGN TABLE cur.paged OPTIONS (SET path '/cur');
CALL dload.run('pages');
SELECT count(*) FROM cur.pages;
SELECT dload.drop_pipeline('pages');

-- a declared total that is not what came
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
SELECT dload.create_pipeline('total', 'cur.total', 'cur.total_rows');
CALL dload.run('total');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /page/items '{"items": [{"id": 1}], "total_count": 2}' '{"items": [], "total_count": 2}'
CALL dload.run('total');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
SELECT dload.drop_pipeline('total');

-- one transaction for all, or nothing: a dry run
SELECT dload.create_pipeline('atomic', 'cur.since', 'cur.atomic', cursor_path => 'updated_at', cursor_param => 'updated_since');
BEGIN;
SELECT dload.run_atomic('atomic') > 0;
SELECT count(*) > 0 FROM cur.atomic;
SELECT cursor_value IS NOT NULL FROM cur.cursors;
ROLLBACK;
SELECT to_regclass('cur.atomic'), cursor_value FROM cur.cursors;
BEGIN;
SELECT dload.run_atomic('atomic') > 0;
SELECT dload.run_atomic('atomic') > 0;
COMMIT;
SELECT count(*) = count(DISTINCT id) AS exact, count(*) = (SELECT count(*) FROM cur.since) AS "all" FROM cur.atomic;
SELECT outcome, read, inserted, unchanged FROM cur.runs WHERE pipeline = 'atomic' ORDER BY run_id;
SHOW search_path;
SELECT dload.drop_pipeline('atomic');

-- records later than the API's clock are there again when the cursor passes it
SELECT dload.create_pipeline('ahead', 'cur.src', 'cur.ahead', cursor_path => 't');
SELECT jsonb_build_array(jsonb_build_object('id', 1, 't', now() + '3 h')) AS r \gset
\setenv R :r
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script "{\"path\": \"/cur\", \"status\": 200, \"body\": $R}" >results/mock.answer
CALL dload.run('ahead');
SELECT pg_sleep(2.1) IS NULL AS waited;
SELECT :'r'::jsonb || jsonb_build_object('id', 2, 't', cursor_value::timestamptz + '1 s') AS r FROM dload.cursors WHERE pipeline = 'ahead' \gset
\setenv R :r
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script "{\"path\": \"/cur\", \"status\": 200, \"times\": 2, \"body\": $R}" >results/mock.answer
CALL dload.run('ahead');
CALL dload.run('ahead');
-- nor are they repeated when the clock has gone back
UPDATE dload.pipeline_cursor SET cursor_value = to_jsonb(now() + '1 h') #>> '{}', boundary = '{}' WHERE pipeline_id = (SELECT pipeline_id FROM dload.pipeline WHERE name = 'ahead');
SELECT jsonb_build_array(jsonb_build_object('id', 3, 't', now() + '2 h')) AS r \gset
\setenv R :r
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script "{\"path\": \"/cur\", \"status\": 200, \"times\": 2, \"body\": $R}" >results/mock.answer
CALL dload.run('ahead');
CALL dload.run('ahead');
SELECT id, count(*) FROM cur.ahead GROUP BY 1 ORDER BY 1;
SELECT dload.drop_pipeline('ahead');

-- times as mail writes them are compared as times: as texts, Wed would be the last
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '[{"id":1,"sent":"Wed, 31 Dec 2025 23:00:00 +0000"},{"id":2,"sent":"Mon, 05 Jan 2026 01:30:00 +0200"},{"id":3,"sent":"Fri, 02 Jan 2026 10:00:00 GMT"},{"id":4,"sent":"4 Jan 2026 23:29:00 +0000"},{"id":5,"sent":"Mon, 32 Jan 2026 01:30:00 +0000"},{"id":6,"sent":"Mon, 05 Jan 2026 01:30:00 +0200 or so"}]'
ALTER FOREIGN TABLE cur.src OPTIONS (ADD cursor_format 'iso');
SELECT dload.create_pipeline('mail', 'cur.src', 'cur.mail', cursor_path => 'sent', cursor_param => 'since', initial_value => '2026-01-01', columns => '{"sent": "timestamptz"}');
CALL dload.run('mail');
SELECT id, sent AT TIME ZONE 'UTC' AS sent FROM cur.mail ORDER BY id;
SELECT cursor_value FROM cur.cursors WHERE pipeline = 'mail';
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
CALL dload.run('mail');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --paths "$(cat results/mock.url)" /cur
SELECT dload.drop_pipeline('mail');
ALTER FOREIGN TABLE cur.src OPTIONS (DROP cursor_format);

-- a full read whose rows are not taken does not move the cursor: the old rows
-- lack what lies between
ALTER FOREIGN TABLE cur.src OPTIONS (ADD records_path 'r', ADD total_path 'total');
SELECT dload.create_pipeline('kept', 'cur.src', 'cur.kept', write_disposition => 'merge', primary_key => ARRAY['id'], cursor_path => 'n');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '{"total":2,"r":[{"id":1,"n":1},{"id":2,"n":2}]}'
CALL dload.run('kept');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '{"total":4,"r":[{"id":2,"n":2},{"id":3,"n":3},{"id":4,"n":4}]}'
CALL dload.run('kept', full_refresh => true);
SELECT cursor_value, pending_value FROM cur.cursors WHERE pipeline = 'kept';
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /cur '{"total":3,"r":[{"id":2,"n":2},{"id":3,"n":3},{"id":4,"n":4}]}'
CALL dload.run('kept');
SELECT array_agg(id ORDER BY id) FROM cur.kept;
SELECT dload.drop_pipeline('kept');
ALTER FOREIGN TABLE cur.src OPTIONS (DROP records_path, DROP total_path);

SET client_min_messages = warning;
DROP SCHEMA cur CASCADE;
DROP SERVER cur;
