--
-- normalize: records -> tables.  dload.preview_schema shows the tables that
-- records would make; nothing is fetched and nothing written.
--
\set mock_url `cat results/mock.url`
SET timezone = 'UTC';
-- tables and their columns, one line each, without dload's own columns
CREATE FUNCTION tables(records jsonb, max_nesting int DEFAULT NULL)
  RETURNS TABLE (relation text, columns text) LANGUAGE sql AS $$
  SELECT substring(content FROM '^CREATE TABLE public\.(\S+)'),
    (SELECT string_agg(trim(c, E' \t'), ', ') FROM regexp_split_to_table(
       substring(content FROM '\((.*)\)$'), E',\n|\n') AS c
     WHERE c !~ '\m_dload_\w+ bigint NOT NULL' AND c <> '')
  FROM dload.preview_schema(records, 'r', max_nesting)
  WHERE section = 'ddl' AND content LIKE 'CREATE TABLE%'
  UNION ALL SELECT section || ' ' || item, content
  FROM dload.preview_schema(records, 'r', max_nesting) WHERE section <> 'ddl'
$$;

-- the statements as they stand
SELECT content FROM dload.preview_schema('[{"id": 1, "tags": ["a"]}]', 'events') \g (format=unaligned tuples_only)

-- objects are flattened, at any depth
SELECT * FROM tables('[{"id": 1, "actor": {"login": "ada", "org": {"id": 7}}}]');
-- lists: of scalars, of objects, of lists, of all of them
SELECT * FROM tables('[{"s": [1, 2.5], "o": [{"x": true, "in": ["a"]}], "l": [[1], [[2]]], "m": [1, {"y": 2}, [3]]}]');
-- empty containers and nulls make nothing; a list of lists has its rows in between
SELECT * FROM tables('[{"id": 1, "e": {}, "f": [], "n": null, "o": {"p": null, "q": {}}, "g": [{}], "h": [null]}]');
SELECT * FROM tables('[{"l": [[]]}, {"k": [{"x": []}, {"x": [1]}]}]');
-- a key seen as null first has the type that comes later
SELECT * FROM tables('[{"a": null}, {"a": 1}, {"a": null}]');
-- records that are no objects
SELECT * FROM tables('[1, 2.5, null]');
SELECT * FROM tables('["x", {"a": 1}, [1, 2]]');

-- names: collisions get a tag of the path, also with dload's and the server's
SELECT * FROM tables('[{"a b": 1, "a_b": "x", "id": 1, "ID": "x", "Id": true}]');
SELECT * FROM tables('[{"_dload_id": 1, "_dload_hash": 2, "ctid": 3, "xmin": 4, "select": 5}]');
SELECT * FROM tables('[{"a": {"b": 1}, "a__b": "x"}]');
SELECT * FROM tables('[{"l": [1, {"value": "x"}]}]');
SELECT * FROM tables('[{"a": {"b": [1]}, "a__b": ["x"], "a b": [true]}]');
-- names longer than 63 bytes are cut, with a tag: no two paths share one
SELECT octet_length(name), count(*), count(DISTINCT name) FROM tables(
  (SELECT jsonb_build_array(jsonb_object_agg(repeat('é', 40) || i, i)) FROM generate_series(1, 9) i)),
  regexp_split_to_table(columns, ', ') c, trim(substring(c FROM '\S+'), '"') AS name GROUP BY 1;
SELECT octet_length(substring(content FROM 'public\.(\S+)')) AS bytes FROM dload.preview_schema(
  jsonb_build_array(jsonb_build_object(repeat('k', 60), '[[1]]'::jsonb)), repeat('t', 60)) WHERE content LIKE 'CREATE TABLE%';

-- one key with scalars, objects and lists: all kept, side by side
SELECT * FROM tables('[{"a": 1}, {"a": {"b": 2}}, {"a": [3, "x"]}, {"a": [{"c": 4}]}]');

-- max_nesting: what is deeper stays jsonb
SELECT * FROM tables('[{"a": {"b": {"c": 1}, "l": [1]}, "z": [{"q": {"w": 1}}, [5]]}]', 0);
SELECT * FROM tables('[{"a": {"b": {"c": 1}, "l": [1]}, "z": [{"q": {"w": 1}}, [5]]}]', 1);
SELECT * FROM tables('[{"a": {"b": {"c": 1}, "l": [1]}, "z": [{"q": {"w": 1}}, [5]]}]', 2);
-- a scalar and a kept object share a jsonb column
SELECT * FROM tables('[{"a": "x"}, {"a": {"b": 1}}]', 0);

-- a map with more keys than a table can have columns: rejected, and its keys
-- leave nothing behind
SELECT left(relation, 20) AS relation, left(columns, 60) AS columns FROM tables(
  '[{"id": 1}]' || jsonb_build_array((SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, 1600) i)) || '[{"id": 2, "x": 1}]');
SELECT left(relation, 20) AS relation, left(columns, 60) AS columns FROM tables(
  '[{"id": 1}]' || jsonb_build_array(jsonb_build_object('l', jsonb_build_array((SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, 1600) i)))));
SELECT count(*) FROM tables((SELECT jsonb_build_array(jsonb_object_agg('k' || i, '[1]'::jsonb)) FROM generate_series(1, 1400) i));
-- the same map with max_nesting is one column
SELECT * FROM tables(jsonb_build_array(jsonb_build_object('m', (SELECT jsonb_object_agg('k' || i, i) FROM generate_series(1, 2000) i))), 0);

-- Duplicate keys, which jsonb cannot show: the last one counts, as in jsonb,
-- whatever the first one was.
CREATE SERVER norm FOREIGN DATA WRAPPER dload OPTIONS (base_url :'mock_url', max_retries '0');
CREATE SCHEMA norm;
CREATE FOREIGN TABLE norm.src (record jsonb OPTIONS (json_path '$')) SERVER norm OPTIONS (path '/norm');
\! python3 "${PG_ABS_SRCDIR:-.}/t/answer.py" /norm '[{"id":1,"a":1,"a":2},{"id":2,"a":1,"a":null},{"id":3,"l":[1,2,3],"l":[4]},{"id":4,"l":[1,[2]],"l":[]},{"id":5,"o":{"x":1,"l":[1]},"o":{"y":2}},{"id":6,"a":1,"a":{"b":[1]}},{"id":7,"l":[{"l":[1]},{"l":[2],"l":[3]}]},{"id":8,"l":[1],"a":5,"l":7},{"id":9,"id":10}]'
SET client_min_messages = warning;
SELECT dload.create_pipeline('norm', 'norm.src', 'norm.t');
CALL dload.run('norm');
SELECT id, a, o__x, o__y, l FROM norm.t ORDER BY id;
SELECT t.id, l._dload_list_idx, l.value FROM norm.t JOIN norm.t__l l ON l._dload_parent_id = t._dload_id ORDER BY 1, 2;
SELECT t.id, o.value FROM norm.t JOIN norm.t__o__l o ON o._dload_parent_id = t._dload_id;
SELECT t.id, b.value FROM norm.t JOIN norm.t__a__b b ON b._dload_parent_id = t._dload_id;
SELECT t.id, l2.value FROM norm.t JOIN norm.t__l l ON l._dload_parent_id = t._dload_id
  JOIN norm.t__l__l l2 ON l2._dload_parent_id = l._dload_id ORDER BY 1, 2;
SELECT count(*) FROM norm.t__l__list;
SELECT table_path, json_path, column_name FROM dload.column_map WHERE pipeline = 'norm' ORDER BY 1, 2;
SELECT dload.drop_pipeline('norm');
DROP SCHEMA norm CASCADE;
DROP SERVER norm;
DROP FUNCTION tables;
