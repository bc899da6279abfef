/*-------------------------------------------------------------------------
 *
 * background.c
 *	  SQL-callable functions about schedules, the launcher and its runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/shmem.h"
#include "jobs/launcher.h"
#include "jobs/pipeline.h"
#include "jobs/plan.h"
#include "jobs/schedule.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

DLOAD_FUNCTION(dload_cancel_run);
DLOAD_FUNCTION(dload_launcher_status);
DLOAD_FUNCTION(dload_next_due);
DLOAD_FUNCTION(dload_next_run);
DLOAD_FUNCTION(dload_pause);
DLOAD_FUNCTION(dload_progress_list);
DLOAD_FUNCTION(dload_resume);
DLOAD_FUNCTION(dload_run_all);
DLOAD_FUNCTION(dload_run_background);
DLOAD_FUNCTION(dload_start_launcher);
DLOAD_FUNCTION(dload_stop_launcher);

static char *
required_text(FunctionCallInfo fcinfo, int n, const char *what)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", what)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* dload.next_run(schedule, after, time_zone) */
Datum
dload_next_run(PG_FUNCTION_ARGS)
{
	DloadError	err = {0};
	DloadSchedule schedule;
	TimestampTz next;
	pg_tz	   *zone;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	zone = dload_schedule_zone(PG_ARGISNULL(2) ? NULL :
							   text_to_cstring(PG_GETARG_TEXT_PP(2)), &err);
	if (zone == NULL ||
		!dload_schedule_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							  &schedule, &err))
		dload_error_raise(&err);
	next = dload_schedule_next(&schedule, PG_GETARG_TIMESTAMPTZ(1), zone);
	if (TIMESTAMP_IS_NOEND(next))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(next);
}

/* dload.pause(name, reason) */
Datum
dload_pause(PG_FUNCTION_ARGS)
{
	dload_plan_pause(required_text(fcinfo, 0, "pipeline name"),
					 PG_ARGISNULL(1) ? NULL :
					 text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

/* dload.resume(name) */
Datum
dload_resume(PG_FUNCTION_ARGS)
{
	dload_plan_resume(required_text(fcinfo, 0, "pipeline name"));
	PG_RETURN_VOID();
}

/* dload.run_background(name, full_refresh) */
Datum
dload_run_background(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(dload_plan_run(required_text(fcinfo, 0, "pipeline name"),
								   !PG_ARGISNULL(1) && PG_GETARG_BOOL(1)));
}

/* dload.run_all(server) */
Datum
dload_run_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *ids;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	ids = dload_plan_run_server(required_text(fcinfo, 0, "server"));
	foreach(lc, ids)
	{
		Datum		value = Int64GetDatum(*(int64 *) lfirst(lc));
		bool		isnull = false;

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value,
							 &isnull);
	}
	return (Datum) 0;
}

/* dload.cancel_run(run_id) */
Datum
dload_cancel_run(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(dload_plan_cancel(PG_GETARG_INT64(0)));
}

static void
check_superuser(const char *what)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to %s the launcher", what)));
}

/* dload.start_launcher() */
Datum
dload_start_launcher(PG_FUNCTION_ARGS)
{
	check_superuser("start");
	dload_launcher_start();
	PG_RETURN_VOID();
}

/* dload.stop_launcher(): false if there was none */
Datum
dload_stop_launcher(PG_FUNCTION_ARGS)
{
	check_superuser("stop");
	PG_RETURN_BOOL(dload_launcher_stop());
}

/* dload.launcher_status(OUT shared_memory, OUT launcher) */
Datum
dload_launcher_status(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = BoolGetDatum(dload_shmem() != NULL);
	values[1] = CStringGetTextDatum(dload_launcher_state());
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/* dload.next_due(pipeline_id) */
Datum
dload_next_due(PG_FUNCTION_ARGS)
{
	TimestampTz due = dload_launcher_next_due(PG_GETARG_INT64(0));

	if (due == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(due);
}

/*
 * Progress
 */

static Datum
or_null(int64 value, int64 null, bool *isnull)
{
	*isnull = value == null;
	return Int64GetDatum(value);
}

#define PROGRESS_COLUMNS	14

static void
put_progress(ReturnSetInfo *rsinfo, const DloadSharedRun *run)
{
	Datum		values[PROGRESS_COLUMNS];
	bool		nulls[PROGRESS_COLUMNS] = {false};
	bool		waits = strcmp(run->phase, "waiting") == 0;

	values[0] = Int64GetDatum(run->key.run_id);
	values[1] = CStringGetTextDatum(run->pipeline);
	values[2] = Int32GetDatum(run->pid);
	values[3] = TimestampTzGetDatum(run->started_at);
	values[4] = TimestampTzGetDatum(run->updated_at);
	values[5] = CStringGetTextDatum(run->phase);
	nulls[6] = !waits;
	values[6] = CStringGetTextDatum(run->wait_reason);
	nulls[7] = !waits;
	values[7] = TimestampTzGetDatum(run->wait_until);
	values[8] = Int64GetDatum(run->pages);
	values[9] = Int64GetDatum(run->rows);
	values[10] = Int64GetDatum(run->bytes);
	values[11] = Int64GetDatum(run->packages);
	values[12] = or_null(run->total_rows, -1, &nulls[12]);
	values[13] = or_null(run->budget_left, -1, &nulls[13]);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* dload.progress_list(): runs under way in this database */
Datum
dload_progress_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *runs = NIL;
	ListCell   *lc;
	dshash_seq_status seq;
	DloadSharedRun *entry;

	InitMaterializedSRF(fcinfo, 0);
	if (dload_shmem_runs() == NULL)
		return (Datum) 0;
	/* copies: nothing else is to be done while the table is locked */
	dshash_seq_init(&seq, dload_shmem_runs(), false);
	while ((entry = dshash_seq_next(&seq)) != NULL)
		if (entry->key.dbid == MyDatabaseId)
		{
			DloadSharedRun *copy = palloc(sizeof(DloadSharedRun));

			*copy = *entry;
			runs = lappend(runs, copy);
		}
	dshash_seq_term(&seq);
	foreach(lc, runs)
	{
		DloadSharedRun *run = lfirst(lc);

		/* a process that was ended by force holds no lock */
		if (has_privs_of_role(GetUserId(), run->owner) &&
			dload_pipeline_runner(run->pipeline_id) == run->pid)
			put_progress(rsinfo, run);
	}
	return (Datum) 0;
}
