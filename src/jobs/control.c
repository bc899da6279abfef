/*-------------------------------------------------------------------------
 *
 * control.c
 *	  What other processes have to do with the launcher: settings, starting
 *	  and stopping it, telling it of changes, asking it for due times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/launcher.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

/* How long stopping may take. */
#define STOP_TIMEOUT_MS	10000
#define STOP_POLL_MS	20

/* Seconds after which the postmaster starts a launcher that failed. */
#define RESTART_SECONDS	5

int			dload_max_workers;
char	   *dload_databases;
bool		dload_launcher_enabled;
char	   *dload_keep_runs;
double		dload_clock_rate;

static bool tell_at_commit;
static bool callback_registered;

/*
 * Settings
 */

static bool
check_databases(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *names;
	bool		valid = SplitIdentifierString(copy, ',', &names);

	if (!valid)
		GUC_check_errdetail("List syntax is invalid.");
	return valid;
}

/* An interval, or a number of days. */
static bool
check_keep_runs(char **newval, void **extra, GucSource source)
{
	char		buffer[MAXDATELEN + MAXDATEFIELDS];
	char	   *parts[MAXDATEFIELDS];
	int			types[MAXDATEFIELDS];
	int			nparts;
	int			dtype;
	struct pg_itm_in itm = {0};
	const char *text = *newval;

	if (text[0] != '\0' && strspn(text, "0123456789") == strlen(text))
		return strlen(text) <= 6;
	if (ParseDateTime(text, buffer, sizeof(buffer), parts, types,
					  MAXDATEFIELDS, &nparts) != 0 ||
		DecodeInterval(parts, types, nparts, INTERVAL_FULL_RANGE, &dtype,
					   &itm) != 0 || dtype != DTK_DELTA ||
		itm.tm_usec < 0 || itm.tm_mday < 0 || itm.tm_mon < 0 ||
		itm.tm_year < 0)
	{
		GUC_check_errdetail("It must be an interval or a number of days.");
		return false;
	}
	return true;
}

static void
define_settings(void)
{
	DefineCustomIntVariable("dload.max_workers",
							"Most pipelines that the launcher runs at once.",
							"Each takes one of max_worker_processes.",
							&dload_max_workers, 4, 1, 64,
							PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomStringVariable("dload.databases",
							   "Databases in which the launcher runs pipelines.",
							   "Separated by commas; empty: all.",
							   &dload_databases, "",
							   PGC_SIGHUP, GUC_LIST_INPUT,
							   check_databases, NULL, NULL);

	DefineCustomBoolVariable("dload.launcher",
							 "Run pipelines on schedule.",
							 "Off: the launcher starts nothing.",
							 &dload_launcher_enabled, true,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);

	DefineCustomStringVariable("dload.keep_runs",
							   "How long runs are remembered.",
							   "An interval, or a number of days.",
							   &dload_keep_runs, "90 days",
							   PGC_SIGHUP, 0,
							   check_keep_runs, NULL, NULL);

	DefineCustomRealVariable("dload.clock_rate",
							 "Speed of the clock of schedules, for tests.",
							 "0: the real clock.",
							 &dload_clock_rate, 0, 0, 100000,
							 PGC_SIGHUP,
							 GUC_NOT_IN_SAMPLE | GUC_NO_SHOW_ALL,
							 NULL, NULL, NULL);
}

static void
describe_launcher(BackgroundWorker *worker)
{
	memset(worker, 0, sizeof(BackgroundWorker));
	snprintf(worker->bgw_name, BGW_MAXLEN, "dload launcher");
	snprintf(worker->bgw_type, BGW_MAXLEN, "dload launcher");
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	/* so there is none on a standby, and one after its promotion */
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = RESTART_SECONDS;
	snprintf(worker->bgw_library_name, BGW_MAXLEN, "dload");
	snprintf(worker->bgw_function_name, BGW_MAXLEN, "dload_launcher_main");
}

void
dload_launcher_init(void)
{
	define_settings();
	if (process_shared_preload_libraries_in_progress)
	{
		BackgroundWorker worker;

		dload_shmem_request();
		describe_launcher(&worker);
		RegisterBackgroundWorker(&worker);
	}
}

/*
 * Start and stop
 */

bool
dload_launcher_is_running(void)
{
	DloadShared *shared = dload_shmem();
	pid_t		pid;

	if (shared == NULL)
		return false;
	LWLockAcquire(&shared->lock, LW_SHARED);
	pid = shared->launcher_pid;
	LWLockRelease(&shared->lock);
	return pid != 0;
}

/* For dload.status. */
const char *
dload_launcher_state(void)
{
	DloadShared *shared = dload_shmem();
	bool		exhausted;

	if (RecoveryInProgress())
		return "standby";
	if (!dload_launcher_is_running())
		return "not running";
	if (!dload_launcher_enabled)
		return "off";
	LWLockAcquire(&shared->lock, LW_SHARED);
	exhausted = shared->slots_exhausted;
	LWLockRelease(&shared->lock);
	return exhausted ? "out of worker slots" : "running";
}

void
dload_launcher_start(void)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	pid_t		pid;

	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot start the launcher during recovery")));
	if (dload_shmem() == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("cannot start the launcher without shared memory"),
				 errhint("Add dload to shared_preload_libraries.")));
	if (dload_launcher_is_running())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the launcher is running already")));
	describe_launcher(&worker);
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not register the launcher"),
				 errhint("You may need to increase max_worker_processes.")));
	if (WaitForBackgroundWorkerStartup(handle, &pid) != BGWH_STARTED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not start the launcher"),
				 errhint("More details may be available in the server log.")));
	for (int ms = 0; ms < STOP_TIMEOUT_MS && !dload_launcher_is_running();
		 ms += STOP_POLL_MS)
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(STOP_POLL_MS * 1000L);
	}
}

bool
dload_launcher_stop(void)
{
	DloadShared *shared = dload_shmem();
	pid_t		pid = 0;

	if (shared != NULL)
	{
		LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
		pid = shared->launcher_pid;
		shared->launcher_stopping = pid != 0;
		LWLockRelease(&shared->lock);
	}
	if (pid == 0)
		return false;
	if (kill(pid, SIGTERM) != 0)
		ereport(WARNING,
				(errmsg("could not send signal to process %d: %m",
						(int) pid)));
	for (int ms = 0; ms < STOP_TIMEOUT_MS; ms += STOP_POLL_MS)
	{
		if (!dload_launcher_is_running())
			return true;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(STOP_POLL_MS * 1000L);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("the launcher did not stop in time")));
}

/*
 * Telling it
 */

/* After the commit, so nothing here may raise. */
static void
tell(void)
{
	DloadShared *shared = dload_shmem();
	int			pgprocno = -1;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->probe_generation++;
	for (int i = 0;; i++)
	{
		if (shared->nchanged < 0)
			break;
		if (i == shared->nchanged)
		{
			if (i == DLOAD_MAX_CHANGED)
				shared->nchanged = -1;
			else
				shared->changed[shared->nchanged++] = MyDatabaseId;
			break;
		}
		if (shared->changed[i] == MyDatabaseId)
			break;
	}
	if (shared->launcher_pid != 0)
		pgprocno = shared->launcher_pgprocno;
	LWLockRelease(&shared->lock);
	if (pgprocno >= 0)
		SetLatch(&ProcGlobal->allProcs[pgprocno].procLatch);
}

static void
at_xact_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			if (tell_at_commit)
				tell();
			tell_at_commit = false;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			tell_at_commit = false;
			break;
		default:
			break;
	}
}

void
dload_launcher_tell_at_commit(void)
{
	if (dload_shmem() == NULL)
		return;
	if (!callback_registered)
	{
		RegisterXactCallback(at_xact_end, NULL);
		callback_registered = true;
	}
	tell_at_commit = true;
}

/*
 * Asking it
 */

TimestampTz
dload_launcher_next_due(int64 pipeline_id)
{
	DloadSharedScheduleKey key;
	DloadSharedSchedule *entry;
	TimestampTz due = 0;

	if (!dload_launcher_is_running() || dload_shmem_schedules() == NULL)
		return 0;
	memset(&key, 0, sizeof(key));
	key.dbid = MyDatabaseId;
	key.pipeline_id = pipeline_id;
	entry = dshash_find(dload_shmem_schedules(), &key, false);
	if (entry != NULL)
	{
		due = entry->due != 0 && !entry->running ? entry->due :
			entry->next_due;
		dshash_release_lock(dload_shmem_schedules(), entry);
	}
	return TIMESTAMP_NOT_FINITE(due) ? 0 : due;
}
