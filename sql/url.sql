--
-- url: resolving references, Link headers, building and redacting requests
--
-- Nothing here is fetched.
--

-- RFC 3986, section 5.4.1: normal examples
SELECT reference, dload.preview_url('http://a/b/c/d;p?q', reference) AS target
FROM unnest(ARRAY['g:h', 'g', './g', 'g/', '/g', '//g', '?y', 'g?y', '#s',
                  'g#s', 'g?y#s', ';x', 'g;x', 'g;x?y#s', '', '.', './',
                  '..', '../', '../g', '../..', '../../', '../../g'])
     WITH ORDINALITY AS t(reference, n)
ORDER BY n;

-- section 5.4.2: abnormal examples
SELECT reference, dload.preview_url('http://a/b/c/d;p?q', reference) AS target
FROM unnest(ARRAY['../../../g', '../../../../g', '/./g', '/../g', 'g.',
                  '.g', 'g..', '..g', './../g', './g/.', 'g/./h', 'g/../h',
                  'g;x=1/./y', 'g;x=1/../y', 'g?y/./x', 'g?y/../x',
                  'g#s/./x', 'g#s/../x', 'http:g'])
     WITH ORDINALITY AS t(reference, n)
ORDER BY n;

-- (a fragment is never sent and not shown.)  A base without a path; IPv6
SELECT dload.preview_url('http://a', 'b?c'),
       dload.preview_url('http://[::1]:8080/x', '/y'),
       dload.preview_url('https://a/x/', 'https://B.example/%7Eb/../c');

-- credentials come from the user mapping only: user information is dropped
SELECT dload.preview_url('http://a/', 'http://u:p@b/c'),
       dload.preview_url('http://a/', 'http://u@x:p@b/c');

-- bytes above ASCII are encoded, percent-encoding is left as it came
SELECT dload.preview_url('http://a/', '/stra' || chr(223) || 'e?q=%c3%9f+1');

-- what could split a request is refused
SELECT dload.preview_url('http://a/', E'/b\r\nX: y');
SELECT dload.preview_url('http://a/', '/b c');
SELECT dload.preview_url('http://a/', E'/b\tc');

-- redaction: by the name of the parameter, whatever its spelling
SELECT dload.preview_url('http://a/', url)
FROM unnest(ARRAY['/x?page=2&api_key=k&sort=asc', '/x?apikey=k', '/x?API-Key=k',
                  '/x?access_token=k', '/x?token=k', '/x?page_token=k',
                  '/x?X-Amz-Signature=k&X-Amz-Date=d', '/x?client_secret=k',
                  '/x?api%5fkey=k', '/x?password=a=b', '/x?key&a', '/x?'])
     AS t(url);

-- Link headers
SELECT link, dload.preview_next_link(link, 'https://api.example/list?page=1')
FROM (VALUES
  ('<https://api.example/list?page=2>; rel="next"'),
  ('<https://api.example/list?page=2>; rel=next'),
  ('</list?page=2>; REL="NEXT"'),
  ('<?page=2>; rel="next"'),
  ('<list?page=1>; rel="prev", <list?page=3>; rel="next"'),
  ('<list?page=1>;rel="prev",<list?page=3>;rel="next",<list?page=9>;rel=last'),
  ('<list?page=2>; rel="last next"'),
  ('<list?page=2>; rel="nextish"'),
  ('<list?page=2>; rel="prev"; rel="next"'),
  ('<list?ids=1,2;3>; title="a, b; <c>; rel=\"next\""; rel="next"'),
  ('<a>; title="<b>; rel=next, <c>"; rel="prev"'),
  ('<list?page=2>; rel="next"; anchor="https://other.example/"'),
  ('<list?page=2>; rel="next"; anchor=""'),
  ('<list?page=2>; rel="next"; anchor="/list?page=1"'),
  ('<list?page=2>; rel="next"; anchor="/list?page=9"'),
  ('<list?page=2> ; rel = "next" ; title'),
  ('<list?page=2>'),
  ('list?page=2; rel="next"'),
  ('<list?page=2; rel="next"'),
  ('garbage, <list?page=2>; rel="next"'),
  ('<list?page=2>; rel="next'),
  (', ,, <list?page=2>; rel="next"'),
  (''),
  (',;"<')) AS t(link);
SELECT dload.preview_next_link(E'</a\nb>; rel=next', 'https://api.example/');
-- another relation than "next"
SELECT rel, dload.preview_next_link('</a>; rel="next", </b>; rel="prev older-posts", </c>; rel="https://rel.example/more"',
                                    'https://api.example/', rel)
FROM unnest(ARRAY['next', 'older-posts', 'Older-Posts', 'older', 'https://rel.example/more', '']) AS t(rel);

-- requests
CREATE SERVER url_server FOREIGN DATA WRAPPER dload
  OPTIONS (base_url 'https://api.example/v1/');
CREATE USER MAPPING FOR CURRENT_USER SERVER url_server;
CREATE FOREIGN TABLE url_events (
    owner text OPTIONS (param 'owner', in 'path'),
    repository text OPTIONS (param 'repo', in 'path'),
    changed text OPTIONS (param 'since'),
    version text OPTIONS (param 'X-Version', in 'header'),
    record jsonb OPTIONS (json_path '$'))
  SERVER url_server
  OPTIONS (path '/repos/{owner}/{repo}/events',
           query_params '{"type": ["push", "fork"], "sort": "asc"}',
           paginate 'link', page_size '100', page_size_param 'per_page');

-- a name is that of a parameter or of the column that declares it; others go
-- to the query; null leaves a parameter out; lists repeat it
SELECT dload.preview_request('url_events',
  '{"owner": "o", "repo": "r", "since": "2026-01-01", "X-Version": "2"}');
SELECT dload.preview_request('url_events',
  '{"owner": "o", "repository": "r", "changed": "x", "extra": [1, true, "a"]}');
SELECT dload.preview_request('url_events',
  '{"owner": "o", "repo": "r", "sort": "desc", "since": null}');

-- values cannot leave their place
SELECT dload.preview_request('url_events',
  '{"owner": "a/b?c#d", "repo": "../x y", "since": "1&admin=1#x"}');
SELECT dload.preview_request('url_events', '{"owner": "..", "repo": "r"}');
SELECT dload.preview_request('url_events', '{"owner": "o"}');
SELECT dload.preview_request('url_events', '{"owner": "o", "repo": ""}');
SELECT dload.preview_request('url_events', '{"owner": {"a": 1}, "repo": "r"}');
SELECT dload.preview_request('url_events', '[]');

-- names pass as they are, but for what would end them
CREATE FOREIGN TABLE url_names (record jsonb OPTIONS (json_path '$'))
  SERVER url_server
  OPTIONS (path '/calls?format=json',
           query_params '{"page[size]": 5, "$where": "a > 1", "DateSent>=": "2026-01-01", "a&b": 1}');
SELECT dload.preview_request('url_names');

-- what the paginators add
CREATE FOREIGN TABLE url_pages (record jsonb OPTIONS (json_path '$'))
  SERVER url_server
  OPTIONS (path 'items', paginate 'page', page_param 'page', first_page '0');
SELECT dload.preview_request('url_pages');
CREATE FOREIGN TABLE url_offsets (record jsonb OPTIONS (json_path '$'))
  SERVER url_server
  OPTIONS (path 'items', paginate 'offset', offset_param 'start',
           page_size '50', page_size_param 'limit', method 'POST');
SELECT dload.preview_request('url_offsets', '{"q": "a+b"}');

-- no secret is shown, wherever it is repeated
ALTER SERVER url_server OPTIONS (ADD auth 'api_key', ADD api_key_name 'k',
  ADD api_key_in 'query');
ALTER USER MAPPING FOR CURRENT_USER SERVER url_server
  OPTIONS (ADD api_key 's3cr/et+1');
SELECT dload.preview_request('url_pages', '{"copy": "s3cr/et+1", "n": "x-s3cr/et+1-y"}');
ALTER USER MAPPING FOR CURRENT_USER SERVER url_server
  OPTIONS (SET api_key 'q');
SELECT dload.preview_request('url_pages', '{"copy": "q", "equal": "equals"}');

-- whoever may not read the table may not see its requests
CREATE ROLE regress_dload_url;
GRANT USAGE ON SCHEMA dload TO regress_dload_url;
SET ROLE regress_dload_url;
SELECT dload.preview_request('url_pages');
RESET ROLE;

REVOKE USAGE ON SCHEMA dload FROM regress_dload_url;
SET client_min_messages = warning;
DROP SERVER url_server CASCADE;
DROP ROLE regress_dload_url;
