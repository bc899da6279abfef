--
-- rules: what a response means where its status does not say it
--
\set mock_url `cat results/mock.url`
\set mock_py `echo "${PG_ABS_SRCDIR:-.}/t/mock_api.py"`
\setenv MOCK_PY :mock_py
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER rules_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '2', retry_base '1ms');
-- one table whose options are replaced from case to case
CREATE FUNCTION rules_read(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	d text;
	h text;
BEGIN
	EXECUTE 'DROP FOREIGN TABLE IF EXISTS rules_table';
	EXECUTE format('CREATE FOREIGN TABLE rules_table '
	               '(record jsonb OPTIONS (json_path ''$'')) '
	               'SERVER rules_server OPTIONS (%s)', options);
	EXECUTE 'SELECT count(*) || '' records, '' || '
	        'count(DISTINCT record ->> ''id'') || '' ids'' FROM rules_table'
	        INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
	RETURN regexp_replace(concat_ws(E'\n', sqlstate || ': ' || sqlerrm, d, h),
	                      'http://127\.0\.0\.1:\d+', '...', 'g');
END $$;
-- the next answers of the mock
CREATE FUNCTION rules_answer(path text, status int, body text, times int DEFAULT 1, headers text DEFAULT '{}')
  RETURNS text LANGUAGE sql AS $$
  SELECT format('{"path": %s, "status": %s, "times": %s, "headers": %s, "body": %s}',
                to_json(path), status, times, headers, body) $$;
\set answer '\\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script "$ANSWER" >results/mock.answer'

-- stop_when: WordPress knows no end but an error
SELECT rules_read($$path '/wordpress/posts', paginate 'page', stop_when 'status = 400 and $.code = "rest_post_invalid_page_number"'$$);
SELECT rules_read($$path '/wordpress/posts', paginate 'page'$$);
SELECT rules_read($$path '/wordpress/posts', paginate 'page', stop_when 'status = 400 and $.code = "another"'$$);
-- the records of a 2xx response still count
SELECT rules_read($$path '/page/items', paginate 'page', stop_when '$.page_count = 4', records_path 'items'$$);
SELECT rules_read($$path '/page/items', paginate 'page', stop_when '$.page_count = 5', records_path 'items'$$);

-- without the status it speaks of 2xx responses: an error is no end
SELECT rules_answer('/page/items?page=2', 500, '{"message": "sorry"}', 3) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/page/items', paginate 'page', stop_when 'not exists($.page_count)', records_path 'items'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
:answer
SELECT rules_read($$path '/page/items', paginate 'page', response_rules '[{"when": "$.message = \"sorry\"", "do": "end"}]', records_path 'items'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
:answer
SELECT rules_read($$path '/page/items', paginate 'page', response_rules '[{"when": "status = 500 and $.message = \"sorry\"", "do": "end"}]', records_path 'items'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer

-- error_when: an error inside a 2xx response
SELECT rules_answer('/items', 200, '{"status": "ERROR", "reason": "no such index", "rows": []}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', records_path 'rows', error_when '$.status = "ERROR"'$$);
:answer
SELECT rules_read($$path '/items', records_path 'rows'$$);
SELECT rules_answer('/items', 200, '{"code": 7, "reason": "no"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', error_when '$.code > 0'$$);
-- what it shows of a value has no secret, not half of one where it is cut
ALTER SERVER rules_server OPTIONS (ADD auth 'bearer');
CREATE USER MAPPING FOR CURRENT_USER SERVER rules_server OPTIONS (token 'secret-of-the-rules');
SELECT rules_answer('/items', 200, json_build_object('reason', repeat('x', 90) || ' secret-of-the-rules')::text) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', error_when 'exists($.reason)'$$);
ALTER SERVER rules_server OPTIONS (DROP auth);
DROP USER MAPPING FOR CURRENT_USER SERVER rules_server;
-- a 4xx is an error anyway
SELECT rules_read($$path '/status/404', error_when '$.status = 404'$$);

-- limited: a rate limit told by other means than 429
ALTER SERVER rules_server OPTIONS (ADD response_rules '[
  {"when": "status = 403 and $.error.errors[*].reason = \"rateLimitExceeded\"", "do": "limited", "wait": "10ms"},
  {"when": "status = 400 and $.__type contains \"ThrottlingException\"", "do": "limited", "wait": "10ms"},
  {"when": "$.ok = false and $.error = \"ratelimited\"", "do": "limited", "wait_header": "Retry-After"},
  {"when": "$.errors[*].extensions.code = \"THROTTLED\"", "do": "limited", "wait": "10ms"}]');
SELECT rules_answer('/items', 403, '{"error": {"code": 403, "errors": [{"reason": "rateLimitExceeded"}]}}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items'$$);
SELECT rules_answer('/items', 403, '{"error": {"code": 403, "errors": [{"reason": "forbidden"}]}}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items'$$);
SELECT rules_answer('/items', 400, '{"__type": "com.amazon#ThrottlingException"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items'$$);
SELECT rules_answer('/items', 200, '{"ok": false, "error": "ratelimited"}', 1, '{"Retry-After": "0"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items'$$);
SELECT rules_answer('/items', 200, '{"data": null, "errors": [{"extensions": {"code": "THROTTLED"}}]}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items'$$);
-- more often than there are retries
SELECT rules_answer('/items', 400, '{"__type": "ThrottlingException"}', 3) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items'$$);
-- a wait too long to sit through
SELECT rules_answer('/items', 200, '{"ok": false, "error": "ratelimited"}', 1, '{"Retry-After": "3600"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items'$$) ~ '^53400: rate limit of server "rules_server" is used up until .*/items has to wait for 3600 seconds' AS too_long;

-- the limit holds for the server from now on; another one is not affected
DROP SERVER rules_server CASCADE;
CREATE SERVER rules_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '2', retry_base '1ms');

-- retry and wait
SELECT rules_answer('/items', 404, '{"message": "not yet"}', 2) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "status = 404", "do": "retry"}]'$$);
SELECT rules_answer('/items', 202, '{}', 2) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "status = 202", "do": "wait", "wait": "20ms"}]'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
SELECT rules_answer('/items', 200, '{"state": "running", "poll_in": "0.02s"}', 2) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "$.state = \"running\"", "do": "wait", "wait_path": "poll_in"}]'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
SELECT rules_answer('/items', 200, '{"state": "running"}', 3) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "$.state = \"running\"", "do": "wait", "wait": "1ms"}]'$$);

-- nothing waits longer than a week
SELECT rules_answer('/items', 404, '{"poll_in": "36500 days"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "status = 404", "do": "wait", "wait_path": "poll_in"}]'$$) ~ 'has to wait for 604800 seconds' AS a_week;

-- times as headers have them
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
SELECT rules_answer('/items', 404, json_build_object('poll_in', to_char((now() + interval '5 h') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))::text) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "status = 404", "do": "wait", "wait_path": "poll_in"}]'$$) ~ 'has to wait for (17[0-9]{3}|18000) seconds' AS five_hours;
SELECT rules_answer('/items', 404, '{"poll_in": "1h0.5m"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "status = 404", "do": "wait", "wait_path": "poll_in"}]'$$) ~ 'has to wait for 3630 seconds' AS in_words;
-- one that is over is no wait
SELECT rules_answer('/items', 404, '{"poll_in": 1700000000}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/items', response_rules '[{"when": "status = 404", "do": "wait", "wait": "1h", "wait_path": "poll_in"}]'$$);

-- skip: a page is left out, the others come
SELECT rules_answer('page=2', 500, '{"message": "shard lost"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/page/items', paginate 'page', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);
:answer
SELECT rules_read($$path '/page/items', paginate 'page'$$);
SELECT rules_answer('offset=25', 500, '{}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/offset/items', paginate 'offset', page_size '25', page_size_param 'limit', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);
:answer
SELECT rules_read($$path '/offset/items', paginate 'offset', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);
SELECT rules_answer('/page/items', 500, '{}', 20) AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/page/items', paginate 'page', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
-- a 2xx page that is left out still tells what comes next
SELECT rules_read($$path '/next/items', paginate 'next_url', next_path 'next', records_path 'data', response_rules '[{"when": "$.next contains \"page=3\"", "do": "skip"}]'$$);

-- end and fail
SELECT rules_answer('page=3', 404, '{"message": "no more"}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/page/items', paginate 'page', response_rules '[{"when": "status = 404", "do": "end"}]'$$);
SELECT rules_read($$path '/status/409', response_rules '[{"when": "status = 409", "do": "fail", "message": "the export is locked, unlock it in the console"}]'$$);
SELECT rules_read($$path '/status/409', response_rules '[{"when": "status = 409 and $.message contains \"409\"", "do": "fail"}]'$$);

-- it had as many records as the server gives, not as many as it was asked for
\setenv ANSWER '{"path": "offset=100", "times": 0, "status": 500}'
:answer
SELECT rules_read($$path '/ahead/items?ms=0&count=400', paginate 'offset', page_size '500', page_size_param 'limit', records_path 'items', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer

-- that which names the next page cannot be left out without losing what follows
\setenv ANSWER '[{"path": "page=2", "status": 500}, {"path": "starting_after=20", "status": 500}, {"path": "page=3", "status": 500, "headers": {"Link": "</link/items?page=4>; rel=next"}}]'
:answer
SELECT rules_read($$path '/link/items', paginate 'link', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);
SELECT rules_read($$path '/p/stripe/items', paginate 'keyset', keyset_path 'id', keyset_param 'starting_after', has_more_path 'has_more', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);
SELECT rules_read($$path '/link/items', paginate 'link', response_rules '[{"when": "status = 500", "do": "skip"}]'$$);

-- a response that does not count says nothing about where the records are
SELECT rules_answer('/ahead/items', 200, '{"busy": true, "queue": []}') AS a \gset
\setenv ANSWER :a
:answer
SELECT rules_read($$path '/ahead/items?ms=0', paginate 'offset', response_rules '[{"when": "$.busy = true", "do": "wait", "wait": "1ms"}]'$$);
:answer
SELECT rules_read($$path '/ahead/items?ms=0', paginate 'page', response_rules '[{"when": "$.busy = true", "do": "skip"}]'$$);
-- nor does one that broke
\setenv ANSWER '{"path": "/ahead/items", "body": "[1, 2", "trickle": 100}'
:answer
SELECT rules_read($$path '/ahead/items?ms=0', paginate 'page'$$);
-- a stream that broke is judged again: nothing was handed out, or it cannot go on
\setenv ANSWER '[{"path": "offset=20", "trickle": 2000, "truncate_at": 30}, {"path": "offset=20", "status": 404, "body": {"items": [{"id": 999}]}}]'
:answer
SELECT rules_read($$path '/ahead/items?ms=0', paginate 'offset', records_path 'items', stop_when 'status = 404'$$);
\setenv ANSWER '[{"path": "offset=20", "trickle": 5000, "truncate_at": 800}, {"path": "offset=20", "status": 404, "body": {"items": [{"id": 999}]}}]'
:answer
SELECT rules_read($$path '/ahead/items?ms=0&pad=100', paginate 'offset', records_path 'items', stop_when 'status = 404'$$);
-- lines of JSON are records though they begin like one object
\setenv ANSWER '{"path": "/ahead/items", "body": "{\"id\": 1}\n{\"id\": 2}\n", "headers": {"Content-Type": "application/x-ndjson", "X-Last": "yes"}}'
:answer
SELECT rules_read($$path '/ahead/items?ms=0', paginate 'offset', stop_when 'header("X-Last") = "yes"'$$);

-- the first that holds decides, the table's before the server's
ALTER SERVER rules_server OPTIONS (ADD response_rules '[{"when": "status = 409", "do": "end"}]');
SELECT rules_read($$path '/status/409'$$);
SELECT rules_read($$path '/status/409', response_rules '[{"when": "status = 409", "do": "fail", "message": "table"}, {"when": "status >= 400", "do": "end"}]'$$);
ALTER SERVER rules_server OPTIONS (DROP response_rules);

-- what is no list of rules
\set VERBOSITY default
CREATE FUNCTION rules_try(rules text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FOREIGN TABLE rules_bad (id int) SERVER rules_server OPTIONS (response_rules %L)', rules);
END $$;
\set SHOW_CONTEXT never
SELECT rules_try('{}');
SELECT rules_try('[]');
SELECT rules_try('[1]');
SELECT rules_try('[{"when": "status = 1"}]');
SELECT rules_try('[{"do": "end"}]');
SELECT rules_try('[{"when": "status = 1", "do": "explode"}]');
SELECT rules_try('[{"when": "status = 1", "do": "end"}, {"when": "status", "do": "end"}]');
SELECT rules_try('[{"when": "status = 1", "do": "end", "wait": "1s"}]');
SELECT rules_try('[{"when": "status = 1", "do": "wait", "wait": "soon"}]');
SELECT rules_try('[{"when": "status = 1", "do": "wait", "message": "x"}]');
SELECT rules_try('[{"when": "status = 1", "do": "wait", "after": "1s"}]');
CREATE FOREIGN TABLE rules_bad (id int) SERVER rules_server OPTIONS (stop_when 'status == ');
CREATE FOREIGN TABLE rules_bad (id int) SERVER rules_server OPTIONS (error_when '$.ok');
CREATE SERVER rules_bad FOREIGN DATA WRAPPER dload OPTIONS (base_url 'http://127.0.0.1', breaker '5');
CREATE SERVER rules_bad FOREIGN DATA WRAPPER dload OPTIONS (base_url 'http://127.0.0.1', breaker '0/1s');

DROP SERVER rules_server CASCADE;
DROP FUNCTION rules_read, rules_answer, rules_try;
