/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  What a run tells of itself while it goes on.
 *
 * To the session that started it by notices, so that client_min_messages
 * silences them; to all others by its entry in the table of runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/rundata.h"

#include "base/shmem.h"
#include "rest/limiter.h"

#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* The entry is written at most so often, but for a change of phase. */
#define PUBLISH_INTERVAL_MS	200

/* A line at most so often. */
#define REPORT_INTERVAL_MS	2000

/* Waits shorter than this are not worth a line. */
#define REPORT_WAIT_MS		1000
#define PLURAL(n)			((n) == 1 ? "" : "s")

/* Take over what the extract has counted. */
void
dload_progress_count(DloadRun *run)
{
	const DloadExtractStats *stats = dload_extract_stats(run->extract);
	const DloadExtractStats *earlier = &run->earlier;

	run->counters.requests = earlier->requests + stats->requests;
	run->counters.pages = earlier->pages + stats->pages;
	run->counters.pages_unchanged = stats->unchanged;
	run->counters.bytes = earlier->bytes + stats->bytes;
	run->counters.retries = earlier->retries + stats->retries;
	run->counters.waited_us = earlier->limit_wait_us +
		earlier->backoff_wait_us + stats->limit_wait_us +
		stats->backoff_wait_us;
}

static char *
so_far(DloadRun *run)
{
	double		seconds;

	dload_progress_count(run);
	seconds = TimestampDifferenceMilliseconds(run->started_at,
											  GetCurrentTimestamp()) / 1000.0;
	return psprintf(INT64_FORMAT " page%s, " INT64_FORMAT
					" row%s, %.0f rows/s",
					run->counters.pages, PLURAL(run->counters.pages),
					run->counters.rows_read, PLURAL(run->counters.rows_read),
					seconds > 0 ? run->counters.rows_read / seconds : 0);
}

/*
 * The entry in the table of runs
 */

static void
set_run_key(DloadSharedRunKey *key, int64 run_id)
{
	memset(key, 0, sizeof(*key));
	key->dbid = MyDatabaseId;
	key->run_id = run_id;
}

/* Processes that were ended by force leave their entries. */
static void
remove_dead(void)
{
	dshash_seq_status seq;
	DloadSharedRun *entry;

	dshash_seq_init(&seq, dload_shmem_runs(), true);
	while ((entry = dshash_seq_next(&seq)) != NULL)
		if (BackendPidGetProc(entry->pid) == NULL)
			dshash_delete_current(&seq);
	dshash_seq_term(&seq);
}

void
dload_progress_leave(DloadRun *run)
{
	DloadSharedRunKey key;

	if (!run->published)
		return;
	run->published = false;
	set_run_key(&key, run->run_id);
	(void) dshash_delete_key(dload_shmem_runs(), &key);
}

static void
leave(void *arg)
{
	dload_progress_leave(arg);
}

/* May raise for lack of memory. */
static void
make_entry(void *arg)
{
	DloadRun   *run = arg;
	DloadSharedRunKey key;
	DloadSharedRun *entry;
	bool		found;

	remove_dead();
	set_run_key(&key, run->run_id);
	entry = dshash_find_or_insert(dload_shmem_runs(), &key, &found);
	memset(entry, 0, sizeof(*entry));
	entry->key = key;
	entry->pipeline_id = run->pipeline->id;
	entry->owner = run->pipeline->owner;
	strlcpy(entry->pipeline, run->pipeline->name, NAMEDATALEN);
	entry->pid = MyProcPid;
	entry->process_started_at = MyStartTimestamp;
	entry->started_at = entry->updated_at = run->started_at;
	strlcpy(entry->phase, "fetching", sizeof(entry->phase));
	entry->total_rows = -1;
	entry->budget_left = -1;
	dshash_release_lock(dload_shmem_runs(), entry);
}

void
dload_progress_enter(DloadRun *run)
{
	if (dload_shmem_runs() == NULL || !dload_shmem_try(make_entry, run))
		return;
	run->published = true;
	run->on_end.func = leave;
	run->on_end.arg = run;
	MemoryContextRegisterResetCallback(run->context, &run->on_end);
}

/* Requests that the tightest of the server's budgets has left; -1 unknown. */
static int64
budget_left(const DloadRun *run)
{
	List	   *lines = dload_limiter_lines();
	int64		left = -1;
	ListCell   *lc;

	foreach(lc, lines)
	{
		DloadBudgetLine *line = lfirst(lc);

		if (line->serverid == run->resource->serverid &&
			line->userid == run->resource->userid && line->remaining >= 0 &&
			(left < 0 || line->remaining < left))
			left = line->remaining;
	}
	list_free_deep(lines);
	return left;
}

static void
publish(DloadRun *run, const char *phase, const char *reason,
		TimestampTz until)
{
	DloadSharedRunKey key;
	DloadSharedRun *entry;
	int64		left = run->resource ? budget_left(run) : -1;

	run->published_at = GetCurrentTimestamp();
	set_run_key(&key, run->run_id);
	entry = dshash_find(dload_shmem_runs(), &key, true);
	if (entry == NULL)
		return;
	entry->updated_at = run->published_at;
	strlcpy(entry->phase, phase, sizeof(entry->phase));
	strlcpy(entry->wait_reason, reason ? reason : "",
			sizeof(entry->wait_reason));
	entry->wait_until = until;
	if (run->extract)
	{
		const DloadExtractStats *stats = dload_extract_stats(run->extract);

		entry->pages = stats->pages;
		entry->bytes = stats->bytes;
		entry->total_rows = dload_extract_declared_total(run->extract);
	}
	entry->rows = run->counters.rows_read;
	entry->packages = run->npackages;
	entry->budget_left = left;
	dshash_release_lock(dload_shmem_runs(), entry);
}

void
dload_progress_phase(DloadRun *run, const char *phase)
{
	if (run->published)
		publish(run, phase, NULL, 0);
}

void
dload_progress_report(DloadRun *run)
{
	TimestampTz now = GetCurrentTimestamp();

	if (run->published &&
		TimestampDifferenceExceeds(run->published_at, now,
								   PUBLISH_INTERVAL_MS))
		publish(run, "fetching", NULL, 0);
	if (!TimestampDifferenceExceeds(run->reported_at, now, REPORT_INTERVAL_MS))
		return;
	run->reported_at = now;
	ereport(NOTICE,
			(errmsg("pipeline \"%s\": %s", run->pipeline->name, so_far(run))));
}

/* The extract is about to wait. */
void
dload_progress_wait(const char *what, int64 ms, void *arg)
{
	DloadRun   *run = arg;

	if (run->published && ms >= PUBLISH_INTERVAL_MS)
		publish(run, "waiting", what,
				TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms));
	if (ms < REPORT_WAIT_MS)
		return;
	run->reported_at = GetCurrentTimestamp();
	ereport(NOTICE,
			(errmsg("pipeline \"%s\": %s; waiting %.1f s for %s",
					run->pipeline->name, so_far(run), ms / 1000.0, what)));
}

/* The last line.  Without times, so that it can be compared. */
void
dload_progress_done(DloadRun *run)
{
	const DloadCounters *c = &run->counters;
	bool		good = strcmp(run->outcome, "complete") == 0;
	const char *deleted = c->rows_deleted == 0 ? "" :
	psprintf(INT64_FORMAT " deleted, ", c->rows_deleted);

	ereport(good ? NOTICE : WARNING,
			(errmsg("pipeline \"%s\": %s: " INT64_FORMAT " page%s, "
					INT64_FORMAT " row%s read, " INT64_FORMAT " inserted, "
					INT64_FORMAT " updated, %s" INT64_FORMAT " unchanged, "
					INT64_FORMAT " rejected",
					run->pipeline->name, run->outcome, c->pages,
					PLURAL(c->pages), c->rows_read, PLURAL(c->rows_read),
					c->rows_inserted, c->rows_updated, deleted,
					c->rows_unchanged, c->rows_rejected),
			 run->reason ? errdetail_internal("%s", run->reason) : 0));
}
