--
-- option: the validator, one context after the other.  Nothing is fetched.
--
\set VERBOSITY default

/* Hints: PostgreSQL 15 lists all valid options, newer ones name the closest. */
CREATE FUNCTION option_refused(command text, wanted text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  hint text;
BEGIN
  EXECUTE command;
  RETURN 'accepted';
EXCEPTION WHEN fdw_invalid_option_name THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws('; ', sqlerrm, nullif(detail, ''), CASE WHEN hint ~ wanted THEN 'the hint names ' || wanted END);
END $$;

-- the option table is what the documentation is made from
SELECT name, context, type, "default", secret FROM dload.options
ORDER BY context COLLATE "C", name COLLATE "C";
SELECT count(*) FROM dload.options WHERE description !~ '\.$';

-- names
CREATE FOREIGN DATA WRAPPER option_fdw HANDLER dload.fdw_handler
  VALIDATOR dload.fdw_validator OPTIONS (base_url 'https://api.example.com');
SELECT option_refused($$CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_uri 'x')$$, 'base_url');
SELECT option_refused($$CREATE SERVER option_test FOREIGN DATA WRAPPER dload
  OPTIONS (base_url 'https://api.example.com', paginate 'link')$$);
SELECT dload.fdw_validator('{auth=none,auth=none,base_url=http://h}', 'pg_foreign_server'::regclass);
SELECT dload.fdw_validator('{}', 'pg_class'::regclass);

-- base_url
CREATE SERVER option_test FOREIGN DATA WRAPPER dload;
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'ftp://example.com');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://example.com:0');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://example.com:65536');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://[::1');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://exam ple.com');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url E'https://example.com\r\nX: y');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://scott:tiger@example.com');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://example.com/v1?x=y');
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://example.com/v1#x');

-- one server to work on; every ALTER shows the whole list to the validator
CREATE SERVER option_test FOREIGN DATA WRAPPER dload OPTIONS (base_url 'https://[2001:db8::1]:8443/v1');
ALTER SERVER option_test OPTIONS (DROP base_url);
ALTER SERVER option_test OPTIONS (SET base_url 'HTTPS://API.example.com/v1/');

-- words
ALTER SERVER option_test OPTIONS (ADD auth 'digest');
ALTER SERVER option_test OPTIONS (ADD auth 'Bearer');
ALTER SERVER option_test OPTIONS (ADD auth '');
ALTER SERVER option_test OPTIONS (ADD auth 'api_key', ADD api_key_in 'body');
ALTER SERVER option_test OPTIONS (ADD api_key_name 'X-Key');
ALTER SERVER option_test OPTIONS (ADD auth 'api_key', ADD api_key_name 'X Key');
ALTER SERVER option_test OPTIONS (ADD auth 'api_key', ADD api_key_name 'Host');
ALTER SERVER option_test OPTIONS (ADD auth 'api_key', ADD api_key_name E'X-Key\r\nX: y');
ALTER SERVER option_test OPTIONS (ADD auth 'api_key', ADD api_key_name 'x-my-key');
ALTER SERVER option_test OPTIONS (SET auth 'bearer');
ALTER SERVER option_test OPTIONS (ADD headers '{"X-My-Key": "1"}');
ALTER SERVER option_test OPTIONS (SET auth 'bearer', DROP api_key_name);
ALTER SERVER option_test OPTIONS (SET auth 'api_key', ADD api_key_name 'api key', ADD api_key_in 'query');
ALTER SERVER option_test OPTIONS (SET auth 'none', DROP api_key_name, DROP api_key_in);

-- numbers, durations, sizes
ALTER SERVER option_test OPTIONS (ADD max_concurrency '0');
ALTER SERVER option_test OPTIONS (ADD max_concurrency '101');
ALTER SERVER option_test OPTIONS (ADD max_concurrency 'ten');
ALTER SERVER option_test OPTIONS (ADD max_concurrency '');
ALTER SERVER option_test OPTIONS (ADD max_concurrency '10 ');
ALTER SERVER option_test OPTIONS (ADD max_concurrency '99999999999999999999');
ALTER SERVER option_test OPTIONS (ADD max_retries '-1');
ALTER SERVER option_test OPTIONS (ADD max_retries '51');
ALTER SERVER option_test OPTIONS (ADD connect_timeout 'soon');
ALTER SERVER option_test OPTIONS (ADD connect_timeout '0');
ALTER SERVER option_test OPTIONS (ADD connect_timeout '-1s');
ALTER SERVER option_test OPTIONS (ADD request_timeout '2 days');
ALTER SERVER option_test OPTIONS (ADD idle_timeout '5 m');
ALTER SERVER option_test OPTIONS (ADD idle_timeout 'inf');
ALTER SERVER option_test OPTIONS (ADD max_response_bytes '10 potatoes');
ALTER SERVER option_test OPTIONS (ADD max_response_bytes '1kb', ADD connect_timeout '1.5', ADD request_timeout '5 min', ADD idle_timeout '500ms');
ALTER SERVER option_test OPTIONS (SET max_response_bytes '1000');
ALTER SERVER option_test OPTIONS (DROP max_response_bytes, DROP connect_timeout, DROP request_timeout, DROP idle_timeout);

-- rates
ALTER SERVER option_test OPTIONS (ADD rate_limit '5000');
ALTER SERVER option_test OPTIONS (ADD rate_limit '0/hour');
ALTER SERVER option_test OPTIONS (ADD rate_limit '-5/hour');
ALTER SERVER option_test OPTIONS (ADD rate_limit '10/fortnight');
ALTER SERVER option_test OPTIONS (ADD rate_limit '10/second, many/hour');
ALTER SERVER option_test OPTIONS (ADD rate_limit ',');
ALTER SERVER option_test OPTIONS (ADD rate_limit '10/second, 100 / 15 min, 5000/h');

-- origins
ALTER SERVER option_test OPTIONS (ADD allowed_origins 'https://a.example.com, b.example.com');
ALTER SERVER option_test OPTIONS (ADD allowed_origins 'https://a.example.com/v2');
ALTER SERVER option_test OPTIONS (ADD allowed_origins ' ');
ALTER SERVER option_test OPTIONS (ADD allowed_origins 'https://a.example.com, http://b.example.com:8080/');

-- headers
ALTER SERVER option_test OPTIONS (ADD headers 'Accept: text/html');
ALTER SERVER option_test OPTIONS (ADD headers '["Accept"]');
ALTER SERVER option_test OPTIONS (ADD headers '{"Accept": {"a": "b"}}');
ALTER SERVER option_test OPTIONS (ADD headers '{"Acc ept": "text/html"}');
ALTER SERVER option_test OPTIONS (ADD headers '{"": "text/html"}');
ALTER SERVER option_test OPTIONS (ADD headers '{"Accept": "text/html\r\nX: y"}');
ALTER SERVER option_test OPTIONS (ADD headers '{"Accept\r\nX": "y"}');
ALTER SERVER option_test OPTIONS (ADD headers '{"Accept": null}');
ALTER SERVER option_test OPTIONS (ADD headers '{"Content-Length": 5}');
ALTER SERVER option_test OPTIONS (ADD headers '{"User-Agent": "dload test", "X-Version": 3}');

-- secrets belong in the user mapping
ALTER SERVER option_test OPTIONS (ADD token 'hidden');
ALTER SERVER option_test OPTIONS (ADD password 'hidden');
ALTER SERVER option_test OPTIONS (ADD api_key 'hidden');
ALTER SERVER option_test OPTIONS (ADD username 'scott');
ALTER SERVER option_test OPTIONS (SET headers '{"authorization": "Bearer hidden"}');
ALTER SERVER option_test OPTIONS (SET headers '{"X-API-Key": "hidden"}');
ALTER SERVER option_test OPTIONS (SET headers '{"Cookie": "session=hidden"}');
ALTER SERVER option_test OPTIONS (SET headers '{"Proxy-Authorization": "hidden"}');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (token 'hidden');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (headers '{"Authorization": "hidden"}');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (query_params '{"api_key": "hidden"}');

-- user mappings: their values are never shown
SELECT option_refused($$CREATE USER MAPPING FOR CURRENT_USER SERVER option_test OPTIONS (base_url 'http://example.com')$$);
CREATE USER MAPPING FOR CURRENT_USER SERVER option_test OPTIONS (token E'hidden\r\nX: y');
CREATE USER MAPPING FOR CURRENT_USER SERVER option_test OPTIONS (token '');
CREATE USER MAPPING FOR CURRENT_USER SERVER option_test OPTIONS (username 'a:b');
CREATE USER MAPPING FOR CURRENT_USER SERVER option_test OPTIONS (api_key E'hid\nden');
CREATE USER MAPPING FOR CURRENT_USER SERVER option_test OPTIONS (username 'scott', password '');
CREATE USER MAPPING FOR PUBLIC SERVER option_test OPTIONS (token 'hidden', api_key 'hidden');

-- tables: the path
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path 'https://evil.example.com/');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path '//evil.example.com/');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path '/a b');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path '/a#b');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path E'/a\nb');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path '/{a');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path '/a}');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path '/{}');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (path '/{a{b}}');

-- tables: JSON and paths
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (query_params '{"a": {}}');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (query_params '{"a": 1');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (query_params '{"": 1}');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (records_path 'data[');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (records_path 'data[-1]');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (total_path '$');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (method 'TRACE');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (body '{}');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'guess');

-- tables: a paginator has what it needs, and nothing of another
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'next_url');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_param 't');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_from 'last_record', token_path 't');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_path 't', token_header 't', token_param 't');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_path 't', token_from 'header', token_param 't');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_header 't', token_from 'body', token_param 't');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_path 't', token_param 't', token_in 'body');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_path 't', token_param 'a[', token_in 'body', method 'POST');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_path 't', token_param 'a[*]', token_in 'body', method 'POST');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_path 't', token_param 'Authorization', token_in 'header');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'token', token_path 't', token_param 't', token_in 'path', path '/x');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'keyset', keyset_path 'id');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'keyset', keyset_path 'a, b', keyset_param 'after');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'keyset', keyset_path 'a,,b', keyset_param 'x,y,z');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'keyset', keyset_path 'a,b', keyset_param 'x,');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', page_in 'body', method 'POST');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'link', has_more_value 'yes');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', stop_on_short 'true');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', total_unit 'pages');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', total_path 'n', total_header 'N');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (on_repeat 'stop');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (records_optional 'true');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', next_path 'next');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'link', page_param 'p');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'offset', first_page '0');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (offset_param 'skip');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (token_path 'next');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', page_size '100');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', page_size_param 'limit');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', page_size '0', page_size_param 'limit');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (paginate 'page', page_param '');
CREATE FOREIGN TABLE option_bad () SERVER option_test OPTIONS (max_pages '0');
CREATE FOREIGN TABLE option_table () SERVER option_test
  OPTIONS (paginate 'next_url', next_path '"@odata.nextLink"', page_size '100', page_size_param '$top');
ALTER FOREIGN TABLE option_table OPTIONS (SET paginate 'link');
ALTER FOREIGN TABLE option_table OPTIONS (SET paginate 'token', DROP next_path, ADD token_path 'meta.next', ADD token_param 'after');
ALTER FOREIGN TABLE option_table OPTIONS (DROP token_path);
ALTER FOREIGN TABLE option_table OPTIONS (SET paginate 'page', DROP token_path, DROP token_param);
ALTER FOREIGN TABLE option_table OPTIONS (ADD method 'POST', ADD body '{"query": "{ x }"}', ADD headers '{"Content-Type": "application/json"}');

-- columns
SELECT option_refused($$ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (jsonpath 'a')$$, 'json_path');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (json_path 'a..b');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS ("in" 'query');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (echo 'true');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'a', echo 'maybe');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'a', echo 'true', json_path 'a');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'a', "in" 'cookie');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param '');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'a b', "in" 'header');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'Authorization', "in" 'header');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'Host', "in" 'header');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'a/b', "in" 'path');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'access_token');
ALTER FOREIGN TABLE option_table ADD COLUMN a text OPTIONS (param 'page[size]', echo 'on');
ALTER FOREIGN TABLE option_table ADD COLUMN b text OPTIONS (json_path '$.x."odd key"[*].y');
ALTER FOREIGN TABLE option_table ADD COLUMN c jsonb OPTIONS (json_path '$');

-- what only table and columns together can tell is refused at the query
ALTER FOREIGN TABLE option_table ADD COLUMN d text OPTIONS (param 'id', "in" 'path');
EXPLAIN (COSTS OFF) SELECT * FROM option_table;
ALTER FOREIGN TABLE option_table ALTER COLUMN d OPTIONS (SET "in" 'query', SET param 'page[size]');
EXPLAIN (COSTS OFF) SELECT * FROM option_table;
ALTER FOREIGN TABLE option_table ALTER COLUMN d OPTIONS (SET param 'key');
ALTER SERVER option_test OPTIONS (SET auth 'api_key', ADD api_key_in 'query', ADD api_key_name 'key');
EXPLAIN (COSTS OFF) SELECT * FROM option_table;
ALTER FOREIGN TABLE option_table DROP COLUMN d;
ALTER SERVER option_test OPTIONS (DROP api_key_in, SET api_key_name 'Content-Type');
EXPLAIN (COSTS OFF) SELECT * FROM option_table;

-- a secret that is missing is missed by the query, not by EXPLAIN
ALTER SERVER option_test OPTIONS (SET auth 'bearer', DROP api_key_name);
DROP USER MAPPING FOR PUBLIC SERVER option_test;
EXPLAIN (COSTS OFF) SELECT * FROM option_table;
\set VERBOSITY terse
DO $$
BEGIN
  PERFORM * FROM option_table;
EXCEPTION WHEN invalid_authorization_specification THEN
  RAISE NOTICE '%', replace(SQLERRM, CURRENT_USER, 'current user');
END
$$;
\set VERBOSITY default

SELECT srvoptions FROM pg_foreign_server WHERE srvname = 'option_test';
SET client_min_messages = warning;
DROP SERVER option_test CASCADE;
DROP FUNCTION option_refused(text, text);
