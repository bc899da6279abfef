-- Conditions on a response: grammar and meaning.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.c(condition text, status int DEFAULT 200,
	headers text DEFAULT NULL, body text DEFAULT NULL) RETURNS boolean
	LANGUAGE sql AS 'SELECT dload.preview_condition($1, $2, $3, $4)';

-- places
SELECT pg_temp.c('status = 403', 403) AS t, pg_temp.c('status = 403', 404) AS f;
SELECT pg_temp.c('status >= 500', 503) AS t, pg_temp.c('status >= 500', 499) AS f;
SELECT pg_temp.c('header("X-Left") = 0', 200, '{"x-left": "0"}') AS t,
	pg_temp.c('header("X-Left") = 0', 200, '{"x-left": "10"}') AS f,
	pg_temp.c('header(''X-Left'') < 5', 200, '{"x-left": "10"}') AS f,
	pg_temp.c('header("X-Left") = 0') AS f;
SELECT pg_temp.c('$.ok = false', body => '{"ok": false}') AS t,
	pg_temp.c('$.ok = false', body => '{"ok": true}') AS f,
	pg_temp.c('$.ok = false', body => '{}') AS f,
	pg_temp.c('$.ok = false') AS f;
SELECT pg_temp.c('$ = 1', body => '1') AS t,
	pg_temp.c('$."odd.key" = "x"', body => '{"odd.key": "x"}') AS t,
	pg_temp.c('$.a[1].b = "y"', body => '{"a": [{"b": "x"}, {"b": "y"}]}') AS t,
	pg_temp.c('$.a[-1].b = "x"', body => '{"a": [{"b": "x"}, {"b": "y"}]}') AS f;

SELECT dload.preview_condition('$["a"][''b = c''] = 1 and exists($[''a''])', 200, body => '{"a": {"b = c": 1}}') AS brackets;
-- literals: a number is compared as a number, a text as a text
SELECT pg_temp.c('$.c = 429', body => '{"c": 429.0}') AS t,
	pg_temp.c('$.c = 429', body => '{"c": "429"}') AS t,
	pg_temp.c('$.c = "429"', body => '{"c": 429}') AS t,
	pg_temp.c('$.c = "429"', body => '{"c": 429.0}') AS f,
	pg_temp.c('$.c > 9', body => '{"c": "10"}') AS t,
	pg_temp.c('$.c > "9"', body => '{"c": "10"}') AS f,
	pg_temp.c('$.c = -1.5e2', body => '{"c": -150}') AS t,
	pg_temp.c('$.c = 1', body => '{"c": "1x"}') AS f,
	pg_temp.c('$.c = 0', body => '{"c": false}') AS f;
SELECT pg_temp.c('$.d < "2026-01-02"', body => '{"d": "2026-01-01T10:00:00Z"}') AS t;
SELECT pg_temp.c('$.s = "it''s \"so\""', body => '{"s": "it''s \"so\""}') AS t,
	pg_temp.c($$$.s = 'it\'s'$$, body => '{"s": "it''s"}') AS t,
	pg_temp.c('$.s = "é"', body => '{"s": "\u00e9"}') AS t;

-- what is not there equals null and nothing else
SELECT pg_temp.c('$.e = null', body => '{}') AS t,
	pg_temp.c('$.e = null', body => '{"e": null}') AS t,
	pg_temp.c('$.e = null', body => '{"e": 0}') AS f,
	pg_temp.c('$.e != null', body => '{"e": 0}') AS t,
	pg_temp.c('$.e != "x"', body => '{}') AS t,
	pg_temp.c('$.e <> "x"', body => '{"e": "x"}') AS f,
	pg_temp.c('exists($.e)', body => '{"e": {}}') AS t,
	pg_temp.c('exists($.e)', body => '{"e": null}') AS f,
	pg_temp.c('exists(header("Retry-After"))', 200, '{"Retry-After": "1"}') AS t,
	pg_temp.c('exists(header("Retry-After"))') AS f;

-- [*] is any of them
SELECT pg_temp.c('$.errors[*].extensions.code = "THROTTLED"',
		body => '{"errors": [{"message": "a"}, {"extensions": {"code": "X"}}, {"extensions": {"code": "THROTTLED"}}]}') AS t,
	pg_temp.c('$.errors[*].extensions.code = "THROTTLED"', body => '{"errors": []}') AS f,
	pg_temp.c('$.errors[*].code != 1', body => '{"errors": [{"code": 1}, {"code": 2}]}') AS f;

-- contains: part of a text, element of a list, key of an object
SELECT pg_temp.c('$.m contains "limit"', body => '{"m": "rate limit hit"}') AS t,
	pg_temp.c('$.m contains "Limit"', body => '{"m": "rate limit hit"}') AS f,
	pg_temp.c('$.m contains "b"', body => '{"m": ["a", "b"]}') AS t,
	pg_temp.c('$.m contains "b"', body => '{"m": ["a", "bb", ["b"]]}') AS f,
	pg_temp.c('$.m contains 2', body => '{"m": [1, 2.0]}') AS t,
	pg_temp.c('$.m contains "k"', body => '{"m": {"a": "k", "k": 1}}') AS t,
	pg_temp.c('$.m contains "k"', body => '{"m": {"a": "k"}}') AS f,
	pg_temp.c('header("Content-Type") contains "html"', 200, '{"content-type": "text/html"}') AS t;

-- and, or, not, parentheses
SELECT pg_temp.c('status = 1 or status = 2 and status = 3', 1) AS t,
	pg_temp.c('(status = 1 or status = 2) and status = 3', 1) AS f,
	pg_temp.c('NOT status = 1 AND NOT (status = 2 OR status = 3)', 4) AS t,
	pg_temp.c('not not status = 4', 4) AS t,
	pg_temp.c('status=400 and($.code="a"or $.code="b")', 400, body => '{"code": "b"}') AS t;

-- what is no condition
SELECT dload.preview_condition('');
SELECT dload.preview_condition('status');
SELECT dload.preview_condition('status = ');
SELECT dload.preview_condition('status = 4x');
SELECT dload.preview_condition('status = 1 status = 2');
SELECT dload.preview_condition('stat = 1');
SELECT dload.preview_condition('(status = 1');
SELECT dload.preview_condition('$.a..b = 1');
SELECT dload.preview_condition('$.a = "open');
SELECT dload.preview_condition('$.a > null');
SELECT dload.preview_condition('header(X) = 1');
SELECT dload.preview_condition('exists($.a');
SELECT dload.preview_condition('status contains 4');
SELECT dload.preview_condition(repeat('(', 60) || 'status = 1' || repeat(')', 60));
-- a chain of any length would be a tree of any depth
SELECT pg_temp.c(repeat('status = 1 or ', 999) || 'status = 2', 2) AS t;
\set VERBOSITY sqlstate
SELECT dload.preview_condition(repeat('status = 1 or ', 1000) || 'status = 2');
SELECT dload.preview_condition(repeat('status = 1 and ', 300000) || 'status = 2');
\set VERBOSITY default
