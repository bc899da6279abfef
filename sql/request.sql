--
-- request: methods, bodies, placeholders, lists, first and later requests,
-- and the cursor as a request carries it
--
\set mock_url `cat results/mock.url`
\! python3 t/mock_api.py --post /_reset
CREATE SERVER request_test FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '1');
-- one whose requests are only shown
CREATE SERVER request_shown FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://api.example/v1');

-- every method arrives, with the Content-Type and Accept that belong to it
CREATE FOREIGN TABLE rq_put (method text, type text, accept text, body text)
  SERVER request_test OPTIONS (path '/requests/echo', method 'PUT', body '{"a": [1, {"b": {}}]}');
CREATE FOREIGN TABLE rq_patch (method text, type text, accept text, body text)
  SERVER request_test OPTIONS (path '/requests/echo', method 'PATCH', body 'a=1&b=%20', body_type 'form', accept 'application/vnd.x+json');
CREATE FOREIGN TABLE rq_raw (method text, type text, accept text, body text)
  SERVER request_test OPTIONS (path '/requests/echo', method 'POST', body '<q>{}</q>', body_type 'raw');
CREATE FOREIGN TABLE rq_xml (method text, type text, accept text, body text)
  SERVER request_test OPTIONS (path '/requests/echo', method 'POST', body '<q/>', body_type 'raw', headers '{"Content-Type": "text/xml"}');
CREATE FOREIGN TABLE rq_delete (method text, type text, accept text, body text)
  SERVER request_test OPTIONS (path '/requests/echo', method 'DELETE');
CREATE FOREIGN TABLE rq_get (method text, type text, accept text, body text)
  SERVER request_test OPTIONS (path '/requests/echo');
SELECT * FROM rq_put UNION ALL SELECT * FROM rq_patch UNION ALL SELECT * FROM rq_raw UNION ALL
SELECT * FROM rq_xml UNION ALL SELECT * FROM rq_delete UNION ALL SELECT * FROM rq_get;

-- what does not go together
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (body_type 'form');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'DELETE', body_type 'raw');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body_type 'graphql');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body '{"a": }');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body '{"a": 1{x}}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body 'a=1');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body E'{\x01}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body '{"a": {x|yaml}}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body '<a>{x}</a>', body_type 'raw');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body '{}', variables '{}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body 'query {a}', body_type 'graphql', variables '[]');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (query_params '{"q": "{x|yaml}"}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (path '/a/{x|yaml}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (path '/a/{1}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (accept E'a\nb');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (paginate 'page', follow_method 'POST');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (paginate 'link', follow_body '{}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (cursor_in 'body');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (cursor_zone 'UTC');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (cursor_format 'epoch', cursor_zone 'Mars/Olympus');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (cursor_format 'epochs');
CREATE FOREIGN TABLE rq_body (a text OPTIONS (param 'a', in 'body')) SERVER request_test;
SELECT * FROM rq_body;
ALTER FOREIGN TABLE rq_body OPTIONS (ADD method 'POST', ADD body 'x', ADD body_type 'raw');
SELECT * FROM rq_body;
ALTER FOREIGN TABLE rq_body OPTIONS (DROP body, DROP body_type);
ALTER FOREIGN TABLE rq_body ALTER a OPTIONS (SET param 'a..b');
SELECT * FROM rq_body;
DROP FOREIGN TABLE rq_body;

-- a request that may have been carried out is not sent again, unless that
-- does no harm
\! python3 t/mock_api.py --post /_script '{"path": "/requests/echo", "status": 500, "times": 1}'
\set VERBOSITY terse
SELECT method FROM rq_raw;
ALTER FOREIGN TABLE rq_raw OPTIONS (ADD idempotent 'true');
\! python3 t/mock_api.py --post /_script '{"path": "/requests/echo", "status": 500, "times": 1}'
SELECT method FROM rq_raw;
\! python3 t/mock_api.py --post /_script '{"path": "/requests/echo", "status": 500, "times": 1}'
SELECT method FROM rq_put;
ALTER FOREIGN TABLE rq_put OPTIONS (ADD idempotent 'false');
\! python3 t/mock_api.py --post /_script '{"path": "/requests/echo", "status": 500, "times": 1}'
SELECT method FROM rq_put;

\set VERBOSITY default

-- placeholders: each value is written as its place demands
CREATE FOREIGN TABLE rq_places () SERVER request_shown OPTIONS (path '/a/{x}/b',
  method 'POST', query_params '{"q": "name = ''{x|sql}''", "k": "{{x}} {"}', headers '{"X-Name": "<{x}>"}',
  body '{"s": "a {x} b", "v": {x}, "n": {n}, "e": {"f": {}}, "lit": "{{x}} {y"}');
SELECT dload.preview_request('rq_places', $${"x": "O'Neil\"\\", "n": 1.50}$$);
SELECT dload.preview_request('rq_places', '{"x": "../..?a=b&c#d/%2e", "n": true}');
SELECT dload.preview_request('rq_places', '{"x": "é \"}], {\"a\": 1", "n": "1"}');
SELECT dload.preview_request('rq_places', '{"x": "{n}{{n}}", "n": {"o": [null, "x"]}}');
SELECT dload.preview_request('rq_places', '{"x": "a", "n": [1, "b", {"c": 2}]}');
SELECT dload.preview_request('rq_places', '{"x": "a", "n": []}');
SELECT dload.preview_request('rq_places', '{"x": ["a", "b/c"], "n": 1}');
-- none can leave its place
SELECT dload.preview_request('rq_places', '{"x": "a\r\nX-Evil: 1", "n": 1}');
SELECT dload.preview_request('rq_places', '{"x": "..", "n": 1}');
SELECT dload.preview_request('rq_places', '{"x": "a"}');
SELECT dload.preview_request('rq_places', '{"n": "a"}');
SELECT dload.preview_request('rq_places', '{"x": "a"}');
SELECT dload.preview_request('rq_places', '{"x": "a", "n": null}');
CREATE FOREIGN TABLE rq_dots () SERVER request_shown OPTIONS (path '/a/{x}{y}/b?p={x}');
SELECT dload.preview_request('rq_dots', '{"x": ".", "y": "b"}');
SELECT dload.preview_request('rq_dots', '{"x": "a", "y": "."}');
SELECT dload.preview_request('rq_dots', '{"x": "a&b=c", "y": "/../"}');

CREATE FOREIGN TABLE rq_odata () SERVER request_shown OPTIONS (path '/Items(''{id|sql}'')');
SELECT dload.preview_request('rq_odata', $${"id": "O'Neil') or ('1"}$$);

-- whatever the characters: the body is JSON with just that value, and the URL
-- has as many parts as before
CREATE FOREIGN TABLE rq_any () SERVER request_shown OPTIONS (path '/a/{x}/b', method 'POST',
  query_params '{"q": "<{x}>"}', body '{"in": "<{x}>", "value": {x}, "list": [{x}, "{x|json}"], "last": {}}');
WITH piece (n, c) AS (
  SELECT row_number() OVER (), c FROM unnest(ARRAY['"', '\', '{', '}', '{x}', '{{x}}', '''', '/', '?', '#', '&', '=', '%2F', '+', ' ',
    E'\n', E'\r', E'\t', E'\x01', E'\x7f', 'é', '€', '😀', '<', ',', ']', '\u0022', '//', '*/', 'null', '1', ':', '$', E'\u2028']) AS c
), value (x) AS (
  SELECT concat(a.c, b.c, a.c) FROM piece AS a, piece AS b WHERE (a.n * 7 + b.n) % 3 = 0
), made (x, url, body) AS (
  SELECT x, split_part(t, E'\n\n', 1), split_part(t, E'\n\n', 2)::jsonb
  FROM value, dload.preview_request('rq_any', jsonb_build_object('x', x)) AS t
)
SELECT count(*) > 300 AS many,
  count(*) FILTER (WHERE body = jsonb_build_object('in', '<' || x || '>', 'value', x, 'list', jsonb_build_array(x, to_json(x)::text), 'last', jsonb '{}')) = count(*) AS bodies,
  count(*) FILTER (WHERE url ~ '^POST https://api\.example/v1/a/[-A-Za-z0-9%._~]+/b\?q=%3C[-A-Za-z0-9%._~]+%3E$') = count(*) AS urls
FROM made;

-- forms and raw bodies, and what filters make of a value
CREATE FOREIGN TABLE rq_form () SERVER request_shown OPTIONS (path '/f', method 'POST', body_type 'form', body 'q={x}&z=1');
SELECT dload.preview_request('rq_form', '{"x": "a&b=c d\né"}');
CREATE FOREIGN TABLE rq_filters () SERVER request_shown OPTIONS (path '/f', method 'POST', body_type 'raw',
  body '{x|json} {x|url} {x|sql} {x|escape} {x|xml} {{x}} {n|json}');
SELECT dload.preview_request('rq_filters', '{"x": "<a''\"\\&>", "n": 5}');
SELECT dload.preview_request('rq_filters', '{"x": "\u0001", "n": 5}');
CREATE FOREIGN TABLE rq_soql () SERVER request_shown OPTIONS (path '/q',
  query_params '{"q": "SELECT Id FROM A WHERE N = ''{x|escape}''"}');
SELECT dload.preview_request('rq_soql', $${"x": "a' OR '' = '\\"}$$);

-- columns fill the body, at their JSON path or as a field of a form
CREATE FOREIGN TABLE rq_columns (
    id int, n int OPTIONS (param 'filter.range[0].n', in 'body', echo 'true'),
    t text OPTIONS (param '"odd key".t', in 'body', echo 'true'),
    ok bool OPTIONS (param 'ok', in 'body', echo 'true'),
    j jsonb OPTIONS (param 'j', in 'body', echo 'true'),
    f float8 OPTIONS (param 'f', in 'body', echo 'true'),
    method text, type text, body text)
  SERVER request_test OPTIONS (path '/requests/echo', method 'POST', body '{"big": 12345678901234567890.1230, "ok": null, "filter": {"x": "y"}}');
SELECT body FROM rq_columns;
SELECT body FROM rq_columns WHERE n = 5 AND t = E'a"\n' AND ok AND j = '{"a": [1]}' AND f = 'NaN';
SELECT n, body FROM rq_columns WHERE n IN (1, 2) ORDER BY n;
EXPLAIN (VERBOSE, COSTS OFF) SELECT body FROM rq_columns WHERE n = 5;
ALTER FOREIGN TABLE rq_columns OPTIONS (SET body '{"filter": 1}');
SELECT body FROM rq_columns WHERE n = 5;
ALTER FOREIGN TABLE rq_columns OPTIONS (DROP body);
SELECT body FROM rq_columns WHERE n = 5;
ALTER FOREIGN TABLE rq_columns OPTIONS (ADD body_type 'form', ADD body 'ok=maybe&x=y');
SELECT type, body FROM rq_columns WHERE t = 'a=b' AND ok;
-- a column whose parameter is a placeholder must have a value
CREATE FOREIGN TABLE rq_required (name text OPTIONS (param 'name', echo 'true'), body text)
  SERVER request_test OPTIONS (path '/requests/echo', method 'POST', body '{"a": {"b": {name}}}');
SELECT name, body FROM rq_required WHERE name = 'x"y';
SELECT name, body FROM rq_required;
-- long bodies are cut where they are shown
CREATE FOREIGN TABLE rq_long () SERVER request_shown OPTIONS (path '/l', method 'POST', body '{"x": {x}}');
SELECT length(dload.preview_request('rq_long', jsonb_build_object('x', repeat('é', 10000))));

-- GraphQL: the query is sent as it is, the variables are filled
CREATE FOREIGN TABLE rq_graphql (
    id int, name text, after text OPTIONS (param 'variables.after', in 'body', echo 'true'),
    n int OPTIONS (param 'n', echo 'true'))
  SERVER request_test OPTIONS (path '/requests/graphql', method 'POST', body_type 'graphql',
    body 'query Q($first: Int, $after: String) { items(first: $first, after: $after, note: "{name}") { nodes { id name } pageInfo { endCursor } } }',
    variables '{"first": {n}}', records_path 'data.items.nodes');
SELECT id, name FROM rq_graphql WHERE n = 3;
SELECT id, name FROM rq_graphql WHERE n = 3 AND after = '5';
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM rq_graphql WHERE n = 3;

-- values of any type, null included, and the name of one operation of several
CREATE FOREIGN TABLE rq_values (
    body text, l int[] OPTIONS (param 'l', echo 'true'), j jsonb OPTIONS (param 'j', echo 'true'), t text[] OPTIONS (param 'variables.t', in 'body', echo 'true'))
  SERVER request_test OPTIONS (path '/requests/echo', method 'POST', body_type 'graphql', body 'query A { a } query B { b }', operation_name 'B',
    variables '{"l": {l}, "j": {j}, "s": "{l}"}');
SELECT body FROM rq_values WHERE l = '{1,2,NULL}' AND j = '{"a": [null, 1.50]}' AND t = '{a,"b,c"}';
SELECT body FROM rq_values WHERE l = '{1}' AND j = 'true' AND t = '{}';
SELECT body FROM rq_values WHERE l = '{{1},{2}}' AND j = '1';
SELECT split_part(dload.preview_request('rq_values', '{"l": [1], "j": null}'), E'\n\n', 2);
SELECT dload.preview_request('rq_values', '{"l": null, "j": null}');
CREATE FOREIGN TABLE rq_bad () SERVER request_test OPTIONS (method 'POST', body '{}', operation_name 'B');

-- lists
CREATE FOREIGN TABLE rq_lists () SERVER request_shown OPTIONS (path '/l', query_params '{"a": ["1", "2,3"], "b": "x", "c": [], "d": ["y"]}');
SELECT dload.preview_request('rq_lists', '{"ids": [1, "b c"], "b": ["p", "q"]}');
ALTER FOREIGN TABLE rq_lists OPTIONS (ADD array_style 'comma');
SELECT dload.preview_request('rq_lists', '{"ids": [1, "b c"], "b": ["p", "q"]}');
ALTER FOREIGN TABLE rq_lists OPTIONS (SET array_style 'brackets');
SELECT dload.preview_request('rq_lists', '{"ids[]": [1, "b c"], "b": ["p", "q"]}');
ALTER FOREIGN TABLE rq_lists OPTIONS (ADD method 'POST', ADD body_type 'form', ADD body 'z=1');
ALTER FOREIGN TABLE rq_lists ADD i int OPTIONS (param 'i', in 'body');
SELECT dload.preview_request('rq_lists', '{"i": [1, 2]}');
ALTER FOREIGN TABLE rq_lists OPTIONS (SET body_type 'json', DROP body);
SELECT dload.preview_request('rq_lists', '{"i": [1, "x"]}');

-- numbers are sent as they are written
CREATE FOREIGN TABLE rq_digits () SERVER request_shown OPTIONS (path '/d', query_params '{"version": 1.10, "list": [2.50, 1E2]}', method 'POST', body '{"n": {n}, "o": {o}}');
SELECT dload.preview_request('rq_digits', '{"x": 0.1234567890123456789, "n": 1.230, "o": {"a": [0.10, {}], "b": 1.0}}');

-- columns of lists are sent as lists
CREATE FOREIGN TABLE rq_arrays (
    target text, since text, ids int[] OPTIONS (param 'ids', echo 'true'), names text[] OPTIONS (param 'X-Since', in 'header', echo 'true'),
    days date[] OPTIONS (param 'days', echo 'true'))
  SERVER request_test OPTIONS (path '/requests/echo', array_style 'brackets');
SELECT target, since FROM rq_arrays WHERE ids = '{1,NULL,2}' AND names = '{a,"b c"}' AND days = '{2026-01-02}';
SELECT target, since FROM rq_arrays WHERE ids = '{}';
SELECT v, target FROM (VALUES ('{1}'::int[]), ('{2,3}')) AS w (v) JOIN rq_arrays ON ids = v ORDER BY v;

-- names of parameters pass as they are, wherever they are given
CREATE FOREIGN TABLE rq_names (
    method text, target text,
    w text OPTIONS (param '$where', echo 'true'), d text OPTIONS (param 'DateSent>=', echo 'true'),
    f text OPTIONS (param 'filter[a][b]', echo 'true'), g text OPTIONS (param 'created[gte]', echo 'true'))
  SERVER request_test OPTIONS (path '/requests/echo', query_params '{"page[size]": 5, "$order": ":id", "filter[a][b]": "static"}');
SELECT target FROM rq_names;
SELECT target FROM rq_names WHERE w = ':u > ''x''' AND d = '2024-01-01' AND f = '1' AND g = '5';
SELECT replace(dload.preview_request('rq_names', '{"page[size]": 7, "$where": "a", "DateSent>=": "b", "filter[x]": "c", "created[gte]": 1}'), :'mock_url', 'http://mock');
\! python3 t/mock_api.py --post /_script '[{"path": "names?page[size]=2&page[after]=a%2F", "status": 200, "times": 0, "body": {"data": [{"id": 2}]}}, {"path": "names?page[size]=2", "status": 200, "times": 0, "body": {"data": [{"id": 1}], "next": "a/"}}]'
CREATE FOREIGN TABLE rq_token (id int) SERVER request_test OPTIONS (path '/names', paginate 'token',
  token_path 'next', token_param 'page[after]', page_size '2', page_size_param 'page[size]');
SELECT id FROM rq_token;
\! python3 t/mock_api.py --post /_script/clear

-- requests after the first that differ from it
CREATE FOREIGN TABLE rq_scroll (id int, name text, want int OPTIONS (param 'want', echo 'true'))
  SERVER request_test OPTIONS (path '/requests/search', method 'POST', records_path 'hits.hits',
    body '{"query": {"match_all": {}}, "size": {want}}', paginate 'token', token_path '_scroll_id',
    follow_path '/requests/search/scroll', follow_body '{"scroll": "1m", "scroll_id": "{token}"}');
SELECT id, name FROM rq_scroll WHERE want = 3;
\set VERBOSITY terse
ALTER FOREIGN TABLE rq_scroll OPTIONS (DROP follow_body);
SELECT count(*) FROM rq_scroll WHERE want = 3;
CREATE FOREIGN TABLE rq_fields (target text, body text) SERVER request_test OPTIONS (path '/requests/echo', method 'POST',
  body_type 'form', body 'a=1', paginate 'token', token_from 'last_record', token_path 'ts', token_in 'body', token_param 'page[after]',
  page_size '2', page_size_in 'body', page_size_param 'page[size]', max_pages '3');
SELECT body FROM rq_fields;
\! python3 t/mock_api.py --get /_journal | python3 -c "import json, sys; [print(r['body']) for r in json.load(sys.stdin)[-2:]]"
ALTER FOREIGN TABLE rq_graphql OPTIONS (ADD paginate 'token', ADD token_path 'data.items.pageInfo.endCursor', ADD token_in 'body', ADD token_param 'variables.after');
SELECT id FROM rq_graphql WHERE n = 2;
CREATE FOREIGN TABLE rq_page (id int) SERVER request_test OPTIONS (path '/requests/page', method 'POST',
  body '{"filter": 1}', records_path 'data', paginate 'next_url', next_path 'next', follow_method 'GET');
SELECT count(*) FROM rq_page;
ALTER FOREIGN TABLE rq_page OPTIONS (DROP follow_method);
SELECT count(*) FROM rq_page;

\set VERBOSITY default

-- a run that stopped goes on with what its requests were made from
ALTER FOREIGN TABLE rq_scroll OPTIONS (ADD follow_body '{"scroll": "1m", "scroll_id": {token}}');
SELECT dload.create_pipeline('scrolled', 'rq_scroll', 'public.rq_scrolled', params => '{"want": 2}');
CALL dload.run('scrolled', max_pages => 1);
CALL dload.run('scrolled');
SELECT id, name FROM rq_scrolled ORDER BY id;

-- the cursor: where it goes and how it is written
CREATE FOREIGN TABLE rq_cursor () SERVER request_test OPTIONS (path '/requests/echo', method 'POST', body '{"f": {"since": "{cursor}"}, "n": {cursor}}',
  query_params '{"jql": "updated >= \"{cursor|escape}\""}', headers '{"X-Since": "{cursor}"}');
SELECT dload.create_pipeline('places', 'rq_cursor', 'public.rq_places_loaded', cursor_path => 'updated_at');
SELECT dload.create_pipeline('places', 'rq_cursor', 'public.rq_places_loaded', cursor_path => 'updated_at', initial_value => '2026-01-31');
CREATE FUNCTION pg_temp.run_twice(pipeline text, target text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dload.run_atomic(pipeline);
	PERFORM dload.run_atomic(pipeline);
	RETURN QUERY EXECUTE format('SELECT concat_ws('' | '', target, nullif(since, ''=''), nullif(body, '''')) FROM %s ORDER BY _dload_id', target);
END $$;
SELECT pg_temp.run_twice('places', 'rq_places_loaded');
ALTER FOREIGN TABLE rq_cursor OPTIONS (ADD cursor_format 'YYYY-MM-DD HH24:MI', ADD cursor_zone 'Asia/Kolkata');
CALL dload.run('places');
SELECT target, since, body FROM rq_places_loaded ORDER BY _dload_id DESC LIMIT 1;

CREATE FOREIGN TABLE rq_since () SERVER request_test OPTIONS (path '/requests/echo', cursor_format 'epoch');
SELECT dload.create_pipeline('since', 'rq_since', 'public.rq_since_loaded', cursor_path => 'updated_at', cursor_param => 'created[gte]', initial_value => '2026-01-31T00:00:00.9Z');
SELECT pg_temp.run_twice('since', 'rq_since_loaded');
ALTER FOREIGN TABLE rq_since OPTIONS (SET cursor_format 'epoch_ms', ADD cursor_in 'header');
SELECT dload.alter_pipeline('since', cursor_param => 'X-Since');
CALL dload.run('since');
ALTER FOREIGN TABLE rq_since OPTIONS (SET cursor_format 'iso', SET cursor_in 'body', ADD method 'POST', ADD cursor_zone 'America/New_York');
SELECT dload.alter_pipeline('since', cursor_param => 'query.range.gte');
CALL dload.run('since');
ALTER FOREIGN TABLE rq_since OPTIONS (SET cursor_format 'date', SET cursor_zone 'Pacific/Kiritimati');
CALL dload.run('since');
SELECT target, since, body FROM rq_since_loaded ORDER BY _dload_id OFFSET 2;

-- a header that nobody may set is none for the cursor, and a raw body has no
-- place of its own for it
ALTER FOREIGN TABLE rq_since OPTIONS (SET cursor_in 'header');
SELECT dload.alter_pipeline('since', cursor_param => 'Host');
SELECT dload.alter_pipeline('since', cursor_param => E'X\r\nY');
SELECT dload.alter_pipeline('since', cursor_param => 'Authorization');
ALTER FOREIGN TABLE rq_since OPTIONS (SET cursor_in 'body', ADD body 'x', ADD body_type 'raw');
SELECT dload.alter_pipeline('since', cursor_param => 'x');

-- one UUID for all attempts at a request, another for the next request
CREATE FOREIGN TABLE rq_stamp (id int, same boolean) SERVER request_test
  OPTIONS (path '/requests/once', method 'POST', idempotent 'true', headers '{"Idempotency-Key": "{request_uuid}"}',
    query_params '{"id": "{request_uuid}"}', body '{"id": {request_uuid}}', paginate 'page', has_more_path 'more', records_path 'data');
SELECT dload.preview_request('rq_stamp') LIKE '%/once?id={request_uuid}&page=1_Idempotency-Key: {request_uuid}__{"id": "{request_uuid}"}';
SELECT * FROM rq_stamp;
SELECT dload.create_pipeline('stamp', 'rq_stamp', 'public.rq_stamp_loaded');
CALL dload.run('stamp', max_pages => 1);
CALL dload.run('stamp');
SELECT id, same FROM rq_stamp_loaded ORDER BY id;
ALTER FOREIGN TABLE rq_stamp OPTIONS (SET headers '{"Idempotency-Key": "fixed"}');
\set VERBOSITY terse
SELECT * FROM rq_stamp;
\set VERBOSITY default

-- a text is sent exactly as the API wrote it, a number as a number; a number
-- that a format makes a date of counts from 1970
CREATE FOREIGN TABLE rq_text () SERVER request_test OPTIONS (path '/requests/echo', method 'POST', cursor_in 'body');
SELECT dload.create_pipeline('text', 'rq_text', 'public.rq_text_loaded', cursor_path => 'ts', cursor_param => 'oldest');
SELECT pg_temp.run_twice('text', 'rq_text_loaded');
SELECT dload.create_pipeline('number', 'rq_text', 'public.rq_number_loaded', cursor_path => 'number', cursor_param => 'oldest');
SELECT pg_temp.run_twice('number', 'rq_number_loaded');
ALTER FOREIGN TABLE rq_text OPTIONS (ADD cursor_format 'iso');
CALL dload.run('number');
SELECT body FROM rq_number_loaded ORDER BY _dload_id OFFSET 2;

SET client_min_messages = warning;
SELECT count(dload.drop_pipeline(p)) FROM unnest(ARRAY['scrolled', 'places', 'since', 'stamp', 'text', 'number']) AS p;
DROP TABLE rq_scrolled, rq_places_loaded, rq_since_loaded, rq_stamp_loaded, rq_text_loaded, rq_number_loaded;
DROP SERVER request_test CASCADE;
DROP SERVER request_shown CASCADE;
RESET client_min_messages;
