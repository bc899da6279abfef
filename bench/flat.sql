-- The generator's own flattening, to compare what dload loaded with.
-- :flat is the directory of its COPY files.
CREATE SCHEMA flat;
CREATE TABLE flat.events (
  id text NOT NULL, type text,
  actor__id bigint, actor__login text, actor__display_login text, actor__gravatar_id text, actor__url text, actor__avatar_url text,
  repo__id bigint, repo__name text, repo__url text,
  payload__action text, payload__number bigint,
  payload__pull_request__id bigint, payload__pull_request__state text, payload__pull_request__title text,
  payload__pull_request__base__ref text, payload__pull_request__base__repo__id bigint, payload__pull_request__base__repo__full_name text,
  public boolean, created_at timestamptz,
  org__id bigint, org__login text, org__gravatar_id text, org__url text, org__avatar_url text,
  _dlt_load_id text NOT NULL, _dlt_id text NOT NULL);
CREATE TABLE flat.topics (
  value text, _dlt_parent_id text NOT NULL, _dlt_list_idx bigint NOT NULL, _dlt_id text NOT NULL);
CREATE TABLE flat.labels (
  id bigint, name text, color text, "default" boolean, description text,
  _dlt_parent_id text NOT NULL, _dlt_list_idx bigint NOT NULL, _dlt_id text NOT NULL);
SET timezone = 'UTC';
SELECT format('COPY flat.%s FROM %L', t, :'flat' || '/' || t || '.copy')
FROM unnest(ARRAY['events', 'topics', 'labels']) AS t \gexec

-- The same columns of what dload loaded into schema :loaded, keyed by event.
CREATE VIEW flat.expected AS
  SELECT 'events' AS what, to_jsonb(e) - '_dlt_load_id' - '_dlt_id' AS row FROM flat.events AS e
  UNION ALL
  SELECT 'topics', jsonb_build_object('event', e.id, 'idx', t._dlt_list_idx, 'value', t.value)
  FROM flat.topics AS t JOIN flat.events AS e ON e._dlt_id = t._dlt_parent_id
  UNION ALL
  SELECT 'labels', to_jsonb(l) - '_dlt_parent_id' - '_dlt_list_idx' - '_dlt_id'
      || jsonb_build_object('event', e.id, 'idx', l._dlt_list_idx)
  FROM flat.labels AS l JOIN flat.events AS e ON e._dlt_id = l._dlt_parent_id;
