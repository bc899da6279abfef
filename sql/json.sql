--
-- The scanner, the record reader and paths.  PostgreSQL's own JSON parser is
-- the oracle: both must give the same verdict and the same values.
--
-- dload.preview_records reads a body whole (piece = 0) or in pieces.

/* Core's verdict.  A body that is not UTF-8 fails in convert_from. */
CREATE FUNCTION pg_temp.core_accepts(body bytea) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM convert_from(body, 'UTF8')::json;
	RETURN true;
EXCEPTION WHEN data_exception THEN
	RETURN false;
END $$;

/* The records, one a line of an array; NULL when the body is rejected. */
CREATE FUNCTION pg_temp.ours(body bytea, path text, piece int) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT coalesce(array_agg(record ORDER BY ordinal), '{}')
			FROM dload.preview_records(body, path, piece));
EXCEPTION WHEN invalid_text_representation OR program_limit_exceeded THEN
	RETURN NULL;
END $$;

CREATE FUNCTION pg_temp.core(body bytea) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	doc json;
BEGIN
	IF NOT pg_temp.core_accepts(body) THEN
		RETURN NULL;
	END IF;
	doc := convert_from(body, 'UTF8');
	RETURN CASE json_typeof(doc)
		WHEN 'array' THEN (SELECT coalesce(array_agg(e::text ORDER BY n), '{}')
						   FROM json_array_elements(doc) WITH ORDINALITY AS t (e, n))
		WHEN 'null' THEN '{}'
		ELSE ARRAY[btrim(doc::text, E' \t\r\n')] END;
END $$;

/* What differs between core and ours, in pieces of any size; NULL: nothing. */
CREATE FUNCTION pg_temp.difference(body bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	expected text[] := pg_temp.core(body);
	found text[];
BEGIN
	FOR piece IN 0..7 LOOP
		found := pg_temp.ours(body, '$', CASE piece WHEN 4 THEN 16 WHEN 5 THEN 64 WHEN 6 THEN 17 ELSE piece END);
		IF found IS DISTINCT FROM expected THEN
			RETURN format('%s: core %s, ours %s (piece %s)', encode(body, 'escape'),
						  coalesce(expected::text, 'rejects'), coalesce(found::text, 'rejects'), piece);
		END IF;
	END LOOP;
	RETURN NULL;
END $$;

-- a corpus of the corners
CREATE TEMP TABLE corpus (body bytea);
INSERT INTO corpus SELECT convert_to(t, 'UTF8') FROM unnest(ARRAY[
	'', ' ', E'\n', '{', '}', '[', ']', '{}', '[]', ' [ ] ', E'\t{\r\n}\n', '[[]]', '[{}]', '{"a":{}}',
	'0', '-0', '-', '+1', '1', '01', '-01', '00', '1.', '.5', '-.5', '1.5', '1.50', '1..5', '1.5.5', '1e', '1e+', '1e-',
	'1e5', '1E5', '1e+5', '1e-5', '1.5e5', '1.e5', '0e0', '0.0e-0', '1e5.5', '1ee5', '1e5e5', '-1e-1', '12345678901234567890123456789',
	'1e99999', '1a', '1_000', '0x10', '1-', '1-1', '1+1', '- 1', '1 2', 'NaN', 'Infinity', '-Infinity', '[1,2', '[01]', '[-]', '[1.]', '[1e]',
	'true', 'false', 'null', 'True', 'NULL', 'tru', 'truex', 'true1', 'nul', 'nulll', 't', 'f', 'n', 'true false', '[true,false,null]', '[tru]', '[true_]',
	'""', '"a"', '"', '"a', 'a"', '''a''', '"a" "b"', '"\"', '"\\"', '"\\\"', '"\/"', '"\b\f\n\r\t\"\\"', '"\a"', '"\x41"', '"\', '"\u"', '"\u0"', '"\u00"',
	'"\u004"', '"\u0041"', '"\u00g1"', '"\u00zz', '"\u0000"', '"\ud83d\ude00"', '"\ud83d"', '"\ude00"', '"\ud83dx"', '"\ud83d\u0041"', '"\U0041"', '"\u12345"',
	E'"a\tb"', E'"a\nb"', E'"\x01"', E'"\x1f"', E'"\x7f"', E'\x01', E'\x0c', E'[\x0b]', E'"abcdefghijklmnop\x02"',
	'[1,]', '[,1]', '[,]', '[1,,2]', '[1 2]', '[1:2]', '[1]]', '[1]}', '[1}', '[1],', '[1] x', '["a" "b"]', '[[1],[2,[3]],[]]', '[[[[1]]]', '[{]', '[{"a":1}}]',
	'{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{,}', '{"a":1,,"b":2}', '{"a" 1}', '{"a"::1}', '{"a":1 "b":2}', '{a:1}', '{1:1}', '{null:1}', '{"a":1]', '{"a":1}}', '{"a":1}{',
	'{"a":1,"a":2}', '{"":1}', '{" ":{" ":[]}}', '{"a" : 1 , "b" : [ 1 , 2 ] }', E'{\n  "a": {\n    "b": [\n      1,\n      2\n    ]\n  }\n}', '{"\u0061":1}', '{"\q":1}', '{"a',
	'{"a"', '{"a" ', '{"a":', '{"a":"', '{"a":1', '{"a":1,', '{"a":1,"', '{"key that is longer than one vector":"value that is longer than one vector"}',
	'["0123456789abcde","0123456789abcdef","0123456789abcdefg","0123456789abcd\"","0123456789abcde\n","0123456789abcdef\\"]',
	'// x', '1 // x', '/* x */ 1', '{"a":1} // x', '[1,2,3]' || repeat(' ', 100), repeat(' ', 100) || '[1,2,3]', '[' || repeat(' ', 40) || '1' || repeat(E'\n', 40) || ']',
	'[' || repeat('[', 300) || repeat(']', 300) || ']', repeat('{"a":', 300) || '1' || repeat('}', 300), repeat('[', 300) || repeat(']', 299), repeat('{"a":[', 100) || repeat(']}', 100),
	'"' || repeat('x', 1000) || '"', '"' || repeat('\"', 500) || '"', '[' || repeat('1,', 500) || '1]'
]) AS t;
INSERT INTO corpus SELECT decode(h, 'hex') FROM unnest(ARRAY[
	'00', '5b00', '2200', '220022', '5b315d00', '0031', 'ff', '22ff22', '80', '228022', '22c322', '22c3', '22c3a922', '22c0af22', '22c1bf22', '22e282ac22', '22e28222', '22e282',
	'22e08080', '22e0808022', '22e09fbf22', '22e0a08022', '22eda08022', '22ed9fbf22', '22edbfbf22', '22ee808022', '22efbfbf22', '22f09f988022', '22f09f9822', '22f08fbfbf22',
	'22f0908080 22', '22f48fbfbf22', '22f490808022', '22f580808022', '22f8888080 22', '22fe22', 'c3a9', 'e282ac', '5bc2a05d', 'c2a031', '5b31c2a05d', '31c3a9', '74727565c3a9',
	'7b22c3a9223a22c3a9227d', '2261c3a962c3a963c3a964c3a965c3a966c3a967c3a922', '22c3a95cc3a922', '225c75c3a9303022', 'fffe3100'
]) AS h;
SELECT count(*) AS documents, count(*) FILTER (WHERE pg_temp.core_accepts(body)) AS valid,
	count(d) AS differences, string_agg(d, E'\n') AS which
	FROM corpus, pg_temp.difference(body) AS d;

/* Random documents, and what damage makes of them. */
CREATE FUNCTION pg_temp.pick(VARIADIC list text[]) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT list[1 + floor(random() * cardinality(list))::int] $$;

CREATE FUNCTION pg_temp.random_string() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	s text := '';
BEGIN
	FOR i IN 1..floor(random() * random() * 12)::int LOOP
		s := s || pg_temp.pick('a', 'b', ' ', '{', '[', ',', ':', '\"', '\\', '\/', '\n', '\t', '\u0041', '\u00e9', '\u20ac',
			'\ud83d\ude00', U&'\00e9', U&'\20ac', U&'\+01f600', 'plain characters', '0123456789abcdef', '/', U&'\007f');
	END LOOP;
	RETURN '"' || s || '"';
END $$;

CREATE FUNCTION pg_temp.random_value(depth int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	s text := '';
	kind float := random() * CASE WHEN depth > 0 THEN 10 ELSE 5 END;
	gap text := pg_temp.pick('', '', '', ' ', E'\n' || repeat(' ', depth * 7));
BEGIN
	IF kind < 1 THEN
		RETURN pg_temp.pick('true', 'false', 'null');
	ELSIF kind < 3 THEN
		RETURN pg_temp.pick('0', '-0', '17', '-5', '1.25', '1e3', '0.5E-2', '-12e+2', '9007199254740993', '123456789012345678901234567890.5');
	ELSIF kind < 5 THEN
		RETURN pg_temp.random_string();
	END IF;
	FOR i IN 1..floor(random() * 5)::int LOOP
		s := s || CASE WHEN s <> '' THEN ',' ELSE '' END || gap ||
			CASE WHEN kind < 7.5 THEN pg_temp.pick('"a"', '"b"', '"c"', '"\u0061"', '"data"', pg_temp.random_string()) || gap || ':' ELSE '' END ||
			pg_temp.random_value(depth - 1);
	END LOOP;
	RETURN CASE WHEN kind < 7.5 THEN '{' || s || gap || '}' ELSE '[' || s || gap || ']' END;
END $$;

CREATE FUNCTION pg_temp.damaged(body bytea) RETURNS bytea LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	n int := length(body);
	at int := floor(random() * n)::int;
	junk bytea := pg_temp.pick('{', '}', '[', ']', '"', ',', ':', '\x5c', '0', '1', '-', '+', '.', 'e', 'E', 't', 'n', 'u', ' ', '\x0a', '\x00', '\x1f', '\xc3', '\xa9', '\xff', '\xe282ac')::bytea;
BEGIN
	RETURN CASE floor(random() * 5)::int
		WHEN 0 THEN substr(body, 1, at)
		WHEN 1 THEN substr(body, 1, at) || substr(body, at + 2)
		WHEN 2 THEN substr(body, 1, at) || junk || substr(body, at + 1)
		WHEN 3 THEN substr(body, 1, at) || junk || substr(body, at + 2)
		ELSE substr(body, 1, at) || substr(body, at + 2, 1) || substr(body, at + 1, 1) || substr(body, at + 3) END;
END $$;

SELECT setseed(0.25);
CREATE TEMP TABLE sample AS
	SELECT n, convert_to(pg_temp.random_value(4), 'UTF8') AS body FROM generate_series(1, 1200) AS n;
CREATE TEMP TABLE mutant AS
	SELECT pg_temp.damaged(body) AS body FROM sample, generate_series(1, 2);
INSERT INTO mutant SELECT pg_temp.damaged(body) FROM mutant WHERE length(body) > 0;

SELECT count(*) AS documents, bool_and(pg_temp.core_accepts(body)) AS all_valid,
	count(d) AS differences, string_agg(d, E'\n') AS which
	FROM sample, pg_temp.difference(body) AS d;
SELECT count(*) > 4000 AS enough, count(*) FILTER (WHERE pg_temp.core_accepts(body)) BETWEEN 500 AND 4000 AS mixed,
	count(d) AS differences, string_agg(d, E'\n') AS which
	FROM mutant, pg_temp.difference(body) AS d;

-- the same documents as pages: records and envelope, against jsonb
CREATE TEMP TABLE page AS
	SELECT n, convert_to(format('{"meta": %s, "data": %s, "x": {"y": [%s]}, "next": %s }', convert_from(a.body, 'UTF8'), list,
								convert_from(b.body, 'UTF8'), pg_temp.random_string()), 'UTF8') AS body
	FROM sample AS a JOIN sample AS b USING (n),
		LATERAL (SELECT '[' || string_agg(convert_from(c.body, 'UTF8'), ', ') || ']' FROM sample AS c
				 WHERE c.n BETWEEN a.n AND a.n + a.n % 4) AS l (list);
SELECT count(*) AS pages,
	count(*) FILTER (WHERE records IS DISTINCT FROM doc -> 'data') AS wrong_records,
	count(*) FILTER (WHERE envelope::jsonb IS DISTINCT FROM doc || '{"data": []}') AS wrong_envelopes
	FROM page, unnest(ARRAY[0, 1, 3, 64]) AS piece,
		LATERAL (SELECT convert_from(body, 'UTF8')::jsonb) AS d (doc),
		LATERAL (SELECT jsonb_agg(record::jsonb ORDER BY ordinal) FROM dload.preview_records(body, 'data', piece)) AS r (records),
		LATERAL dload.preview_envelope(body, 'data', piece) AS e (envelope);

-- paths, against #> of jsonb, in which the last of duplicate keys counts too
SELECT count(*) AS lookups, count(found) > 5000 AS enough,
	count(*) FILTER (WHERE CASE jsonb_typeof(found) WHEN 'string' THEN ours = found #>> '{}' ELSE ours::jsonb = found END IS NOT TRUE
					 AND (ours IS NOT NULL OR found IS NOT NULL)) AS differences
	FROM page,
		(VALUES ('data[0]', '{data,0}'), ('data[-1]', '{data,-1}'), ('$.data[2].a', '{data,2,a}'), ('meta.a', '{meta,a}'), ('meta.b.c', '{meta,b,c}'),
			('meta[1]', '{meta,1}'), ('meta[-2].b', '{meta,-2,b}'), ('x.y[0]', '{x,y,0}'), ('x.y[0][0]', '{x,y,0,0}'), ('"x"."y"[-1].data', '{x,y,-1,data}'),
			('next', '{next}'), ('$', '{}'), ('none', '{none}')) AS p (path, steps),
		LATERAL (SELECT dload.preview_path(convert_from(body, 'UTF8'), path)) AS o (ours),
		LATERAL (SELECT convert_from(body, 'UTF8')::jsonb #> steps::text[]) AS j (found);

-- what is ours alone: a byte order mark at the start, and the bound of depth
SELECT piece, pg_temp.ours('\xefbbbf5b315d', '$', piece) AS mark, pg_temp.ours('\x20efbbbf5b315d', '$', piece) AS after_blank,
	pg_temp.ours('\xefbbbf', '$', piece) AS alone, pg_temp.ours('\xefbb', '$', piece) AS cut, pg_temp.ours('\xefbbbfefbbbf5b315d', '$', piece) AS twice
	FROM unnest(ARRAY[0, 1, 2, 3]) AS piece;
SELECT pg_temp.ours(convert_to(repeat('[', n) || repeat(']', n), 'UTF8'), '$', 7) IS NOT NULL AS accepted FROM unnest(ARRAY[512, 513]) AS n;

-- where the records may stand
SELECT path, body, pg_temp.ours(convert_to(body, 'UTF8'), path, 0) AS records, dload.preview_envelope(convert_to(body, 'UTF8'), path) AS envelope,
	pg_temp.ours(convert_to(body, 'UTF8'), path, 1) = pg_temp.ours(convert_to(body, 'UTF8'), path, 0) AND
	dload.preview_envelope(convert_to(body, 'UTF8'), path, 1) = dload.preview_envelope(convert_to(body, 'UTF8'), path, 0) AS same
	FROM (VALUES
		('$', '[1, {"a": 2}, [3]]'), ('$', '{"a": 1}'), ('$', '"x"'), ('$', 'null'), ('$', ' [ ] '),
		('data', '{"data": {"a": 1}, "n": 2}'), ('data', '{"n": 2, "data": "x"}'), ('data', '{"data": null}'), ('data', '{"other": [1]}'), ('data', '[1]'), ('data', '7'),
		('data', '{"data": [1], "n": 1, "d\u0061ta": [2, 3]}'), ('a.b', '{"a": [{"b": [1]}], "b": [2]}'), ('a.b', '{"b": [0], "a": {"c": {"b": [9]}, "b": [1, 2]}, "z": 1}'),
		('[*].items', '[{"items": [1, 2], "n": 1}, {"n": 2}, 5, {"items": []}, {"items": [3]}]'), ('a[1]', '{"a": [[0], [1, 2], [3]]}'), ('a[*]', '{"a": [[1, 2], {"b": 3}, null, []]}'),
		('a[*][*].b', '{"a": [[{"b": [1]}, {"b": 2}], [], [{"b": [3]}]]}')) AS t (path, body);

-- an error after the records is an error
SELECT body, pg_temp.ours(convert_to(body, 'UTF8'), 'data', piece) AS records
	FROM unnest(ARRAY['{"data":[1,2]', '{"data":[1,2]}}', '{"data":[1,2],"next":"x', '{"data":[1,2],"next":}', '{"data":[1,2]} ']) AS body, unnest(ARRAY[0, 1]) AS piece;
SELECT * FROM dload.preview_records('{"data": [{"a": 1}], "next": "abc" "def"}', 'data');
SELECT * FROM dload.preview_records('[{"a": "bad \\escape"}]', '$', 3);
SELECT * FROM dload.preview_records('', '$');
SELECT dload.preview_path('{"a": 1', 'a');

-- bounds
SET dload.max_record_bytes = '64kB';
SELECT count(*), min(length(record)) FROM dload.preview_records(convert_to(format('{"data":["%s"]}', repeat('x', 65534)), 'UTF8'), 'data', 1000);
SELECT count(*) FROM dload.preview_records(convert_to(format('{"data":["%s"]}', repeat('x', 65535)), 'UTF8'), 'data');
SELECT count(*) FROM dload.preview_records(convert_to(format('{"data":["%s"]}', repeat('x', 65535)), 'UTF8'), 'data', 1000);
SELECT count(*) FROM dload.preview_records(convert_to(format('{"data":[[["%s"', repeat('x', 200000)), 'UTF8'), 'data', 1000);
RESET dload.max_record_bytes;
SELECT dload.preview_envelope(convert_to(format('{"n":["%s"],"data":[1]}', repeat('x', 1100000)), 'UTF8'), 'data');
SELECT dload.preview_envelope(convert_to(format('{"n":["%s', repeat('x', 1100000)), 'UTF8'), 'data', 10000);
SELECT dload.preview_envelope(convert_to('{"n":[' || repeat('{"data":1},', 200000), 'UTF8'), 'n[*].data', 100000);
-- one string in many pieces is read once
SELECT length(record) FROM dload.preview_records(convert_to(format('[{"a":"%s"}]', repeat('y', 5000000)), 'UTF8'), '$', 100);

-- where the records seem to be
SELECT body, dload.preview_records_path(convert_to(body, 'UTF8')) AS path
	FROM unnest(ARRAY['[{"a": 1}]', '[]', '{"a": 1}', '"x"', '{"data": [{"a": 1}]}', '{"users": [{"a": 1}], "total": 1}', '{"users": [], "total": 0}',
		'{"data": [], "users": [{"a": 1}]}', '{"tags": ["x"], "users": [{"a": 1}]}', '{"tags": ["x"]}', '{"errors": [{"code": 1}], "data": null}', '{"errors": [{"code": 1}]}',
		'{"links": [{"href": 1}], "orders": [{"a": 1}]}', '{"meta": {"items": [{"a": 1}]}, "orders": {"list": [{"a": 2}]}}', '{"hits": {"total": 1, "hits": [{"a": 1}]}}',
		'{"_embedded": {"events": [{"a": 1}]}, "_links": {"self": [{"href": 1}]}}', '{"@odata.context": "x", "value": [{"a": 1}]}', '{"d": {"odd.name": [{"a": 1}]}}',
		'{"a": {"b": {"c": [{"x": 1}]}}}', '{"a": {"b": {"c": {"d": [{"x": 1}]}}}}', '{"empty": [], "full": [{"a": 1}]}', '{"rows": [[1, 2]], "columns": [{"n": 1}]}',
		'{"result": {"id": 1}, "success": true, "errors": [], "messages": []}', '{"messages": [{"body": 1}], "page": 0}', '{"a": {"users": [{"x": 1}]}, "orders": [{"y": 1}]}', '{"\u0000": [{"a": 1}], "b": [{"a": 1}]}']) AS body;
-- a root with an id is itself the record, but for a list with a customary name
SELECT body, dload.preview_records_path(convert_to(body, 'UTF8')) AS path
	FROM unnest(ARRAY['{"id": 3, "tags": []}', '{"id": 3, "labels": [{"a": 1}]}', '{"id": 3, "items": [{"a": 1}]}', '{"request": {"id": 3}, "labels": [{"a": 1}]}']) AS body;
SELECT dload.preview_records_path('{"data": [1, 2}');

-- the grammar of paths
SELECT path, dload.preview_path('{"a": {"b.c": [10, 20, {"d": "x\u00e9"}]}, "a-b": 1, "@t": 2, "q\"\\": 3, "": 4, "n": null, "dup": 1, "dup": {"x": [true]}}', path)
	FROM unnest(ARRAY['$', 'a', 'a."b.c"[0]', '$.a."b.c"[-1].d', '$.a."b.c"[3]', 'a."b.c"[*].d', 'a-b', '@t', '"@t"', '"q\"\\"', '""', 'n', 'n.x', 'dup', 'dup.x[0]', 'a[0]']) AS path;
-- the same in the words of RFC 9535, and as JSON Pointers (RFC 6901)
SELECT path, dload.preview_path('{"a": {"b.c": [10, {"d''": "x"}]}, "m~n": {"/": 8}, "": 0, "01": 1, "list": [5, 6]}', path)
	FROM unnest(ARRAY['$["a"]["b.c"][0]', '$[''a'']."b.c"', '$["a"][''b.c''][1]["d''"]', '[''m~n'']["/"]',
	  '/a/b.c/0', '/a/b.c/1/d''', '/m~0n/~1', '/', '/01', '/list/1', '/list/-', '/list/2']) AS path;
CREATE FUNCTION pg_temp.path_error(path text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	RETURN dload.preview_path('{}', path);
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;
SELECT path, pg_temp.path_error(path)
	FROM unnest(ARRAY['', '.', 'a.', '.a', 'a..b', '$a', '$"a"', 'a[', 'a[]', 'a[x]', 'a[1', 'a[-]', 'a[-0]', 'a[9999999999]', 'a[0]b', '"a', '"a\n"', '"a"b', 'a b', 'a.*', '*', 'a]', 'a[*', '["a', '[''a''', '[''a"]', '/a~', '/a~2', repeat('a.', 32) || 'a']) AS path;
SELECT dload.preview_path('{}', 'a b');
SELECT * FROM dload.preview_records('[1]', '[-1]');
