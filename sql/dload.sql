/* dload: the whole current install script */

\echo Use "CREATE EXTENSION dload" to load this file. \quit

CREATE SCHEMA dload;
COMMENT ON SCHEMA dload IS 'query and load REST APIs: functions, views and catalog of dload';

/*
 * Foreign data wrapper
 */

CREATE FUNCTION dload.fdw_handler() RETURNS fdw_handler
	LANGUAGE c STRICT
	AS 'MODULE_PATHNAME', 'dload_fdw_handler';
COMMENT ON FUNCTION dload.fdw_handler() IS 'handler of the foreign data wrapper dload';

CREATE FUNCTION dload.fdw_validator(text[], oid) RETURNS void
	LANGUAGE c STRICT
	AS 'MODULE_PATHNAME', 'dload_fdw_validator';
COMMENT ON FUNCTION dload.fdw_validator(text[], oid) IS 'validator of the options of the foreign data wrapper dload';

CREATE FOREIGN DATA WRAPPER dload
	HANDLER dload.fdw_handler
	VALIDATOR dload.fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER dload IS 'REST APIs that answer in JSON';

CREATE FUNCTION dload.option_list(
	OUT name text, OUT context text, OUT type text, OUT "default" text,
	OUT secret boolean, OUT description text)
	RETURNS SETOF record
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_option_list';
COMMENT ON FUNCTION dload.option_list() IS 'the option table, one row per option and context';

CREATE VIEW dload.options AS
	SELECT name, context, type, "default", secret, description
	FROM dload.option_list();
COMMENT ON VIEW dload.options IS 'the options of servers, user mappings, foreign tables and columns';
GRANT SELECT ON dload.options TO PUBLIC;

/*
 * Previews: what the pure modules make of an input.  Nothing is fetched.
 */

CREATE FUNCTION dload.preview_records(body bytea, records_path text DEFAULT NULL, piece int DEFAULT 0)
	RETURNS TABLE (ordinal bigint, record text)
	LANGUAGE c STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_records';
COMMENT ON FUNCTION dload.preview_records(bytea, text, int)
	IS 'the records in the body of a response, read whole or in pieces of so many bytes';

CREATE FUNCTION dload.preview_envelope(body bytea, records_path text DEFAULT NULL, piece int DEFAULT 0)
	RETURNS text
	LANGUAGE c STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_envelope';
COMMENT ON FUNCTION dload.preview_envelope(bytea, text, int)
	IS 'what the body of a response holds outside its records';

CREATE FUNCTION dload.preview_records_path(body bytea) RETURNS text
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_records_path';
COMMENT ON FUNCTION dload.preview_records_path(bytea)
	IS 'where the records in the body of a response seem to be';

CREATE FUNCTION dload.preview_path(document text, path text) RETURNS text
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_path';
COMMENT ON FUNCTION dload.preview_path(text, text)
	IS 'the value that a path leads to in a JSON document, as text; NULL when it leads nowhere';

CREATE FUNCTION dload.preview_identifier(VARIADIC keys text[]) RETURNS text
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_identifier';
COMMENT ON FUNCTION dload.preview_identifier(text[])
	IS 'the column name that a path of JSON keys gets';

CREATE FUNCTION dload.preview_type(value json) RETURNS text
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_type';
COMMENT ON FUNCTION dload.preview_type(json)
	IS 'the column type that a JSON value needs';

CREATE FUNCTION dload.preview_value(value json, type regtype, typmod int DEFAULT -1) RETURNS text
	LANGUAGE c STRICT STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_value';
COMMENT ON FUNCTION dload.preview_value(json, regtype, int)
	IS 'what a JSON value becomes in a column of a type, as that type prints it';

CREATE FUNCTION dload.preview_url(base text, reference text) RETURNS text
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_url';
COMMENT ON FUNCTION dload.preview_url(text, text)
	IS 'where a reference in a response from "base" leads, as messages show it';

CREATE FUNCTION dload.preview_next_link(link text, base text, rel text DEFAULT 'next') RETURNS text
	LANGUAGE c STRICT IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_next_link';
COMMENT ON FUNCTION dload.preview_next_link(text, text, text)
	IS 'where a Link header in a response from "base" says that the next page is; NULL if it does not';

CREATE FUNCTION dload.preview_request(source regclass, params jsonb DEFAULT '{}') RETURNS text
	LANGUAGE c STRICT STABLE
	AS 'MODULE_PATHNAME', 'dload_preview_request';
COMMENT ON FUNCTION dload.preview_request(regclass, jsonb)
	IS 'the request that a read of a foreign table begins with, without credentials';

CREATE FUNCTION dload.preview_condition(condition text, status int DEFAULT 200, headers text DEFAULT NULL, body text DEFAULT NULL) RETURNS boolean
	LANGUAGE c IMMUTABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_preview_condition';
COMMENT ON FUNCTION dload.preview_condition(text, int, text, text)
	IS 'whether a condition holds for a response; headers are a JSON object';

/*
 * Catalog.  Only dload's functions write it; users read the views below.
 * Relations and roles are stored as regclass and regrole, so that a dump names
 * them.
 */

CREATE TABLE dload.pipeline (
	pipeline_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	owner regrole NOT NULL,
	source regclass NOT NULL,
	target_schema name NOT NULL,
	target_name name NOT NULL,
	params jsonb NOT NULL,
	write_disposition text NOT NULL,
	primary_key text[] NOT NULL,
	cursor_path text,
	cursor_param text,
	cursor_order text,
	initial_value text,
	lag text,
	max_nesting int,
	columns jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (target_schema, target_name)
);
COMMENT ON TABLE dload.pipeline IS 'definitions of pipelines';

/*
 * When a pipeline runs.  Times of schedules (last_due, retry_at) are by the
 * launcher's clock.
 */
CREATE TABLE dload.pipeline_schedule (
	pipeline_id bigint PRIMARY KEY REFERENCES dload.pipeline ON DELETE CASCADE,
	schedule text,
	time_zone text,
	jitter interval,
	after bigint REFERENCES dload.pipeline ON DELETE SET NULL,
	max_failures int NOT NULL DEFAULT 10,
	failures int NOT NULL DEFAULT 0,
	changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	last_due timestamptz,
	retry_at timestamptz,
	poll_at timestamptz,
	paused_at timestamptz,
	paused_reason text,
	pruned_rows bigint NOT NULL DEFAULT 0
);
CREATE INDEX ON dload.pipeline_schedule (after);
COMMENT ON TABLE dload.pipeline_schedule IS 'when each pipeline runs, its failures, and whether it is paused';

CREATE TABLE dload.pipeline_table (
	pipeline_id bigint NOT NULL REFERENCES dload.pipeline ON DELETE CASCADE,
	table_path text NOT NULL,
	table_name name NOT NULL,
	relation regclass,
	shadow regclass,
	PRIMARY KEY (pipeline_id, table_path)
);
COMMENT ON TABLE dload.pipeline_table IS 'the root table and child tables of each pipeline, by the path of the list they hold';

CREATE TABLE dload.pipeline_column (
	pipeline_id bigint NOT NULL,
	table_path text NOT NULL,
	json_path text NOT NULL,
	column_name name NOT NULL,
	variant name,
	PRIMARY KEY (pipeline_id, table_path, json_path),
	FOREIGN KEY (pipeline_id, table_path) REFERENCES dload.pipeline_table ON DELETE CASCADE
);
COMMENT ON TABLE dload.pipeline_column IS 'the column of each JSON path, also of paths seen only as null';

CREATE TABLE dload.pipeline_cursor (
	pipeline_id bigint PRIMARY KEY REFERENCES dload.pipeline ON DELETE CASCADE,
	generation bigint NOT NULL DEFAULT 0,
	cursor_value text,
	cursor_string boolean NOT NULL DEFAULT false,
	boundary bigint[] NOT NULL DEFAULT '{}',
	pending_value text,
	pending_boundary bigint[] NOT NULL DEFAULT '{}',
	window_start text,
	window_clock text,
	checkpoint text,
	keyless boolean NOT NULL DEFAULT false,	-- a first load builds keys at its end
	committed_at timestamptz
);
COMMENT ON TABLE dload.pipeline_cursor IS 'where each pipeline stands; committed together with the rows';

CREATE TABLE dload.run_log (
	run_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	pipeline_id bigint NOT NULL REFERENCES dload.pipeline ON DELETE CASCADE,
	trigger text NOT NULL DEFAULT 'call',
	queued boolean NOT NULL DEFAULT false,
	full_refresh boolean NOT NULL DEFAULT false,
	due_at timestamptz,
	outcome text,
	reason text,
	started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	finished_at timestamptz,
	requests bigint NOT NULL DEFAULT 0,
	pages bigint NOT NULL DEFAULT 0,
	bytes bigint NOT NULL DEFAULT 0,
	rows_read bigint NOT NULL DEFAULT 0,
	rows_inserted bigint NOT NULL DEFAULT 0,
	rows_updated bigint NOT NULL DEFAULT 0,
	rows_deleted bigint NOT NULL DEFAULT 0,
	rows_unchanged bigint NOT NULL DEFAULT 0,
	rows_rejected bigint NOT NULL DEFAULT 0,
	retries bigint NOT NULL DEFAULT 0,
	waited interval NOT NULL DEFAULT '0',
	pages_unchanged bigint NOT NULL DEFAULT 0
);
CREATE INDEX ON dload.run_log (pipeline_id, run_id);
CREATE UNIQUE INDEX ON dload.run_log (pipeline_id) WHERE queued;
COMMENT ON TABLE dload.run_log IS 'one row for each run';

/*
 * Tokens that token endpoints gave, one row per user mapping.  No grants, and
 * row security without a policy, so that pg_read_all_data does not see them
 * either; not dumped; nothing of them goes into statistics.
 */
CREATE TABLE dload.token (
	mapping oid PRIMARY KEY,
	fingerprint bigint NOT NULL,
	access_token text,
	refresh_token text,
	base_url text,
	issued_at timestamptz,
	expires_at timestamptz,
	failed_at timestamptz,
	sqlstate int,
	message text,
	detail text,
	hint text
);
ALTER TABLE dload.token ENABLE ROW LEVEL SECURITY;
ALTER TABLE dload.token
	ALTER COLUMN access_token SET STATISTICS 0,
	ALTER COLUMN refresh_token SET STATISTICS 0;
COMMENT ON TABLE dload.token IS 'access and refresh tokens given by token endpoints, by user mapping';

CREATE TABLE dload.schema_change (
	change_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	run_id bigint NOT NULL,
	pipeline_id bigint NOT NULL REFERENCES dload.pipeline ON DELETE CASCADE,
	changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	relation text NOT NULL,
	column_name name,
	json_path text,
	change text NOT NULL,
	old_type text,
	new_type text,
	reason text
);
COMMENT ON TABLE dload.schema_change IS 'what evolution did to the tables';

CREATE TABLE dload.rejected_record (
	pipeline_id bigint NOT NULL REFERENCES dload.pipeline ON DELETE CASCADE,
	relation text NOT NULL,
	record_hash bigint NOT NULL,
	record bytea NOT NULL,
	reason text NOT NULL,
	first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
	last_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
	count bigint NOT NULL DEFAULT 1,
	PRIMARY KEY (pipeline_id, relation, record_hash)
);
COMMENT ON TABLE dload.rejected_record IS 'records that could not be stored, as they came';

/*
 * What is needed to ask for a page on condition.  Not dumped: after a restore
 * every page is read once.
 */
CREATE TABLE dload.page_validator (
	pipeline_id bigint NOT NULL REFERENCES dload.pipeline ON DELETE CASCADE,
	request bigint NOT NULL,
	run_id bigint NOT NULL,
	definition bigint NOT NULL,
	generation bigint NOT NULL,
	complete boolean NOT NULL DEFAULT false,
	etag text,
	last_modified text,
	next_request text,
	records bigint NOT NULL,
	fingerprint bigint NOT NULL,
	PRIMARY KEY (pipeline_id, request)
);
COMMENT ON TABLE dload.page_validator IS 'entity tags and times of change of pages that are loaded';

/* One statement each: one command cannot update the extension's row twice. */
SELECT pg_catalog.pg_extension_config_dump('dload.pipeline', '');
SELECT pg_catalog.pg_extension_config_dump('dload.pipeline_pipeline_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('dload.pipeline_schedule', '');
SELECT pg_catalog.pg_extension_config_dump('dload.pipeline_table', '');
SELECT pg_catalog.pg_extension_config_dump('dload.pipeline_column', '');
SELECT pg_catalog.pg_extension_config_dump('dload.pipeline_cursor', '');
SELECT pg_catalog.pg_extension_config_dump('dload.run_log', '');
SELECT pg_catalog.pg_extension_config_dump('dload.run_log_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('dload.schema_change', '');
SELECT pg_catalog.pg_extension_config_dump('dload.schema_change_change_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('dload.rejected_record', '');

/*
 * Is this pipeline being run?  Its run holds an advisory lock of dload's own
 * kind (objsubid 209) for as long as its process lives.
 */
CREATE FUNCTION dload.is_running(pipeline_id bigint) RETURNS boolean
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_is_running';
COMMENT ON FUNCTION dload.is_running(bigint) IS 'true while a process runs this pipeline';

/* What the launcher keeps in shared memory. */
CREATE FUNCTION dload.next_due(pipeline_id bigint) RETURNS timestamptz
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_next_due';
COMMENT ON FUNCTION dload.next_due(bigint) IS 'when the launcher will run this pipeline; NULL without launcher or schedule';

CREATE FUNCTION dload.launcher_status(OUT shared_memory boolean, OUT launcher text)
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_launcher_status';
COMMENT ON FUNCTION dload.launcher_status() IS 'whether there is shared memory, and what the launcher does: running, off, standby, not running, out of worker slots';

CREATE FUNCTION dload.progress_list(
	OUT run_id bigint, OUT pipeline text, OUT pid int, OUT started_at timestamptz,
	OUT updated_at timestamptz, OUT phase text, OUT wait_reason text,
	OUT wait_until timestamptz, OUT pages bigint, OUT rows bigint,
	OUT bytes bigint, OUT packages bigint, OUT total_rows bigint,
	OUT budget_left bigint)
	RETURNS SETOF record
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_progress_list';
COMMENT ON FUNCTION dload.progress_list() IS 'runs under way in this database';

/*
 * Views.  Each shows what belongs to roles whose privileges the reader has.
 */

CREATE VIEW dload.pipelines WITH (security_barrier) AS
	SELECT name, owner, source, target_schema, target_name, params,
		write_disposition, primary_key, cursor_path, cursor_param, cursor_order,
		initial_value, lag, max_nesting, columns, created_at
	FROM dload.pipeline
	WHERE pg_catalog.pg_has_role(owner, 'USAGE');
COMMENT ON VIEW dload.pipelines IS 'definitions of pipelines';

/* A standby knows no locks of the primary's: the last run counts as alive. */
CREATE VIEW dload.runs WITH (security_barrier) AS
	SELECT r.run_id, p.name AS pipeline,
		CASE WHEN r.outcome IS NOT NULL THEN r.outcome
			WHEN r.queued THEN 'queued'
			WHEN r.alive THEN 'running'
			ELSE 'failed' END AS outcome,
		CASE WHEN r.outcome IS NULL AND NOT r.queued AND NOT r.alive
			THEN 'the process that ran it ended before the run did'
			ELSE r.reason END AS reason,
		CASE WHEN NOT r.queued THEN r.started_at END AS started_at,
		r.finished_at, r.requests, r.pages, r.bytes, r.rows_read,
		r.rows_inserted, r.rows_updated, r.rows_deleted, r.rows_unchanged,
		r.rows_rejected, r.retries, r.waited, r.trigger, r.due_at,
		r.pages_unchanged
	FROM (SELECT *, outcome IS NULL AND
				(dload.is_running(pipeline_id) OR pg_catalog.pg_is_in_recovery())
				AND run_id = pg_catalog.max(run_id)
					FILTER (WHERE outcome IS NULL AND NOT queued)
					OVER (PARTITION BY pipeline_id) AS alive
			FROM dload.run_log) AS r
		JOIN dload.pipeline AS p USING (pipeline_id)
	WHERE pg_catalog.pg_has_role(p.owner, 'USAGE');
COMMENT ON VIEW dload.runs IS 'runs: outcome, reason and counters';

CREATE VIEW dload.cursors WITH (security_barrier) AS
	SELECT p.name AS pipeline, p.cursor_path, c.cursor_value, c.pending_value,
		c.checkpoint IS NOT NULL AS resumable, c.generation, c.committed_at
	FROM dload.pipeline_cursor AS c JOIN dload.pipeline AS p USING (pipeline_id)
	WHERE pg_catalog.pg_has_role(p.owner, 'USAGE');
COMMENT ON VIEW dload.cursors IS 'the incremental cursor of each pipeline';

CREATE VIEW dload.schema_changes WITH (security_barrier) AS
	SELECT s.run_id, p.name AS pipeline, s.changed_at, s.relation, s.column_name,
		s.json_path, s.change, s.old_type, s.new_type, s.reason
	FROM dload.schema_change AS s JOIN dload.pipeline AS p USING (pipeline_id)
	WHERE pg_catalog.pg_has_role(p.owner, 'USAGE')
	ORDER BY s.change_id;
COMMENT ON VIEW dload.schema_changes IS 'tables and columns added, widened or given variants';

CREATE VIEW dload.rejected WITH (security_barrier) AS
	SELECT p.name AS pipeline, r.relation, r.record, r.reason, r.first_seen,
		r.last_seen, r.count
	FROM dload.rejected_record AS r JOIN dload.pipeline AS p USING (pipeline_id)
	WHERE pg_catalog.pg_has_role(p.owner, 'USAGE');
COMMENT ON VIEW dload.rejected IS 'records that could not be stored, as they came, with the reason';

CREATE VIEW dload.column_map WITH (security_barrier) AS
	SELECT p.name AS pipeline, t.table_path, t.relation, c.json_path,
		c.column_name, c.variant
	FROM dload.pipeline_table AS t
		JOIN dload.pipeline AS p USING (pipeline_id)
		JOIN dload.pipeline_column AS c USING (pipeline_id, table_path)
	WHERE pg_catalog.pg_has_role(p.owner, 'USAGE');
COMMENT ON VIEW dload.column_map IS 'which JSON path is in which column';

CREATE VIEW dload.status WITH (security_barrier) AS
	SELECT p.name AS pipeline,
		CASE WHEN dload.is_running(p.pipeline_id)
			OR pg_catalog.pg_is_in_recovery() AND l.outcome = 'running'
			THEN 'running'
			WHEN EXISTS (SELECT FROM dload.run_log AS q
				WHERE q.pipeline_id = p.pipeline_id AND q.queued) THEN 'queued'
			WHEN s.paused_at IS NOT NULL THEN 'paused'
			WHEN c.checkpoint IS NOT NULL THEN 'resumable'
			ELSE 'idle' END AS state,
		l.outcome AS last_outcome,
		(SELECT r.reason FROM dload.runs AS r
			WHERE r.pipeline = p.name AND r.outcome IN ('failed', 'suspect')
			ORDER BY r.run_id DESC LIMIT 1) AS last_error,
		l.started_at AS last_run_at,
		c.cursor_value,
		(SELECT pg_catalog.sum(r.rows_inserted - r.rows_deleted)
			FROM dload.run_log AS r WHERE r.pipeline_id = p.pipeline_id)
			+ s.pruned_rows AS rows,
		dload.next_due(p.pipeline_id) AS next_run_at,
		s.schedule, s.time_zone, s.failures, s.paused_at, s.paused_reason,
		n.shared_memory, n.launcher, c.keyless
	FROM dload.pipeline AS p
		LEFT JOIN dload.pipeline_cursor AS c USING (pipeline_id)
		LEFT JOIN dload.pipeline_schedule AS s USING (pipeline_id)
		CROSS JOIN dload.launcher_status() AS n
		LEFT JOIN LATERAL (SELECT r.outcome, r.started_at FROM dload.runs AS r
			WHERE r.pipeline = p.name AND r.outcome NOT IN ('queued', 'skipped')
			ORDER BY r.run_id DESC LIMIT 1) AS l ON true
	WHERE pg_catalog.pg_has_role(p.owner, 'USAGE');
COMMENT ON VIEW dload.status IS 'each pipeline at a glance: state, last run, last error, cursor, rows, schedule';

CREATE VIEW dload.progress AS
	SELECT r.pipeline, r.run_id, r.pid, r.phase, r.wait_reason, r.wait_until,
		r.started_at, r.updated_at, r.pages, r.rows, r.bytes, r.packages,
		pg_catalog.round(r.rows / s.seconds, 1) AS rows_per_second,
		r.total_rows, r.budget_left,
		CASE WHEN r.total_rows >= r.rows AND r.rows > 0
			THEN (r.total_rows - r.rows) * s.seconds / r.rows
				* interval '1 second' END AS time_left
	FROM dload.progress_list() AS r,
		LATERAL (SELECT greatest(extract(epoch FROM r.updated_at - r.started_at),
			0.001) AS seconds) AS s;
COMMENT ON VIEW dload.progress IS 'runs under way: phase, waits, pages, rows, bytes, rate and estimate';

CREATE FUNCTION dload.budget_lines(OUT server text, OUT "user" regrole,
		OUT requests bigint, OUT period interval, OUT used bigint,
		OUT remaining bigint, OUT resets_at timestamptz, OUT in_flight int,
		OUT shared boolean, OUT scope text)
	RETURNS SETOF record
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_budget_lines';
COMMENT ON FUNCTION dload.budget_lines()
	IS 'what dload.budgets shows: the budgets that the caller may use';

CREATE VIEW dload.budgets AS
	SELECT server, "user", requests, period, used, remaining, resets_at,
		in_flight, shared, scope
	FROM dload.budget_lines();
COMMENT ON VIEW dload.budgets
	IS 'requests used and left per server, user and rate; without period: what the API itself said; scope: requests counted apart';

CREATE FUNCTION dload.ask_again(server text) RETURNS void
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_ask_again';
COMMENT ON FUNCTION dload.ask_again(text)
	IS 'forget what a server''s API said about its limits, and close its circuit breaker';

CREATE FUNCTION dload.breaker_list(OUT server text, OUT state text,
		OUT failures int, OUT failed_at timestamptz, OUT reason text,
		OUT open_until timestamptz, OUT shared boolean)
	RETURNS SETOF record
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_breaker_rows';
COMMENT ON FUNCTION dload.breaker_list()
	IS 'what dload.breakers shows: the circuit breakers of servers that the caller may use';

CREATE VIEW dload.breakers AS
	SELECT server, state, failures, failed_at, reason, open_until, shared
	FROM dload.breaker_list();
COMMENT ON VIEW dload.breakers
	IS 'circuit breakers of servers: closed, open or half-open, and the last failure';

GRANT USAGE ON SCHEMA dload TO PUBLIC;
GRANT SELECT ON dload.pipelines, dload.runs, dload.cursors, dload.schema_changes,
	dload.rejected, dload.column_map, dload.status, dload.progress, dload.budgets,
	dload.breakers TO PUBLIC;

/*
 * Pipelines
 */

CREATE FUNCTION dload.create_pipeline(
		name text, source regclass, target text,
		params jsonb DEFAULT '{}',
		write_disposition text DEFAULT 'append',
		primary_key text[] DEFAULT '{}',
		cursor_path text DEFAULT NULL,
		cursor_param text DEFAULT NULL,
		cursor_order text DEFAULT NULL,
		initial_value text DEFAULT NULL,
		lag text DEFAULT NULL,
		max_nesting int DEFAULT NULL,
		columns jsonb DEFAULT '{}',
		schedule text DEFAULT NULL,
		time_zone text DEFAULT NULL,
		jitter interval DEFAULT NULL,
		after text DEFAULT NULL,
		max_failures int DEFAULT 10)
	RETURNS void
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_create_pipeline';
COMMENT ON FUNCTION dload.create_pipeline(text, regclass, text, jsonb, text, text[], text, text, text, text, text, int, jsonb, text, text, interval, text, int)
	IS 'define how a foreign table is loaded into a local table and its child tables';

CREATE FUNCTION dload.alter_pipeline(
		name text,
		params jsonb DEFAULT NULL,
		write_disposition text DEFAULT NULL,
		primary_key text[] DEFAULT NULL,
		cursor_path text DEFAULT NULL,
		cursor_param text DEFAULT NULL,
		cursor_order text DEFAULT NULL,
		initial_value text DEFAULT NULL,
		lag text DEFAULT NULL,
		max_nesting int DEFAULT NULL,
		columns jsonb DEFAULT NULL,
		schedule text DEFAULT NULL,
		time_zone text DEFAULT NULL,
		jitter interval DEFAULT NULL,
		after text DEFAULT NULL,
		max_failures int DEFAULT NULL)
	RETURNS void
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_alter_pipeline';
COMMENT ON FUNCTION dload.alter_pipeline(text, jsonb, text, text[], text, text, text, text, text, int, jsonb, text, text, interval, text, int)
	IS 'change a pipeline; arguments that are not given stay as they are, an empty string takes a setting away';

CREATE FUNCTION dload.drop_pipeline(name text) RETURNS void
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_drop_pipeline';
COMMENT ON FUNCTION dload.drop_pipeline(text)
	IS 'forget a pipeline, its cursor and its runs; the loaded tables stay';

CREATE PROCEDURE dload.run(name text, max_pages int DEFAULT NULL, full_refresh boolean DEFAULT false)
	LANGUAGE c
	AS 'MODULE_PATHNAME', 'dload_run';
COMMENT ON PROCEDURE dload.run(text, int, boolean)
	IS 'run a pipeline now; commits after each package of pages';

CREATE FUNCTION dload.run_atomic(name text) RETURNS bigint
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_run_atomic';
COMMENT ON FUNCTION dload.run_atomic(text)
	IS 'run a pipeline inside the current transaction; returns the run''s id';

/*
 * Schedules and runs in the background
 */

CREATE FUNCTION dload.next_run(schedule text, after timestamptz DEFAULT now(), time_zone text DEFAULT NULL)
	RETURNS timestamptz
	LANGUAGE c STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dload_next_run';
COMMENT ON FUNCTION dload.next_run(text, timestamptz, text)
	IS 'the first time after "after" at which a schedule is due';

CREATE FUNCTION dload.pause(name text, reason text DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_pause';
COMMENT ON FUNCTION dload.pause(text, text)
	IS 'no longer run a pipeline on schedule';

CREATE FUNCTION dload.resume(name text) RETURNS void
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_resume';
COMMENT ON FUNCTION dload.resume(text)
	IS 'run a pipeline on schedule again, its failures forgotten';

CREATE FUNCTION dload.run_background(name text, full_refresh boolean DEFAULT false) RETURNS bigint
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_run_background';
COMMENT ON FUNCTION dload.run_background(text, boolean)
	IS 'have the launcher run a pipeline once this transaction has committed; returns the run''s id';

CREATE FUNCTION dload.run_all(server text) RETURNS SETOF bigint
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_run_all';
COMMENT ON FUNCTION dload.run_all(text)
	IS 'have the launcher run all pipelines of a server; returns the ids of the runs';

CREATE FUNCTION dload.cancel_run(run_id bigint) RETURNS boolean
	LANGUAGE c STRICT VOLATILE
	AS 'MODULE_PATHNAME', 'dload_cancel_run';
COMMENT ON FUNCTION dload.cancel_run(bigint)
	IS 'end a run that is queued or under way; false if it has ended already';

CREATE FUNCTION dload.start_launcher() RETURNS void
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_start_launcher';
COMMENT ON FUNCTION dload.start_launcher()
	IS 'start the launcher, until the server is restarted';

CREATE FUNCTION dload.stop_launcher() RETURNS boolean
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_stop_launcher';
COMMENT ON FUNCTION dload.stop_launcher()
	IS 'stop the launcher; runs under way go on';

REVOKE ALL ON FUNCTION dload.start_launcher(), dload.stop_launcher() FROM PUBLIC;

CREATE FUNCTION dload.preview(source regclass, params jsonb DEFAULT '{}', max_rows int DEFAULT 10)
	RETURNS TABLE (section text, item text, content text)
	LANGUAGE c VOLATILE
	AS 'MODULE_PATHNAME', 'dload_preview';
COMMENT ON FUNCTION dload.preview(regclass, jsonb, int)
	IS 'fetch the first page and show what was detected, the tables that a pipeline would make, and the records';

CREATE FUNCTION dload.preview_schema(records jsonb, name text DEFAULT 'records', max_nesting int DEFAULT NULL)
	RETURNS TABLE (section text, item text, content text)
	LANGUAGE c STABLE
	AS 'MODULE_PATHNAME', 'dload_preview_schema';
COMMENT ON FUNCTION dload.preview_schema(jsonb, text, int)
	IS 'the tables that these records would make';

CREATE FUNCTION dload.version() RETURNS text
	LANGUAGE c STRICT IMMUTABLE
	AS 'MODULE_PATHNAME', 'dload_version';
COMMENT ON FUNCTION dload.version() IS 'version of the extension''s library';
