-- JSON keys as column names.

SELECT key, dload.preview_identifier(key) AS identifier
  FROM (VALUES
    -- words
    ('id'), ('createdAt'), ('CreatedAt'), ('created_at'), ('created-at'), ('created at'), ('CREATED_AT'),
    ('userID'), ('userId'), ('userIDs'), ('IDs'), ('IDsList'), ('URLsFound'), ('HTTPResponseCode'), ('XMLHttpRequest'),
    ('isAValue'), ('getX'), ('x'), ('X'), ('ABC'), ('aB'), ('Ab'),
    ('OAuth2Token'), ('userOAuthToken'), ('IPv4Address'), ('IPv6'), ('frequencyGHz'),
    -- digits
    ('v2Beta'), ('sha256Hash'), ('S3Bucket'), ('address1'), ('line2Text'), ('2FAEnabled'), ('3DModel'),
    ('1_2'), ('1'), ('+1'), ('-1'), ('2024-01-01'),
    -- other characters
    ('@odata.nextLink'), ('$ref'), ('a.b'), ('a/b/c'), ('a  b'), ('a__b'), ('a_-_b'), ('from_'), ('(x)'), ('a"b'), ('a''b'),
    ('order'), ('select'),
    -- a leading underscore is a part of the key
    ('_id'), ('_links'), ('__typename'), ('_Foo'), ('_1'), ('@_id'),
    -- letters of all scripts
    ('Größe'), ('ÄpfelÜbrig'), ('ПриветМир'), ('ΑθήναΚέντρο'), ('用户ID'), ('ユーザー名'), ('مستخدم'), ('İstanbul'),
    ('naïveCafé'), (U&'e\0301te\0301'), (U&'E\0301COLE'), (U&'A\0300E\0301cole'), ('café😀x'), ('100€'), ('a→b'), ('a　b'), ('1º'), ('µs'), ('a×b'),
    -- nothing left, and what dload keeps for itself
    (''), ('_'), ('$'), ('---'), ('😀'), ('_dload_id'), ('_dload'), ('_dloadId'), ('_dload_'), ('dload_id'), ('_dloader'),
    -- what PostgreSQL keeps for itself
    ('xmin'), ('xMin'), ('ctid'), ('tableoid'), ('oid')) AS v(key);

-- paths
SELECT dload.preview_identifier('actor', 'login'), dload.preview_identifier('a', '_id'),
       dload.preview_identifier('bbox', 'xmin'), dload.preview_identifier('xmin', 'a'),
       dload.preview_identifier('_dload', 'id'), dload.preview_identifier(VARIADIC '{}');
SELECT dload.preview_identifier('a', NULL);

-- at most 63 bytes, cut between characters, and then with a tag
SELECT dload.preview_identifier(repeat('a', 63)) = repeat('a', 63) AS fits,
       dload.preview_identifier(repeat('a', 64)) ~ '^a{56}_[a-z2-7]{6}$' AS cut;
SELECT n, octet_length(name), char_length(name), name ~ ('^' || c || '+_[a-z2-7]{6}$') AS tagged
  FROM unnest(ARRAY['ä', '用', '𠀀']) AS c, unnest(ARRAY[15, 21, 22, 31, 32, 100]) AS n,
       LATERAL (SELECT dload.preview_identifier(repeat(c, n)) AS name) AS s;
SELECT bool_and(octet_length(dload.preview_identifier(repeat('x', a) || repeat('é', b), repeat('y', b))) <= 63) AS bounded
  FROM generate_series(0, 70) AS a, generate_series(0, 40) AS b;
-- a cut that falls on a word's end leaves no second "_"
SELECT dload.preview_identifier(repeat('a', 55) || '_' || repeat('b', 20)) ~ '^a{55}_[a-z2-7]{6}$' AS one_underscore;
-- the tag depends on the whole name
SELECT count(DISTINCT dload.preview_identifier(repeat('a', 100) || i)) FROM generate_series(1, 1000) AS i;
SELECT count(DISTINCT dload.preview_identifier(repeat('a', 5000) || i)),
       bool_and(octet_length(dload.preview_identifier(repeat('a', 5000) || i)) = 63) FROM generate_series(1, 100) AS i;

-- A name is its own name, whatever the key was; and has no "__" inside, nor
-- a "_" at its end.
CREATE TEMP TABLE keys AS
  SELECT string_agg(CASE floor(random() * 8)::int
           WHEN 0 THEN chr(65 + floor(random() * 26)::int) WHEN 1 THEN chr(48 + floor(random() * 10)::int)
           WHEN 2 THEN chr(33 + floor(random() * 15)::int) WHEN 3 THEN '_'
           WHEN 4 THEN chr(160 + floor(random() * 8000)::int) WHEN 5 THEN chr(65 + floor(random() * 26)::int)
           ELSE chr(97 + floor(random() * 26)::int) END, '') AS k
    FROM generate_series(1, 20000) AS i, generate_series(1, 1 + i % 40) GROUP BY i;
SELECT count(*) FILTER (WHERE dload.preview_identifier(dload.preview_identifier(k)) <> dload.preview_identifier(k)) AS changed,
       count(*) FILTER (WHERE dload.preview_identifier(k) ~ '__|_$') AS odd_underscores,
       count(*) FILTER (WHERE dload.preview_identifier(k) ~ '^[0-9]|[A-Z]|^_dload(_|$)') AS odd_characters,
       count(*) FILTER (WHERE octet_length(dload.preview_identifier(k)) NOT BETWEEN 1 AND 63) AS odd_length
  FROM keys;
