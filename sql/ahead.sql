--
-- ahead: requests sent before it is their turn.  How many of them the API saw
-- at one time tells; it answers after 50 ms.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER ahead FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '1');
CREATE USER MAPPING FOR CURRENT_USER SERVER ahead;
CREATE SCHEMA ahead;
CREATE FOREIGN TABLE ahead.peak (peak int, requests int) SERVER ahead OPTIONS (path '/ahead/peak');
CREATE FOREIGN TABLE ahead.page (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items', paginate 'page', total_path 'total');
CREATE FOREIGN TABLE ahead.pages (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items', paginate 'page', total_path 'pages');
CREATE FOREIGN TABLE ahead.off (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items', paginate 'offset', total_path 'total');
CREATE FOREIGN TABLE ahead.untold (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items', paginate 'offset');
CREATE FOREIGN TABLE ahead.short (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items?short_at=30', paginate 'offset', total_path 'total');
CREATE FOREIGN TABLE ahead.link (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/link?ms=100', paginate 'link');
CREATE FOREIGN TABLE ahead.capped (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items', paginate 'page', total_path 'total', max_pages '3');
-- load a table; then what came, whether in order, and what the API saw
CREATE PROCEDURE ahead.load(what text, pages int DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM dload.pipelines WHERE name = what) THEN
		PERFORM dload.create_pipeline(what, ('ahead.' || what)::regclass, 'ahead.t_' || what);
	END IF;
	COMMIT;
	CALL dload.run(what, max_pages => pages);
END $$;
CREATE FUNCTION ahead.loaded(source text, OUT n bigint, OUT ids bigint, OUT in_order boolean, OUT at_once text, OUT requests int) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*), count(DISTINCT id), bool_and(id = place)
	                FROM (SELECT id, row_number() OVER (ORDER BY _dload_id) place FROM ahead.t_%s) x', source)
		INTO n, ids, in_order;
	SELECT CASE WHEN p.peak > 6 THEN 'many' WHEN p.peak > 2 THEN 'some' ELSE p.peak::text END, p.requests
		INTO at_once, requests FROM ahead.peak p;
END $$;

SELECT count(*) FROM ahead.peak;
-- the declared total tells the pages that follow the first one
CALL ahead.load('page');
SELECT * FROM ahead.loaded('page');
CALL ahead.load('pages');
SELECT * FROM ahead.loaded('pages');
CALL ahead.load('off');
SELECT * FROM ahead.loaded('off');
-- nobody told: one by one, to the empty page
CALL ahead.load('untold');
SELECT * FROM ahead.loaded('untold');
-- the server lowers the page size: what was sent ahead is thrown away
CALL ahead.load('short');
SELECT n, ids, in_order, requests BETWEEN 18 AND 28 AS requests FROM ahead.loaded('short');
SELECT outcome, pages FROM dload.runs WHERE pipeline = 'short';
-- the head names the next page while the body is still coming
CALL ahead.load('link');
SELECT n, ids, in_order, at_once FROM ahead.loaded('link');
CREATE FOREIGN TABLE ahead.auto (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/link?ms=100', paginate 'auto');
CALL ahead.load('auto');
SELECT n, ids, in_order, at_once FROM ahead.loaded('auto');
-- no more at once than max_concurrency, and with 1 one by one
ALTER SERVER ahead OPTIONS (ADD max_concurrency '2');
DROP TABLE ahead.t_page;
CALL ahead.load('page');
SELECT * FROM ahead.loaded('page');
ALTER SERVER ahead OPTIONS (SET max_concurrency '1');
DROP TABLE ahead.t_page, ahead.t_link;
CALL ahead.load('page');
SELECT * FROM ahead.loaded('page');
CALL ahead.load('link');
SELECT * FROM ahead.loaded('link');
ALTER SERVER ahead OPTIONS (DROP max_concurrency);

-- a run that stops early asks for nothing beyond, and the next goes on
DROP TABLE ahead.t_page;
CALL ahead.load('page', 4);
SELECT * FROM ahead.loaded('page');
CALL ahead.load('page', 3);
SELECT * FROM ahead.loaded('page');
CALL ahead.load('page');
SELECT * FROM ahead.loaded('page');
-- nor does one that is capped
CALL ahead.load('capped');
SELECT * FROM ahead.loaded('capped');

-- nor much one that may end at any page, where nothing new is
CREATE FOREIGN TABLE ahead.newest (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items?desc=1', paginate 'page', total_path 'total');
SELECT dload.create_pipeline('newest', 'ahead.newest', 'ahead.t_newest', cursor_path => 'id', cursor_order => 'desc');
CALL ahead.load('newest');
SELECT n, ids, requests FROM ahead.loaded('newest');
CALL ahead.load('newest');
SELECT n, ids, requests < 5 AS few FROM ahead.loaded('newest');

-- an answer that fails is asked for again when it is its turn, or ends the run
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script '[{"path": "page=4", "status": 503, "headers": {"Retry-After": "0"}}, {"path": "page=5", "truncate_at": 50}]' >results/mock.answer
DROP TABLE ahead.t_page;
CALL ahead.load('page');
SELECT n, ids, in_order FROM ahead.loaded('page');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script '{"path": "page=4", "status": 404}' >results/mock.answer
DROP TABLE ahead.t_page;
CALL ahead.load('page');
SELECT n, ids, in_order FROM ahead.loaded('page');
CALL ahead.load('page');
SELECT n, ids, in_order FROM ahead.loaded('page');

-- what a run went on from is gone: all is read anew, and what was read before does not count
CREATE FOREIGN TABLE ahead.gone (id int, name text) SERVER ahead
  OPTIONS (path '/ahead/items', paginate 'page', total_path 'total', response_rules '[{"when": "status = 410", "do": "restart"}]');
SELECT dload.create_pipeline('gone', 'ahead.gone', 'ahead.t_gone', write_disposition => 'merge', primary_key => '{id}', cursor_path => 'id');
CALL ahead.load('gone');
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script '{"path": "page=4", "status": 410}' >results/mock.answer
CALL ahead.load('gone');
SELECT outcome, reason, pages, rows_read FROM dload.runs WHERE pipeline = 'gone' ORDER BY run_id;
SELECT n, ids FROM ahead.loaded('gone');

-- live scans ask for more the more they read, and not beyond a LIMIT
SELECT count(*), count(DISTINCT id) FROM ahead.page;
SELECT peak > 2 AS some, requests FROM ahead.peak;
SELECT count(*), count(DISTINCT id) FROM ahead.short;
SELECT peak > 0 AS some FROM ahead.peak;
SELECT count(*) FROM (SELECT * FROM ahead.page LIMIT 4) x;
SELECT * FROM ahead.peak;
SELECT count(*) FROM (SELECT * FROM ahead.page LIMIT 35) x;
SELECT requests FROM ahead.peak;
SELECT count(*) FROM ahead.link;
SELECT peak > 1 AS some FROM ahead.peak;

SELECT dload.drop_pipeline(name) FROM dload.pipelines ORDER BY name;
DROP SCHEMA ahead CASCADE;
DROP SERVER ahead CASCADE;
