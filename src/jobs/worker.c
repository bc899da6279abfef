/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  Probe and run workers.
 *
 * Both connect as the bootstrap superuser, since an owner may be unable to
 * log in; the run itself becomes the owner (package.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/setting.h"
#include "jobs/launcher.h"
#include "jobs/run.h"
#include "jobs/schedule.h"
#include "jobs/worker.h"
#include "model/standing.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* A pipeline that somebody else runs is tried again after this. */
#define BUSY_RETRY_US	(2 * USECS_PER_SEC)

static DloadTask task;

/*
 * Transactions
 */

void
dload_worker_begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
dload_worker_commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
}

/*
 * Entries of the table of schedules
 */

static void
set_key(DloadSharedScheduleKey *key, int64 pipeline_id)
{
	memset(key, 0, sizeof(*key));
	key->dbid = MyDatabaseId;
	key->pipeline_id = pipeline_id;
}

static void
forget_entry(int64 pipeline_id)
{
	DloadSharedScheduleKey key;

	set_key(&key, pipeline_id);
	(void) dshash_delete_key(dload_shmem_schedules(), &key);
}

/*
 * When it is due from scratch.  A retry comes before the next regular time;
 * a regular time that a failure is to be got over before is left out.
 */
static TimestampTz
due_by_schedule(const DloadStanding *s, const DloadSharedSchedule *entry,
		  TimestampTz now)
{
	TimestampTz next;
	DloadSchedule schedule;
	DloadError	err = {0};

	/* what could not go on does so by itself, schedule or not */
	if (!s->paused && !s->schedule && s->failures == 0 && s->retry_at != 0)
		return Max(s->retry_at, now);
	if (s->paused || !s->schedule ||
		!dload_schedule_parse(s->schedule, &schedule, &err))
		return DT_NOEND;
	if (schedule.is_interval)
	{
		/* a first run an interval after the schedule was set */
		TimestampTz base = s->last_due ? s->last_due :
			s->changed_at + entry->jitter_us;

		next = dload_due_next(entry, Min(base, now));
		next = Max(next, now);
	}
	else
		next = dload_due_next(entry, now);
	if (s->retry_at == 0)
		return next;
	if (s->retry_at < next)
		return Max(s->retry_at, now);
	return schedule.is_interval ? s->retry_at :
		dload_due_next(entry, s->retry_at - 1);
}

/* The same, but not before the API wants to be asked again. */
static TimestampTz
first_due(const DloadStanding *s, const DloadSharedSchedule *entry,
		  TimestampTz now)
{
	TimestampTz next = due_by_schedule(s, entry, now);
	DloadSchedule schedule;
	DloadError	err = {0};

	if (s->poll_at <= next)
		return next;
	if (!s->schedule || !dload_schedule_parse(s->schedule, &schedule, &err) ||
		schedule.is_interval)
		return s->poll_at;
	return dload_due_next(entry, s->poll_at - 1);
}

/* The last probe that saw the pipeline. */
static uint64
last_probe(int64 pipeline_id)
{
	DloadSharedScheduleKey key;
	DloadSharedSchedule *entry;
	uint64		generation;

	set_key(&key, pipeline_id);
	entry = dshash_find(dload_shmem_schedules(), &key, false);
	if (entry == NULL)
		return 0;
	generation = entry->probe_generation;
	dshash_release_lock(dload_shmem_schedules(), entry);
	return generation;
}

/* Is there a time to try again that the entry may not know? */
static bool
has_retry(const DloadStanding *s, const DloadSharedSchedule *entry,
		  bool failed)
{
	/* before the run that is to go on, failures are 0 */
	return s->retry_at != 0 &&
		(failed || (s->failures == 0 && entry->due == 0));
}

/*
 * Bring an entry up to what the catalog says.  As long as the schedule is the
 * same its next due time stays, but for a failure just now.  A probe that came
 * since the catalog was read may know of a run queued later; a worker that is
 * started for none does no harm.
 */
static void
update_entry(const DloadStanding *s, uint64 generation, bool failed)
{
	DloadSharedScheduleKey key;
	DloadSharedSchedule *entry;
	TimestampTz now = dload_clock_now();
	const char *schedule = s->schedule && !s->paused ? s->schedule : "";
	const char *zone = s->time_zone ? s->time_zone : "";
	int64		jitter = dload_schedule_jitter(s->pipeline, s->jitter_us);
	bool		found;

	set_key(&key, s->pipeline_id);
	entry = dshash_find_or_insert(dload_shmem_schedules(), &key, &found);
	if (!found)
	{
		memset(entry, 0, sizeof(*entry));
		entry->key = key;
	}
	if (!found || has_retry(s, entry, failed) ||
		(s->poll_at > now && entry->next_due < s->poll_at) ||
		strcmp(entry->schedule, schedule) != 0 ||
		strcmp(entry->time_zone, zone) != 0 || entry->jitter_us != jitter)
	{
		strlcpy(entry->schedule, schedule, sizeof(entry->schedule));
		strlcpy(entry->time_zone, zone, sizeof(entry->time_zone));
		entry->jitter_us = jitter;
		entry->next_due = first_due(s, entry, now);
		if (!failed)
			entry->due = 0;
	}
	strlcpy(entry->pipeline, s->pipeline, sizeof(entry->pipeline));
	if (s->queued || entry->probe_generation <= generation)
		entry->wanted = s->queued;
	entry->probe_generation = Max(entry->probe_generation, generation);
	dshash_release_lock(dload_shmem_schedules(), entry);
}

/* Entries of this database that the probe did not see. */
static void
forget_unseen(uint64 generation)
{
	dshash_seq_status seq;
	DloadSharedSchedule *entry;

	dshash_seq_init(&seq, dload_shmem_schedules(), true);
	while ((entry = dshash_seq_next(&seq)) != NULL)
		if (entry->key.dbid == MyDatabaseId && !entry->running &&
			entry->probe_generation < generation)
			dshash_delete_current(&seq);
	dshash_seq_term(&seq);
}

/*
 * Probe
 */

static void
probe(void)
{
	dload_worker_begin();
	if (OidIsValid(get_extension_oid("dload", true)))
	{
		List	   *standings = dload_standing_list();
		ListCell   *lc;

		foreach(lc, standings)
			update_entry(lfirst(lc), task.generation, false);
	}
	forget_unseen(task.generation);
	dload_worker_commit();
}

/*
 * Run
 */

/* Take what the worker was started for, and what was missed before it. */
static int
take_due(TimestampTz *missed_from)
{
	DloadSharedScheduleKey key;
	DloadSharedSchedule *entry;
	int			missed = 0;

	set_key(&key, task.pipeline_id);
	entry = dshash_find(dload_shmem_schedules(), &key, true);
	if (entry == NULL)
		return 0;
	if (entry->due == task.due)
		entry->due = 0;
	missed = entry->missed;
	*missed_from = entry->missed_from;
	entry->missed = 0;
	dshash_release_lock(dload_shmem_schedules(), entry);
	return missed;
}

/* Record due times that passed while the pipeline ran or waited. */
static void
record_missed(void)
{
	DloadSharedScheduleKey key;
	DloadSharedSchedule *found;
	DloadSharedSchedule entry;
	TimestampTz due = 0;
	int			missed = take_due(&due);

	set_key(&key, task.pipeline_id);
	found = dshash_find(dload_shmem_schedules(), &key, false);
	if (found == NULL)
		return;
	entry = *found;
	dshash_release_lock(dload_shmem_schedules(), found);
	for (int i = 0; i < missed && !TIMESTAMP_NOT_FINITE(due); i++)
	{
		dload_standing_skip(task.pipeline_id, due,
							"The run before it had not ended.");
		due = dload_due_next(&entry, due);
	}
}

/*
 * May it run?  What cannot is paused, with the reason.
 */
static bool
may_run(const DloadStanding *s)
{
	char	   *reason;

	if (!OidIsValid(s->owner))
		reason = "Its owner does not exist any more.";
	else if (s->max_failures > 0 && s->failures >= s->max_failures)
		reason = psprintf("%d runs in a row have failed; the last ended with its process.",
						  s->failures);
	else if (s->paused && !s->queued)
		return false;
	else
		return true;
	dload_standing_pause(s->pipeline_id, reason);
	ereport(LOG,
			(errmsg("pipeline \"%s\" paused", s->pipeline),
			 errdetail_internal("%s", reason)));
	return false;
}

/* The pipeline to run; NULL if there is nothing to do. */
static char *
look_up(MemoryContext context)
{
	DloadStanding *s = NULL;
	char	   *name = NULL;
	uint64		generation = last_probe(task.pipeline_id);

	dload_worker_begin();
	if (OidIsValid(get_extension_oid("dload", true)))
		s = dload_standing_get(task.pipeline_id);
	if (s == NULL)
		forget_entry(task.pipeline_id);
	else if (may_run(s))
	{
		name = MemoryContextStrdup(context, s->pipeline);
		dload_setting_of_role(s->owner);
	}
	else
	{
		TimestampTz ignored;

		(void) take_due(&ignored);
		s->paused = true;
		dload_standing_unqueue_pipeline(s->pipeline_id);
		s->queued = false;
		update_entry(s, generation, true);
	}
	dload_worker_commit();
	return name;
}

/* After the run: what was missed, what is next, what is forgotten. */
static void
settle(void)
{
	DloadStanding *s = NULL;
	uint64		generation = last_probe(task.pipeline_id);

	dload_worker_begin();
	if (OidIsValid(get_extension_oid("dload", true)))
	{
		(void) dload_standing_lock(task.pipeline_id);
		s = dload_standing_get(task.pipeline_id);
	}
	if (s == NULL)
		forget_entry(task.pipeline_id);
	else
	{
		record_missed();
		dload_standing_prune(task.pipeline_id, dload_keep_runs);
		update_entry(s, generation, true);
	}
	dload_worker_commit();
}

static void
put_off(void)
{
	DloadSharedScheduleKey key;
	DloadSharedSchedule *entry;

	set_key(&key, task.pipeline_id);
	entry = dshash_find(dload_shmem_schedules(), &key, true);
	if (entry == NULL)
		return;
	entry->not_before = GetCurrentTimestamp() + BUSY_RETRY_US;
	dshash_release_lock(dload_shmem_schedules(), entry);
}

/* Run it.  What it raises is reported here: it is noted already. */
static void
run(const char *name, MemoryContext context)
{
	PG_TRY();
	{
		if (!dload_run_worker(name, task.due))
			put_off();
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	pgstat_report_stat(true);
}

static void
run_pipeline(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "dload worker",
												  ALLOCSET_DEFAULT_SIZES);
	char	   *name = look_up(context);

	if (name == NULL)
		return;
	pgstat_report_activity(STATE_RUNNING,
						   psprintf("dload: pipeline \"%s\"", name));
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	run(name, context);
	MemoryContextSwitchTo(context);
	settle();
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * SIGTERM ends a run like a cancel, so that its outcome can be noted; what is
 * not a run, or the second signal, ends the process.
 */
static void
handle_sigterm(SIGNAL_ARGS)
{
	int			save_errno = errno;

	if (dload_run_stop())
	{
		InterruptPending = true;
		QueryCancelPending = true;
		SetLatch(MyLatch);
		errno = save_errno;
		return;
	}
	errno = save_errno;
	die(postgres_signal_arg);
}

void
dload_worker_main(Datum arg)
{
	memcpy(&task, MyBgworkerEntry->bgw_extra, sizeof(DloadTask));
	pqsignal(SIGTERM, handle_sigterm);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(task.dbid, InvalidOid, 0);
	SetConfigOption("application_name", MyBgworkerEntry->bgw_name,
					PGC_USERSET, PGC_S_OVERRIDE);
	if (dload_shmem_schedules() == NULL)
		proc_exit(0);
	if (task.pipeline_id == 0)
		probe();
	else
		run_pipeline();
	proc_exit(0);
}
