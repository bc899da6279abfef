--
-- paging: from page to page, and what ends, breaks or forbids a read
--
-- Messages are terse here because their details name the mock's port.
--
\set mock_url `cat results/mock.url`
\set mock_py `echo "${PG_ABS_SRCDIR:-.}/t/mock_api.py"`
\setenv MOCK_PY :mock_py
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER paging_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '1');
CREATE USER MAPPING FOR CURRENT_USER SERVER paging_server;
-- one table whose options are replaced from case to case
CREATE FUNCTION paging_read(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'DROP FOREIGN TABLE IF EXISTS paging_table';
	EXECUTE format('CREATE FOREIGN TABLE paging_table '
	               '(record jsonb OPTIONS (json_path ''$'')) '
	               'SERVER paging_server OPTIONS (%s)', options);
	EXECUTE 'SELECT count(*) || '' records, '' || '
	        'count(DISTINCT record ->> ''id'') || '' ids'' FROM paging_table'
	        INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	-- neither the mock's port nor all the words of libcurl
	RETURN sqlstate || ': ' ||
	       regexp_replace(sqlerrm, '127\.0\.0\.1:\d+|'
	                      '(transfer closed|end of response) with .*',
	                      '...', 'g');
END $$;

-- every kind of paging; 100 items each
SELECT paging_read($$path '/items'$$);
SELECT paging_read($$path '/link/items', paginate 'link'$$);
SELECT paging_read($$path '/next/items', paginate 'next_url', next_path 'next'$$);
SELECT paging_read($$path '/next/items?relative=1', paginate 'next_url', next_path 'next'$$);
SELECT paging_read($$path '/page/items', paginate 'page', page_param 'page'$$);
SELECT paging_read($$path '/page/items', paginate 'page', page_param 'page', total_path 'total_count'$$);
SELECT paging_read($$path '/page/items', paginate 'page', page_param 'page', total_path 'page_count'$$);
SELECT paging_read($$path '/offset/items', paginate 'offset', offset_param 'offset'$$);
SELECT paging_read($$path '/offset/items', paginate 'offset', offset_param 'offset', total_path 'total'$$);
SELECT paging_read($$path '/token/items', paginate 'token', token_path 'meta.next_token', token_param 'token'$$);
SELECT paging_read($$path '/gzip/items', paginate 'link'$$);
SELECT paging_read($$path '/token/items', method 'POST', body '{"limit": 40}', paginate 'token', token_path 'meta.next_token', token_param 'token'$$);

-- a page smaller than asked for is not the end; an empty one with a token neither
SELECT paging_read($$path '/offset/items', paginate 'offset', offset_param 'offset', page_size '70', page_size_param 'limit'$$);
SELECT paging_read($$path '/token/items?empty_page=1', paginate 'token', token_path 'meta.next_token', token_param 'token'$$);

-- a declared total saves the request for the empty page
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT paging_read($$path '/offset/items?count=50', paginate 'offset', offset_param 'offset'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" 
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT paging_read($$path '/offset/items?count=50', paginate 'offset', offset_param 'offset', total_path 'total'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" 

-- endless lists
SELECT paging_read($$path '/loop/token', paginate 'token', token_path 'meta.next_token', token_param 'token'$$);
SELECT paging_read($$path '/same/page?bare=1', paginate 'page', page_param 'page'$$);
SELECT paging_read($$path '/redirect/loop'$$);
SELECT paging_read($$path '/link/items', paginate 'link', max_pages '2'$$);

-- credentials and requests stay with the server, unless another is allowed
SELECT paging_read($$path '/redirect/same?hops=3'$$);
SELECT paging_read($$path '/redirect/other'$$);
SELECT paging_read($$path '/other-host/link', paginate 'link'$$);
SELECT paging_read($$path '/other-host/next', paginate 'next_url', next_path 'next'$$);
\set other_url `python3 "$MOCK_PY" --get "$(cat results/mock.url)" /_info | python3 -c 'import json, sys; print(json.load(sys.stdin)["other_url"])'`
ALTER SERVER paging_server OPTIONS (ADD allowed_origins :'other_url');
SELECT paging_read($$path '/redirect/other'$$);
SELECT paging_read($$path '/other-host/link', paginate 'link'$$);
ALTER SERVER paging_server OPTIONS (DROP allowed_origins);

-- a POST does not lose its body on the way
SELECT paging_read($$path '/redirect/same?status=301', method 'POST', body '{}'$$);
SELECT paging_read($$path '/redirect/same?status=303', method 'POST', body '{}'$$);
SELECT paging_read($$path '/redirect/same?status=308', method 'POST', body '{}'$$);

-- failures that pass are asked for again, a POST only if it was not carried out
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "page=3", "status": 503, "headers": {"Retry-After": "0"}}' >results/mock.answer
SELECT paging_read($$path '/link/items', paginate 'link'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "page=2", "close": true}' >results/mock.answer
SELECT paging_read($$path '/link/items', paginate 'link'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "page=2", "truncate_at": 100}' >results/mock.answer
SELECT paging_read($$path '/link/items', paginate 'link'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/huge", "truncate_at": 900000}' >results/mock.answer
SELECT paging_read($$path '/huge?mb=1'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/token", "status": 500}' >results/mock.answer
SELECT paging_read($$path '/token/items', method 'POST', body '{}'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/token", "status": 503}' >results/mock.answer
SELECT paging_read($$path '/token/items', method 'POST', body '{}'$$);

-- failures that stay
ALTER SERVER paging_server OPTIONS (SET max_retries '0', ADD idle_timeout '300ms', ADD request_timeout '300ms');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT paging_read($$path '/status/400'$$);
SELECT paging_read($$path '/status/401'$$);
SELECT paging_read($$path '/status/403'$$);
SELECT paging_read($$path '/status/404'$$);
SELECT paging_read($$path '/status/410'$$);
SELECT paging_read($$path '/status/429'$$);
SELECT paging_read($$path '/status/500'$$);
SELECT paging_read($$path '/status/501'$$);
SELECT paging_read($$path '/status/503'$$);
SELECT paging_read($$path '/truncated'$$);
SELECT paging_read($$path '/truncated?chunked=1'$$);
SELECT paging_read($$path '/stall'$$);
SELECT paging_read($$path '/hang'$$);
SELECT paging_read($$path '/html'$$);
SELECT paging_read($$path '/bad-json?page=1', paginate 'link'$$);
SELECT paging_read($$path '/deep?depth=1000'$$);
SELECT paging_read($$path '/empty'$$);
SELECT paging_read($$path '/empty?status=204'$$);

-- a rate limit that another status hides
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 403, "headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}}' >results/mock.answer
SELECT paging_read($$path '/x'$$);

-- errors that a response of status 200 reports, and what only looks like one
SELECT paging_read($$path '/error-envelope?page=1', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"ok": false, "error": "not_authed"}}' >results/mock.answer
SELECT paging_read($$path '/x'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"ok": false, "error": "not_authed"}}' >results/mock.answer
SELECT paging_read($$path '/x', records_path '$'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": [{"ok": false, "error": "not_authed"}]}' >results/mock.answer
SELECT paging_read($$path '/x'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"errors": [{"message": "boom"}], "data": {"rows": null}}}' >results/mock.answer
SELECT paging_read($$path '/x', records_path 'data.rows'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"errors": [], "error": null, "success": true, "data": {"rows": null}}}' >results/mock.answer
SELECT paging_read($$path '/x', records_path 'data.rows'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"error": {"code": 0, "message": "fine"}, "data": [{"id": 1}]}}' >results/mock.answer
SELECT paging_read($$path '/x'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"errors": [{"id": 1}, {"id": 2}]}}' >results/mock.answer
SELECT paging_read($$path '/x', records_path 'errors'$$);

-- no records are an empty list, not a wrong path
SELECT paging_read($$path '/next/items', records_path 'rows', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [], "next": null}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": null, "next": null}}' >results/mock.answer
SELECT paging_read($$path '/x', records_path 'data', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": null, "next": null}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);

-- next links and tokens as they come: false, empty, odd, exact
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [{"id": 1}], "next": false}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [{"id": 1}], "next": ""}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [{"id": 1}], "next": "ftp://host/x"}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [{"id": 1}], "next": "/a b"}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [{"id": 1}], "next": {"url": "/x"}}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [{"id": 1}], "next": "//"}}' >results/mock.answer
SELECT paging_read($$path '/x', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '[{"path": "/x", "status": 200, "body": "{\"next\": 12345678901234567890123, \"data\": [1]}"}, {"path": "/x", "status": 200, "body": {"next": "a+b/=&", "data": [2]}}, {"path": "/x", "status": 200, "body": {"data": []}}]' >results/mock.answer
SELECT paging_read($$path '/x', records_path 'data', paginate 'token', token_path 'next', token_param 'c'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" 

-- the key in a next link is neither stored twice nor sent twice
ALTER SERVER paging_server OPTIONS (ADD auth 'api_key', ADD api_key_name 'apikey', ADD api_key_in 'query');
ALTER USER MAPPING FOR CURRENT_USER SERVER paging_server OPTIONS (ADD api_key 'S3CRET99');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '[{"path": "/x", "status": 200, "body": {"next": "/y?a=1&apikey=S3CRET99&b=2", "data": [1]}}, {"path": "/y", "status": 200, "body": {"data": [2]}}]' >results/mock.answer
SELECT paging_read($$path '/x', records_path 'data', paginate 'next_url', next_path 'next'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)" 

-- no secret in a message, even if the server repeats it
ALTER FOREIGN TABLE paging_table OPTIONS (SET path '/x?copy=S3CRET99');
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 400, "body": "no such key: S3CRET99, really: S3CRET99"}' >results/mock.answer
DO $$
BEGIN
	PERFORM * FROM paging_table;
EXCEPTION WHEN OTHERS THEN
	DECLARE
		detail text;
	BEGIN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		RAISE WARNING '%', regexp_replace(detail, '127\.0\.0\.1:\d+', 'host');
	END;
END $$;

-- a wait of more than ten minutes is an error that says when to come back; that
-- for a rate limit holds for the whole server, so it comes last
SELECT regexp_replace(paging_read($$path '/status/503?retry_after=4000'$$), 'until .*', 'until ...');
SELECT regexp_replace(paging_read($$path '/status/429?retry_after=4000'$$), 'until .*', 'until ...');
SELECT regexp_replace(paging_read($$path '/items'$$), 'until .*', 'until ...');
DROP SERVER paging_server CASCADE;
DROP FUNCTION paging_read(text);
