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
  RETURN sqlstate || ' ' || replace(sqlerrm, 'user "' || current_user || '"', 'user "me"');
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

-- a next link that repeats the credential (Facebook): it is sent once, and not
-- kept in a checkpoint
SELECT auth_make('auth_linked', '/auth/bearer', $$auth 'bearer'$$, $$token 's3cret-token'$$);
ALTER FOREIGN TABLE t_auth_linked OPTIONS (ADD query_params '{"access": "s3cret-token", "count": "100"}');
SELECT dload.create_pipeline('auth_linked', 't_auth_linked', 'public.auth_linked');
CALL dload.run('auth_linked', max_pages => 2);
SELECT c.checkpoint ~ 'page=2' AS "second page", c.checkpoint ~ 's3cret' AS "with the token"
  FROM dload.pipeline_cursor AS c JOIN dload.pipeline USING (pipeline_id) WHERE name = 'auth_linked';
CALL dload.run('auth_linked');
SELECT count(*) FROM auth_linked;
SELECT dload.drop_pipeline('auth_linked');
DROP TABLE auth_linked;

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
SET dload.allowed_hosts = '127.0.0.1';
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
-- who has the server names no function that only the mapped user may call
REVOKE EXECUTE ON FUNCTION auth_mine() FROM PUBLIC;
GRANT USAGE ON FOREIGN DATA WRAPPER dload TO auth_other;
SET ROLE auth_other;
CREATE SERVER auth_theft FOREIGN DATA WRAPPER dload OPTIONS (base_url 'http://192.0.2.1', auth 'bearer');
CREATE USER MAPPING FOR auth_user SERVER auth_theft OPTIONS (token 'function:public.auth_mine');
CREATE USER MAPPING FOR auth_user SERVER auth_theft OPTIONS (token 'function:public.auth_later');
CREATE USER MAPPING FOR auth_user SERVER auth_theft OPTIONS (token 'function:public.auth_secret');
DROP SERVER auth_theft CASCADE;
RESET ROLE;
REVOKE USAGE ON FOREIGN DATA WRAPPER dload FROM auth_other;
-- the function's schema is for that user, not for who reads the view
CREATE SCHEMA auth_inner AUTHORIZATION auth_user;
ALTER FUNCTION auth_mine() SET SCHEMA auth_inner;
ALTER USER MAPPING FOR auth_user SERVER auth_cookie OPTIONS (SET api_key 'function:auth_inner.auth_mine');
GRANT SELECT ON auth_view TO auth_other;
SET ROLE auth_other;
SELECT auth_try('SELECT count(*) FROM auth_view');
RESET ROLE;

--
-- OAuth 2.0
--
CREATE FUNCTION auth_oauth(name text, server text, mapping text) RETURNS void LANGUAGE sql AS $$
  SELECT auth_make(name, '/oauth2/items', format($f$auth 'oauth2', oauth2_token_url %L $f$, current_setting('auth.url') || '/oauth2/token')
    || coalesce(', ' || nullif(server, ''), ''), mapping) $$;

-- client credentials: both are encoded before they are joined
SELECT auth_oauth('oauth_cc', '', $$client_id 'my app:1', client_secret 'p@ss w+rd%:/'$$);
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --get /oauth2/count
ALTER USER MAPPING FOR CURRENT_USER SERVER oauth_cc OPTIONS (SET client_secret 'wrong');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
ALTER USER MAPPING FOR CURRENT_USER SERVER oauth_cc OPTIONS (DROP client_secret);
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
ALTER USER MAPPING FOR CURRENT_USER SERVER oauth_cc OPTIONS (ADD client_secret 'p@ss w+rd%:/');

-- in the body, with scope, audience and more
\! python3 t/mock_api.py --post /oauth2/config '{"client_auth": "body", "require": {"scope": "a b", "audience": "https://api/", "resource": "x&y"}}'
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
ALTER SERVER oauth_cc OPTIONS (ADD oauth2_client_auth 'body', ADD oauth2_scope 'a b', ADD oauth2_audience 'https://api/', ADD oauth2_params '{"resource": "x&y"}');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
ALTER SERVER oauth_cc OPTIONS (DROP oauth2_scope);
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
ALTER SERVER oauth_cc OPTIONS (ADD oauth2_scope 'a b', DROP oauth2_audience);
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
ALTER SERVER oauth_cc OPTIONS (DROP oauth2_scope, DROP oauth2_params, DROP oauth2_client_auth);

-- expires_in as text or not at all; what the token endpoint says of errors
\! python3 t/mock_api.py --post /oauth2/config '{"expires": "3600"}'
ALTER SERVER oauth_cc OPTIONS (ADD oauth2_scope 'text');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
SELECT expires_at - issued_at FROM dload.token;
\! python3 t/mock_api.py --post /oauth2/config '{"expires": null}'
ALTER SERVER oauth_cc OPTIONS (SET oauth2_scope 'none');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
SELECT expires_at IS NULL FROM dload.token;
-- an end that is over when the token comes is not believed
\! python3 t/mock_api.py --post /oauth2/config '{"expires": "2020-01-01T00:00:00Z"}'
ALTER SERVER oauth_cc OPTIONS (SET oauth2_scope 'past');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
SELECT expires_at IS NULL FROM dload.token;
\! python3 t/mock_api.py --post /oauth2/config '{"expires": null}'
-- a token that the API no longer takes is renewed, once per request
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
\! python3 t/mock_api.py --post /oauth2/config '{"reject": 400}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --post /oauth2/config '{"ttl": 0}' > /dev/null
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --post /oauth2/config '{"error": {"status": 503, "times": 2}}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --post /oauth2/config '{"error": {"status": 200, "body": {"ok": false, "error": "nope"}}}' > /dev/null
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --post /oauth2/config '{"error": {"status": 307, "times": 9}}' > /dev/null
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
-- a token that would write headers of its own
\! python3 t/mock_api.py --post /oauth2/config '{"token": "hush\r\nX: y"}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');

-- an API that says so in its own words
\! python3 t/mock_api.py --post /_reset > /dev/null
ALTER SERVER oauth_cc OPTIONS (SET oauth2_scope 'words', ADD response_rules '[{"when": "$.error = \"token_expired\"", "do": "refresh_auth"}]');
\! python3 t/mock_api.py --post /_script '{"path": "/oauth2/items", "status": 200, "body": {"ok": false, "error": "token_expired"}}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --get /oauth2/count
ALTER SERVER oauth_cc OPTIONS (DROP response_rules);
\! python3 t/mock_api.py --post /_script '{"path": "/oauth2/items", "status": 200, "body": {"ok": false, "error": "token_expired"}}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');

-- early renewal: no more than half of a token's life
\! python3 t/mock_api.py --post /_reset > /dev/null
ALTER SERVER oauth_cc OPTIONS (SET oauth2_scope 'early', ADD oauth2_early '1h');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --get /oauth2/count
UPDATE dload.token SET issued_at = issued_at - interval '40 min', expires_at = expires_at - interval '40 min';
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --get /oauth2/count
UPDATE dload.token SET issued_at = issued_at - interval '40 min', expires_at = expires_at - interval '40 min';
ALTER SERVER oauth_cc OPTIONS (SET oauth2_early '1min');
SELECT auth_try('SELECT count(*) FROM t_oauth_cc');
\! python3 t/mock_api.py --get /oauth2/count

-- in a transaction that made the server
BEGIN;
SELECT auth_oauth('oauth_new', '', $$client_id 'my app:1', client_secret 'p@ss w+rd%:/'$$);
SELECT auth_try('SELECT count(*) FROM t_oauth_new');
ROLLBACK;

-- where the API is, comes with the token
SELECT auth_oauth('oauth_base', $$oauth2_base_url_path 'instance_url'$$, $$client_id 'my app:1', client_secret 'p@ss w+rd%:/'$$);
SELECT auth_try('SELECT count(*) FROM t_oauth_base');
\! url=$(python3 t/mock_api.py --get /_info | python3 -c 'import json, sys; print(json.load(sys.stdin)["other_url"])'); python3 t/mock_api.py --post /oauth2/config "{\"base_url\": \"$url\"}" > /dev/null; echo "$url" > results/other.url
SELECT auth_try('SELECT count(*) FROM t_oauth_base') LIKE 'HV000 token endpoint of server "oauth_base" named a base URL that is not trusted';
\set other `cat results/other.url`
ALTER SERVER oauth_base OPTIONS (ADD allowed_origins :'other');
\! python3 t/mock_api.py --post /_journal/clear > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_base');
\! python3 t/mock_api.py --get /_journal | python3 -c 'import json, sys; print([[r["path"].split("?")[0], r["headers"]["host"] in open("results/other.url").read()] for r in json.load(sys.stdin)])'
-- what was stored is no longer trusted when the options say so
ALTER SERVER oauth_base OPTIONS (DROP allowed_origins);
SELECT auth_try('SELECT count(*) FROM t_oauth_base') LIKE 'HV000 token endpoint of server "oauth_base" named a base URL that is not trusted';
ALTER SERVER oauth_base OPTIONS (DROP oauth2_base_url_path);
\! python3 t/mock_api.py --post /_journal/clear > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_base');
\! python3 t/mock_api.py --get /_journal | python3 -c 'import json, sys; print([r["headers"]["host"] in open("results/other.url").read() for r in json.load(sys.stdin)])'

-- refresh tokens
SELECT auth_oauth('oauth_refresh', $$oauth2_grant 'refresh_token'$$,
  $$client_id 'my app:1', client_secret 'p@ss w+rd%:/', refresh_token 'refresh-0'$$);
\! python3 t/mock_api.py --post /oauth2/config '{}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_refresh');
-- the next one survives the transaction that asked for it
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 FROM dload.token;
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_refresh');
ROLLBACK;
SELECT auth_try('SELECT count(*) FROM t_oauth_refresh');
\! python3 t/mock_api.py --get /oauth2/count
BEGIN;
ALTER USER MAPPING FOR CURRENT_USER SERVER oauth_refresh OPTIONS (SET client_secret 'p@ss w+rd%:/');
SELECT auth_try('SELECT count(*) FROM t_oauth_refresh');
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_refresh');
ROLLBACK;
SELECT auth_try('SELECT count(*) FROM t_oauth_refresh');
ALTER USER MAPPING FOR CURRENT_USER SERVER oauth_refresh OPTIONS (SET refresh_token 'refresh-x');
SELECT auth_try('SELECT count(*) FROM t_oauth_refresh');

-- nobody but the owner and superusers sees the tokens
GRANT pg_read_all_data TO auth_user;
SET ROLE auth_user;
SELECT count(*) FROM dload.token;
RESET ROLE;
REVOKE pg_read_all_data FROM auth_user;
SET ROLE auth_user;
SELECT count(*) FROM dload.token;
RESET ROLE;
ANALYZE dload.token;
SELECT attname FROM pg_stats WHERE schemaname = 'dload' AND tablename = 'token' AND attname ~ 'token';

-- options that fit no other
ALTER SERVER oauth_cc OPTIONS (DROP oauth2_token_url);
ALTER SERVER oauth_cc OPTIONS (ADD oauth2_grant 'password');
ALTER SERVER oauth_cc OPTIONS (ADD jwt_issuer 'me');
ALTER SERVER oauth_cc OPTIONS (ADD jwt_algorithm 'ES256');
ALTER SERVER oauth_cc OPTIONS (SET base_url 'https://api.example.com');
ALTER SERVER oauth_cc OPTIONS (ADD oauth2_params '{"client_secret": "x"}');

-- requests to a token endpoint that is the API's own count in its budgets
\! python3 t/mock_api.py --post /_reset > /dev/null
CREATE FUNCTION auth_budgets(name text) RETURNS TABLE (scope text, used bigint) LANGUAGE sql AS $$
  SELECT b.scope, b.used FROM dload.budgets AS b WHERE b.server = name AND b.period IS NOT NULL ORDER BY 1 NULLS FIRST $$;
SELECT auth_oauth('oauth_counted', $$rate_limit '9/hour, 2/hour@POST /oauth2/token', max_wait '1s', max_concurrency '1'$$,
  $$client_id 'my app:1', client_secret 'p@ss w+rd%:/'$$);
SELECT auth_try('SELECT count(*) FROM t_oauth_counted');
SELECT * FROM auth_budgets('oauth_counted');
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_counted');
SELECT * FROM auth_budgets('oauth_counted');
-- beyond the limit none is sent, and a run is gone on with when there may be
SELECT dload.create_pipeline('oauth_counted', 't_oauth_counted', 'public.oauth_counted');
ALTER SERVER oauth_counted OPTIONS (SET rate_limit '99/hour, 2/hour@POST /oauth2/token');
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
\! python3 t/mock_api.py --post /_journal/clear > /dev/null
SELECT regexp_replace(auth_try('SELECT count(*) FROM t_oauth_counted'), 'until .*', 'until ...');
CALL dload.run('oauth_counted');
SELECT outcome, regexp_replace(reason, 'until .*;', 'until ...;') FROM dload.runs WHERE pipeline = 'oauth_counted';
\! python3 t/mock_api.py --requests /oauth2/token
SELECT dload.drop_pipeline('oauth_counted');
-- one that is elsewhere does not count
SELECT auth_oauth('oauth_elsewhere', $$rate_limit '9/hour'$$, $$client_id 'my app:1', client_secret 'p@ss w+rd%:/'$$);
\! python3 t/mock_api.py --get /_info | python3 -c 'import json, sys; print(json.load(sys.stdin)["other_url"])' > results/other.url
\set other `cat results/other.url` '/oauth2/token'
ALTER SERVER oauth_elsewhere OPTIONS (SET oauth2_token_url :'other');
SELECT auth_try('SELECT count(*) FROM t_oauth_elsewhere');
SELECT * FROM auth_budgets('oauth_elsewhere');
-- it says when to come back, and is asked then; not if that takes too long
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
\! python3 t/mock_api.py --post /_script '{"path": "/oauth2/token", "status": 429, "headers": {"Retry-After": "2"}}' > /dev/null
ALTER SERVER oauth_elsewhere OPTIONS (SET rate_limit '99/hour', ADD retry_base '1ms');
SELECT clock_timestamp() AS before \gset
SELECT auth_try('SELECT count(*) FROM t_oauth_elsewhere');
SELECT clock_timestamp() - :'before' > interval '2s' AS "waited";
\! python3 t/mock_api.py --post /oauth2/revoke > /dev/null
\! python3 t/mock_api.py --post /_script '{"path": "/oauth2/token", "status": 429, "headers": {"Retry-After": "900"}}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_oauth_elsewhere');

--
-- JWTs: as the grant (RFC 7523), as the client's credentials, as the token
--
\set rsa `python3 t/mock_auth.py --key rsa`
\set ec `python3 t/mock_auth.py --key ec`
\! python3 t/mock_api.py --post /_reset > /dev/null
\! python3 t/mock_api.py --post /oauth2/config '{"claims": {"iss": "robot@example.com", "sub": "me", "scope": "a b"}}' > /dev/null
SELECT auth_oauth('jwt_grant', $$oauth2_grant 'jwt_bearer', jwt_issuer 'robot@example.com', jwt_subject 'me', jwt_claims '{"scope": "a b"}'$$,
  format('private_key %L', :'rsa'));
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
ALTER SERVER jwt_grant OPTIONS (DROP jwt_subject);
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
ALTER SERVER jwt_grant OPTIONS (ADD jwt_subject 'me', DROP jwt_claims);
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
ALTER SERVER jwt_grant OPTIONS (ADD jwt_claims '{"scope": "a b", "more": ["x", "y"], "n": 1}', ADD jwt_audience 'https://elsewhere');
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
ALTER SERVER jwt_grant OPTIONS (DROP jwt_audience, ADD jwt_lifetime '2h');
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
ALTER SERVER jwt_grant OPTIONS (SET jwt_lifetime '1h', ADD jwt_key_id 'k"1');
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
-- a key with \n for its line breaks, as in the files of service accounts
ALTER USER MAPPING FOR CURRENT_USER SERVER jwt_grant OPTIONS (SET private_key 'x');
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
SELECT format('ALTER USER MAPPING FOR CURRENT_USER SERVER jwt_grant OPTIONS (SET private_key %L)', replace(:'rsa', E'\n', '\n')) AS command \gset
:command;
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
ALTER USER MAPPING FOR CURRENT_USER SERVER jwt_grant OPTIONS (SET private_key :'ec');
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');
\! python3 t/mock_api.py --post /oauth2/config '{"algorithm": "ES256"}' > /dev/null
ALTER SERVER jwt_grant OPTIONS (ADD jwt_algorithm 'ES256');
SELECT auth_try('SELECT count(*) FROM t_jwt_grant');

\! python3 t/mock_api.py --post /oauth2/config '{"client_auth": "jwt"}' > /dev/null
SELECT auth_oauth('jwt_client', $$oauth2_client_auth 'private_key_jwt'$$, format('client_id ''my app:1'', private_key %L', :'rsa'));
SELECT auth_try('SELECT count(*) FROM t_jwt_client');
ALTER SERVER jwt_client OPTIONS (DROP oauth2_client_auth);
SELECT auth_try('SELECT count(*) FROM t_jwt_client');
\! python3 t/mock_api.py --post /oauth2/config '{"client_auth": "jwt", "algorithm": "HS256"}' > /dev/null
ALTER SERVER jwt_client OPTIONS (ADD oauth2_client_auth 'private_key_jwt', ADD jwt_algorithm 'HS256');
SELECT auth_try('SELECT count(*) FROM t_jwt_client');
ALTER USER MAPPING FOR CURRENT_USER SERVER jwt_client OPTIONS (ADD client_secret 'p@ss w+rd%:/');
SELECT auth_try('SELECT count(*) FROM t_jwt_client');

\! python3 t/mock_api.py --post /oauth2/config '{"claims": {"iss": "ORG.ME.SHA256:x=", "sub": "ORG.ME"}}' > /dev/null
SELECT auth_make('jwt_own', '/jwt/items', $$auth 'jwt', jwt_issuer 'ORG.ME.SHA256:x=', jwt_subject 'ORG.ME', jwt_lifetime '59min'$$,
  format('private_key %L', :'rsa'));
SELECT auth_try('SELECT count(*) FROM t_jwt_own');
ALTER SERVER jwt_own OPTIONS (SET jwt_issuer 'ORG.ME');
SELECT auth_try('SELECT count(*) FROM t_jwt_own');
ALTER SERVER jwt_own OPTIONS (ADD jwt_claims '{"exp": 1}');
ALTER SERVER jwt_own OPTIONS (ADD jwt_headers '{"x5t": "a", "kid": "b"}');
-- headers that the API wants in a JWT
\! python3 t/mock_api.py --post /oauth2/config '{"claims": {"iss": "ORG.ME"}, "jwt_headers": {"x5t": "hash", "n": [1, 2]}}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_jwt_own');
ALTER SERVER jwt_own OPTIONS (ADD jwt_headers '{"x5t": "hash", "n": [1, 2]}');
SELECT auth_try('SELECT count(*) FROM t_jwt_own');
ALTER SERVER jwt_client OPTIONS (DROP oauth2_client_auth, DROP jwt_algorithm, ADD jwt_headers '{"x5t": "hash"}');
ALTER USER MAPPING FOR CURRENT_USER SERVER jwt_own OPTIONS (DROP private_key);
SELECT auth_try('SELECT count(*) FROM t_jwt_own');

--
-- AWS Signature Version 4
--
\! python3 t/mock_auth.py --self-test
SELECT auth_make('sigv4_api', '/sigv4/stage/a%20b', $$auth 'sigv4', sigv4_region 'eu-test-1', sigv4_service 'execute-api'$$,
  $$access_key_id 'AKIDEXAMPLE', secret_access_key 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'$$);
SELECT auth_try('SELECT count(*) FROM t_sigv4_api');
CREATE FOREIGN TABLE sigv4_odd (id bigint, seg text OPTIONS (param 'seg', in 'path'), q text OPTIONS (param 'z~ +&=*(é', in 'query', echo 'true'))
  SERVER sigv4_api OPTIONS (path '/sigv4/{seg}', paginate 'link', query_params '{"b": ["2", "1"], "a b": "x+y /?", "e": "", "B": ""}');
SELECT auth_try($$SELECT count(*) FROM sigv4_odd WHERE seg = 'plain'$$);
SELECT auth_try($$SELECT count(*) FROM sigv4_odd WHERE seg = 'ä/ö %25:$' AND q = 'a*b''(c)!~é %'$$);
-- temporary keys
ALTER USER MAPPING FOR CURRENT_USER SERVER sigv4_api OPTIONS (ADD session_token 'sess10n/token+of=sts==');
SELECT auth_try($$SELECT count(*) FROM sigv4_odd WHERE seg = 'plain'$$);
ALTER USER MAPPING FOR CURRENT_USER SERVER sigv4_api OPTIONS (SET session_token 'wrong');
SELECT auth_try($$SELECT count(*) FROM sigv4_odd WHERE seg = 'plain'$$);
ALTER USER MAPPING FOR CURRENT_USER SERVER sigv4_api OPTIONS (DROP session_token);
CREATE FOREIGN TABLE sigv4_post (id bigint) SERVER sigv4_api OPTIONS (path '/sigv4/post', paginate 'none', method 'POST', body '{"q": "ö"}');
SELECT auth_try($$SELECT count(*) FROM sigv4_post$$);
ALTER FOREIGN TABLE sigv4_post OPTIONS (ADD headers '{"X-Amz-Target": "Table_1.Scan   all", "Content-Type": "application/x-amz-json-1.0"}');
SELECT auth_try($$SELECT count(*) FROM sigv4_post$$);
ALTER SERVER sigv4_api OPTIONS (SET sigv4_service 's3');
SELECT auth_try($$SELECT count(*) FROM sigv4_odd WHERE seg = 'plain'$$);
ALTER FOREIGN TABLE sigv4_odd OPTIONS (SET path '/sigv4/s3/{seg}');
SELECT auth_try($$SELECT count(*) FROM sigv4_odd WHERE seg = 'ä ö %25:$' AND q = 'a*b''(c)!~é %'$$);
ALTER USER MAPPING FOR CURRENT_USER SERVER sigv4_api OPTIONS (SET secret_access_key 'wrong');
SELECT auth_try($$SELECT count(*) FROM sigv4_odd WHERE seg = 'plain'$$);
ALTER SERVER sigv4_api OPTIONS (DROP sigv4_region);
ALTER SERVER sigv4_api OPTIONS (ADD headers '{"X-Amz-Security-Token": "x"}');
ALTER SERVER oauth_cc OPTIONS (ADD oauth2_params '{"client_assertion": "x"}');
SELECT dload.preview_url('http://h/', '/x?client_assertion=hush&a=1');

--
-- HMAC
--
SELECT auth_make('hmac_binance', '/hmac/binance', $$auth 'hmac', hmac_template '{query}', hmac_in 'query', hmac_name 'signature',
  hmac_timestamp_param 'timestamp', hmac_timestamp_unit 'ms', hmac_headers '{"X-MBX-APIKEY": "{key}"}'$$,
  $$hmac_secret 'hm4c-s3cret', api_key 'k3y-value'$$);
ALTER FOREIGN TABLE t_hmac_binance OPTIONS (ADD query_params '{"symbol": "A B&C", "recvWindow": "9000"}');
SELECT auth_try('SELECT count(*) FROM t_hmac_binance');
ALTER SERVER hmac_binance OPTIONS (SET hmac_timestamp_unit 's');
SELECT auth_try('SELECT count(*) FROM t_hmac_binance');
ALTER SERVER hmac_binance OPTIONS (SET hmac_timestamp_unit 'ms', ADD hmac_digest 'sha1');
SELECT auth_try('SELECT count(*) FROM t_hmac_binance');
ALTER SERVER hmac_binance OPTIONS (SET hmac_digest 'sha256', DROP hmac_headers);
SELECT auth_try('SELECT count(*) FROM t_hmac_binance');
ALTER SERVER hmac_binance OPTIONS (ADD hmac_headers '{"X-MBX-APIKEY": "{key}"}');
-- a retry is signed anew, by the time that it is then
\! python3 t/mock_api.py --post /_journal/clear > /dev/null
\! python3 t/mock_api.py --post /_script '{"path": "/hmac/binance", "status": 503, "delay": 0.02}' > /dev/null
SELECT auth_try('SELECT count(*) FROM t_hmac_binance');
\! python3 t/mock_api.py --get /_journal | python3 -c 'import json, sys; from urllib.parse import *; r = json.load(sys.stdin); q = [parse_qs(urlsplit(x["path"]).query) for x in r]; a, b = q[:2]; print([x["status"] for x in r], a["timestamp"] != b["timestamp"], a["signature"] != b["signature"], a.get("page") == b.get("page"))'
ALTER USER MAPPING FOR CURRENT_USER SERVER hmac_binance OPTIONS (DROP api_key);
SELECT auth_try('SELECT count(*) FROM t_hmac_binance');

SELECT auth_make('hmac_coinbase', '/hmac/coinbase', $$auth 'hmac', hmac_template '{timestamp}{method}{target}{body}', hmac_name 'CB-ACCESS-SIGN',
  hmac_encoding 'base64', hmac_secret_encoding 'base64', hmac_headers '{"CB-ACCESS-TIMESTAMP": "{timestamp}"}'$$,
  format('hmac_secret %L', encode('hm4c-s3cret', 'base64')));
SELECT auth_try('SELECT count(*) FROM t_hmac_coinbase');
ALTER SERVER hmac_coinbase OPTIONS (DROP hmac_secret_encoding);
SELECT auth_try('SELECT count(*) FROM t_hmac_coinbase');
ALTER SERVER hmac_coinbase OPTIONS (ADD hmac_secret_encoding 'hex');
SELECT auth_try('SELECT count(*) FROM t_hmac_coinbase');
ALTER SERVER hmac_coinbase OPTIONS (SET hmac_secret_encoding 'base64', SET hmac_template '{timestamp}{method}{path}{body}');
SELECT auth_try('SELECT count(*) FROM t_hmac_coinbase');

SELECT auth_make('hmac_nonce', '/hmac/nonce', $$auth 'hmac', hmac_template E'{method}\n{host}\n{path}\n{query}\n{nonce}\n{body_sha256}',
  hmac_name 'Authorization', hmac_value 'HMAC {key}:{nonce}:{signature}', hmac_digest 'sha512'$$,
  $$hmac_secret 'hm4c-s3cret', api_key 'k3y-value'$$);
SELECT auth_try('SELECT count(*) FROM t_hmac_nonce');
ALTER SERVER hmac_nonce OPTIONS (SET hmac_value '{signature}');
SELECT auth_try('SELECT count(*) FROM t_hmac_nonce');
ALTER SERVER hmac_nonce OPTIONS (SET hmac_value 'HMAC');
ALTER SERVER hmac_nonce OPTIONS (DROP hmac_template);
ALTER SERVER hmac_nonce OPTIONS (SET hmac_name 'Content-Length');
ALTER SERVER hmac_nonce OPTIONS (ADD hmac_headers '{"Authorization": "fixed"}');

--
-- Certificates: what can be said without TLS
--
ALTER USER MAPPING FOR CURRENT_USER SERVER hmac_nonce OPTIONS (ADD client_cert 'x');
ALTER SERVER hmac_nonce OPTIONS (ADD ca 'x');
ALTER SERVER hmac_nonce OPTIONS (ADD ca 'file:relative');

SET client_min_messages = error;
DROP OWNED BY auth_user, auth_other CASCADE;
DROP ROLE auth_user, auth_other;
