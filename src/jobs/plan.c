/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  Schedules, pauses and runs in the background, as users ask for them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/plan.h"

#include "jobs/launcher.h"
#include "jobs/pipeline.h"
#include "jobs/schedule.h"

#include "foreign/foreign.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

static bool
is_set(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/*
 * Schedules
 */

static void
check_jitter(const char *text)
{
	Interval   *span;

	span = DatumGetIntervalP(DirectFunctionCall3(interval_in,
												 CStringGetDatum(text),
												 ObjectIdGetDatum(InvalidOid),
												 Int32GetDatum(-1)));
	if (span->month != 0 || span->day < 0 || span->day > 31 || span->time < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid jitter \"%s\"", text),
				 errdetail("It must be between nothing and 31 days.")));
}

/* Following each other in a circle would never end. */
static void
check_after(int64 pipeline_id, const char *after)
{
	DloadPipeline *other = dload_pipeline_open(after);

	if (dload_standing_follows(other->id, pipeline_id))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pipeline cannot run after \"%s\", which runs after it",
						after)));
}

void
dload_plan_set(int64 pipeline_id, const DloadScheduleArgs *args)
{
	DloadScheduleArgs a = *args;
	DloadError	err = {0};
	DloadSchedule schedule;

	if (is_set(a.schedule) &&
		!dload_schedule_parse(a.schedule, &schedule, &err))
		dload_error_raise(&err);
	if (is_set(a.time_zone) &&
		(strlen(a.time_zone) > TZ_STRLEN_MAX ||
		 dload_schedule_zone(a.time_zone, &err) == NULL))
		dload_error_raise(&err);
	/* what the user sees as local time is what is meant */
	if (is_set(a.schedule) && a.time_zone == NULL &&
		!dload_standing_has_zone(pipeline_id))
		a.time_zone = (char *) pg_get_timezone_name(session_timezone);
	if (is_set(a.jitter))
		check_jitter(a.jitter);
	if (is_set(a.after))
		check_after(pipeline_id, a.after);
	if (a.has_max_failures && a.max_failures < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_failures must not be negative")));
	dload_standing_set(pipeline_id, &a);
	dload_launcher_tell_at_commit();
	if (is_set(a.schedule) && !dload_launcher_is_running())
		ereport(NOTICE,
				(errmsg("no launcher is running, so the schedule is not acted upon"),
				 errhint("Add dload to shared_preload_libraries, or call dload.start_launcher().")));
}

/*
 * Pause
 */

void
dload_plan_pause(const char *name, const char *reason)
{
	dload_standing_pause(dload_pipeline_open(name)->id,
						 reason ? reason : "paused by a user");
	dload_launcher_tell_at_commit();
}

void
dload_plan_resume(const char *name)
{
	dload_standing_resume(dload_pipeline_open(name)->id);
	dload_launcher_tell_at_commit();
}

/*
 * Runs
 */

static void
check_launcher(void)
{
	if (!dload_launcher_is_running())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no launcher is running"),
				 errhint("Add dload to shared_preload_libraries, or call dload.start_launcher().")));
}

int64
dload_plan_run(const char *name, bool full_refresh)
{
	int64		run_id;

	check_launcher();
	run_id = dload_standing_queue(dload_pipeline_open(name)->id, full_refresh,
								  "request");
	dload_launcher_tell_at_commit();
	return run_id;
}

List *
dload_plan_run_server(const char *server)
{
	List	   *names;
	List	   *result = NIL;
	ListCell   *lc;

	(void) GetForeignServerByName(server, false);
	check_launcher();
	names = dload_standing_of_server(server);
	foreach(lc, names)
	{
		DloadPipeline *p = dload_catalog_pipeline(lfirst(lc));
		int64	   *id;

		if (!has_privs_of_role(GetUserId(), p->owner))
			continue;
		id = palloc(sizeof(int64));
		*id = dload_standing_queue(p->id, false, "request");
		result = lappend(result, id);
	}
	dload_launcher_tell_at_commit();
	return result;
}

bool
dload_plan_cancel(int64 run_id)
{
	char	   *name = dload_standing_run_pipeline(run_id);
	DloadPipeline *p;
	int			pid;

	if (name == NULL)
		return false;
	p = dload_pipeline_open(name);
	if (dload_standing_unqueue(run_id))
	{
		dload_launcher_tell_at_commit();
		return true;
	}
	pid = dload_pipeline_runner(p->id);
	if (pid == 0 || BackendPidGetProc(pid) == NULL)
		return false;
	if (kill(pid, SIGINT) != 0)
	{
		ereport(WARNING,
				(errmsg("could not send signal to process %d: %m", pid)));
		return false;
	}
	return true;
}
