--
-- limits: what an API says of its limits, and limits of paths.
--
\set mock_url `cat results/mock.url`
\set VERBOSITY terse
LOAD 'dload';
CREATE SCHEMA limits;

-- one request to a server of its own; what is known of its limits afterwards
CREATE FUNCTION limits.learn(url text, headers json, server_options text DEFAULT '')
	RETURNS TABLE (requests bigint, remaining bigint, resets_in numeric)
	LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE SERVER limits_server FOREIGN DATA WRAPPER dload OPTIONS (base_url %L %s)', url, server_options);
	EXECUTE format('CREATE FOREIGN TABLE limits.one (id int) SERVER limits_server OPTIONS (path ''/headers/one'', query_params %L)',
				   json_build_object('set', headers::text));
	PERFORM * FROM limits.one;
	RETURN QUERY SELECT b.requests, b.remaining,
		-- within a second, or of what is left of a minute
		round(extract(epoch FROM b.resets_at - clock_timestamp()) / 5) * 5
		FROM dload.budgets AS b WHERE b.server = 'limits_server' AND period IS NULL;
	DROP SERVER limits_server CASCADE;
END $$;
SET client_min_messages = warning;

-- every way that APIs have of saying it
SELECT style, l.* FROM (VALUES
	('GitHub: epoch',			'{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999", "X-RateLimit-Used": "1", "X-RateLimit-Reset": "@epoch+600"}'),
	('epoch in ms',				'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "X-RateLimit-Reset": "@epoch_ms+30"}'),
	('delta seconds',			'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "X-RateLimit-Reset": "30"}'),
	('fractional delta',		'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "X-RateLimit-Reset-After": "29.750"}'),
	('Jira: ISO',				'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "X-RateLimit-Reset": "@iso+30"}'),
	('HTTP date',				'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "X-RateLimit-Reset": "@http+30"}'),
	('GitLab: ResetTime',		'{"RateLimit-Limit": "600", "RateLimit-Observed": "1", "RateLimit-Remaining": "599", "RateLimit-ResetTime": "@http+60"}'),
	('GitLab: epoch',			'{"RateLimit-Limit": "600", "RateLimit-Remaining": "599", "RateLimit-Reset": "@epoch+60"}'),
	('IETF draft of 2021: delta', '{"RateLimit-Limit": "600", "RateLimit-Remaining": "599", "RateLimit-Reset": "60"}'),
	('IETF draft of 2023',		'{"RateLimit": "limit=100, remaining=50, reset=30"}'),
	('structured fields',		'{"RateLimit": "\"default\";r=50;t=30", "RateLimit-Policy": "\"default\";q=100;w=60"}'),
	('the worst of two',		'{"RateLimit": "\"hour\";r=900;t=1800, \"minute\";r=3;t=30", "RateLimit-Policy": "\"hour\";q=1000;w=3600, \"minute\";q=60;w=60"}'),
	('a name with separators',	'{"RateLimit": "\"a;b,c=\\\"\";r=7;t=30;pk=:eA==:", "RateLimit-Policy": "\"a;b,c=\\\"\";q=10;w=60"}'),
	('without time: the window', '{"RateLimit": "\"default\";r=50", "RateLimit-Policy": "\"default\";q=100;w=60"}'),
	('other units do not count', '{"RateLimit": "\"bytes\";r=0;t=900, \"calls\";r=50;t=30", "RateLimit-Policy": "\"bytes\";q=1000;w=900;qu=\"content-bytes\", \"calls\";q=100;w=60"}'),
	('Jira: Beta-RateLimit',	'{"Beta-RateLimit": "\"tenant-app-quota\";r=100;t=1200", "Beta-RateLimit-Policy": "\"tenant-app-quota\";q=200;w=3600"}'),
	('HubSpot: window in ms',	'{"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "99", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}'),
	('Shopify: used/limit',		'{"X-Shopify-Shop-Api-Call-Limit": "32/40"}'),
	('Salesforce: k=used/limit', '{"Sforce-Limit-Info": "api-usage=12/15000"}'),
	('reset is past: ignored',	'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "@epoch-30"}'),
	('reset is too far: ignored', '{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "@epoch+9000000"}'),
	('remaining alone',			'{"X-RateLimit-Remaining": "0"}'),
	('nonsense',				'{"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "soon", "RateLimit": "\"open;r=1;t=", "RateLimit-Policy": ";;;"}'),
	('conflict: the longest wait', '{"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "30", "RateLimit-Limit": "10", "RateLimit-Remaining": "1", "RateLimit-Reset": "60"}')
	) AS v(style, headers), limits.learn(:'mock_url', headers::json) AS l;

-- headers of the API's own, by option; without it nothing is learnt
SELECT style, l.* FROM (VALUES
	('Zendesk: parts',		'{"zendesk-ratelimit-tickets": "total=100; remaining=99; resets=58"}', ', remaining_header ''zendesk-ratelimit-tickets'''),
	('Zendesk: no option',	'{"zendesk-ratelimit-tickets": "total=100; remaining=99; resets=58"}', ''),
	('own names',			'{"My-Limit": "10", "My-Left": "9", "My-Reset": "30"}', ', limit_header ''My-Limit'', remaining_header ''My-Left'', reset_header ''My-Reset'''),
	('own names: no option', '{"My-Limit": "10", "My-Left": "9", "My-Reset": "30"}', ''),
	('customary ones, as they are', '{"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "30", "My-Left": "9", "My-Reset": "60"}', ', remaining_header ''My-Left'', reset_header ''My-Reset'''),
	('only those that are named', '{"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "30", "My-Left": "9", "My-Reset": "60"}', ', detect_limits ''false'', remaining_header ''My-Left'', reset_header ''My-Reset'''),
	('none is named',		'{"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "30", "Sforce-Limit-Info": "api-usage=12/15000", "RateLimit": "\"a\";r=1;t=9"}', ', detect_limits ''false'''),
	('a time in words',		'{"My-Left": "9", "My-Reset": "1h2m0.5s"}', ', remaining_header ''My-Left'', reset_header ''My-Reset'''),
	('milliseconds in words', '{"My-Left": "9", "My-Reset": "30000ms"}', ', remaining_header ''My-Left'', reset_header ''My-Reset'''),
	('no words: look again soon', '{"My-Left": "9", "My-Reset": "1h2x"}', ', remaining_header ''My-Left'', reset_header ''My-Reset'''),
	('used, own ceiling and reset', '{"My-Used": "2", "My-Reset": "30"}', ', used_header ''My-Used'', used_limit ''10'', reset_header ''My-Reset'''),
	('used, ceiling in a header', '{"My-Used": "2", "My-Limit": "10"}', ', used_header ''My-Used'', limit_header ''My-Limit'''),
	('used without ceiling', '{"My-Used": "2"}', ', used_header ''My-Used'''),
	('left without time: look again soon', '{"My-Left": "9"}', ', remaining_header ''My-Left'''),
	('several: the first is worse', '{"Day-Limit": "100", "Day-Left": "3", "Day-Reset": "600", "Second-Left": "8", "Second-Reset": "30"}',
		', limit_header ''Day-Limit'', remaining_header ''Day-Left, Second-Left'', reset_header ''Day-Reset, Second-Reset'''),
	('several: the second is worse', '{"Day-Limit": "100", "Day-Left": "9", "Day-Reset": "600", "Second-Left": "8", "Second-Reset": "30"}',
		', limit_header ''Day-Limit'', remaining_header ''Day-Left, Second-Left'', reset_header ''Day-Reset, Second-Reset'''),
	('several: only the first named', '{"Day-Limit": "100", "Day-Left": "9", "Day-Reset": "600", "Second-Left": "8", "Second-Reset": "30"}',
		', limit_header ''Day-Limit'', remaining_header ''Day-Left'', reset_header ''Day-Reset'''),
	('several used: the second is worse', '{"My-Used-1D": "10", "My-Orders": "99", "My-Reset": "600", "My-Orders-Reset": "30"}',
		', used_header ''My-Used-1D,My-Orders'', used_limit ''200000, 100'', reset_header ''My-Reset, My-Orders-Reset'''),
	('several used: the first is worse', '{"My-Used-10S": "1", "My-Burst": "38/40"}', ', used_header ''My-Used-10S,My-Burst'', used_limit ''10''')
	) AS v(style, headers, options), limits.learn(:'mock_url', headers::json, options) AS l;
-- Binance: the weight used in the server's minute
SELECT requests, remaining, resets_in <= 60 AS "within the minute"
	FROM limits.learn(:'mock_url', '{"X-MBX-USED-WEIGHT-1M": "5990"}', ', used_header ''X-MBX-USED-WEIGHT-1M'', used_limit ''6000''');

-- HubSpot: the day's is worse; it ends with a full hour at the earliest
SELECT requests, remaining, resets_in > 60 OR extract(minute FROM clock_timestamp()) >= 58 AS "within the hour"
	FROM limits.learn(:'mock_url', '{"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "99", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
		"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "7"}');

-- 403 is a limit where something says so
CREATE FUNCTION limits.forbidden(url text, headers json, server_options text DEFAULT '')
	RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text;
BEGIN
	EXECUTE format('CREATE SERVER limits_server FOREIGN DATA WRAPPER dload OPTIONS (base_url %L, max_wait ''1s'', max_retries ''1'', retry_base ''1ms'' %s)', url, server_options);
	EXECUTE format('CREATE FOREIGN TABLE limits.one (id int) SERVER limits_server OPTIONS (path ''/headers/one?status=403'', query_params %L)',
				   json_build_object('set', headers::text));
	PERFORM * FROM limits.one;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || split_part(sqlerrm, ' until', 1);
END $$;
SELECT style, limits.forbidden(:'mock_url', headers::json, options) FROM (VALUES
	('nothing says so',		'{}', ''),
	('something is left',	'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "30"}', ''),
	('Retry-After',			'{"Retry-After": "30"}', ''),
	('none is left',		'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}', ''),
	('none is left, no time', '{"X-RateLimit-Remaining": "0"}', ', lockout ''30s'''),
	('structured field',	'{"RateLimit": "\"default\";r=0;t=30"}', ''),
	('own names',			'{"My-Left": "0", "My-Reset": "30"}', ', remaining_header ''My-Left'', reset_header ''My-Reset'''),
	('own names: no option', '{"My-Left": "0", "My-Reset": "30"}', ''),
	('not to be heeded',	'{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}', ', detect_limits ''false'''),
	('but Retry-After is',	'{"Retry-After": "30"}', ', detect_limits ''false'''),
	('used up',				'{"My-Used": "40/40"}', ', used_header ''My-Used'', lockout ''30s'''),
	('by a rule',			'{"X-Reason": "slow"}', ', response_rules ''[{"when": "status = 403 and header(\"X-Reason\") = \"slow\"", "do": "limited", "wait": "30s"}]''')
	) AS v(style, headers, options);

-- limits of paths: only the requests below them are counted in them
CREATE SERVER paths FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url',
	rate_limit '1000/hour, 7/hour@/headers/exports, 3/hour@POST /headers/*/search, 5/hour@/other');
CREATE FOREIGN TABLE limits.plain (id int) SERVER paths OPTIONS (path '/headers/plain');
CREATE FOREIGN TABLE limits.exports (id int) SERVER paths OPTIONS (path '/headers/exports/2024');
CREATE FOREIGN TABLE limits.exports2 (id int) SERVER paths OPTIONS (path '/headers/exports2');
CREATE FOREIGN TABLE limits.search (id int) SERVER paths OPTIONS (path '/headers/items/search', method 'POST');
CREATE FOREIGN TABLE limits.search_get (id int) SERVER paths OPTIONS (path '/headers/items/search');
CREATE FOREIGN TABLE limits.told (id int) SERVER paths OPTIONS (path '/headers/exports',
	query_params '{"set": "{\"X-RateLimit-Limit\": \"50\", \"X-RateLimit-Remaining\": \"9\", \"X-RateLimit-Reset\": \"30\"}"}');
SELECT (SELECT count(*) FROM limits.plain) + (SELECT count(*) FROM limits.exports) +
	(SELECT count(*) FROM limits.exports2) + (SELECT count(*) FROM limits.search) +
	(SELECT count(*) FROM limits.search_get) AS five;
SELECT coalesce(scope, 'all') AS scope, requests, period, used, remaining FROM dload.budgets WHERE server = 'paths' ORDER BY 1;
-- what the API says there is about these
SELECT count(*) FROM limits.told;
SELECT coalesce(scope, 'all') AS scope, requests, period, used, remaining FROM dload.budgets WHERE server = 'paths' ORDER BY 1, 2;
-- used up: others go on, and what waits in vain costs the others nothing
ALTER SERVER paths OPTIONS (ADD max_wait '1s');
SELECT count(*) FROM limits.search;
SELECT count(*) FROM limits.search;
DO $$ BEGIN PERFORM count(*) FROM limits.search; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING '%', split_part(sqlerrm, ' until', 1); END $$;
SELECT count(*) FROM limits.search_get;
SELECT coalesce(scope, 'all') AS scope, used FROM dload.budgets WHERE server = 'paths' AND period IS NOT NULL ORDER BY 1;

-- what the options take
ALTER SERVER paths OPTIONS (SET rate_limit '10/minute@exports');
ALTER SERVER paths OPTIONS (SET rate_limit '10/minute@GET');
ALTER SERVER paths OPTIONS (SET rate_limit '10/minute@/a?b');
ALTER SERVER paths OPTIONS (SET rate_limit '10/minute@');
-- method and path are as long as is kept, and no longer
SELECT format('ALTER SERVER paths OPTIONS (SET rate_limit %L)', '10/minute@POST /' || repeat('x', n)) FROM unnest('{121,122}'::int[]) AS n
\gexec
ALTER SERVER paths OPTIONS (ADD used_limit '10');
ALTER SERVER paths OPTIONS (ADD reset_header 'X-Reset');
ALTER SERVER paths OPTIONS (SET max_wait '2 days');
ALTER SERVER paths OPTIONS (ADD remaining_header 'A, B C');
ALTER SERVER paths OPTIONS (ADD remaining_header ',');
ALTER SERVER paths OPTIONS (ADD remaining_header 'A', ADD reset_header 'B, C');
ALTER SERVER paths OPTIONS (ADD used_header 'A', ADD remaining_header 'C, D', ADD used_limit '10, 20');
ALTER SERVER paths OPTIONS (ADD used_header 'A, B', ADD used_limit '10, 0');

-- who says that it is good to ask
CREATE SERVER again FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_wait '1s', rate_limit '5/hour');
CREATE FOREIGN TABLE limits.again (id int) SERVER again OPTIONS (path '/headers/one',
	query_params '{"set": "{\"X-RateLimit-Limit\": \"50\", \"X-RateLimit-Remaining\": \"0\", \"X-RateLimit-Reset\": \"300\"}"}');
CREATE FOREIGN TABLE limits.again_later (id int) SERVER again OPTIONS (path '/status/429?retry_after=1000');
SELECT count(*) FROM limits.again;
DO $$ BEGIN PERFORM count(*) FROM limits.again; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING '%', split_part(sqlerrm, ' until', 1); END $$;
SELECT dload.ask_again('again');
DO $$ BEGIN PERFORM count(*) FROM limits.again_later; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING '%', split_part(sqlerrm, ' until', 1); END $$;
DO $$ BEGIN PERFORM count(*) FROM limits.again; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING '%', split_part(sqlerrm, ' until', 1); END $$;
SELECT dload.ask_again('again');
SELECT count(*) FROM limits.again;
SELECT requests, period, used, remaining FROM dload.budgets WHERE server = 'again' ORDER BY 1;
SELECT dload.ask_again('nowhere');
CREATE ROLE limits_user;
SET ROLE limits_user;
SELECT dload.ask_again('again');
RESET ROLE;
DROP ROLE limits_user;
DROP SERVER again CASCADE;

-- weights: a request counts as many in the rate of that count and period, and as one in others
CREATE SERVER weights FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_wait '1s',
	rate_limit '50/hour/2, 100/hour, 100/hour/20@/headers/info, 100/hour/9@POST /headers, 100/hour/5@/headers');
CREATE FOREIGN TABLE limits.light (id int) SERVER weights OPTIONS (path '/items/1');
CREATE FOREIGN TABLE limits.medium (id int) SERVER weights OPTIONS (path '/headers/one');
CREATE FOREIGN TABLE limits.posted (id int) SERVER weights OPTIONS (path '/headers/one', method 'POST');
CREATE FOREIGN TABLE limits.heavy (id int) SERVER weights OPTIONS (path '/headers/info');
SELECT (SELECT count(*) FROM limits.light) + (SELECT count(*) FROM limits.medium) +
	(SELECT count(*) FROM limits.posted) + (SELECT count(*) FROM limits.heavy) AS four;
SELECT requests, used, remaining, scope FROM dload.budgets WHERE server = 'weights' ORDER BY 1;
SELECT (SELECT count(*) FROM limits.heavy) + (SELECT count(*) FROM limits.heavy) + (SELECT count(*) FROM limits.heavy) AS three;
DO $$ BEGIN PERFORM count(*) FROM limits.heavy; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING '%', split_part(sqlerrm, ' until', 1); END $$;
SELECT count(*) AS "a light one goes" FROM limits.light;
SELECT requests, used, remaining FROM dload.budgets WHERE server = 'weights' ORDER BY 1;
-- without weights they all go
ALTER SERVER weights OPTIONS (SET rate_limit '50/hour, 100/hour');
SELECT count(*) FROM generate_series(1, 7) AS n, LATERAL (SELECT count(*) FROM limits.heavy WHERE n > 0) AS l;
-- what the API says it has left is what weighs most
CREATE FOREIGN TABLE limits.left_10 (id int) SERVER weights OPTIONS (path '/headers/left',
	query_params '{"set": "{\"X-RateLimit-Limit\": \"6000\", \"X-RateLimit-Remaining\": \"10\", \"X-RateLimit-Reset\": \"30\"}"}');
ALTER SERVER weights OPTIONS (SET rate_limit '6000/minute, 6000/minute/20@/headers/info');
SELECT count(*) FROM limits.left_10;
DO $$ BEGIN PERFORM count(*) FROM limits.heavy; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING '%', split_part(sqlerrm, ' until', 1); END $$;
SELECT count(*) AS "a light one goes" FROM limits.light;
ALTER SERVER weights OPTIONS (SET rate_limit '6000/minute');
SELECT count(*) AS "not a heavy one any more" FROM limits.heavy;
-- what they look like
ALTER SERVER weights OPTIONS (SET rate_limit '6000/minute/20@/headers/info');
ALTER SERVER weights OPTIONS (SET rate_limit '6000/minute@/headers, 6000/minute/20@/headers/info');
ALTER SERVER weights OPTIONS (SET rate_limit '10/minute/11');
ALTER SERVER weights OPTIONS (SET rate_limit '10/minute/0');
ALTER SERVER weights OPTIONS (SET rate_limit '10/minute/1/1');
ALTER SERVER weights OPTIONS (SET rate_limit '10/minute/');
ALTER SERVER weights OPTIONS (SET rate_limit ' 10 / minute / 2 , 60/ h');
DROP SERVER weights CASCADE;

-- points, of which each reply tells the cost, what is left and what comes back
CREATE SERVER points FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_wait '1s',
	cost_path 'cost.asked', available_path 'cost.left', restore_path 'cost.back');
CREATE FOREIGN TABLE limits.points (id int) SERVER points OPTIONS (path '/p/cost/items?left=60',
	paginate 'page', records_path 'items');
SELECT count(*) FROM limits.points;
-- 20 of 60 are missing, 100 a second come back
CREATE FOREIGN TABLE limits.few (id int) SERVER points OPTIONS (path '/p/cost/items?left=40&back=100',
	paginate 'page', records_path 'items');
SELECT clock_timestamp() AS began \gset
SELECT count(*) FROM limits.few;
SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz) BETWEEN 0.6 AND 5 AS "three waits of 0.2 s";
-- 1 a second
CREATE FOREIGN TABLE limits.none (id int) SERVER points OPTIONS (path '/p/cost/items?left=40&back=1',
	paginate 'page', records_path 'items');
DO $$ BEGIN PERFORM count(*) FROM limits.none; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING '%', split_part(sqlerrm, ' until', 1); END $$;
DO $$ BEGIN PERFORM count(*) FROM limits.points; EXCEPTION WHEN configuration_limit_exceeded THEN RAISE WARNING 'for all tables of the server'; END $$;
-- nobody looks
CREATE SERVER nopoints FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_wait '1s');
CREATE FOREIGN TABLE limits.unknown (id int) SERVER nopoints OPTIONS (path '/p/cost/items?left=40&back=1',
	paginate 'page', records_path 'items');
SELECT count(*) FROM limits.unknown;
-- what is no number says nothing
CREATE SERVER nonsense FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_wait '1s',
	cost_path 'cost.asked', available_path 'cost', restore_path 'cost.back');
CREATE FOREIGN TABLE limits.nonsense (id int) SERVER nonsense OPTIONS (path '/p/cost/items?left=40&back=1',
	paginate 'page', records_path 'items');
SELECT count(*) FROM limits.nonsense;
ALTER SERVER nopoints OPTIONS (ADD cost_path 'a');
ALTER SERVER nopoints OPTIONS (ADD cost_path 'a', ADD available_path 'b');
DROP SERVER points, nopoints, nonsense CASCADE;

-- a run that would wait too long ends as partial, and goes on from there; half
-- a minute, so that no launcher does it meanwhile
CREATE SERVER slow FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', rate_limit '2/30s', max_wait '1s');
CREATE FOREIGN TABLE limits.items () SERVER slow OPTIONS (path '/link/items', query_params '{"count": "100", "per_page": "10"}', paginate 'link');
SELECT dload.create_pipeline('limited', source => 'limits.items', target => 'limits.target', write_disposition => 'merge', primary_key => '{id}');
SET client_min_messages = error;
CALL dload.run('limited');
SET client_min_messages = warning;
SELECT outcome, split_part(reason, ' until', 1) || '...' || substr(reason, strpos(reason, ';')) AS reason, pages, rows_read FROM dload.runs WHERE pipeline = 'limited';
SELECT count(*) FROM limits.target;
SELECT failures, retry_at > clock_timestamp() AS "will be resumed" FROM dload.pipeline_schedule JOIN dload.pipeline USING (pipeline_id) WHERE name = 'limited';
-- with patience it completes; a higher rate counts at once
ALTER SERVER slow OPTIONS (SET max_wait '1min', SET rate_limit '100/s');
CALL dload.run('limited');
SELECT outcome, pages, rows_read, finished_at - started_at < '10 s' AS soon FROM dload.runs WHERE pipeline = 'limited' ORDER BY run_id;
SELECT failures, retry_at FROM dload.pipeline_schedule JOIN dload.pipeline USING (pipeline_id) WHERE name = 'limited';

DROP SCHEMA limits CASCADE;
SELECT dload.drop_pipeline('limited');
DROP SERVER paths, slow CASCADE;
