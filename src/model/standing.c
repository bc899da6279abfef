/*-------------------------------------------------------------------------
 *
 * standing.c
 *	  SQL on dload.pipeline_schedule and on queued runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/standing.h"
#include "model/catalogsql.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

/*
 * A time as an argument; NULL for 0.  ISO, whatever DateStyle: with others
 * the zone is an abbreviation, which may be read as another zone's.
 */
static const char *
time_text(TimestampTz t)
{
	char		buffer[MAXDATELEN + 1];

	if (t == 0)
		return NULL;
	JsonEncodeDateTime(buffer, TimestampTzGetDatum(t), TIMESTAMPTZOID, NULL);
	return pstrdup(buffer);
}

/*
 * Looking
 */

static DloadStanding *
read_standing(uint64 row, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	DloadStanding *s = palloc0(sizeof(DloadStanding));

	s->pipeline_id = dload_result_int64(row, 1);
	s->pipeline = dload_result_text(row, 2, context);
	s->schedule = dload_result_text(row, 3, context);
	s->time_zone = dload_result_text(row, 4, context);
	s->jitter_us = dload_result_int64(row, 5);
	s->max_failures = (int) dload_result_int64(row, 6);
	s->failures = (int) dload_result_int64(row, 7);
	s->changed_at = dload_result_int64(row, 8);
	s->last_due = dload_result_int64(row, 9);
	s->retry_at = dload_result_int64(row, 10);
	s->paused = dload_result_int64(row, 11) != 0;
	s->queued = dload_result_int64(row, 12) != 0;
	s->owner = dload_result_oid(row, 13);
	s->poll_at = dload_result_int64(row, 14);
	MemoryContextSwitchTo(old);
	return s;
}

static List *
read_standings(const char *pipeline_id)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *args[] = {pipeline_id};
	List	   *result = NIL;

	dload_catalog_execute("SELECT p.pipeline_id, p.name, s.schedule,"
						  " s.time_zone, coalesce((extract(epoch FROM"
						  " s.jitter) * 1000000)::bigint, 0),"
						  " s.max_failures::bigint, s.failures::bigint,"
						  " s.changed_at, s.last_due, s.retry_at,"
						  " (s.paused_at IS NOT NULL)::int::bigint,"
						  " EXISTS (SELECT FROM dload.run_log AS r"
						  " WHERE r.pipeline_id = p.pipeline_id"
						  " AND r.queued)::int::bigint,"
						  " (SELECT a.oid FROM pg_catalog.pg_authid AS a"
						  " WHERE a.oid = p.owner), s.poll_at"
						  " FROM dload.pipeline AS p"
						  " JOIN dload.pipeline_schedule AS s"
						  " USING (pipeline_id)"
						  " WHERE p.pipeline_id = $1::bigint"
						  " OR $1 IS NULL", 1, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		result = lappend(result, read_standing(i, caller));
		MemoryContextSwitchTo(old);
	}
	dload_catalog_done();
	return result;
}

List *
dload_standing_list(void)
{
	return read_standings(NULL);
}

DloadStanding *
dload_standing_get(int64 pipeline_id)
{
	List	   *found = read_standings(dload_int64_text(pipeline_id));

	return found == NIL ? NULL : linitial(found);
}

List *
dload_standing_of_server(const char *server)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *args[] = {server};
	List	   *result = NIL;

	dload_catalog_execute("SELECT p.name FROM dload.pipeline AS p"
						  " JOIN pg_catalog.pg_foreign_table AS t"
						  " ON t.ftrelid = p.source"
						  " JOIN pg_catalog.pg_foreign_server AS s"
						  " ON s.oid = t.ftserver"
						  " WHERE s.srvname = $1 ORDER BY p.name", 1, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		result = lappend(result, dload_result_text(i, 1, caller));
		MemoryContextSwitchTo(old);
	}
	dload_catalog_done();
	return result;
}

char *
dload_standing_run_pipeline(int64 run_id)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *args[] = {dload_int64_text(run_id)};
	char	   *name = NULL;

	dload_catalog_execute("SELECT p.name FROM dload.run_log AS r"
						  " JOIN dload.pipeline AS p USING (pipeline_id)"
						  " WHERE r.run_id = $1::bigint"
						  " AND r.outcome IS NULL", 1, args);
	if (SPI_processed > 0)
		name = dload_result_text(0, 1, caller);
	dload_catalog_done();
	return name;
}

/*
 * Setting
 */

void
dload_standing_set(int64 pipeline_id, const DloadScheduleArgs *a)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), a->schedule, a->time_zone, a->jitter,
		a->after, a->has_max_failures ? psprintf("%d", a->max_failures) : NULL
	};

	/* NULL leaves a column as it is, '' takes its value away */
	dload_catalog_run("UPDATE dload.pipeline_schedule SET"
					  " schedule = CASE WHEN $2 IS NULL THEN schedule"
					  " ELSE nullif($2, '') END,"
					  " time_zone = CASE WHEN $3 IS NULL THEN time_zone"
					  " ELSE nullif($3, '') END,"
					  " jitter = CASE WHEN $4 IS NULL THEN jitter"
					  " ELSE nullif($4, '')::interval END,"
					  " after = CASE WHEN $5 IS NULL THEN after"
					  " ELSE (SELECT p.pipeline_id FROM dload.pipeline AS p"
					  " WHERE p.name = $5) END,"
					  " max_failures = coalesce($6::int, max_failures),"
					  " changed_at = CASE WHEN $2 IS NULL THEN changed_at"
					  " ELSE clock_timestamp() END,"
					  " last_due = CASE WHEN $2 IS NULL THEN last_due END,"
					  " retry_at = CASE WHEN $2 IS NULL THEN retry_at END"
					  " WHERE pipeline_id = $1::bigint", 6, args);
}

/* One yes or no of a statement. */
static bool
ask(const char *sql, int nargs, const char *const *args)
{
	bool		answer;

	dload_catalog_execute(sql, nargs, args);
	answer = SPI_processed > 0;
	dload_catalog_done();
	return answer;
}

bool
dload_standing_has_zone(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	return ask("SELECT FROM dload.pipeline_schedule"
			   " WHERE pipeline_id = $1::bigint AND time_zone IS NOT NULL",
			   1, args);
}

bool
dload_standing_follows(int64 pipeline_id, int64 other_id)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), dload_int64_text(other_id)
	};

	return ask("WITH RECURSIVE before (id) AS (SELECT $1::bigint UNION"
			   " SELECT s.after FROM before AS b"
			   " JOIN dload.pipeline_schedule AS s ON s.pipeline_id = b.id"
			   " WHERE s.after IS NOT NULL)"
			   " SELECT FROM before WHERE id = $2::bigint", 2, args);
}

void
dload_standing_pause(int64 pipeline_id, const char *reason)
{
	const char *args[] = {dload_int64_text(pipeline_id), reason};

	dload_catalog_run("UPDATE dload.pipeline_schedule"
					  " SET paused_at = clock_timestamp(), paused_reason = $2"
					  " WHERE pipeline_id = $1::bigint", 2, args);
}

void
dload_standing_resume(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	dload_catalog_run("UPDATE dload.pipeline_schedule SET paused_at = NULL,"
					  " paused_reason = NULL, failures = 0, retry_at = NULL"
					  " WHERE pipeline_id = $1::bigint", 1, args);
}

/*
 * Queue
 */

int64
dload_standing_queue(int64 pipeline_id, bool full_refresh,
					 const char *trigger)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), full_refresh ? "true" : "false",
		trigger
	};
	int64		run_id;

	dload_catalog_execute("INSERT INTO dload.run_log AS r (pipeline_id,"
						  " queued, full_refresh, trigger)"
						  " VALUES ($1::bigint, true, $2::boolean, $3)"
						  " ON CONFLICT (pipeline_id) WHERE queued"
						  " DO UPDATE SET full_refresh = r.full_refresh"
						  " OR excluded.full_refresh RETURNING run_id",
						  3, args);
	run_id = dload_result_int64(0, 1);
	dload_catalog_done();
	return run_id;
}

int
dload_standing_queue_followers(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};
	int			n;

	dload_catalog_execute("INSERT INTO dload.run_log (pipeline_id, queued,"
						  " trigger) SELECT s.pipeline_id, true, 'after'"
						  " FROM dload.pipeline_schedule AS s"
						  " WHERE s.after = $1::bigint"
						  " AND s.paused_at IS NULL"
						  " ON CONFLICT (pipeline_id) WHERE queued"
						  " DO NOTHING", 1, args);
	n = (int) SPI_processed;
	dload_catalog_done();
	return n;
}

bool
dload_standing_unqueue(int64 run_id)
{
	const char *args[] = {dload_int64_text(run_id)};

	return ask("UPDATE dload.run_log SET queued = false,"
			   " outcome = 'cancelled',"
			   " reason = 'It was cancelled before it began.',"
			   " finished_at = clock_timestamp()"
			   " WHERE run_id = $1::bigint AND queued", 1, args);
}

void
dload_standing_unqueue_pipeline(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	dload_catalog_run("UPDATE dload.run_log AS r SET queued = false,"
					  " outcome = 'cancelled', reason = s.paused_reason,"
					  " finished_at = clock_timestamp()"
					  " FROM dload.pipeline_schedule AS s"
					  " WHERE r.pipeline_id = $1::bigint AND r.queued"
					  " AND s.pipeline_id = r.pipeline_id", 1, args);
}

/*
 * Runs
 */

bool
dload_standing_lock(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	return ask("SELECT FROM dload.pipeline_schedule"
			   " WHERE pipeline_id = $1::bigint FOR NO KEY UPDATE", 1, args);
}

/* After so many failures: 30 s, 1 min, 2 min ... 1 h. */
#define RETRY_AT(now, failures) \
	now "::timestamptz + least(interval '1 hour', interval '30 s' *" \
	" power(2, least(" failures ", 8) - 1))"

int64
dload_standing_begin(int64 pipeline_id, TimestampTz now, TimestampTz due,
					 bool *full_refresh)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), time_text(now), time_text(due)
	};
	const char *run_args[] = {args[0], args[2]};
	int64		run_id = 0;

	*full_refresh = false;
	dload_catalog_execute("UPDATE dload.run_log SET queued = false,"
						  " started_at = clock_timestamp(),"
						  " due_at = $2::timestamptz"
						  " WHERE pipeline_id = $1::bigint AND queued"
						  " RETURNING run_id, full_refresh::int::bigint",
						  2, run_args);
	if (SPI_processed > 0)
	{
		run_id = dload_result_int64(0, 1);
		*full_refresh = dload_result_int64(0, 2) != 0;
	}
	dload_catalog_done();
	if (run_id == 0 && due == 0)
		return 0;
	dload_catalog_run("UPDATE dload.pipeline_schedule SET"
					  " failures = failures + 1,"
					  " retry_at = " RETRY_AT("$2", "failures + 1") ","
					  " last_due = coalesce($3::timestamptz, last_due)"
					  " WHERE pipeline_id = $1::bigint", 3, args);
	if (run_id != 0)
		return run_id;

	dload_catalog_execute("INSERT INTO dload.run_log (pipeline_id, trigger,"
						  " due_at) VALUES ($1::bigint, 'schedule',"
						  " $2::timestamptz) RETURNING run_id",
						  2, run_args);
	run_id = dload_result_int64(0, 1);
	dload_catalog_done();
	return run_id;
}

static void
end_worker_run(const char *const *args)
{
	dload_catalog_run("UPDATE dload.pipeline_schedule SET"
					  " failures = CASE $2 WHEN 'failed' THEN failures"
					  " WHEN 'cancelled' THEN greatest(failures - 1, 0)"
					  " ELSE 0 END,"
					  " retry_at = CASE WHEN $2 = 'failed' THEN "
					  RETRY_AT("$4", "failures")
					  " ELSE $5::timestamptz END,"
					  " paused_at = CASE WHEN $2 = 'failed'"
					  " AND max_failures > 0 AND failures >= max_failures"
					  " THEN clock_timestamp() ELSE paused_at END,"
					  " paused_reason = CASE WHEN $2 = 'failed'"
					  " AND max_failures > 0 AND failures >= max_failures"
					  " THEN pg_catalog.format('%s runs in a row have"
					  " failed; the last: %s', failures, $3)"
					  " ELSE paused_reason END"
					  " WHERE pipeline_id = $1::bigint", 5, args);
}

void
dload_standing_end(int64 pipeline_id, int64 run_id, const char *outcome,
				   const char *reason, TimestampTz now, bool worker,
				   TimestampTz resume_at)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), outcome, reason, time_text(now),
		time_text(resume_at)
	};
	const char *resume_args[] = {args[0], args[4]};

	if (worker)
		end_worker_run(args);
	else if (resume_at != 0)
		dload_catalog_run("UPDATE dload.pipeline_schedule"
						  " SET failures = 0, retry_at = $2::timestamptz"
						  " WHERE pipeline_id = $1::bigint", 2, resume_args);
	else if (strcmp(outcome, "complete") == 0)
		dload_catalog_run("UPDATE dload.pipeline_schedule SET failures = 0,"
						  " retry_at = NULL WHERE pipeline_id = $1::bigint"
						  " AND (failures > 0 OR retry_at IS NOT NULL)", 1,
						  args);
	args[1] = dload_int64_text(run_id);
	dload_catalog_run("SELECT pg_catalog.pg_notify('dload',"
					  " pg_catalog.json_build_object('event', 'run',"
					  " 'pipeline', p.name, 'run_id', r.run_id, 'outcome',"
					  " r.outcome, 'rows_read', r.rows_read,"
					  " 'rows_rejected', r.rows_rejected)::text)"
					  " FROM dload.run_log AS r JOIN dload.pipeline AS p"
					  " USING (pipeline_id) WHERE r.pipeline_id = $1::bigint"
					  " AND r.run_id = $2::bigint", 2, args);
}

void
dload_standing_poll(int64 pipeline_id, TimestampTz poll_at)
{
	const char *args[] = {dload_int64_text(pipeline_id), time_text(poll_at)};

	dload_catalog_run("UPDATE dload.pipeline_schedule"
					  " SET poll_at = $2::timestamptz"
					  " WHERE pipeline_id = $1::bigint"
					  " AND poll_at IS DISTINCT FROM $2::timestamptz",
					  2, args);
}

void
dload_standing_skip(int64 pipeline_id, TimestampTz due, const char *reason)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), time_text(due), reason
	};

	dload_catalog_run("INSERT INTO dload.run_log (pipeline_id, trigger,"
					  " due_at, outcome, reason, finished_at)"
					  " VALUES ($1::bigint, 'schedule', $2::timestamptz,"
					  " 'skipped', $3, clock_timestamp())", 3, args);
}

void
dload_standing_prune(int64 pipeline_id, const char *keep)
{
	bool		days = strspn(keep, "0123456789") == strlen(keep);
	const char *args[] = {
		dload_int64_text(pipeline_id), days ? psprintf("%s days", keep) : keep
	};

	/* dload.status goes on counting the rows of runs that are forgotten */
	dload_catalog_run("WITH gone AS (DELETE FROM dload.run_log AS r"
					  " WHERE r.pipeline_id = $1::bigint"
					  " AND r.outcome IS NOT NULL AND r.finished_at <"
					  " clock_timestamp() - $2::interval"
					  " AND r.run_id < (SELECT max(l.run_id)"
					  " FROM dload.run_log AS l"
					  " WHERE l.pipeline_id = $1::bigint"
					  " AND l.outcome <> 'skipped')"
					  " RETURNING r.rows_inserted - r.rows_deleted AS rows)"
					  " UPDATE dload.pipeline_schedule SET pruned_rows ="
					  " pruned_rows + (SELECT sum(rows) FROM gone)"
					  " WHERE pipeline_id = $1::bigint"
					  " AND EXISTS (SELECT FROM gone)", 2, args);
}
