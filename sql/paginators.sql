--
-- paginators: how real APIs page, and what ends their lists
--
-- After each way that works comes what goes wrong without the option that
-- makes it work.  Lists have 60 items in pages of 20.
--
\set mock_url `cat results/mock.url`
\set mock_py `echo "${PG_ABS_SRCDIR:-.}/t/mock_api.py"`
\setenv MOCK_PY :mock_py
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER paginators_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '0');
-- one table whose options are replaced from case to case
CREATE FUNCTION define(options text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DROP FOREIGN TABLE IF EXISTS paged;
	EXECUTE format('CREATE FOREIGN TABLE paged (record jsonb OPTIONS (json_path ''$'')) '
	               'SERVER paginators_server OPTIONS (%s)', options);
END $$;
CREATE FUNCTION read_all(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	words text;
BEGIN
	PERFORM define(options);
	EXECUTE 'SELECT count(*) || '' records, '' || '
	        'count(DISTINCT record ->> ''id'') || '' ids'' FROM paged'
	        INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS words = PG_EXCEPTION_DETAIL;
	-- of the detail what we say, not what the mock does, and not its port
	RETURN sqlstate || ': ' ||
	       regexp_replace(sqlerrm || CASE WHEN words ~ '^(GET|POST|The page is)' THEN '' ELSE E'\n' || words END,
	                      '127\.0\.0\.1:\d+', 'host', 'g');
END $$;

-- the token: from a header into a header or the query; a literal that ends
SELECT read_all($$path '/p/header/items', paginate 'token', token_header 'X-Next-Cursor', token_in 'header', token_param 'X-Cursor', token_end 'null'$$);
SELECT read_all($$path '/p/locator/items', paginate 'token', token_header 'x-next-cursor', token_param 'locator', token_end 'null'$$);
SELECT read_all($$path '/p/locator/items', paginate 'token', token_header 'X-Next-Cursor', token_param 'locator'$$);
SELECT read_all($$path '/token/items?in=header', paginate 'token', token_from 'header', token_header 'X-Next-Token', token_param 'token'$$);

SELECT read_all($$path '/p/gitlab/items', paginate 'token', token_header 'X-Next-Page', token_param 'page'$$);

-- into the path; the first page has none, or the one that a parameter gives
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT read_all($$path '/p/path/items/{cursor}?first=0', paginate 'token', token_path 'next', token_in 'path', token_param 'cursor'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"
SELECT read_all($$path '/p/path/items/{cursor}?first=1', paginate 'token', token_path 'next', token_in 'path', token_param 'cursor'$$);
CREATE FOREIGN TABLE from_start (id int, cursor text OPTIONS (param 'cursor', in 'path'))
  SERVER paginators_server OPTIONS (path '/p/path/items/{cursor}?first=1', paginate 'token', token_path 'next', token_in 'path', token_param 'cursor');
SELECT count(*), count(DISTINCT id) FROM from_start WHERE cursor = 'start';

-- into a body, which keeps the rest of it as it is written
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT read_all($$path '/p/body/items', method 'POST', body '{"filter": {"all": 1.10}}', records_path 'data', paginate 'token', token_path 'pages.next.starting_after', token_in 'body', token_param 'pagination.starting_after'$$);
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" /_journal | python3 -c 'import json, sys; [print(e["body"]) for e in json.load(sys.stdin)]'
SELECT read_all($$path '/p/body/items', method 'POST', body '{"filter": {"all": 1.10}}', records_path 'data', paginate 'token', token_path 'pages.next.starting_after', token_param 'starting_after'$$);
SELECT read_all($$path '/p/body/items', method 'POST', body '{"filter": {"all": 1.10}, "pagination": 1}', records_path 'data', paginate 'token', token_path 'pages.next.starting_after', token_in 'body', token_param 'pagination.starting_after'$$);

-- an object goes back member by member, and what vanishes from it is dropped
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT read_all($$path '/p/continue/items', query_params '{"action": "query"}', records_path 'query.pages', paginate 'token', token_path 'continue'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"
SELECT read_all($$path '/p/continue/items', method 'POST', body '{"action": "query"}', records_path 'query.pages', paginate 'token', token_path 'continue', token_in 'body'$$);
SELECT read_all($$path '/p/continue/items', query_params '{"action": "query"}', records_path 'query.pages', paginate 'token', token_path 'continue.gapcontinue', token_param 'gapcontinue'$$);
SELECT read_all($$path '/p/continue/items', query_params '{"action": "query"}', records_path 'query.pages', paginate 'token', token_path 'continue', token_in 'header', token_param 'X'$$);
SELECT read_all($$path '/token/items', paginate 'token', token_path 'meta.next_token'$$);

-- parameters that only the first request has
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT read_all($$path '/p/info/items', query_params '{"status": "any", "sort": "id"}', page_size '20', page_size_param 'limit', paginate 'token', token_path 'page_info', token_param 'page_info', next_drop_params '*'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"
SELECT read_all($$path '/p/info/items', query_params '{"status": "any", "sort": "id"}', page_size '20', page_size_param 'limit', paginate 'token', token_path 'page_info', token_param 'page_info', next_drop_params 'sort, status'$$);
SELECT read_all($$path '/p/info/items', query_params '{"status": "any", "sort": "id"}', page_size '20', page_size_param 'limit', paginate 'token', token_path 'page_info', token_param 'page_info'$$);

-- from the last record
SELECT read_all($$path '/p/last/items', records_path 'data', paginate 'token', token_from 'last_record', token_path 'next_sort', token_param 'sort'$$);
SELECT read_all($$path '/p/last/items', records_path 'data', paginate 'token', token_path 'next_sort', token_param 'sort'$$);

-- a flag ends a list whatever else the page says
SELECT read_all($$path '/p/flag/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor', has_more_path 'end_of_stream', has_more_value 'false', max_pages '9'$$);
SELECT read_all($$path '/p/flag/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor', max_pages '9'$$);
-- however a boolean is written; what is none says nothing; words are compared
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '[{"path": "/flags-end", "status": 200, "body": {"data": [{"id": 2}], "one": 0, "zero": 1, "yes": "no"}, "times": 0}]' >results/mock.answer
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '[{"path": "/flags", "status": 200, "body": {"data": [{"id": 1}], "one": 1, "zero": 0, "yes": "Yes", "none": 40, "word": "open", "next": "/flags-end"}, "times": 0}]' >results/mock.answer
SELECT flag, read_all(format($$path '/flags', records_path 'data', paginate 'next_url', next_path 'next', has_more_path %L, has_more_value %L$$, flag, value))
FROM (VALUES ('one', 'true'), ('zero', 'false'), ('yes', 'true'), ('none', 'true'), ('word', 'open'), ('word', 'closed')) AS t(flag, value);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/decimal", "status": 200, "body": {"data": [{"id": 1}], "total": 2.0}}' >results/mock.answer
SELECT read_all($$path '/decimal', records_path 'data', total_path 'total'$$);
-- and one that says that there is more does not end in silence
SELECT read_all($$path '/p/lies/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor', has_more_path 'has_more'$$);
SELECT read_all($$path '/p/lies/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor'$$);
SELECT read_all($$path '/p/lies/items', records_path 'data', paginate 'next_url', next_path 'next', has_more_path 'has_more'$$);
SELECT read_all($$path '/p/lies/items', records_path 'data', paginate 'link', has_more_path 'has_more'$$);

-- an empty page: the end where we count, unless the API or the definition says otherwise
SELECT read_all($$path '/p/hollow/items', records_path 'data', paginate 'page', has_more_path 'isLast', has_more_value 'false'$$);
SELECT read_all($$path '/p/hollow/items', records_path 'data', paginate 'page'$$);
SELECT read_all($$path '/p/hollow/items?silent=1', records_path 'data', paginate 'page', has_more_path 'isLast', has_more_value 'false'$$);
SELECT read_all($$path '/p/hollow/items', records_path 'data', paginate 'page', has_more_path 'isLast', has_more_value 'false', stop_on_empty 'true'$$);
SELECT read_all($$path '/p/hollow/items', records_path 'data', paginate 'page', stop_on_empty 'false', max_pages '5'$$);
-- not where the server names the next page
SELECT read_all($$path '/p/endless/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor', stop_on_empty 'true'$$);
SELECT read_all($$path '/p/endless/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor', max_pages '9'$$);
SELECT read_all($$path '/p/endless/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor'$$);
SELECT read_all($$path '/p/endless/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor', max_pages '1010'$$);

-- one that leaves the list out
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '[{"path": "/left-out?", "status": 200, "body": {"data": [{"id": 1}], "next": "n"}, "times": 0}, {"path": "/left-out", "status": 200, "body": {"next": "c"}, "times": 0}]' >results/mock.answer
SELECT read_all($$path '/left-out', records_path 'data', paginate 'token', token_path 'next', token_param 'cursor', on_repeat 'stop', records_optional 'true'$$);
SELECT read_all($$path '/left-out', records_path 'data', paginate 'token', token_path 'next', token_param 'cursor', on_repeat 'stop'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer

-- a short page
SELECT read_all($$path '/p/short/items?count=50', records_path 'data', paginate 'page', page_size '20', page_size_param 'per_page', stop_on_short 'true'$$);
SELECT read_all($$path '/p/short/items?count=50', records_path 'data', paginate 'page', page_size '20', page_size_param 'per_page'$$);

-- a request made before
SELECT read_all($$path '/p/stuck/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor', on_repeat 'stop'$$);
SELECT read_all($$path '/p/stuck/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor'$$);
SELECT read_all($$path '/p/cycle/items', records_path 'data', paginate 'token', token_path 'cursor', token_param 'cursor'$$);
SELECT read_all($$path '/same/page?bare=1', paginate 'page', on_repeat 'stop'$$);
-- beyond the last page it comes again: an end, if the server is known to heed the number
SELECT read_all($$path '/p/clamped/items?count=50', records_path 'data', paginate 'page', on_repeat 'stop'$$);
SELECT read_all($$path '/p/clamped/items?count=50', records_path 'data', paginate 'page'$$);
SELECT read_all($$path '/p/clamped/items?count=20', records_path 'data', paginate 'page', on_repeat 'stop'$$);
SELECT read_all($$path '/p/clamped/items?count=15', records_path 'data', paginate 'page', on_repeat 'stop', page_size '20', page_size_param 'n'$$);
-- the last page may be no more than the key that it was asked for
SELECT read_all($$path '/p/since/items?count=1', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'since_id', on_repeat 'stop'$$);

-- totals in headers, of pages and of records
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT read_all($$path '/p/wp/items', paginate 'page', total_header 'X-WP-TotalPages'$$);
SELECT read_all($$path '/p/wp/items', paginate 'page', total_header 'x-wp-total'$$);
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"
SELECT read_all($$path '/p/wp/items', paginate 'page'$$);
-- 60 records are reached after one page if they are taken for pages, and pages for records too early
SELECT read_all($$path '/p/wp/items', paginate 'page', total_header 'X-WP-TotalPages', total_unit 'records'$$);
SELECT read_all($$path '/p/wp/items', paginate 'page', total_header 'X-WP-Total', total_unit 'pages'$$);

-- keys of the last record
SELECT read_all($$path '/p/stripe/items', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'starting_after', has_more_path 'has_more'$$);
SELECT read_all($$path '/p/stripe/items', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'after'$$);
SELECT read_all($$path '/p/stripe/items', records_path 'data', paginate 'keyset', keyset_path 'ident', keyset_param 'starting_after'$$);
SELECT read_all($$path '/p/tuple/items', records_path 'data', paginate 'keyset', keyset_path 'day, id', keyset_param 'after_day, after_id'$$);
SELECT read_all($$path '/p/tuple/items', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'after_id'$$);
SELECT read_all($$path '/p/csv/items', paginate 'keyset', keyset_path 'id', keyset_param 'after'$$);
-- a key that does not move on
SELECT read_all($$path '/p/since/items', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'since_id'$$);
SELECT read_all($$path '/p/since/items', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'since_id', on_repeat 'stop'$$);
-- a total does not end it: records may come twice, or only those be counted that are left
SELECT read_all($$path '/p/since/items', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'since_id', on_repeat 'stop', total_path 'total'$$);
SELECT read_all($$path '/p/left/items', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'after', total_path 'total'$$);
-- a tuple in a body, exact to the last digit
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT read_all($$path '/p/search', method 'POST', body '{"query": {"match_all": {}}}', records_path 'hits.hits', paginate 'keyset', keyset_path 'sort[0], sort[1]', keyset_param 'search_after', token_in 'body', page_size '20', page_size_param 'size', page_size_in 'body'$$);
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" /_journal | python3 -c 'import json, sys; [print(e["body"]) for e in json.load(sys.stdin)]'
SELECT read_all($$path '/p/search', method 'POST', records_path 'hits.hits', paginate 'keyset', keyset_path 'sort', keyset_param 'search_after', token_in 'body', page_size '20', page_size_param 'size', page_size_in 'body', total_path 'hits.total.value'$$);
SELECT read_all($$path '/p/search', method 'POST', body '{"size": 20}', records_path 'hits.hits', paginate 'keyset', keyset_path 'sort', keyset_param 'search_after'$$);
-- of a page that comes slowly the last record is kept too
SELECT read_all($$path '/p/stripe/items?slow=1', records_path 'data', paginate 'keyset', keyset_path 'id', keyset_param 'starting_after', has_more_path 'has_more'$$);

-- pages that are equal, since nothing tells their records apart
SELECT read_all($$path '/p/alike/items', records_path 'data', paginate 'page'$$);
SELECT read_all($$path '/p/alike/items', records_path 'data', paginate 'page', equal_pages 'true'$$);
SELECT read_all($$path '/p/alike/items', records_path 'data', paginate 'token', token_path 'page', token_param 'page'$$);
SELECT read_all($$path '/p/alike/items', records_path 'data', paginate 'token', token_path 'page', token_param 'page', equal_pages 'true'$$);
SELECT read_all($$path '/p/alike/items', records_path 'data', paginate 'list', list_path 'parts', list_param 'part'$$);
SELECT read_all($$path '/p/alike/items', records_path 'data', paginate 'list', list_path 'parts', list_param 'part', equal_pages 'true'$$);
SELECT define($$path '/p/alike/items', records_path 'data', paginate 'scroll', token_path 'page', scroll_path '/', equal_pages 'true'$$);

-- positions in a body; a server that lowers the size of pages
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT read_all($$path '/p/numbered', method 'POST', paginate 'page', page_param 'page.pageNumber', page_in 'body', page_size '25', page_size_param 'page.pageSize', page_size_in 'body'$$);
SELECT read_all($$path '/p/from', method 'POST', body '{"query": {}}', paginate 'offset', offset_param 'from', offset_in 'body', page_size '20', page_size_param 'size', page_size_in 'body'$$);
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" /_journal | python3 -c 'import json, sys; [print(e["body"]) for e in json.load(sys.stdin)]'
SELECT read_all($$path '/p/numbered', method 'POST', paginate 'page', page_param 'page.pageNumber'$$);
SELECT read_all($$path '/p/from', method 'POST', body '[]', paginate 'offset', offset_param 'from', offset_in 'body'$$);
SELECT define($$path '/p/from', method 'POST', body '{"query": {}}', paginate 'offset', offset_param 'from', offset_in 'body', page_size '20', page_size_param 'size'$$);
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM paged;

-- links: several fields, foreign anchors, another relation
SELECT read_all($$path '/p/rels/items', paginate 'link'$$);
SELECT read_all($$path '/p/moved/items', paginate 'link'$$);
SELECT read_all($$path '/p/rels/items', paginate 'link', link_rel 'older-posts'$$);
SELECT read_all($$path '/p/rels/items', paginate 'link', link_rel 'first'$$);

-- what the first reply tells
CREATE FUNCTION explained(wanted text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM paged LOOP
		IF line ~ wanted THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;
CREATE FUNCTION found(kind text, more text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	answer := read_all(format('path %L, paginate ''auto'', records_path ''data'' %s', '/p/auto/' || kind, more));
	IF answer !~ '^\d+ records' THEN
		RETURN answer;
	END IF;
	RETURN concat_ws(';', answer, (SELECT string_agg(line, ';') FROM explained('Paginator') AS line));
END $$;
SELECT kind, found(kind)
FROM unnest(ARRAY['odata', 'links', 'next', 'paging', 'object', 'meta', 'google', 'slack', 'whole', 'none']) AS t(kind);
SELECT found('notion', $$, method 'POST', body '{}'$$);
SELECT read_all($$path '/link/items', paginate 'auto'$$);
SELECT item, content FROM dload.preview('paged') WHERE section = 'detected';
-- it never counts, and does not take a part for the whole
SELECT kind, found(kind) FROM unnest(ARRAY['stripe', 'total', 'deaf']) AS t(kind);
SELECT read_all($$path '/other-host/next', paginate 'auto'$$);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_script '{"path": "/x", "status": 200, "body": {"data": [{"id": 1}], "more": true}}' >results/mock.answer
SELECT read_all($$path '/x', paginate 'auto', has_more_path 'more'$$);

-- what a run would call suspect a query warns of, once; not if it has seen enough
\set VERBOSITY default
SELECT define($$path '/p/odata/items?say=61', records_path 'value', paginate 'next_url', next_path '"@odata.nextLink"', total_path '"@odata.count"'$$);
SELECT count(*) FROM paged;
SELECT count(*) FROM (SELECT FROM paged LIMIT 60) AS enough;
CREATE FOREIGN TABLE told (id int, say int OPTIONS (param 'say', echo 'true')) SERVER paginators_server
  OPTIONS (path '/p/odata/items', records_path 'value', paginate 'next_url', next_path '"@odata.nextLink"', total_path '"@odata.count"');
SELECT say, count(*) FROM told WHERE say IN (60, 61, 62) GROUP BY say ORDER BY say;
SELECT count(*) FROM told WHERE say = 60;
\set VERBOSITY terse
-- and of a page that comes again, whose records it has handed out
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" '/lies/set?lie=grow' >results/mock.answer
SELECT read_all($$path '/lies/link', paginate 'link'$$);
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" '/lies/set' >results/mock.answer
SELECT read_all($$path '/lies/link', paginate 'link'$$);

-- nor is what stands elsewhere than where the paginator looks; null there, or all that is declared, is an end
CREATE FUNCTION pg_temp.one_page(reply jsonb, options text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN read_all(format('method ''POST'', body %L, path ''/p/said'', records_path ''data'', %s', reply, options));
END $$;
-- a number, or a URL without its beginning, where a next page is named is no end either
SELECT reply, pg_temp.one_page('{"data": [{"id": 1}]}'::jsonb || reply, $$paginate 'auto'$$)
FROM unnest(ARRAY['{"next_page": 2}', '{"next": "items?page=2"}', '{"meta": {"next_page": "2"}}', '{"nextOffset": 1}',
  '{"next_page": null}', '{"next_page": 0}', '{"next": ""}', '{"next": false}', '{"meta": {"next_page": {}}}', '{"next_page": 2, "total": 1}', '{"next_page": 2, "has_more": false}']::jsonb[]) AS t(reply);
-- without paginate, or with another one, that is told; a total, or what is next, may be of anything
SELECT reply, pg_temp.one_page('{"data": [{"id": 1}]}'::jsonb || reply, $$records_optional 'true'$$)
FROM unnest(ARRAY['{"has_more": true}', '{"next_page": 2}', '{"total": 9}', '{"next": "Friday"}', '{"has_more": false, "next_page": 2}']::jsonb[]) AS t(reply);
SELECT pg_temp.one_page('{"data": [{"id": 1}], "has_more": true}', $$paginate 'none'$$);
SELECT pg_temp.one_page('{"data": [{"id": 1}], "has_more": true}', $$paginate 'token', token_path 'nxt', token_param 'cursor'$$);
SELECT item, content FROM dload.preview('paged') WHERE section = 'detected';
SELECT pg_temp.one_page('{"data": [{"id": 1}], "nextPageToken": "n"}', $$paginate 'token', token_path 'nextPagToken', token_param 'pageToken'$$);
SELECT item, content FROM dload.preview('paged') WHERE section = 'detected';
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
CALL dload.run('paged');
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged';
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;
SELECT pg_temp.one_page('{"data": [{"id": 1}], "links": {"next": "/p/said?page=2"}}', $$paginate 'next_url', next_path 'link.next'$$);
SELECT pg_temp.one_page('{"data": [{"id": 1}], "links": {"next": "/p/said?page=2"}}', $$paginate 'link'$$);
SELECT explained('Next Page');
SELECT pg_temp.one_page('{"data": [{"id": 1}], "next": null, "links": {"next": "/p/said?page=2"}}', $$paginate 'next_url', next_path 'next'$$);
SELECT pg_temp.one_page('{"data": [{"id": 1}], "more": false, "links": {"next": "/p/said?page=2"}}', $$paginate 'next_url', next_path 'next', has_more_path 'more'$$);
SELECT pg_temp.one_page('{"data": [{"id": 1}], "count": 1, "links": {"next": "/p/said?page=2"}}', $$paginate 'next_url', next_path 'next', total_path 'count'$$);
SELECT pg_temp.one_page('{"data": [{"id": 1}]}', $$paginate 'token', token_path 'nextPageToken', token_param 'pageToken'$$);

-- without paginate the next page is not read, and that is said
SELECT define($$path '/p/auto/paging', records_path 'data'$$);
SELECT explained('Next Page');
SELECT item, content FROM dload.preview('paged') WHERE section = 'detected';
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
\set VERBOSITY default
CALL dload.run('paged');
ALTER FOREIGN TABLE paged OPTIONS (ADD paginate 'none');
CALL dload.run('paged');
\set VERBOSITY terse
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged' ORDER BY run_id;
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;

-- a load that stops goes on in the same way, page by page
-- auto, whose first reply decided
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT define($$path '/p/auto/paging', records_path 'data', paginate 'auto'$$);
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged');
SELECT count(*), count(DISTINCT id) FROM paged_load.rows;
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged' ORDER BY run_id;
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;
-- an object of parameters
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT define($$path '/p/continue/items', query_params '{"action": "query"}', records_path 'query.pages', paginate 'token', token_path 'continue'$$);
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged');
SELECT count(*), count(DISTINCT id) FROM paged_load.rows;
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged' ORDER BY run_id;
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;
-- a token in the path
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT define($$path '/p/path/items/{cursor}', paginate 'token', token_path 'next', token_in 'path', token_param 'cursor'$$);
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged');
SELECT count(*), count(DISTINCT id) FROM paged_load.rows;
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged' ORDER BY run_id;
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;
-- a key in a body
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT define($$path '/p/search', method 'POST', body '{"size": 20}', records_path 'hits.hits', paginate 'keyset', keyset_path 'sort', keyset_param 'search_after', token_in 'body'$$);
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged');
SELECT count(*), count(DISTINCT id) FROM paged_load.rows;
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged' ORDER BY run_id;
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;
-- a total in the first page only holds for all of them
SELECT define($$path '/p/odata/items', records_path 'value', paginate 'next_url', next_path '"@odata.nextLink"', total_path '"@odata.count"'$$);
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
CALL dload.run('paged');
ALTER FOREIGN TABLE paged OPTIONS (SET path '/p/odata/items?say=61');
CALL dload.run('paged');
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged' ORDER BY run_id;
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;
-- pages counted against a total of records
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SELECT define($$path '/p/wp/items', paginate 'page', total_header 'X-WP-Total'$$);
SELECT dload.create_pipeline('paged', source => 'paged', target => 'paged_load.rows');
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged', max_pages => 1);
CALL dload.run('paged');
SELECT count(*), count(DISTINCT id) FROM paged_load.rows;
SELECT outcome, reason FROM dload.runs WHERE pipeline = 'paged' ORDER BY run_id;
SELECT dload.drop_pipeline('paged');
DROP SCHEMA paged_load CASCADE;
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"

DROP FUNCTION found(text, text), explained(text);
DROP FUNCTION read_all(text);
DROP FUNCTION define(text);
DROP SERVER paginators_server CASCADE;
