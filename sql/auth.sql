--
-- auth: each kind of auth against a mock that checks what it is sent.
--
\set VERBOSITY terse
\set mock_url `cat results/mock.url`
\! python3 t/mock_api.py --post /_reset
SET client_min_messages = warning;

-- what a query says, in one line
CREATE FUNCTION auth_try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE query INTO answer;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RETURN sqlstate || ' ' || sqlerrm;
END $$;

-- a server with its mapping and a table; each as one list of options
CREATE FUNCTION auth_make(name text, path text, server text, mapping text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER dload OPTIONS (base_url %L, max_retries ''1'' %s)',
                 name, current_setting('auth.url'), ', ' || nullif(server, ''));
  EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER %I OPTIONS (%s)', name, mapping);
  EXECUTE format('CREATE FOREIGN TABLE %I (id bigint) SERVER %I
    OPTIONS (path %L, paginate ''link'', page_size ''40'', page_size_param ''per_page'')', 't_' || name, name, path);
END $$;
SELECT set_config('auth.url', :'mock_url', false) = :'mock_url' AS "address is set";

--
-- API keys
--
SELECT auth_make('auth_cookie', '/sec/cookie', $$auth 'api_key', api_key_in 'cookie', api_key_name 'sid'$$, $$api_key 'k3y-value'$$);
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
ALTER SERVER auth_cookie OPTIONS (SET api_key_in 'header');
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
ALTER SERVER auth_cookie OPTIONS (SET api_key_in 'cookie', SET api_key_name 'a;b');
ALTER SERVER auth_cookie OPTIONS (SET api_key_in 'cookie');

SELECT auth_make('auth_template', '/sec/template',
  $$auth 'api_key', api_key_name 'Authorization', api_key_template 'Token token={key}'$$, $$api_key 'k3y-value'$$);
SELECT auth_try('SELECT count(*) FROM t_auth_template');
ALTER SERVER auth_template OPTIONS (DROP api_key_template);
SELECT auth_try('SELECT count(*) FROM t_auth_template');
ALTER SERVER auth_template OPTIONS (ADD api_key_template 'Token');
ALTER SERVER auth_template OPTIONS (SET auth 'bearer', DROP api_key_name, ADD api_key_template 'Token {key}');

--
-- References to secrets
--
CREATE FUNCTION auth_secret() RETURNS text LANGUAGE sql AS $$ SELECT 'k3y-' || 'value' $$;
ALTER USER MAPPING FOR CURRENT_USER SERVER auth_cookie OPTIONS (SET api_key 'function:public.auth_secret');
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
CREATE OR REPLACE FUNCTION auth_secret() RETURNS text LANGUAGE sql AS $$ SELECT 'other'::text $$;
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
CREATE OR REPLACE FUNCTION auth_secret() RETURNS text LANGUAGE sql AS $$ SELECT NULL::text $$;
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
ALTER USER MAPPING FOR CURRENT_USER SERVER auth_cookie OPTIONS (SET api_key 'text:k3y-value');
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
-- text: is what makes it no reference
ALTER USER MAPPING FOR CURRENT_USER SERVER auth_cookie OPTIONS (SET api_key 'function:k3y-value');
ALTER USER MAPPING FOR CURRENT_USER SERVER auth_cookie OPTIONS (SET api_key 'function:pg_catalog.no_such_secret');
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
ALTER USER MAPPING FOR CURRENT_USER SERVER auth_cookie OPTIONS (SET api_key 'env:DLOAD_NOT_SET');
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
ALTER USER MAPPING FOR CURRENT_USER SERVER auth_cookie OPTIONS (SET api_key 'file:relative');
ALTER USER MAPPING FOR CURRENT_USER SERVER auth_cookie OPTIONS (SET api_key 'file:/no/such/file');
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');

-- who may give them, and whose functions are run
CREATE ROLE auth_user;
CREATE ROLE auth_other;
GRANT USAGE ON FOREIGN SERVER auth_cookie TO auth_user, auth_other;
GRANT SELECT ON t_auth_cookie TO auth_user;
GRANT CREATE ON SCHEMA public TO auth_user, auth_other;
SET ROLE auth_user;
CREATE USER MAPPING FOR auth_user SERVER auth_cookie OPTIONS (api_key 'file:/etc/passwd');
CREATE USER MAPPING FOR auth_user SERVER auth_cookie OPTIONS (api_key 'env:PATH');
CREATE FUNCTION auth_mine() RETURNS text LANGUAGE sql AS $$ SELECT 'k3y-value'::text WHERE current_user = 'auth_user' $$;
CREATE USER MAPPING FOR auth_user SERVER auth_cookie OPTIONS (api_key 'function:public.auth_mine');
SELECT auth_try('SELECT count(*) FROM t_auth_cookie');
RESET ROLE;
-- through a view of that user, the function runs as that user
CREATE VIEW auth_view AS SELECT * FROM t_auth_cookie;
ALTER VIEW auth_view OWNER TO auth_user;
SELECT auth_try('SELECT count(*) FROM auth_view');
SET ROLE auth_other;
CREATE FUNCTION auth_theirs() RETURNS text LANGUAGE sql AS $$ SELECT 'k3y-value'::text $$;
RESET ROLE;
ALTER USER MAPPING FOR auth_user SERVER auth_cookie OPTIONS (SET api_key 'function:public.auth_theirs');
SELECT auth_try('SELECT count(*) FROM auth_view');
