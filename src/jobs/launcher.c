/*-------------------------------------------------------------------------
 *
 * launcher.c
 *	  The launcher's process.
 *
 *		which databases there are			pg_database, each minute
 *		which pipelines they have			a probe worker per database, at
 *											start and when told of a change
 *		what is due							the table of schedules
 *		what runs							handles of the workers started
 *
 * It reads shared catalogs only, holds no transaction while it waits, and
 * keeps nothing that grows: the table of schedules is in shared memory, and
 * what one turn of the loop allocates goes with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/launcher.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

/* dload.max_workers' largest, and a probe */
#define MAX_WORKERS			64
#define MAX_CHILDREN		(MAX_WORKERS + 1)

/* how often, in milliseconds of real time */
#define SLEEP_MAX_MS		60000
#define DATABASES_MS		60000	/* pg_database is read */
#define PROBE_MS			600000	/* a database is probed unasked */
#define SLOT_RETRY_MS		1000	/* a worker is tried again */
#define YIELD_MS			500 /* locks on databases are looked at */
#define LOST_MS				10000	/* after a worker that ended before it
									 * began */

typedef struct Child
{
	BackgroundWorkerHandle *handle;
	DloadTask	task;
	bool		told_to_end;
} Child;

typedef struct Database
{
	Oid			oid;
	bool		wanted;			/* allowed by dload.databases */
	bool		probe;			/* to be probed */
	TimestampTz probed_at;
} Database;

static Child children[MAX_CHILDREN];
static int	nchildren;
static Database *databases;		/* in database_context */
static int	ndatabases;
static MemoryContext database_context;
static TimestampTz databases_read_at;
static DloadShared *shared;
static bool warned_slots;

/*
 * Clock
 */

static void
set_clock(bool start)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz base = start ? now : dload_clock_now();

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (start || shared->clock_rate != dload_clock_rate)
	{
		shared->clock_start = now;
		/* without a rate of its own the clock is the real one again */
		shared->clock_base = base;
		shared->clock_rate = dload_clock_rate;
	}
	LWLockRelease(&shared->lock);
}

/* Milliseconds of real time until the clock says "until". */
static long
real_ms(TimestampTz until, TimestampTz now)
{
	double		ms;

	if (until <= now)
		return 0;
	ms = (double) (until - now) / 1000.0;
	if (dload_clock_rate > 0)
		ms /= dload_clock_rate;
	return ms > SLEEP_MAX_MS ? SLEEP_MAX_MS : (long) ms + 1;
}

/*
 * Databases
 */

static bool
is_wanted(const char *name)
{
	char	   *list = pstrdup(dload_databases);
	List	   *names;

	if (!SplitIdentifierString(list, ',', &names))
		return false;			/* the check hook has warned */
	return names == NIL || dload_list_has(names, name);
}

static Database *
find_database(Oid dbid)
{
	for (int i = 0; i < ndatabases; i++)
		if (databases[i].oid == dbid)
			return &databases[i];
	return NULL;
}

/* Entries of databases that are gone or not wanted any more. */
static void
forget_databases(void)
{
	dshash_seq_status seq;
	DloadSharedSchedule *entry;

	dshash_seq_init(&seq, dload_shmem_schedules(), true);
	while ((entry = dshash_seq_next(&seq)) != NULL)
	{
		Database   *db = find_database(entry->key.dbid);

		if ((db == NULL || !db->wanted) && !entry->running)
			dshash_delete_current(&seq);
	}
	dshash_seq_term(&seq);
}

/* Read pg_database.  Templates are left alone: a connection to one is in the
 * way of CREATE DATABASE. */
static void
read_databases(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "dload databases",
												  ALLOCSET_SMALL_SIZES);
	Database   *found = MemoryContextAlloc(context, sizeof(Database) * 8);
	int			nfound = 0;
	int			room = 8;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		Database   *old = find_database(form->oid);
		Database   *db;

		if (!form->datallowconn || form->datistemplate ||
			dload_database_is_invalid(form))
			continue;
		if (nfound == room)
			found = repalloc(found, sizeof(Database) * (room *= 2));
		db = &found[nfound++];
		db->oid = form->oid;
		db->wanted = is_wanted(NameStr(form->datname));
		db->probe = db->wanted && (old == NULL || !old->wanted || old->probe);
		db->probed_at = old ? old->probed_at : 0;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();

	if (database_context)
		MemoryContextDelete(database_context);
	database_context = context;
	databases = found;
	ndatabases = nfound;
	databases_read_at = GetCurrentTimestamp();
	forget_databases();
}

/* Take over what other sessions have told of changes. */
static void
note_changes(void)
{
	Oid			changed[DLOAD_MAX_CHANGED];
	int			nchanged;
	bool		unknown = false;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	nchanged = shared->nchanged;
	memcpy(changed, shared->changed, sizeof(changed));
	shared->nchanged = 0;
	LWLockRelease(&shared->lock);

	for (int i = 0; i < nchanged; i++)
		if (find_database(changed[i]) == NULL)
			unknown = true;
	if (unknown || nchanged < 0 ||
		TimestampDifferenceExceeds(databases_read_at, GetCurrentTimestamp(),
								   DATABASES_MS))
		read_databases();
	for (int i = 0; i < ndatabases; i++)
	{
		Database   *db = &databases[i];

		if (!db->wanted)
			continue;
		if (nchanged < 0 ||
			TimestampDifferenceExceeds(db->probed_at, GetCurrentTimestamp(),
									   PROBE_MS))
			db->probe = true;
		for (int j = 0; j < nchanged; j++)
			if (changed[j] == db->oid)
				db->probe = true;
	}
}

/*
 * Workers
 */

static void
set_slots_exhausted(bool exhausted)
{
	if (exhausted && !warned_slots)
		ereport(LOG,
				(errmsg("dload could not register a background worker"),
				 errhint("You may need to increase max_worker_processes.")));
	warned_slots = exhausted;
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->slots_exhausted = exhausted;
	LWLockRelease(&shared->lock);
}

/* Does somebody hold, or wait for, a lock that wants the database alone? */
static bool
is_claimed(Oid dbid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, dbid, 0);
	if (LockAcquire(&tag, RowExclusiveLock, true, true) ==
		LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, true);
	return false;
}

static bool
start_child(const DloadTask *task, const char *what)
{
	BackgroundWorker worker = {0};
	Child	   *child = &children[nchildren];
	MemoryContext old;
	bool		started;

	if (nchildren == MAX_CHILDREN)
		return false;
	snprintf(worker.bgw_name, BGW_MAXLEN, "dload %s", what);
	snprintf(worker.bgw_type, BGW_MAXLEN, "dload worker");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "dload");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "dload_worker_main");
	memcpy(worker.bgw_extra, task, sizeof(DloadTask));
	worker.bgw_notify_pid = MyProcPid;

	old = MemoryContextSwitchTo(TopMemoryContext);
	started = RegisterDynamicBackgroundWorker(&worker, &child->handle);
	MemoryContextSwitchTo(old);
	set_slots_exhausted(!started);
	if (!started)
		return false;
	child->task = *task;
	child->told_to_end = false;
	nchildren++;
	return true;
}

static DloadSharedSchedule *
find_entry(const DloadTask *task)
{
	DloadSharedScheduleKey key;

	memset(&key, 0, sizeof(key));
	key.dbid = task->dbid;
	key.pipeline_id = task->pipeline_id;
	return dshash_find(dload_shmem_schedules(), &key, true);
}

/* A worker has ended. */
static void
child_ended(Child *child)
{
	if (child->task.pipeline_id != 0)
	{
		DloadSharedSchedule *entry = find_entry(&child->task);

		if (entry != NULL)
		{
			entry->running = false;
			/* it did not come to take what it was started for */
			if (entry->due != 0 && entry->due == child->task.due)
				entry->not_before = GetCurrentTimestamp() +
					LOST_MS * INT64CONST(1000);
			dshash_release_lock(dload_shmem_schedules(), entry);
		}
	}
	pfree(child->handle);
}

/* Workers that have ended; those in the way of others are told to. */
static void
look_after_children(void)
{
	int			kept = 0;

	for (int i = 0; i < nchildren; i++)
	{
		Child	   *child = &children[i];
		pid_t		pid;

		if (GetBackgroundWorkerPid(child->handle, &pid) == BGWH_STOPPED)
		{
			child_ended(child);
			continue;
		}
		if (!child->told_to_end && is_claimed(child->task.dbid))
		{
			TerminateBackgroundWorker(child->handle);
			child->told_to_end = true;
		}
		children[kept++] = *child;
	}
	nchildren = kept;
}

/*
 * Probes: one at a time, beside the runs.
 */

static bool
is_probing(void)
{
	for (int i = 0; i < nchildren; i++)
		if (children[i].task.pipeline_id == 0)
			return true;
	return false;
}

static void
start_probe(void)
{
	for (int i = 0; i < ndatabases && !is_probing(); i++)
	{
		DloadTask	task = {0};

		if (!databases[i].probe || is_claimed(databases[i].oid))
			continue;
		task.dbid = databases[i].oid;
		LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
		task.generation = ++shared->probe_generation;
		LWLockRelease(&shared->lock);
		if (!start_child(&task, "probe"))
			return;
		databases[i].probe = false;
		databases[i].probed_at = GetCurrentTimestamp();
	}
}

/*
 * Runs
 */

typedef struct Candidate
{
	DloadTask	task;
	TimestampTz since;
	char		pipeline[NAMEDATALEN];
} Candidate;

static int
compare_candidates(const ListCell *a, const ListCell *b)
{
	const Candidate *x = lfirst(a);
	const Candidate *y = lfirst(b);

	return x->since < y->since ? -1 : x->since > y->since;
}

/* What is due, the longest waiting first; and when to look again. */
static List *
collect_due(TimestampTz now, TimestampTz *next)
{
	List	   *due = NIL;
	TimestampTz real_now = GetCurrentTimestamp();
	dshash_seq_status seq;
	DloadSharedSchedule *entry;

	*next = DT_NOEND;
	dshash_seq_init(&seq, dload_shmem_schedules(), true);
	while ((entry = dshash_seq_next(&seq)) != NULL)
	{
		Candidate  *c;

		*next = Min(*next, dload_due_advance(entry, now));
		if (entry->running || (entry->due == 0 && !entry->wanted))
			continue;
		if (entry->not_before > real_now)
		{
			*next = Min(*next, now + USECS_PER_SEC);
			continue;
		}
		c = palloc0(sizeof(Candidate));
		c->task.dbid = entry->key.dbid;
		c->task.pipeline_id = entry->key.pipeline_id;
		c->task.due = entry->due;
		c->since = entry->due != 0 ? entry->due : now;
		strlcpy(c->pipeline, entry->pipeline, NAMEDATALEN);
		due = lappend(due, c);
	}
	dshash_seq_term(&seq);
	list_sort(due, compare_candidates);
	return due;
}

/* Start what is due; returns how long to sleep, in milliseconds. */
static long
start_due(void)
{
	TimestampTz now = dload_clock_now();
	TimestampTz next;
	List	   *due = collect_due(now, &next);
	ListCell   *lc;

	foreach(lc, due)
	{
		Candidate  *c = lfirst(lc);
		DloadSharedSchedule *entry;

		if (nchildren - is_probing() >= dload_max_workers)
			break;
		if (is_claimed(c->task.dbid))
			continue;
		/* before it starts, since it may end before we go on */
		entry = find_entry(&c->task);
		if (entry == NULL)
			continue;
		entry->running = true;
		dshash_release_lock(dload_shmem_schedules(), entry);
		if (start_child(&c->task, psprintf("run %s", c->pipeline)))
			continue;
		entry = find_entry(&c->task);
		if (entry != NULL)
		{
			entry->running = false;
			dshash_release_lock(dload_shmem_schedules(), entry);
		}
		return SLOT_RETRY_MS;
	}
	return real_ms(next, now);
}

/*
 * The process
 */

static void
leave_office(int code, Datum arg)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (shared->launcher_pid == MyProcPid)
		shared->launcher_pid = 0;
	LWLockRelease(&shared->lock);
}

/* Become the launcher; false if there is one. */
static bool
take_office(void)
{
	bool		taken = true;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (shared->launcher_pid == 0 || kill(shared->launcher_pid, 0) != 0)
	{
		shared->launcher_pid = MyProcPid;
		shared->launcher_pgprocno = dload_my_proc_number();
		shared->launcher_stopping = false;
		shared->slots_exhausted = false;
		shared->started_at = GetCurrentTimestamp();
		taken = false;
	}
	LWLockRelease(&shared->lock);
	if (!taken)
		before_shmem_exit(leave_office, (Datum) 0);
	return !taken;
}

/* A launcher before this one may have left entries that look like running. */
static void
clean_entries(void)
{
	dshash_seq_status seq;

	dshash_seq_init(&seq, dload_shmem_schedules(), true);
	while (dshash_seq_next(&seq) != NULL)
		dshash_delete_current(&seq);
	dshash_seq_term(&seq);
}

/* One turn; returns how long to sleep, in milliseconds. */
static long
turn(void)
{
	long		sleep_ms;

	look_after_children();
	if (!dload_launcher_enabled)
		return nchildren > 0 ? YIELD_MS : SLEEP_MAX_MS;
	note_changes();
	start_probe();
	sleep_ms = start_due();
	if (nchildren > 0 && sleep_ms > YIELD_MS)
		sleep_ms = YIELD_MS;
	if (warned_slots && sleep_ms > SLOT_RETRY_MS)
		sleep_ms = SLOT_RETRY_MS;
	return sleep_ms;
}

static void
work(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "dload launcher turn",
												  ALLOCSET_DEFAULT_SIZES);

	while (!ShutdownRequestPending)
	{
		long		sleep_ms;

		MemoryContextSwitchTo(context);
		sleep_ms = turn();
		MemoryContextReset(context);
		pgstat_report_stat(true);
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 Max(sleep_ms, 1), DLOAD_WAIT_EVENT);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			set_clock(false);
			databases_read_at = 0;
		}
	}
}

void
dload_launcher_main(Datum arg)
{
	bool		stopping;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("dload launcher");

	shared = dload_shmem();
	if (shared == NULL || dload_shmem_schedules() == NULL)
	{
		ereport(LOG,
				(errmsg("dload launcher ends: there is no shared memory for it"),
				 errhint("Add dload to shared_preload_libraries.")));
		proc_exit(0);
	}
	if (!take_office())
		proc_exit(0);
	clean_entries();
	set_clock(true);
	databases_read_at = 0;
	work();

	/*
	 * A stop that was asked for is for good; after another one the postmaster
	 * starts us again, unless it shuts down.
	 */
	LWLockAcquire(&shared->lock, LW_SHARED);
	stopping = shared->launcher_stopping;
	LWLockRelease(&shared->lock);
	proc_exit(stopping ? 0 : 1);
}
