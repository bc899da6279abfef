--
-- fastpath: most values, rows and keys take a short way; the general way must
-- give the same.  Random records, written in as many ways as JSON allows, are
-- loaded on all ways and compared with what the server's own jsonb says.
--
\set mock_url `cat results/mock.url`
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_reset >results/mock.answer
SET timezone = 'UTC';
SET extra_float_digits = 1;
SELECT setseed(0.42);
CREATE SERVER fast FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA fast;
CREATE FOREIGN TABLE fast.src (record jsonb OPTIONS (json_path '$')) SERVER fast OPTIONS (path '/fast');

CREATE FUNCTION fast.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE
  AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE FUNCTION fast.space() RETURNS text LANGUAGE sql VOLATILE
  AS $$ SELECT fast.pick('', '', '', ' ', E'\n', E'\t  ', E'\r\n' || repeat(' ', 20)) $$;
-- a string of some pieces, plain and escaped, around the width of a vector
CREATE FUNCTION fast.str() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT '"' || string_agg(fast.pick('', 'a', 'Zz9', '0123456789abcdef', 'fifteen letters', 'seventeen letters', 'é', '漢字', '🙂',
      '\"', '\\', '\/', '\n', '\u0041', '\u00e9', '\ud83d\ude00', '{', ']', ',', ':', ' '), '') || '"'
  FROM generate_series(1, 1 + (random() * 6)::int) $$;
CREATE FUNCTION fast.int() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT fast.pick('0', '-0', '1', '-1', '5.0', '1e3', '1.50e1', '999999999999999999', '9223372036854775807', '-9223372036854775808',
    '9223372036854775807.0', (random() * 1e9)::bigint::text, (-random() * 1e18)::bigint::text) $$;
CREATE FUNCTION fast.num() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT fast.pick(fast.int(), '1.5', '-0.001', '1E-7', '18446744073709551616', '3.14159265358979323846', random()::text) $$;
CREATE FUNCTION fast.ts() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT fast.pick('"2024-02-29T12:30:45Z"', '"1999-12-31 23:59:59.999999+01:30"', '"2024-05-06T07:08"', '"2024-05-06"',
    '"2024-05-06T07:08:09\u002B02:00"', '"' || to_char(timestamp '2000-01-01' + random() * interval '9000 days', 'YYYY-MM-DD"T"HH24:MI:SS.US') || 'Z"') $$;
CREATE FUNCTION fast.list(element text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  items text[] := '{}';
  item text;
BEGIN
  FOR i IN 1 .. (random() * 3)::int LOOP
    EXECUTE 'SELECT ' || element INTO item;
    items := items || (fast.space() || item || fast.space());
  END LOOP;
  RETURN '[' || fast.space() || array_to_string(items, ',') || ']';
END $$;
-- members in any order, some missing, some null, some there twice
CREATE FUNCTION fast.object(VARIADIC members text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  parts text[] := '{}';
  value text;
BEGIN
  FOR i IN 1 .. cardinality(members) / 2 LOOP
    FOR n IN 1 .. CASE WHEN random() < 0.1 THEN 0 WHEN random() < 0.9 THEN 1 ELSE 2 END LOOP
      EXECUTE 'SELECT ' || members[2 * i] INTO value;
      IF random() < 0.1 THEN
        value := 'null';
      END IF;
      parts := parts || (fast.space() || members[2 * i - 1] || fast.space() || ':' || fast.space() || value || fast.space());
    END LOOP;
  END LOOP;
  RETURN '{' || fast.space() || (SELECT coalesce(string_agg(p, ',' ORDER BY random()), '') FROM unnest(parts) AS p) || '}';
END $$;
CREATE FUNCTION fast.record(id int) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT regexp_replace(regexp_replace(fast.object('"i"', 'fast.int()', '"n"', 'fast.num()', '"s"', 'fast.str()', '"b"', $q$fast.pick('true', 'false')$q$,
      '"at"', 'fast.ts()', '"k\u0065y"', 'fast.str()', '"k\"\\"', 'fast.int()',
      '"o"', $q$fast.object('"s"', 'fast.str()', '"in"', $i$fast.object('"i"', 'fast.int()', '"b"', 'fast.pick(''true'', ''false'')')$i$)$q$,
      '"l"', $q$fast.list('fast.str()')$q$, '"ol"', $q$fast.list($i$fast.object('"i"', 'fast.int()', '"s"', 'fast.str()')$i$)$q$),
    '^\{', '{"id": ' || id || ', '), ',\s*\}$', '}') $$;
CREATE FUNCTION fast.page(n int) RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT '[' || string_agg(fast.record(i), ',') || ']' FROM generate_series(1, n) AS i $$;
CREATE TABLE fast.page_text AS SELECT fast.page(90) AS body;
SELECT json_build_object('path', '/fast', 'status', 200, 'times', 0, 'body', body)::text FROM fast.page_text
  \g (format=unaligned tuples_only) results/fast.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script "$(cat results/fast.json)" >results/mock.answer

-- what the rows must be
CREATE VIEW fast.wanted AS
  SELECT (r->>'id')::bigint AS id, (r->>'i')::numeric::bigint AS i, (r->>'n')::numeric AS n, r->>'s' AS s, (r->>'b')::boolean AS b,
    (r->>'at')::timestamptz AS at, r->>'key' AS key, (r->>'k"\')::numeric::bigint AS k, r #>> '{o,s}' AS o__s,
    (r #>> '{o,in,i}')::numeric::bigint AS o__in__i, (r #>> '{o,in,b}')::boolean AS o__in__b
  FROM fast.page_text, jsonb_array_elements(body::jsonb) AS r;
CREATE VIEW fast.wanted_l AS
  SELECT (r->>'id')::bigint AS id, n - 1 AS idx, e #>> '{}' AS value
  FROM fast.page_text, jsonb_array_elements(body::jsonb) AS r, jsonb_array_elements(nullif(r->'l', 'null')) WITH ORDINALITY AS x(e, n);
CREATE VIEW fast.wanted_ol AS
  SELECT (r->>'id')::bigint AS id, n - 1 AS idx, (e->>'i')::numeric::bigint AS i, e->>'s' AS s
  FROM fast.page_text, jsonb_array_elements(body::jsonb) AS r, jsonb_array_elements(nullif(r->'ol', 'null')) WITH ORDINALITY AS x(e, n);
CREATE FUNCTION fast.differing(target text, OUT rows bigint, OUT different bigint) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT count(*) FROM %s', target) INTO rows;
  EXECUTE format($q$
    WITH t AS (SELECT id, i, n, s, b, at, key, k, o__s, o__in__i, o__in__b FROM %1$s),
      l AS (SELECT t.id, c._dload_list_idx, c.value FROM %1$s AS t JOIN %1$s__l AS c ON c._dload_parent_id = t._dload_id),
      ol AS (SELECT t.id, c._dload_list_idx, c.i, c.s FROM %1$s AS t JOIN %1$s__ol AS c ON c._dload_parent_id = t._dload_id)
    SELECT (SELECT count(*) FROM ((TABLE t EXCEPT ALL TABLE fast.wanted) UNION ALL (TABLE fast.wanted EXCEPT ALL TABLE t)) AS d)
      + (SELECT count(*) FROM ((TABLE l EXCEPT ALL TABLE fast.wanted_l) UNION ALL (TABLE fast.wanted_l EXCEPT ALL TABLE l)) AS d)
      + (SELECT count(*) FROM ((TABLE ol EXCEPT ALL TABLE fast.wanted_ol) UNION ALL (TABLE fast.wanted_ol EXCEPT ALL TABLE ol)) AS d)$q$,
    target) INTO different;
END $$;
SELECT count(*) > 60 AS l_rows FROM fast.wanted_l;
SELECT count(*) > 60 AS ol_rows FROM fast.wanted_ol;

-- rows by multi-insert
SELECT dload.create_pipeline('multi', 'fast.src', 'fast.multi');
CALL dload.run('multi');
SELECT * FROM fast.differing('fast.multi');
-- records from a temporary file, because the page is large for a package
SELECT length(body) > 2 * 64 * 1024 / 4 AS spooled FROM fast.page_text;
SELECT dload.create_pipeline('spooled', 'fast.src', 'fast.spooled');
SET dload.package_bytes = '64kB';
CALL dload.run('spooled');
RESET dload.package_bytes;
SELECT * FROM fast.differing('fast.spooled');
-- rows by the executor, because of triggers
CREATE FUNCTION fast.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
SELECT dload.create_pipeline('executor', 'fast.src', 'fast.executor');
CALL dload.run('executor');
TRUNCATE fast.executor, fast.executor__l, fast.executor__ol;
CREATE TRIGGER t BEFORE INSERT ON fast.executor FOR EACH ROW EXECUTE FUNCTION fast.nothing();
CREATE TRIGGER t BEFORE INSERT ON fast.executor__l FOR EACH ROW EXECUTE FUNCTION fast.nothing();
CREATE TRIGGER t BEFORE INSERT ON fast.executor__ol FOR EACH ROW EXECUTE FUNCTION fast.nothing();
CALL dload.run('executor');
SELECT * FROM fast.differing('fast.executor');
-- values by the general way, because of domains
CREATE DOMAIN fast.some_text AS text;
CREATE DOMAIN fast.some_int AS bigint;
CREATE TABLE fast.general (id fast.some_int, i fast.some_int, s fast.some_text, key fast.some_text, o__s fast.some_text);
SELECT dload.create_pipeline('general', 'fast.src', 'fast.general');
CALL dload.run('general');
SELECT * FROM fast.differing('fast.general');
-- a live scan
CREATE FOREIGN TABLE fast.live (id bigint, i bigint, n numeric, s text, b boolean, at timestamptz, key text) SERVER fast OPTIONS (path '/fast');
SELECT count(*) FROM fast.live;
SELECT count(*) AS different FROM (SELECT id, i, n, s, b, at, key FROM fast.wanted EXCEPT ALL TABLE fast.live) AS d;

-- keys found by the index, and by a query where there are child tables
SELECT dload.create_pipeline(name, 'fast.src', 'fast.' || name, write_disposition => 'merge', primary_key => ARRAY['id'])
  FROM unnest('{probed,queried}'::text[]) AS name;
CALL dload.run('probed');
CALL dload.run('queried');
CREATE TABLE fast.kid () INHERITS (fast.queried);
SELECT * FROM fast.differing('fast.probed');
SELECT * FROM fast.differing('fast.queried');
CALL dload.run('probed');
CALL dload.run('queried');
-- some records change, some come twice, some are new, some stay away
CREATE TABLE fast.body AS SELECT (r->>'id')::int AS id, r FROM fast.page_text, json_array_elements(body::json) AS r;
CREATE TABLE fast.next AS
  SELECT id, CASE WHEN id % 5 = 0 THEN fast.record(id) ELSE r::text END AS r FROM fast.body WHERE id > 20
  UNION ALL SELECT id, fast.record(id) FROM generate_series(91, 96) AS id;
UPDATE fast.page_text SET body = (SELECT '[' || string_agg(r, ',' ORDER BY id) || ']' FROM fast.next);
SELECT json_build_object('path', '/fast', 'status', 200, 'times', 0, 'body',
    '[' || (SELECT string_agg(fast.record(id), ',') FROM generate_series(30, 34) AS id) || ',' || substr(body, 2))::text
  FROM fast.page_text \g (format=unaligned tuples_only) results/fast.json
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script/clear >results/mock.answer
\! python3 "${PG_ABS_SRCDIR:-.}/t/mock_api.py" --post "$(cat results/mock.url)" /_script "$(cat results/fast.json)" >results/mock.answer
CALL dload.run('probed');
CALL dload.run('queried');
DELETE FROM fast.probed__l WHERE _dload_root_id IN (SELECT _dload_id FROM fast.probed WHERE id <= 20);
DELETE FROM fast.probed__ol WHERE _dload_root_id IN (SELECT _dload_id FROM fast.probed WHERE id <= 20);
DELETE FROM fast.probed WHERE id <= 20;
SELECT * FROM fast.differing('fast.probed');
DELETE FROM fast.queried__l WHERE _dload_root_id IN (SELECT _dload_id FROM fast.queried WHERE id <= 20);
DELETE FROM fast.queried__ol WHERE _dload_root_id IN (SELECT _dload_id FROM fast.queried WHERE id <= 20);
DELETE FROM fast.queried WHERE id <= 20;
SELECT * FROM fast.differing('fast.queried');
SELECT pipeline, rows_read, rows_inserted, rows_updated, rows_unchanged, rows_rejected
  FROM dload.runs WHERE pipeline IN ('probed', 'queried') ORDER BY pipeline, run_id;

SELECT dload.drop_pipeline(name) FROM dload.pipelines WHERE source::text LIKE 'fast.%' ORDER BY name;
SET client_min_messages = warning;
DROP SCHEMA fast CASCADE;
DROP SERVER fast CASCADE;
