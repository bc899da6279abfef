-- Which type a JSON value needs, and what it becomes in a column.
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET extra_float_digits = 1;
SET bytea_output = 'hex';

-- the type a value needs, exactly
SELECT value, dload.preview_type(value::json) AS type
  FROM (VALUES
    ('true'), ('false'), ('null'), ('[]'), ('[1]'), ('{}'), ('{"a": 1}'),
    -- integers, however they are written
    ('0'), ('-0'), ('-0.0'), ('7'), ('5.0'), ('1e3'), ('1E+3'), ('1.50e1'),
    ('1200e-2'), ('0e99999999999'), ('0.000'),
    ('999999999999999999'), ('9223372036854775807'), ('9223372036854775808'),
    ('-9223372036854775808'), ('-9223372036854775809'), ('9223372036854775807.0'),
    ('9.223372036854775807e18'), ('9.223372036854775808e18'), ('1e18'), ('1e19'),
    -- other numbers
    ('1.5'), ('-0.1'), ('1e-1'), ('1.25e1'), ('18446744073709551616'),
    ('0.1000000000000000055511151231257827'),
    ('1e131071'), ('1e131072'), ('1e200000'), ('1e-16383'), ('1e-16384'),
    ('1e9999999999999999999'), ('1e-9999999999999999999'),
    -- strings that only look like numbers or booleans
    ('""'), ('"12"'), ('"007"'), ('"1.5"'), ('"true"'), ('"null"'), ('"{}"'),
    -- dates
    ('"2024-02-29"'), ('"2023-02-29"'), ('"2000-02-29"'), ('"1900-02-29"'),
    ('"2024-02-30"'), ('"2024-04-31"'), ('"2024-13-01"'), ('"2024-00-01"'),
    ('"2024-01-00"'), ('"0000-01-01"'), ('"0000-00-00"'), ('"0001-01-01"'),
    ('"9999-12-31"'), ('"2024-1-1"'), ('"2024/01/01"'), ('"20240101"'),
    ('"01-02-2024"'), ('" 2024-01-01"'), ('"2024-01-01 "'), ('"2024-01-01T"'),
    ('"12024-01-01"'), ('"2024-W01-1"'), ('"2024-001"'),
    -- dates with times
    ('"2024-01-01T00:00"'), ('"2024-01-01 00:00"'), ('"2024-01-01T00:00:00"'),
    ('"2024-01-01T23:59:59Z"'), ('"2024-01-01T23:59:59z"'),
    ('"2024-01-01t23:59:59Z"'), ('"2024-01-01T23:59:60Z"'),
    ('"2024-01-01T24:00:00Z"'), ('"2024-01-01T23:60:00Z"'), ('"2024-01-01T1:00:00Z"'),
    ('"2024-01-01T00:00:00.1Z"'), ('"2024-01-01T00:00:00.123456Z"'),
    ('"2024-01-01T00:00:00.1234567Z"'), ('"2024-01-01T00:00:00.123456000Z"'),
    ('"2024-01-01T00:00:00.Z"'), ('"2024-01-01T00:00:00,5Z"'), ('"2024-01-01T00:00.5Z"'),
    ('"2024-01-01T00:00:00+01"'), ('"2024-01-01T00:00:00+0130"'),
    ('"2024-01-01T00:00:00-01:30"'), ('"2024-01-01T00:00+01:30"'),
    ('"2024-01-01T00:00:00+1"'), ('"2024-01-01T00:00:00+01:60"'),
    ('"2024-01-01T00:00:00+15:59"'), ('"2024-01-01T00:00:00+16:00"'),
    ('"2024-01-01T00:00:00+01:30:00"'), ('"2024-01-01T00:00:00 +0100"'),
    ('"2024-01-01T00:00:00 UTC"'), ('"2024-02-30T00:00:00Z"'),
    ('"0001-01-01T00:00:00+15:59"'), ('"9999-12-31T23:59:59.999999-15:59"'),
    ('"2024-01-01T00:00:00.00000000000000000000000000000000000000000Z"'),
    ('"2024-01-01T00:00:00.000000000000000000000000000000000000000000000000Z"'),
    -- written with escapes
    ('"2024-01-01T00:00:00\u002B01:00"'), ('"\u0032024-01-01"'),
    ('"2024-01-01\u0000"'), ('"2024-01-0\u00b2"'), ('"2024-01-01\n"')) AS v(value);

-- Own parsers and core's agree wherever both accept: mismatches of 100,000
-- random values each, against the input function of the same type.
CREATE FUNCTION pg_temp.pick(VARIADIC words text[]) RETURNS text
  LANGUAGE sql VOLATILE AS $$ SELECT words[1 + floor(random() * cardinality(words))::int] $$;
CREATE FUNCTION pg_temp.digits(n int) RETURNS text
  LANGUAGE sql VOLATILE AS $$ SELECT coalesce(string_agg(floor(random() * 10)::int::text, ''), '') FROM generate_series(1, n) $$;

CREATE TEMP TABLE bigints AS
  SELECT CASE i % 4 WHEN 0 THEN (random() * 20000 - 10000)::bigint
    WHEN 1 THEN 9223372036854775807 - (random() * 1000)::bigint
    WHEN 2 THEN -9223372036854775808 + (random() * 1000)::bigint
    ELSE (('x' || md5(random()::text))::bit(64)::bigint) >> (random() * 63)::int END::text AS v
    FROM generate_series(1, 100000) AS i;
SELECT count(*), count(*) FILTER (WHERE dload.preview_type(v::json) <> 'bigint') AS wrong_type,
       count(*) FILTER (WHERE dload.preview_value(v::json, 'bigint') <> v::bigint::text) AS number_mismatch,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'bigint') <> v::bigint::text) AS string_mismatch
  FROM bigints;

-- numbers with fraction and exponent
CREATE TEMP TABLE numbers AS
  SELECT pg_temp.pick('', '-') || (1 + random() * 8)::int || pg_temp.digits((random() * (i % 24))::int)
         || CASE WHEN i % 3 > 0 THEN '.' || pg_temp.digits(1 + (random() * (i % 12))::int) || pg_temp.pick('', '0', '00') ELSE '' END
         || CASE WHEN i % 4 > 1 THEN pg_temp.pick('e', 'E', 'e+', 'e-') || (random() * (i % 12))::int ELSE '' END AS v
    FROM generate_series(1, 100000) AS i;
SELECT count(*),
       count(*) FILTER (WHERE dload.preview_value(v::json, 'numeric') <> v::numeric::text) AS numeric_mismatch,
       count(*) FILTER (WHERE dload.preview_value(v::json, 'double precision') <> v::float8::text) AS double_mismatch,
       count(*) FILTER (WHERE dload.preview_value(v::json, 'real') <> v::float4::text) AS real_mismatch,
       count(*) FILTER (WHERE dload.preview_value(v::json, 'jsonb') <> v::jsonb::text) AS jsonb_mismatch,
       count(*) FILTER (WHERE dload.preview_value(v::json, 'text') <> v) AS text_mismatch,
       count(*) FILTER (WHERE dload.preview_type(v::json) <>
         CASE WHEN v::numeric % 1 = 0 AND v::numeric BETWEEN -9223372036854775808 AND 9223372036854775807
              THEN 'bigint' ELSE 'numeric' END) AS wrong_type,
       count(*) FILTER (WHERE dload.preview_type(v::json) = 'bigint' AND
         dload.preview_value(v::json, 'bigint') <> trunc(v::numeric)::text) AS bigint_mismatch
  FROM numbers;

-- every day from year 1 to 9999 in steps, and all days around leap days
CREATE TEMP TABLE days AS
  SELECT to_char(d, 'YYYY-MM-DD') AS v
    FROM (SELECT date '0001-01-01' + (random() * 3652058)::int AS d FROM generate_series(1, 100000)
          UNION ALL SELECT make_date(y, 2, 28) + n FROM generate_series(1, 9999) AS y, generate_series(0, 2) AS n) AS s;
SELECT count(*) > 100000 AS enough, count(*) FILTER (WHERE dload.preview_type(to_json(v)) <> 'date') AS wrong_type,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'date') <> v::date::text) AS date_mismatch,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'timestamptz') <> v::timestamptz::text) AS timestamp_mismatch
  FROM days;

-- which strings of the form are days at all
CREATE FUNCTION pg_temp.is_date(s text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM s::date;
  RETURN true;
EXCEPTION WHEN others THEN
  RETURN false;
END $$;
SELECT count(*) FILTER (WHERE (dload.preview_type(to_json(v)) = 'date') <> pg_temp.is_date(v)) AS mismatch
  FROM (SELECT format('%s-%s-%s', y, lpad(m::text, 2, '0'), lpad(d::text, 2, '0')) AS v
          FROM unnest('{0000,0001,0004,1900,2000,2023,2024,9999}'::text[]) AS y,
               generate_series(0, 13) AS m, generate_series(0, 32) AS d) AS s;

CREATE TEMP TABLE times AS
  SELECT to_char(date '0001-01-01' + (random() * 3652058)::int, 'YYYY-MM-DD') || pg_temp.pick('T', ' ')
         || lpad((random() * 23)::int::text, 2, '0') || ':' || lpad((random() * 59)::int::text, 2, '0')
         || CASE WHEN i % 5 > 0 THEN ':' || lpad((random() * 59)::int::text, 2, '0') ELSE '' END
         || CASE WHEN i % 5 > 1 THEN '.' || pg_temp.digits(1 + (random() * 5)::int) || pg_temp.pick('', '', '0', '000') ELSE '' END
         || pg_temp.pick('', 'Z', '+00', '-00:00', '+' || lpad((random() * 15)::int::text, 2, '0'),
                         '-' || lpad((random() * 15)::int::text, 2, '0') || lpad((random() * 59)::int::text, 2, '0'),
                         '+' || lpad((random() * 15)::int::text, 2, '0') || ':' || lpad((random() * 59)::int::text, 2, '0')) AS v
    FROM generate_series(1, 150000) AS i;
SELECT count(*), count(*) FILTER (WHERE dload.preview_type(to_json(v)) <>
         CASE WHEN v ~ '\.\d{6}0*[1-9]' THEN 'text' ELSE 'timestamp with time zone' END) AS wrong_type,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'timestamptz') <> v::timestamptz::text) AS mismatch,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'timestamptz', 3) <> v::timestamptz(3)::text) AS rounded_mismatch
  FROM times;

-- nanoseconds into a column that was declared: rounded as core rounds
SELECT count(*) FILTER (WHERE dload.preview_value(to_json(v), 'timestamptz') <> v::timestamptz::text) AS mismatch
  FROM (SELECT '2024-05-06T07:08:' || pg_temp.pick('00', '31', '59') || '.' || pg_temp.pick('999999', '', '123')
               || pg_temp.digits(7 + (random() * 5)::int) || 'Z' AS v FROM generate_series(1, 100000)) AS s;

-- the session's settings do not matter for what inference uses
SET timezone = 'America/Caracas';
SET datestyle = 'SQL, DMY';
SELECT dload.preview_value('"2024-01-02"', 'date'), dload.preview_value('"2024-01-02T03:04:05"', 'timestamptz');
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';

-- strings
CREATE TEMP TABLE strings AS
  SELECT string_agg(chr(CASE floor(random() * 6)::int WHEN 0 THEN 1 + floor(random() * 31)::int
                             WHEN 1 THEN 34 WHEN 2 THEN 92
                             WHEN 3 THEN 65536 + floor(random() * 60000)::int
                             WHEN 4 THEN 160 + floor(random() * 50000)::int
                             ELSE 32 + floor(random() * 95)::int END), '') AS v
    FROM generate_series(1, 100000) AS i, generate_series(1, 8) AS j GROUP BY i;
SELECT count(*), count(*) FILTER (WHERE dload.preview_value(to_json(v), 'text') <> v) AS text_mismatch,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'varchar') <> v) AS varchar_mismatch,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'jsonb') <> to_jsonb(v)::text) AS jsonb_mismatch,
       count(*) FILTER (WHERE dload.preview_value(to_json(v), 'json') <> to_json(v)::text) AS json_mismatch
  FROM strings;

-- One value of each kind into one column of each kind.  Errors as text:
CREATE FUNCTION pg_temp.convert(value text, type regtype, typmod int DEFAULT -1) RETURNS text
  LANGUAGE plpgsql AS $$
DECLARE
  detail text; hint text;
BEGIN
  RETURN coalesce(dload.preview_value(value::json, type, typmod), 'NULL');
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;

CREATE TYPE pg_temp.mood AS ENUM ('sad', 'happy');
CREATE DOMAIN pg_temp.positive AS bigint CHECK (VALUE > 0);
CREATE DOMAIN pg_temp.tags AS text[] CHECK (cardinality(VALUE) < 3);
CREATE DOMAIN pg_temp.needed AS text NOT NULL;
CREATE TYPE pg_temp.pair AS (a int, b text);

SELECT format_type(type, NULL) AS type, value, pg_temp.convert(value, type)
  FROM unnest('{boolean,smallint,integer,bigint,real,double precision,numeric,date,timestamptz,
                text,json,jsonb}'::regtype[]) AS type,
       unnest(ARRAY['null', 'true', '12', '-1.50', '"12"', '"abc"', '""', '{"a": [1, "x"]}', '[1, null]']) AS value;

-- edges
SELECT format_type(type, NULL) AS type, value, pg_temp.convert(value, type)
  FROM (VALUES
    ('boolean'::regtype, '"true"'), ('boolean', '"f"'), ('boolean', '"maybe"'),
    ('smallint', '32767'), ('smallint', '32768'), ('smallint', '"-32768"'),
    ('integer', '2147483647'), ('integer', '2147483648'), ('integer', '1e9'), ('integer', '1e10'),
    ('bigint', '9223372036854775808'), ('bigint', '" 12 "'), ('bigint', '"+5"'), ('bigint', '"+-5"'),
    ('bigint', '"1e3"'), ('bigint', '"1e"'), ('bigint', '"-"'), ('bigint', '0e99999999999'),
    ('numeric', '0e99999999999'), ('numeric', '1e131072'), ('numeric', '1e-16384'), ('numeric', '"NaN"'),
    ('numeric', '5.00'), ('numeric', '"1,5"'),
    ('double precision', '1e308'), ('double precision', '1e309'), ('double precision', '1e-400'),
    ('double precision', '4.9e-324'), ('double precision', '"Infinity"'), ('double precision', '"x"'),
    ('real', '1e39'), ('real', '16777217'), ('real', '1e-60'),
    ('date', '"2024-02-30"'), ('date', '"0000-00-00"'), ('date', '"2024-01-02T03:04:05Z"'), ('date', '"today"'),
    ('date', '"infinity"'), ('date', '20240101'),
    ('timestamptz', '"0000-00-00 00:00:00"'), ('timestamptz', '"now"'), ('timestamptz', '1700000000'),
    ('timestamptz', '"Tue, 5 Nov 2024 08:49:37 GMT"'), ('timestamptz', '"2024-12-31T23:59:60Z"'),
    ('timestamptz', '"-infinity"'), ('timestamptz', '"tomorrow"'),
    ('timestamp', '"2024-01-02T03:04:05"'), ('timestamp', '20240101'), ('time', '"03:04:05"'),
    ('text', '"a\u0000b"'), ('text', '"\ud83d\ude00"'), ('text', '"\ud83d"'), ('text', '"\ude00x"'),
    ('json', '"a\u0000b"'), ('jsonb', '"a\u0000b"'), ('jsonb', '{"\u0000": 1}'), ('jsonb', '["\ud83d"]'),
    ('jsonb', '[1e200000]'), ('jsonb', '{"b": 1, "a": 1.50, "b": 2}'), ('json', '{"b": 1, "a": 1.50, "b": 2}'),
    ('name', '"abc"'), ('name', to_json(repeat('x', 64))::text),
    ('uuid', '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'), ('uuid', '"x"'), ('inet', '"10.0.0.1"'),
    ('interval', '"1 day"'), ('bytea', '"\\x0102"'), ('point', '"(1,2)"'), ('int4range', '"[1,3)"'),
    ('pg_temp.mood', '"happy"'), ('pg_temp.mood', '"bored"'),
    ('pg_temp.positive', '5.0'), ('pg_temp.positive', '-5'), ('pg_temp.positive', 'null'),
    ('pg_temp.tags', '["a", "b"]'), ('pg_temp.tags', '["a", "b", "c"]'), ('pg_temp.needed', 'null'),
    ('pg_temp.pair', '"(1,x)"')) AS v(type, value);

-- with a length or a precision
SELECT value, format_type(type, typmod) AS type, pg_temp.convert(value, type, typmod)
  FROM (VALUES
    ('"abc"', 'varchar'::regtype, 7), ('"abcd"', 'varchar', 7), ('"äöü"', 'varchar', 7), ('"abc  "', 'varchar', 7),
    ('"ab"', 'bpchar', 7), ('"abcd"', 'bpchar', 7), ('1234', 'varchar', 7),
    ('12.345', 'numeric', ((4 << 16) | 2) + 4), ('99.994', 'numeric', ((4 << 16) | 2) + 4),
    ('99.995', 'numeric', ((4 << 16) | 2) + 4), ('-99.995', 'numeric', ((4 << 16) | 2) + 4),
    ('100', 'numeric', ((4 << 16) | 2) + 4), ('9e1', 'numeric', ((4 << 16) | 2) + 4),
    ('0.00094', 'numeric', ((1 << 16) | 3) + 4), ('0.0095', 'numeric', ((1 << 16) | 3) + 4),
    ('0', 'numeric', ((1 << 16) | 3) + 4), ('"2024-01-02T03:04:05.678Z"', 'timestamptz', 0),
    ('[1.234, 5]', 'numeric[]', ((4 << 16) | 2) + 4)) AS v(value, type, typmod);

-- lists as arrays
SELECT format_type(type, NULL) AS type, value, pg_temp.convert(value, type)
  FROM (VALUES
    ('text[]'::regtype, '[]'), ('text[]', '["a", null, "b,c", "\"", 1, true]'), ('text[]', '[["a", "b"], ["c", null]]'),
    ('text[]', '[{"a": 1}, {}]'), ('text[]', '"{a,b}"'), ('text[]', '5'), ('text[]', '{}'),
    ('integer[]', '[1, 2.0, "3"]'), ('integer[]', '[1, "x"]'), ('integer[]', '[[[1]], [[2]]]'),
    ('integer[]', '[[], []]'), ('integer[]', '[[1, 2], [3]]'), ('integer[]', '[1, [2]]'), ('integer[]', '[[1], 2]'),
    ('integer[]', '[[], [1]]'), ('integer[]', '[[], 1]'), ('integer[]', '[[1], null]'), ('integer[]', '[[[]], [1]]'),
    ('integer[]', '[[[[[[1]]]]]]'), ('integer[]', '[[[[[[[1]]]]]]]'),
    ('jsonb[]', '[[1, 2], {"a": [3]}, "x", null]'), ('timestamptz[]', '["2024-01-01T00:00Z"]'),
    ('uuid[]', '["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]'), ('boolean[]', '[true, 1]')) AS v(type, value);
