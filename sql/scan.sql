--
-- scan: reading an API through a foreign table.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SERVER scan_test FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '0');

-- columns by the loader's names, by path, whole, and of nothing there is
CREATE FOREIGN TABLE scan_items (
    id bigint,
    name text,
    value int,
    price numeric(8,2),
    active boolean,
    updated_at timestamptz,
    tags text[],
    note text,
    nested jsonb,
    nested__owner__login text,
    owner_id int OPTIONS (json_path 'nested.owner.id'),
    second_tag text OPTIONS (json_path 'tags[1]'),
    missing text,
    record json OPTIONS (json_path '$'))
  SERVER scan_test OPTIONS (path '/items', query_params '{"count": 5}');
SELECT id, name, value, price, active, updated_at, tags, note FROM scan_items;
SELECT nested, nested__owner__login, owner_id, second_tag, missing FROM scan_items ORDER BY id;
SELECT record FROM scan_items WHERE id = 1;
SELECT count(*) FROM scan_items;
SELECT count(s) FROM scan_items s;
SELECT tableoid::regclass, id FROM scan_items WHERE ctid IS NOT NULL AND id < 3;
SELECT name FROM scan_items WHERE NOT active;
SELECT a.id, b.id FROM scan_items a JOIN scan_items b ON a.id = b.value / 10 + 1 ORDER BY 1;

-- the forms a table may have
CREATE FOREIGN TABLE scan_nothing () SERVER scan_test OPTIONS (path 'items', query_params '{"count": 3}');
SELECT FROM scan_nothing;
SELECT count(*) FROM scan_nothing;
CREATE FOREIGN TABLE scan_record (record jsonb OPTIONS (json_path '$'))
  SERVER scan_test OPTIONS (path '/items/{id}');
SELECT * FROM scan_record;
ALTER FOREIGN TABLE scan_record OPTIONS (SET path '/items/7');
SELECT record->'name' AS name FROM scan_record;
ALTER FOREIGN TABLE scan_record OPTIONS (ADD records_path 'nested');
SELECT * FROM scan_record;
ALTER FOREIGN TABLE scan_record OPTIONS (SET records_path 'value');
SELECT * FROM scan_record;
ALTER FOREIGN TABLE scan_record OPTIONS (SET records_path 'tags');
SELECT * FROM scan_record;
ALTER FOREIGN TABLE scan_record ADD COLUMN value text, ADD COLUMN other text;
SELECT * FROM scan_record;
ALTER FOREIGN TABLE scan_record OPTIONS (SET records_path 'absent.here');
\set VERBOSITY terse
SELECT * FROM scan_record;
\set VERBOSITY default

-- a dropped column leaves a gap in the numbers
ALTER FOREIGN TABLE scan_items DROP COLUMN value;
SELECT id, nested__owner__login, s.* FROM scan_items s WHERE id = 2;

-- paginators
CREATE FOREIGN TABLE scan_link (id int) SERVER scan_test
  OPTIONS (path '/link/items', paginate 'link', page_size '40', page_size_param 'per_page');
CREATE FOREIGN TABLE scan_next (id int) SERVER scan_test
  OPTIONS (path '/next/items', paginate 'next_url', next_path 'next', records_path 'data');
CREATE FOREIGN TABLE scan_page (id int) SERVER scan_test
  OPTIONS (path '/page/items', paginate 'page', page_size '30', page_size_param 'page_size', total_path 'total_count');
CREATE FOREIGN TABLE scan_offset (id int) SERVER scan_test
  OPTIONS (path '/offset/items', paginate 'offset', page_size '50', page_size_param 'limit');
CREATE FOREIGN TABLE scan_token (id int) SERVER scan_test
  OPTIONS (path '/token/items', paginate 'token', token_path 'meta.next_token', token_param 'token', query_params '{"empty_page": 1}');
SELECT 'link' AS paginator, count(*), count(DISTINCT id) FROM scan_link
UNION ALL SELECT 'next_url', count(*), count(DISTINCT id) FROM scan_next
UNION ALL SELECT 'page', count(*), count(DISTINCT id) FROM scan_page
UNION ALL SELECT 'offset', count(*), count(DISTINCT id) FROM scan_offset
UNION ALL SELECT 'token', count(*), count(DISTINCT id) FROM scan_token;

-- LIMIT stops the paging
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT id FROM scan_link LIMIT 3;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --requests "$(cat results/mock.url)" /link/items
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT id FROM scan_link WHERE id > 40 LIMIT 3;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --requests "$(cat results/mock.url)" /link/items

-- the next page is not fetched ahead of a LIMIT that needs none of it
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT count(*) FROM (SELECT id FROM scan_link LIMIT 39) AS s;
SELECT count(*) FROM (SELECT id FROM scan_link LIMIT 40) AS s;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --requests "$(cat results/mock.url)" /link/items
SELECT count(*) FROM (SELECT id FROM scan_link LIMIT 20 OFFSET 35) AS s;
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --requests "$(cat results/mock.url)" /link/items

-- a cursor reads as far as it is fetched, and closes what it left open
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_link;
FETCH 2 FROM c;
SAVEPOINT s;
FETCH 1 FROM c;
SELECT 1 / 0;
ROLLBACK TO s;
FETCH 1 FROM c;
CLOSE c;
DECLARE c SCROLL CURSOR FOR SELECT id FROM scan_link;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
COMMIT;

-- every JSON type
CREATE FOREIGN TABLE scan_types (record jsonb OPTIONS (json_path '$'))
  SERVER scan_test OPTIONS (path '/types');
SELECT key, value FROM scan_types, jsonb_each(record) WHERE key <> 'huge' ORDER BY key COLLATE "C", value::text COLLATE "C";

-- values that a type cannot hold
CREATE FOREIGN TABLE scan_bad (id int, name int) SERVER scan_test
  OPTIONS (path '/link/items', paginate 'link');
SELECT id FROM scan_bad WHERE id = 30;
SELECT name FROM scan_bad;
ALTER FOREIGN TABLE scan_bad ALTER COLUMN name TYPE inet;
SELECT name FROM scan_bad;
ALTER FOREIGN TABLE scan_bad ALTER COLUMN name TYPE varchar(3);
SELECT name FROM scan_bad;
DO $$
BEGIN
  PERFORM name FROM scan_bad;
EXCEPTION WHEN string_data_right_truncation THEN
  RAISE WARNING 'caught: %', SQLERRM;
END
$$;
SELECT count(id) FROM scan_bad;

-- an object and what lies below it
CREATE FOREIGN TABLE scan_event (id text, actor__login text, payload__push_id bigint, repo jsonb, repo__name text)
  SERVER scan_test OPTIONS (path '/events', query_params '{"type": "PushEvent", "per_page": 2}');
SELECT * FROM scan_event WHERE repo__name = repo->>'name' AND payload__push_id > 0 LIMIT 2;

-- failures
CREATE FOREIGN TABLE scan_fail (id int) SERVER scan_test OPTIONS (path '/status/418');
\set VERBOSITY terse
SELECT * FROM scan_fail;
ALTER FOREIGN TABLE scan_fail OPTIONS (SET path '/html');
SELECT * FROM scan_fail;
ALTER FOREIGN TABLE scan_fail OPTIONS (SET path '/truncated');
\set VERBOSITY sqlstate
SELECT * FROM scan_fail;
\set VERBOSITY terse
ALTER FOREIGN TABLE scan_fail OPTIONS (SET path '/hang');
SET statement_timeout = '300ms';
SELECT * FROM scan_fail;
RESET statement_timeout;
\set VERBOSITY default

-- authentication, by the user's own mapping or that of all
CREATE SERVER scan_auth FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', auth 'bearer', max_retries '0');
CREATE FOREIGN TABLE scan_bearer (id int) SERVER scan_auth OPTIONS (path '/auth/bearer', paginate 'none');
CREATE USER MAPPING FOR PUBLIC SERVER scan_auth OPTIONS (token 's3cret-token');
SELECT count(*) FROM scan_bearer;
CREATE USER MAPPING FOR CURRENT_USER SERVER scan_auth OPTIONS (token 'wrong-token');
\set VERBOSITY sqlstate
SELECT count(*) FROM scan_bearer;
\set VERBOSITY default
ALTER USER MAPPING FOR CURRENT_USER SERVER scan_auth OPTIONS (SET token 's3cret-token');
DROP USER MAPPING FOR PUBLIC SERVER scan_auth;
-- a view's owner lends his mapping
CREATE ROLE dload_scan_reader;
GRANT SELECT ON scan_bearer TO dload_scan_reader;
CREATE VIEW scan_view AS SELECT * FROM scan_bearer;
GRANT SELECT ON scan_view TO dload_scan_reader;
SET ROLE dload_scan_reader;
SELECT count(*) FROM scan_bearer;
SELECT count(*) FROM scan_view;
RESET ROLE;
ALTER SERVER scan_auth OPTIONS (SET auth 'basic');
ALTER USER MAPPING FOR CURRENT_USER SERVER scan_auth OPTIONS (ADD username 'scott', ADD password 't1ger-pass');
ALTER FOREIGN TABLE scan_bearer OPTIONS (SET path '/auth/basic');
SELECT count(*) FROM scan_bearer;
ALTER SERVER scan_auth OPTIONS (SET auth 'api_key');
ALTER USER MAPPING FOR CURRENT_USER SERVER scan_auth OPTIONS (ADD api_key 'k3y-value');
ALTER FOREIGN TABLE scan_bearer OPTIONS (SET path '/auth/key');
SELECT count(*) FROM scan_bearer;
ALTER SERVER scan_auth OPTIONS (ADD api_key_in 'query', ADD api_key_name 'api_key');
SELECT count(*) FROM scan_bearer;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM scan_bearer;

-- ANALYZE samples one read
ANALYZE scan_link;
SELECT reltuples FROM pg_class WHERE oid = 'scan_link'::regclass;
SELECT n_distinct, null_frac FROM pg_stats WHERE tablename = 'scan_link';

-- what a foreign scan does not do
INSERT INTO scan_link VALUES (1);
SELECT * FROM scan_link TABLESAMPLE SYSTEM (10);
SELECT id FROM scan_link WHERE id = 1 FOR UPDATE;

DROP VIEW scan_view;
DROP SERVER scan_test CASCADE;
DROP SERVER scan_auth CASCADE;
DROP ROLE dload_scan_reader;
