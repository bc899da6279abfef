--
-- formats: responses that are not one JSON document, and files
--
-- Messages are terse here because their details name the mock's port.
--
\set mock_url `cat results/mock.url`
\set mock_py `echo "${PG_ABS_SRCDIR:-.}/t/mock_api.py"`
\setenv MOCK_PY :mock_py
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER format_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER format_server;
-- all records of a table with such options, or why there are none
CREATE FUNCTION format_read(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'DROP FOREIGN TABLE IF EXISTS format_table';
	EXECUTE format('CREATE FOREIGN TABLE format_table '
	               '(record json OPTIONS (json_path ''$'')) '
	               'SERVER format_server OPTIONS (%s)', options);
	EXECUTE 'SELECT string_agg(record::text, '' | '') FROM format_table'
	        INTO answer;
	RETURN coalesce(answer, 'no records');
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || regexp_replace(sqlerrm, '127\.0\.0\.1:\d+|'
	       'transfer closed with .*', '...', 'g');
END $$;
-- large ones: how many, and a check on each
CREATE FUNCTION format_count(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM format_read('path ''/empty''');
	EXECUTE 'DROP FOREIGN TABLE IF EXISTS format_table';
	EXECUTE format('CREATE FOREIGN TABLE format_table (id bigint, text text) '
	               'SERVER format_server OPTIONS (%s)', options);
	EXECUTE 'SELECT count(*) || '' records, sum '' || sum(id) || '', '' || '
	        'sum(length(text)) || '' characters'' FROM format_table'
	        INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END $$;

-- lines of JSON: CR LF, empty lines, no newline at the end
SELECT format_read($$path '/shapes/ndjson'$$);
SELECT format_read($$path '/shapes/ndjson?trickle=400'$$);
SELECT format_read($$path '/shapes/ndjson?type=text/plain', format 'ndjson'$$);
SELECT format_read($$path '/shapes/ndjson-empty'$$);
SELECT format_read($$path '/empty', format 'ndjson'$$);
-- negative control: such a body is no JSON document
SELECT format_read($$path '/shapes/ndjson?type=text/plain'$$);
SELECT format_read($$path '/shapes/ndjson', format 'json'$$);
CREATE FOREIGN TABLE format_lines (id int) SERVER format_server OPTIONS (path '/shapes/ndjson?type=application/json');
DO $$
DECLARE
	hint text;
BEGIN
	PERFORM FROM format_lines;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RAISE WARNING '%', hint;
END $$;
-- what is beside the records of a document is not there
SELECT format_read($$path '/shapes/ndjson', envelope_values '{"a": "b.c"}'$$);
SELECT format_read($$path '/shapes/csv', records_key 'k'$$);
SELECT format_read($$path '/shapes/ndjson', row_names_path 'names'$$);

-- an error among them is the last record
SELECT format_read($$path '/shapes/ndjson-error', format 'ndjson', error_when 'exists($.error)'$$);
SELECT format_read($$path '/shapes/ndjson-broken', error_when '$.error.code = "gone"'$$);
SELECT format_read($$path '/shapes/ndjson', error_when 'exists($.error)'$$);
SELECT format_read($$path '/shapes/csv', error_when '$.name contains "Smith"'$$);
SELECT format_read($$path '/shapes/csv', error_when '$.id = 3'$$);
SELECT format_read($$path '/shapes/csv-header', error_when '$.id = 3'$$);
SELECT format_read($$path '/shapes/ndjson', error_when 'header("Content-Type") contains "ndjson"'$$);
CREATE FOREIGN TABLE format_broken () SERVER format_server OPTIONS (path '/shapes/ndjson-broken', error_when 'exists($.error)');
SELECT dload.create_pipeline('broken', source => 'format_broken', target => 'format_loaded', write_disposition => 'append');
CALL dload.run('broken');
SELECT outcome, rows_inserted FROM dload.runs WHERE pipeline = 'broken';
SELECT dload.drop_pipeline('broken');
-- negative control
SELECT format_read($$path '/shapes/ndjson-error', format 'ndjson'$$);

-- what is cut off or malformed is an error that names the line
SELECT format_read($$path '/shapes/ndjson-cut'$$);
SELECT format_read($$path '/shapes/ndjson-bad'$$);
SELECT format_read($$path '/shapes/ndjson-bad?trickle=400'$$);
-- RFC 7464: record separators, texts over several lines
SELECT format_read($$path '/shapes/seq'$$);
SELECT format_read($$path '/shapes/seq?trickle=400'$$);
SELECT format_read($$path '/shapes/seq', format 'ndjson'$$);
SELECT format_read($$path '/shapes/seq-cut'$$);

-- CSV: byte order mark, quoted line breaks and quotes, CR LF, empty lines, no
-- line break at the end; an empty value is null, a quoted one is not
SELECT format_read($$path '/shapes/csv'$$);
SELECT format_read($$path '/shapes/csv?trickle=400'$$);
SELECT format_read($$path '/shapes/csv?type=text/plain', format 'csv'$$);
SELECT format_read($$path '/shapes/csv', csv_null 'plain'$$);
SELECT format_read($$path '/shapes/csv', csv_names 'a, b, "c"'$$);
SELECT format_read($$path '/shapes/csv-header'$$);
SELECT format_read($$path '/empty', format 'csv'$$);
SELECT format_read($$path '/shapes/csv-cr'$$);
SELECT format_read($$path '/shapes/tsv'$$);
SELECT format_read($$path '/shapes/tsv', format 'csv', csv_delimiter 'tab'$$);
SELECT format_read($$path '/shapes/csv-bare', csv_header 'false', csv_names 'id,name', csv_delimiter ';', csv_null '\N'$$);
-- negative control: without these options it is read as something else
SELECT format_read($$path '/shapes/csv-bare'$$);
SELECT format_read($$path '/shapes/csv', format 'json'$$);
-- rows that do not fit the names, and other faults, name their line
SELECT format_read($$path '/shapes/csv-short'$$);
SELECT format_read($$path '/shapes/csv-long'$$);
SELECT format_read($$path '/shapes/csv-long?trickle=400'$$);
SELECT format_read($$path '/shapes/csv-quote'$$);
SELECT format_read($$path '/shapes/csv-after'$$);
SELECT format_read($$path '/shapes/csv-open'$$);
SELECT format_read($$path '/shapes/csv-twice'$$);
SELECT format_read($$path '/shapes/csv-latin1'$$);
SELECT format_read($$path '/shapes/csv?cut=20'$$);
-- what is no CSV by its type would make strange rows
SELECT format_read($$path '/html', format 'csv'$$);
SELECT format_read($$path '/items', format 'csv'$$);
SELECT format_read($$path '/shapes/files?n=3', format 'csv', paginate 'list', list_path 'files', list_url '{part}'$$);

-- files: gzip without Content-Encoding, of several members
SELECT format_read($$path '/shapes/csv?gzip=1', format 'csv'$$);
SELECT format_read($$path '/shapes/ndjson?gzip=1', format 'ndjson'$$);
SELECT format_read($$path '/shapes/ndjson?gzip=1&trickle=100', format 'ndjson'$$);
SELECT format_read($$path '/shapes/rows-bare?gzip=1', records_path '$'$$);
SELECT format_read($$path '/shapes/ndjson?gzip=1&cut=60', format 'ndjson'$$);
SELECT format_read($$path '/shapes/csv?gzip=1&cut=1', format 'json'$$);
-- the limit counts what comes out
ALTER SERVER format_server OPTIONS (ADD max_response_bytes '1MB');
SELECT format_read($$path '/shapes/bomb?mb=20'$$);
ALTER SERVER format_server OPTIONS (DROP max_response_bytes);

-- many: as a stream
SELECT format_count($$path '/shapes/big/ndjson'$$);
SELECT format_count($$path '/shapes/big/csv'$$);
SELECT format_count($$path '/shapes/big/ndjson?gzip=1', format 'ndjson'$$);

-- each page has its own header
SELECT format_read($$path '/shapes/reports.csv', paginate 'link'$$);

-- a list of files, each in a format of its own
SELECT format_read($$path '/shapes/files', paginate 'list', list_path 'files', list_url '{part}'$$);

-- columns of a live table convert by their type
CREATE FOREIGN TABLE format_live (id int, day date, record jsonb OPTIONS (json_path '$'))
  SERVER format_server OPTIONS (path '/shapes/reports.csv', paginate 'link');
SELECT id, day, record FROM format_live ORDER BY id LIMIT 4;

SELECT section, item, left(value, 60) AS value FROM dload.preview('format_live', max_rows => 1) AS p(section, item, value) WHERE section <> 'ddl';

-- loaded: what looks like a number stays text, unless a hint says else
SELECT dload.create_pipeline('format_csv', source => 'format_live', target => 'format_csv', write_disposition => 'append');
CALL dload.run('format_csv');
SELECT id, day, pg_typeof(id), pg_typeof(day) FROM format_csv ORDER BY id LIMIT 3;
SELECT count(*) FROM format_csv;
SELECT dload.drop_pipeline('format_csv');
DROP TABLE format_csv;
-- a page larger than a package is spooled
CREATE FOREIGN TABLE format_lines () SERVER format_server OPTIONS (path '/shapes/big/ndjson');
CREATE FOREIGN TABLE format_rows () SERVER format_server OPTIONS (path '/shapes/big/csv');
SET dload.package_bytes = '64kB';
SELECT dload.create_pipeline('format_lines', source => 'format_lines', target => 'format_big_lines', write_disposition => 'append');
SELECT dload.create_pipeline('format_rows', source => 'format_rows', target => 'format_big_rows', write_disposition => 'append');
CALL dload.run('format_lines');
CALL dload.run('format_rows');
SELECT count(*), sum(id), sum(length(text)) FROM format_big_lines;
SELECT count(*), sum(id::int), sum(length(text)) FROM format_big_rows;
RESET dload.package_bytes;

-- what is asked for
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
SELECT format_read($$path '/empty'$$), format_read($$path '/empty', format 'csv'$$), format_read($$path '/empty', format 'ndjson'$$);
\! python3 "$MOCK_PY" --get "$(cat results/mock.url)" /_journal | python3 -c 'import json, sys; [print(e["headers"]["accept"]) for e in json.load(sys.stdin)]'

-- options that do not go together
SELECT format_read($$path '/x', format 'json', csv_delimiter ';'$$);
SELECT format_read($$path '/x', format 'csv', records_path 'data'$$);
SELECT format_read($$path '/x', format 'csv', csv_header 'false'$$);
SELECT format_read($$path '/x', format 'csv', csv_delimiter '::'$$);
SELECT format_read($$path '/x', format 'xml'$$);
SELECT format_read($$path '/x', format 'ndjson', paginate 'next_url', next_path 'next'$$);
SELECT format_read($$path '/shapes/csv', paginate 'next_url', next_path 'next'$$);
SELECT format_read($$path '/shapes/csv', paginate 'token', token_path 'next', token_param 'token'$$);
-- a token in a header serves them too
SELECT format_read($$path '/shapes/locator', format 'csv', paginate 'token', token_header 'Sforce-Locator', token_param 'locator', token_end 'null'$$);

-- and so does the last record
SELECT format_read($$path '/shapes/after', paginate 'keyset', keyset_path 'id', keyset_param 'after'$$);
SELECT format_read($$path '/shapes/after?rows=1', paginate 'keyset', keyset_path 'id', keyset_param 'after', row_names_path 'names', records_path 'rows'$$);

SELECT dload.drop_pipeline('format_lines');
SELECT dload.drop_pipeline('format_rows');
DROP TABLE format_big_lines, format_big_rows;
DROP SERVER format_server CASCADE;
DROP FUNCTION format_read, format_count;
