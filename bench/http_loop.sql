-- What a user of PostgreSQL writes without dload: a loop in PL/pgSQL over the
-- pages, jsonb taken apart by hand, a row at a time by INSERT ... SELECT.
-- h.fetch(url) returns a page and the link to the next; rivals.py makes it, of
-- the extension "http" where that is installed.  The tables are those of the
-- search path: without keys in h_insert, with keys in h_upsert.  Rows have ids
-- of their own and say which load they are of, as those of other tools do.
CREATE TABLE h.events (
  id text NOT NULL, type text,
  actor__id bigint, actor__login text, actor__display_login text, actor__gravatar_id text, actor__url text, actor__avatar_url text,
  repo__id bigint, repo__name text, repo__url text,
  payload__action text, payload__number bigint,
  payload__pull_request__id bigint, payload__pull_request__state text, payload__pull_request__title text,
  payload__pull_request__base__ref text, payload__pull_request__base__repo__id bigint, payload__pull_request__base__repo__full_name text,
  public boolean, created_at timestamptz,
  org__id bigint, org__login text, org__gravatar_id text, org__url text, org__avatar_url text,
  _load_id text NOT NULL, _id text NOT NULL);
CREATE TABLE h.topics (event_id text NOT NULL, idx bigint NOT NULL, value text, _id text NOT NULL);
CREATE TABLE h.labels (event_id text NOT NULL, idx bigint NOT NULL,
  id bigint, name text, color text, "default" boolean, description text, _id text NOT NULL);

CREATE SCHEMA h_insert;
CREATE TABLE h_insert.events (LIKE h.events);
CREATE TABLE h_insert.topics (LIKE h.topics);
CREATE TABLE h_insert.labels (LIKE h.labels);
CREATE SCHEMA h_upsert;
CREATE TABLE h_upsert.events (LIKE h.events, PRIMARY KEY (id));
CREATE TABLE h_upsert.topics (LIKE h.topics, PRIMARY KEY (event_id, idx));
CREATE TABLE h_upsert.labels (LIKE h.labels, PRIMARY KEY (event_id, idx));

-- Inlined by the planner: what both branches below insert.
CREATE FUNCTION h.event_rows(doc jsonb) RETURNS SETOF h.events LANGUAGE sql IMMUTABLE AS $$
  SELECT e.id, e.type,
    (e.actor ->> 'id')::bigint, e.actor ->> 'login', e.actor ->> 'display_login', e.actor ->> 'gravatar_id', e.actor ->> 'url', e.actor ->> 'avatar_url',
    (e.repo ->> 'id')::bigint, e.repo ->> 'name', e.repo ->> 'url',
    e.payload ->> 'action', (e.payload ->> 'number')::bigint,
    (pr ->> 'id')::bigint, pr ->> 'state', pr ->> 'title',
    pr #>> '{base,ref}', (pr #>> '{base,repo,id}')::bigint, pr #>> '{base,repo,full_name}',
    e.public, e.created_at,
    (e.org ->> 'id')::bigint, e.org ->> 'login', e.org ->> 'gravatar_id', e.org ->> 'url', e.org ->> 'avatar_url', 'load-1', e.id
  FROM jsonb_to_recordset(doc) AS e (id text, type text, actor jsonb, repo jsonb, payload jsonb, public boolean, created_at timestamptz, org jsonb),
    LATERAL (SELECT e.payload -> 'pull_request') AS p (pr)
$$;
CREATE FUNCTION h.topic_rows(doc jsonb) RETURNS SETOF h.topics LANGUAGE sql IMMUTABLE AS $$
  SELECT e.id, t.n - 1, t.value, e.id || '-' || t.n
  FROM jsonb_to_recordset(doc) AS e (id text, payload jsonb),
    jsonb_array_elements_text(e.payload #> '{pull_request,base,repo,topics}') WITH ORDINALITY AS t (value, n)
$$;
CREATE FUNCTION h.label_rows(doc jsonb) RETURNS SETOF h.labels LANGUAGE sql IMMUTABLE AS $$
  SELECT e.id, l.n - 1, (l.v ->> 'id')::bigint, l.v ->> 'name', l.v ->> 'color', (l.v ->> 'default')::boolean, l.v ->> 'description', e.id || '-' || l.n
  FROM jsonb_to_recordset(doc) AS e (id text, payload jsonb),
    jsonb_array_elements(e.payload #> '{pull_request,labels}') WITH ORDINALITY AS l (v, n)
$$;

CREATE PROCEDURE h.load(url text, upsert boolean) LANGUAGE plpgsql AS $$
DECLARE
  page record;
  doc jsonb;
BEGIN
  WHILE url IS NOT NULL LOOP
    SELECT * INTO page FROM h.fetch(url);
    doc := page.content::jsonb;
    IF upsert THEN
      INSERT INTO events SELECT * FROM h.event_rows(doc)
      ON CONFLICT (id) DO UPDATE SET (type, actor__id, actor__login, actor__display_login, actor__gravatar_id, actor__url, actor__avatar_url, repo__id, repo__name, repo__url, payload__action, payload__number, payload__pull_request__id, payload__pull_request__state, payload__pull_request__title, payload__pull_request__base__ref, payload__pull_request__base__repo__id, payload__pull_request__base__repo__full_name, public, created_at, org__id, org__login, org__gravatar_id, org__url, org__avatar_url, _load_id, _id)
        = (excluded.type, excluded.actor__id, excluded.actor__login, excluded.actor__display_login, excluded.actor__gravatar_id, excluded.actor__url, excluded.actor__avatar_url, excluded.repo__id, excluded.repo__name, excluded.repo__url, excluded.payload__action, excluded.payload__number, excluded.payload__pull_request__id, excluded.payload__pull_request__state, excluded.payload__pull_request__title, excluded.payload__pull_request__base__ref, excluded.payload__pull_request__base__repo__id, excluded.payload__pull_request__base__repo__full_name, excluded.public, excluded.created_at, excluded.org__id, excluded.org__login, excluded.org__gravatar_id, excluded.org__url, excluded.org__avatar_url, excluded._load_id, excluded._id);
      INSERT INTO topics SELECT * FROM h.topic_rows(doc)
      ON CONFLICT (event_id, idx) DO UPDATE SET (value, _id) = (excluded.value, excluded._id);
      INSERT INTO labels SELECT * FROM h.label_rows(doc)
      ON CONFLICT (event_id, idx) DO UPDATE SET (id, name, color, "default", description, _id)
        = (excluded.id, excluded.name, excluded.color, excluded."default", excluded.description, excluded._id);
    ELSE
      INSERT INTO events SELECT * FROM h.event_rows(doc);
      INSERT INTO topics SELECT * FROM h.topic_rows(doc);
      INSERT INTO labels SELECT * FROM h.label_rows(doc);
    END IF;
    url := page.next;
  END LOOP;
END $$;
