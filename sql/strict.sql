--
-- strict: what RFC 8259 and RFC 7493 (I-JSON) leave to the reader, live and loaded
--
-- Messages are terse here because their details name the mock's port.
--
\set mock_url `cat results/mock.url`
\set answer_py `echo "${PG_ABS_SRCDIR:-.}/t/answer.py"`
\setenv ANSWER_PY :answer_py
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER strict_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER strict_server;
-- the records of a body
CREATE FUNCTION strict_read(text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	SELECT coalesce(string_agg(coalesce(record::text, 'NULL'), ' | '), 'no records')
	INTO answer FROM strict_record WHERE body = $1;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END $$;
CREATE FOREIGN TABLE strict_record (body text OPTIONS (param 'body', echo 'true'), record json OPTIONS (json_path '$'))
  SERVER strict_server OPTIONS (path '/shapes/body');
CREATE FOREIGN TABLE strict_live (id text, n numeric, i numeric, t text, in__i int, in__deep__k text, inn jsonb OPTIONS (json_path 'in'))
  SERVER strict_server OPTIONS (path '/strict');
CREATE FOREIGN TABLE strict_source () SERVER strict_server OPTIONS (path '/strict', records_path '$');
SELECT dload.create_pipeline('strict', source => 'strict_source', target => 'strict_target', write_disposition => 'append');

-- numbers keep every digit: beyond 2^53, beyond bigint, long fractions
\! python3 "$ANSWER_PY" /strict '[{"id":"a","n":12345678901234567890.123456789012345678901234567890,"i":9007199254740993},{"id":"b","n":1e-30,"i":123456789012345678901234567890}]'
SELECT id, n, i FROM strict_live;
CALL dload.run('strict');
SELECT id, n, i, pg_typeof(i) FROM strict_target ORDER BY id;

-- of duplicate names the last counts, for scalars, objects and lists
\! python3 "$ANSWER_PY" /strict '[{"id":"c","id":"d","in":{"i":1,"deep":{"k":"x"}},"in":null},{"id":"e","in":{"i":1},"in":{"deep":{"k":"y"}}},{"id":"f","in":{"i":1,"deep":{"k":"x"},"deep":{}},"in":{"i":2}},{"id":"g","in":null,"in":{"i":3}},{"id":"h","in":{"i":1},"in":7}]'
SELECT id, in__i, in__deep__k, inn FROM strict_live;
CALL dload.run('strict');
SELECT id, in__i, in__deep__k FROM strict_target WHERE id > 'b' ORDER BY id;

-- \u0000 and unpaired surrogates: an error live, rejected when loaded
\! python3 "$ANSWER_PY" /strict '[{"id":"i","t":"a\u0000b"}]'
SELECT id, t FROM strict_live;
SELECT id FROM strict_live;
CALL dload.run('strict');
\! python3 "$ANSWER_PY" /strict '[{"id":"j","t":"\ud800"},{"id":"k","t":"\ud83d\ude00"}]'
SELECT id, t FROM strict_live;
CALL dload.run('strict');
SELECT id, t FROM strict_target WHERE id > 'h' ORDER BY id;
SELECT reason, count, convert_from(record, 'UTF8') FROM dload.rejected WHERE pipeline = 'strict' ORDER BY 3;

-- a byte order mark is skipped, a second one is not
SELECT strict_read(U&'\FEFF[{"id":1}]');
SELECT strict_read(U&'\FEFF\FEFF[{"id":1}]');

-- no NaN, Infinity, trailing commas, comments, single quotes: the offset is named
SELECT strict_read('[{"id":NaN}]');
SELECT strict_read('[{"id":-Infinity}]');
SELECT strict_read('[{"id":1,}]');
SELECT strict_read('[{"id":1},]');
SELECT strict_read('[{"id":1 /* one */}]');
SELECT strict_read('[{''id'':1}]');
SELECT strict_read('[{"id":01}]');
SELECT strict_read('[{"id":1}] [2]');

-- a scalar at the root is a document
SELECT strict_read('7');
SELECT strict_read('"seven"');

-- an empty body is no record; null is none either, but a list may hold it
SELECT strict_read('');
SELECT strict_read(' ');
SELECT strict_read('null');
SELECT strict_read('[null]');

-- depth
SELECT length(strict_read(repeat('[', 512) || repeat(']', 512)));
SELECT strict_read(repeat('[', 513) || repeat(']', 513));

-- columns that hold something else
CREATE FOREIGN TABLE strict_coded (
    t text OPTIONS (json_path 'data', decode 'base64'),
    b bytea OPTIONS (json_path 'data', decode 'base64'),
    raw text OPTIONS (json_path 'data'),
    j jsonb OPTIONS (decode 'json'),
    n int OPTIONS (json_path 'bj', decode 'base64json'))
  SERVER strict_server OPTIONS (path '/strict');
\! python3 "$ANSWER_PY" /strict '[{"data":"aMOpIgo","j":"{\"a\": 1}","bj":"MTI="},{"data":null,"j":{"b":2},"bj":null}]'
SELECT * FROM strict_coded;
\! python3 "$ANSWER_PY" /strict '[{"data":"__4A"}]'
SELECT b FROM strict_coded;
SELECT t FROM strict_coded;
\! python3 "$ANSWER_PY" /strict '[{"data":"a"}]'
SELECT b FROM strict_coded;
SELECT raw FROM strict_coded;
CREATE FOREIGN TABLE strict_bad (a text OPTIONS (decode 'rot13')) SERVER strict_server OPTIONS (path '/strict');
CREATE FOREIGN TABLE strict_bad (a text OPTIONS (param 'a', echo 'true', decode 'json')) SERVER strict_server OPTIONS (path '/strict');

-- times written as numbers, live and loaded
CREATE FOREIGN TABLE strict_times (
    name text,
    at timestamptz OPTIONS (decode 'epoch'),
    ms timestamptz OPTIONS (decode 'epoch_ms'))
  SERVER strict_server OPTIONS (path '/strict');
SET timezone = 'UTC';
\! python3 "$ANSWER_PY" /strict '[{"name":"whole","at":1767225600,"ms":1767225600123},{"name":"fraction","at":1767225600.000001,"ms":1767225600123.456},{"name":"text","at":"1767225600.5","ms":"0"},{"name":"before 1970","at":-0.5,"ms":-1},{"name":"exponent","at":1.7672256e9,"ms":1.7672256e12},{"name":"null","at":null},{"name":"ends of time","at":253402300799.999999,"ms":-62135596800000}]'
SELECT * FROM strict_times;
\! python3 "$ANSWER_PY" /strict '[{"name":"too fine","at":0.0000001}]'
SELECT * FROM strict_times;
\! python3 "$ANSWER_PY" /strict '[{"name":"too far","at":253402300800}]'
SELECT * FROM strict_times;
\! python3 "$ANSWER_PY" /strict '[{"name":"none","at":"soon"}]'
SELECT * FROM strict_times;
CREATE FOREIGN TABLE strict_epoch () SERVER strict_server OPTIONS (path '/strict', decode '{"at": "epoch", "in.ms": "epoch_ms"}');
SELECT dload.create_pipeline('epoch', source => 'strict_epoch', target => 'public.strict_epochs');
\! python3 "$ANSWER_PY" /strict '[{"at":1767225600,"in":{"ms":1767225600123},"n":1767225600},{"at":"1767225600","in":{"ms":null},"n":2}]'
CALL dload.run('epoch');
SELECT at, in__ms, n, pg_typeof(at) AS type_at, pg_typeof(n) AS type_n FROM strict_epochs ORDER BY n;
SELECT dload.drop_pipeline('epoch');
DROP TABLE strict_epochs;

SELECT dload.drop_pipeline('strict');
DROP TABLE strict_target;
DROP SERVER strict_server CASCADE;
DROP FUNCTION strict_read(text);
