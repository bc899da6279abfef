--
-- shapes: records that are no list of objects, and what they hold
--
-- Messages are terse here because their details name the mock's port.
--
\set mock_url `cat results/mock.url`
\set mock_py `echo "${PG_ABS_SRCDIR:-.}/t/mock_api.py"`
\setenv MOCK_PY :mock_py
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_reset >results/mock.answer
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SERVER shape_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url :'mock_url', max_retries '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER shape_server;
-- all records of a table with such options, whole and as a stream
CREATE FUNCTION shape_read(shape text, options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text[];
	answer text;
BEGIN
	FOR i IN 0 .. 1 LOOP
		EXECUTE 'DROP FOREIGN TABLE IF EXISTS shape_table';
		EXECUTE format('CREATE FOREIGN TABLE shape_table '
		               '(record json OPTIONS (json_path ''$'')) '
		               'SERVER shape_server OPTIONS (path %L %s)',
		               '/shapes/' || shape || CASE i WHEN 1 THEN '?trickle=3000' ELSE '' END,
		               ',' || nullif(options, ''));
		BEGIN
			EXECUTE 'SELECT string_agg(record::text, '' | '') FROM shape_table'
			        INTO answer;
			answer := coalesce(answer, 'no records');
		EXCEPTION WHEN OTHERS THEN
			answer := sqlstate || ': ' || sqlerrm;
		END;
		answers := answers || answer;
	END LOOP;
	IF answers[1] = answers[2] THEN
		RETURN answers[1];
	END IF;
	RETURN 'whole: ' || answers[1] || ' stream: ' || answers[2];
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END $$;

-- a map of records: the key becomes a member, the last of its name
SELECT shape_read('map', $$records_path 'rates', records_key 'code'$$);
SELECT shape_read('map-empty', $$records_path 'rates', records_key 'code'$$);
SELECT shape_read('map-list', $$records_path 'rates', records_key 'n'$$);
-- negative control: without the option the map is one record
SELECT shape_read('map', $$records_path 'rates'$$);
SELECT shape_read('map', $$records_path 'nothing', records_key 'code'$$);
-- without a place it is the root
SELECT shape_read('map-empty', $$records_key 'k'$$);

-- the place of the records is named in the response
SELECT shape_read('twilio', $$records_key_path 'meta.key', paginate 'next_url', next_path 'meta.next_page_url'$$);
SELECT shape_read('twilio', $$records_key_path 'meta.page'$$);
-- a member that is not there is not an empty one
SELECT shape_read('key-gone', $$records_key_path 'meta.key'$$);
-- negative control: what is detected, or given, is wrong on one of the pages
SELECT shape_read('twilio', $$records_path 'calls', paginate 'next_url', next_path 'meta.next_page_url'$$);

-- a list at the root, and lists in lists
SELECT shape_read('rows-bare', $$records_path '$'$$);
SELECT shape_read('nested', $$records_path 'data[*].items'$$);
SELECT shape_read('nested', $$records_path 'data[0].items'$$);

-- rows of values
SELECT shape_read('rows', $$records_path 'rows', row_names 'id, text'$$);
SELECT shape_read('rows', $$records_path 'rows', row_names_path 'columns'$$);
-- the list is detected
SELECT shape_read('rows', $$row_names_path 'columns'$$);
SELECT shape_read('rows-bare', $$row_names 'id,text'$$);
SELECT shape_read('rows-bare', $$records_path '$', row_names 'id,text'$$);
-- names after the rows
SELECT shape_read('rows-after', $$records_path 'rows', row_names_path 'meta.columns[*].name'$$);
-- values deeper in each row
SELECT shape_read('bigquery', $$records_path 'rows', row_names_path 'schema.fields[*].name', row_value_path 'f[*].v'$$);
-- later pages without names, and without anything around the list
SELECT shape_read('snowflake', $$records_path 'data', row_names_path 'resultSetMetaData.rowType[*].name', paginate 'link'$$);
SELECT shape_read('snowflake', $$records_path 'data', row_names_path 'resultSetMetaData.rowType[*].name', paginate 'list', list_path 'resultSetMetaData.partitionInfo', list_param 'partition', list_from 'index', list_first 'true'$$);
-- negative controls
SELECT shape_read('rows', $$records_path 'rows'$$);
SELECT shape_read('bigquery', $$records_path 'rows', row_names_path 'schema.fields[*].name'$$);
-- faults
SELECT shape_read('rows-long', $$records_path 'rows', row_names_path 'columns'$$);
SELECT shape_read('rows-long', $$records_path 'rows', row_names 'id'$$);
-- of two values under one name the first would be lost
SELECT shape_read('rows-twice', $$records_path 'rows', row_names_path 'columns'$$);
SELECT shape_read('rows-twice', $$records_path 'rows', row_names 'id,n,id'$$);
SELECT shape_read('rows-twice', $$records_path 'rows', row_names 'id,n,other'$$);
SELECT shape_read('csv-twice', $$csv_names 'id,n,id'$$);
SELECT shape_read('rows', $$records_path 'rows', row_names_path 'names'$$);
SELECT shape_read('rows', $$records_path 'rows', row_names_path 'columns[*].name'$$);
SELECT shape_read('rows-after', $$records_path 'rows', row_names_path 'meta.columns'$$);
SELECT shape_read('envelope', $$records_path 'data', row_names 'id'$$);

-- values of the envelope, before and after the records
SELECT shape_read('envelope', $$records_path 'data', envelope_values '{"acc": "account.id", "plan": "$.account.plan", "as_of": "as_of", "none": "nothing"}'$$);
SELECT shape_read('scalars', $$records_path 'data', envelope_values '{"as_of": "as_of"}'$$);
SELECT shape_read('map', $$records_path 'rates', records_key 'code', envelope_values '{"date": "date"}'$$);
SELECT shape_read('rows', $$records_path 'rows', row_names 'id,text', envelope_values '{"names": "columns"}'$$);
-- negative control
SELECT shape_read('envelope', $$records_path 'data'$$);

-- strings that hold something else
SELECT shape_read('coded', $$records_path 'data', decode '{"data": "base64", "j": "json", "bj": "base64json", "gz": "gzip", "list[*].v": "base64"}'$$);
SELECT shape_read('coded', $$records_path 'data', decode '{"list[1].v": "base64"}'$$);
SELECT shape_read('rows', $$records_path 'rows', row_names 'id,text', decode '{"id": "json"}'$$);
-- a record that is such a string itself, and a name that looks like a secret's
SELECT shape_read('strings', $$records_path 'data', decode '{"$": "base64json", "token": "base64"}'$$);
SELECT shape_read('strings', $$records_path 'data', decode '{"value": "base64json"}', envelope_values '{"access_token": "of"}'$$);
-- negative control
SELECT shape_read('coded', $$records_path 'data'$$);

-- many: longer than is kept in memory
CREATE FUNCTION shape_count(shape text, options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'DROP FOREIGN TABLE IF EXISTS shape_big';
	EXECUTE format('CREATE FOREIGN TABLE shape_big (id bigint, text text, '
	               'code text, as_of date) '
	               'SERVER shape_server OPTIONS (path %L, %s)',
	               '/shapes/big/' || shape, options);
	EXECUTE 'SELECT concat_ws('', '', count(*), sum(id), sum(length(text)), '
	        'count(code), count(as_of)) FROM shape_big' INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ': ' || sqlerrm;
END $$;
SET dload.package_bytes = '64kB';
SELECT shape_count('rows-after', $$records_path 'rows', row_names_path 'columns'$$);
SELECT shape_count('rows-after', $$records_path 'rows', row_names 'id,text'$$);
SELECT shape_count('envelope', $$records_path 'data', envelope_values '{"as_of": "as_of"}'$$);
SELECT shape_count('map', $$records_path 'rates', records_key 'code'$$);

-- loaded alike
CREATE FOREIGN TABLE shape_source () SERVER shape_server
  OPTIONS (path '/shapes/bigquery', records_path 'rows', row_names_path 'schema.fields[*].name', row_value_path 'f[*].v',
           envelope_values '{"done": "jobComplete"}');
SELECT dload.create_pipeline('shape', source => 'shape_source', target => 'shape_target', write_disposition => 'append');
CALL dload.run('shape');
SELECT id, name, done FROM shape_target ORDER BY id;
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target;
DROP FOREIGN TABLE shape_source;
CREATE FOREIGN TABLE shape_source () SERVER shape_server
  OPTIONS (path '/shapes/coded', records_path 'data', decode '{"bj": "base64json", "list[*].v": "base64"}');
SELECT dload.create_pipeline('shape', source => 'shape_source', target => 'shape_target', write_disposition => 'append');
CALL dload.run('shape');
SELECT id, bj__deep__n FROM shape_target ORDER BY id;
SELECT v FROM shape_target__list ORDER BY v;
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target, shape_target__list;
DROP FOREIGN TABLE shape_source;
CREATE FOREIGN TABLE shape_source () SERVER shape_server
  OPTIONS (path '/shapes/big/rows-after', records_path 'rows', row_names_path 'columns', envelope_values '{"c": "columns[0]"}');
SELECT dload.create_pipeline('shape', source => 'shape_source', target => 'shape_target', write_disposition => 'append');
CALL dload.run('shape');
SELECT count(*), sum(id), count(c) FROM shape_target;
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target;
RESET dload.package_bytes;

-- numbers that stand for times, by the pipeline's columns; the cursor is still
-- what the API wrote
CREATE FOREIGN TABLE shape_times () SERVER shape_server OPTIONS (path '/shapes/times');
SELECT dload.create_pipeline('shape', source => 'shape_times', target => 'shape_target', columns => '{"at": "epochs"}');
SELECT dload.create_pipeline('shape', source => 'shape_times', target => 'shape_target', write_disposition => 'merge', primary_key => ARRAY['id'],
  cursor_path => 'id', columns => '{"at": "epoch", "seen[*]": "epoch_ms"}');
CALL dload.run('shape');
SELECT id, at AT TIME ZONE 'UTC' AS at, value AT TIME ZONE 'UTC' AS seen, pg_typeof(at) FROM shape_target LEFT JOIN shape_target__seen AS s ON s._dload_root_id = shape_target._dload_id ORDER BY id, _dload_list_idx;
SELECT convert_from(record, 'UTF8') AS record, reason FROM dload.rejected WHERE pipeline = 'shape';
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target, shape_target__seen;
SELECT dload.create_pipeline('shape', source => 'shape_times', target => 'shape_target', cursor_path => 'at', columns => '{"at": "epoch"}');
CALL dload.run('shape');
SELECT cursor_value FROM dload.cursors WHERE pipeline = 'shape';
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target, shape_target__seen;
-- and the other codings: bytes and JSON
CREATE FOREIGN TABLE shape_coded () SERVER shape_server OPTIONS (path '/shapes/coded', records_path 'data');
SELECT dload.create_pipeline('shape', source => 'shape_coded', target => 'shape_target',
  columns => '{"data": "base64", "bj": "base64json", "list[*].v": "base64", "j": "json"}');
CALL dload.run('shape');
SELECT id, data, bj, pg_typeof(bj), j, pg_typeof(j), gz FROM shape_target ORDER BY id;
SELECT v, convert_from(v, 'UTF8') AS text FROM shape_target__list ORDER BY v;
SELECT left(convert_from(record, 'UTF8'), 30) AS record, reason FROM dload.rejected WHERE pipeline = 'shape';
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target, shape_target__list;
-- negative control: the type alone does not take a number
SELECT dload.create_pipeline('shape', source => 'shape_times', target => 'shape_target', columns => '{"at": "timestamptz"}');
CALL dload.run('shape');
SELECT reason FROM dload.rejected WHERE pipeline = 'shape' ORDER BY 1;
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target;

-- a run that goes on at a page without names knows those of the page before
CREATE FOREIGN TABLE shape_parts () SERVER shape_server
  OPTIONS (path '/shapes/snowflake', records_path 'data', row_names_path 'resultSetMetaData.rowType[*].name', paginate 'link');
SELECT dload.create_pipeline('shape', source => 'shape_parts', target => 'shape_target', write_disposition => 'append');
CALL dload.run('shape', max_pages => 2);
\! python3 "$MOCK_PY" --post "$(cat results/mock.url)" /_journal/clear >results/mock.answer
CALL dload.run('shape');
\! python3 "$MOCK_PY" --paths "$(cat results/mock.url)"
SELECT id, name FROM shape_target ORDER BY id;
SELECT dload.drop_pipeline('shape');
DROP TABLE shape_target;

-- options that do not go together
SELECT shape_read('x', $$row_names 'a', row_names_path 'b'$$);
SELECT shape_read('x', $$row_names 'a', records_key 'b'$$);
SELECT shape_read('x', $$row_value_path 'f[*].v'$$);
SELECT shape_read('x', $$row_names 'a', row_value_path 'f.v'$$);
SELECT shape_read('x', $$envelope_values '{"a": "b..c"}'$$);
SELECT shape_read('x', $$envelope_values '{"a": "$"}'$$);
SELECT shape_read('x', $$decode '{"a": "rot13"}'$$);
SELECT shape_read('x', $$decode '{"a[-1]": "json"}'$$);
SELECT shape_read('x', $$format 'csv', records_key 'a'$$);

DROP SERVER shape_server CASCADE;
DROP FUNCTION shape_read, shape_count;
