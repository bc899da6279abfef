--
-- guard: requests of roles that are no superusers go to public addresses, and
-- to what dload.allowed_hosts lists.
--
\set mock_url `cat results/mock.url`
\set mock_port `sed 's/.*://' results/mock.url`
\set VERBOSITY terse
SET client_min_messages = warning;
DROP ROLE IF EXISTS guard_user;
RESET client_min_messages;
CREATE ROLE guard_user;
GRANT USAGE ON FOREIGN DATA WRAPPER dload TO guard_user;
LOAD 'dload';
CREATE SCHEMA guard AUTHORIZATION guard_user;

-- what the setting takes
SET dload.allowed_hosts = 'api.example.com, *.internal.example.com, 10.0.0.0/8, fd00::/8, ::1, 192.0.2.7';
SET dload.allowed_hosts = '*';
SET dload.allowed_hosts = '';
SET dload.allowed_hosts = '10.0.0.0/33';
SET dload.allowed_hosts = 'http://10.0.0.1';
SET dload.allowed_hosts = 'a b';
SET dload.allowed_hosts = 'x,,y';

-- only a superuser sets it
SET ROLE guard_user;
SET dload.allowed_hosts = '*';

-- a server as it is made by a role that may not see the private network
CREATE FUNCTION guard.ask(host text, port text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	message text;
	hint text;
BEGIN
	EXECUTE format('CREATE SERVER guard_server FOREIGN DATA WRAPPER dload OPTIONS (base_url %L, max_retries ''0'', connect_timeout ''1s'')',
				   'http://' || host || ':' || port);
	CREATE FOREIGN TABLE guard.items (id bigint) SERVER guard_server
		OPTIONS (path '/items', records_path '$');
	BEGIN
		EXECUTE 'SELECT count(*) FROM guard.items' INTO n;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	END;
	DROP FOREIGN TABLE guard.items;
	DROP SERVER guard_server;
	RETURN coalesce(n || ' records', message || CASE WHEN hint ~ 'allowed_hosts' THEN ' (see dload.allowed_hosts)' ELSE '' END);
END $$;

-- refused by the address, however it is written
RESET ROLE;
SET dload.allowed_hosts = '';
SET ROLE guard_user;
SELECT host, guard.ask(host, :'mock_port') FROM unnest(ARRAY[
	'127.0.0.1', '127.1', '2130706433', '0x7f000001', '0.0.0.0', '[::1]',
	'[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]',
	'10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254',
	'100.64.0.1', '[64:ff9b:1::7f00:1]', '[::ffff:0:7f00:1]', '[2001:0:7f00:1::]', '[::7f00:1]', '[::102]', '[fe80::1]', '[fd00::1]', '224.0.0.1', '255.255.255.255',
	'168.63.129.16', '192.0.2.1', '192.88.99.1', '198.51.100.1', '203.0.113.1', '[100:0:0:1::1]', '[2001:db8::1]', '[3fff::1]', '[5f00::1]']) AS host;
SELECT guard.ask('localhost', :'mock_port') ~ 'is not public' AS "localhost is refused";

-- listed by address, by network, by name
RESET ROLE;
SET dload.allowed_hosts = '127.0.0.1';
SET ROLE guard_user;
SELECT guard.ask('127.0.0.1', :'mock_port');
RESET ROLE;
SET dload.allowed_hosts = '127.0.0.0/8';
SET ROLE guard_user;
SELECT guard.ask('127.0.0.1', :'mock_port'), guard.ask('localhost', :'mock_port');
SELECT guard.ask('169.254.169.254', '80');
RESET ROLE;
SET dload.allowed_hosts = 'LOCALHOST';
SET ROLE guard_user;
SELECT guard.ask('localhost', :'mock_port');
-- the name is listed, not its address; a connection that is kept open from
-- before does not help
SELECT guard.ask('127.0.0.1', :'mock_port');
RESET ROLE;
SET dload.allowed_hosts = '*';
SET ROLE guard_user;
SELECT guard.ask('127.0.0.1', :'mock_port');
RESET ROLE;

-- a superuser's requests go anywhere
SET dload.allowed_hosts = '';
SELECT guard.ask('127.0.0.1', :'mock_port');

-- and so does a superuser's view that others may use, not the other way round
SET ROLE guard_user;
CREATE SERVER guard_server FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', allowed_origins 'http://169.254.169.254');
CREATE FOREIGN TABLE guard.items (id bigint) SERVER guard_server OPTIONS (path '/items', records_path '$');
RESET ROLE;
CREATE VIEW guard.by_superuser AS SELECT * FROM guard.items;
GRANT SELECT ON guard.by_superuser TO guard_user;
SET ROLE guard_user;
CREATE VIEW guard.by_user AS SELECT * FROM guard.items;
SELECT count(*) FROM guard.by_superuser;
SELECT count(*) FROM guard.by_user;
-- the pipeline of such a role
SELECT dload.create_pipeline('guarded', source => 'guard.items', target => 'guard.loaded');
CALL dload.run('guarded');
RESET ROLE;
CALL dload.run('guarded');

-- a redirect to the metadata service of a cloud, to an origin that is allowed
SET dload.allowed_hosts = '127.0.0.1';
SET ROLE guard_user;
ALTER FOREIGN TABLE guard.items OPTIONS (SET path '/redirect/to', ADD query_params '{"location": "http://169.254.169.254/latest/meta-data"}');
SELECT * FROM guard.items;
RESET ROLE;

-- the token endpoint, the address that its reply names, and a next link: all
-- to an origin that has the credentials, by an address that is not listed
-- (a token is asked for by a process of its own, with the role's setting)
SET dload.allowed_hosts = 'localhost';
ALTER ROLE guard_user SET dload.allowed_hosts = 'localhost';
SELECT 'http://localhost:' || :'mock_port' AS named_url \gset
SELECT :'named_url' || '/oauth2/token' AS named_token, :'mock_url' || '/oauth2/token' AS token \gset
SET ROLE guard_user;
CREATE SERVER guard_token FOREIGN DATA WRAPPER dload OPTIONS (base_url :'named_url', auth 'oauth2', oauth2_token_url :'token', max_retries '0');
CREATE USER MAPPING FOR guard_user SERVER guard_token OPTIONS (client_id 'my app:1', client_secret 'p@ss w+rd%:/');
CREATE FOREIGN TABLE guard.token_items (id bigint) SERVER guard_token OPTIONS (path '/oauth2/items', paginate 'none', records_path '$');
SELECT count(*) FROM guard.token_items;
DO $$
DECLARE
	hint text;
BEGIN
	PERFORM count(*) FROM guard.token_items;
EXCEPTION WHEN insufficient_privilege THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RAISE NOTICE '%', hint;
END $$;
ALTER SERVER guard_token OPTIONS (SET oauth2_token_url :'named_token');
SELECT count(*) FROM guard.token_items;
ALTER SERVER guard_token OPTIONS (ADD oauth2_base_url_path 'instance_url', ADD allowed_origins :'mock_url');
\! python3 t/mock_api.py --post /oauth2/config "{\"base_url\": \"$(cat results/mock.url)\"}" > /dev/null
SELECT count(*) FROM guard.token_items;
\! python3 t/mock_api.py --post /oauth2/config '{}' > /dev/null
ALTER SERVER guard_server OPTIONS (SET base_url :'named_url', SET allowed_origins :'mock_url');
ALTER FOREIGN TABLE guard.items OPTIONS (SET path '/linked', DROP query_params, ADD paginate 'link');
\! python3 t/mock_api.py --post /_script "{\"path\": \"/linked\", \"status\": 200, \"body\": [{\"id\": 1}], \"headers\": {\"Link\": \"<$(cat results/mock.url)/items>; rel=next\"}}" > /dev/null
SELECT count(*) FROM guard.items;
RESET ROLE;
SET dload.allowed_hosts = 'localhost, 127.0.0.1';
ALTER ROLE guard_user SET dload.allowed_hosts = 'localhost, 127.0.0.1';
\! python3 t/mock_api.py --post /_script "{\"path\": \"/linked\", \"status\": 200, \"body\": [{\"id\": 1}], \"headers\": {\"Link\": \"<$(cat results/mock.url)/items>; rel=next\"}}" > /dev/null
SET ROLE guard_user;
SELECT count(*) FROM guard.items;
SELECT count(*) FROM guard.token_items;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA guard CASCADE;
SELECT dload.drop_pipeline('guarded');
DROP OWNED BY guard_user CASCADE;
DROP ROLE guard_user;
