/*-------------------------------------------------------------------------
 *
 * outcome.c
 *	  How a run begins and ends in the catalog, and its transactions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/conditional.h"
#include "jobs/launcher.h"
#include "model/standing.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

/* A worker's run is under way; it was told to stop. */
static volatile sig_atomic_t stoppable;
static volatile sig_atomic_t stopped;

/*
 * Transactions
 */

/* Like SPI_commit and SPI_rollback, in a process without a portal. */
static void
next_transaction(bool commit)
{
	MemoryContext context = CurrentMemoryContext;

	if (commit)
		CommitTransactionCommand();
	else
		AbortCurrentTransaction();
	pgstat_report_stat(true);
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
}

void
dload_run_commit(DloadRun *run)
{
	switch (run->mode)
	{
		case DLOAD_RUN_PROCEDURE:
			SPI_commit();
			break;
		case DLOAD_RUN_WORKER:
			next_transaction(true);
			break;
		case DLOAD_RUN_ATOMIC:
			CommandCounterIncrement();
			break;
	}
}

void
dload_run_rollback(DloadRun *run)
{
	if (run->mode == DLOAD_RUN_WORKER)
		next_transaction(false);
	else
		SPI_rollback();
}

/*
 * Stopping
 */

/* From a signal handler: false if there is nothing to stop, or once more. */
bool
dload_run_stop(void)
{
	if (!stoppable || stopped)
		return false;
	stopped = true;
	return true;
}

void
dload_run_set_stoppable(bool value)
{
	stoppable = value;
}

/* What to say of a cancelled run instead of the message. */
const char *
dload_run_stop_reason(void)
{
	if (!stopped)
		return NULL;
	return "Its process was told to end: the server was shutting down, or the database was needed by a command that wants it alone.";
}

/*
 * Begin and end
 */

/*
 * In the order of those who drop the pipeline.  Not where the transaction is
 * the user's, who would keep others from it for long.
 */
static bool
lock_standing(DloadRun *run)
{
	return run->mode == DLOAD_RUN_ATOMIC ||
		dload_standing_lock(run->pipeline->id);
}

void
dload_run_note_start(DloadRun *run)
{
	if (!lock_standing(run))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" does not exist",
						run->pipeline->name)));
	dload_catalog_reap_runs(run->pipeline->id);
	if (run->mode == DLOAD_RUN_WORKER)
		run->run_id = dload_standing_begin(run->pipeline->id,
										   dload_clock_now(), run->due,
										   &run->full_refresh);
	else
		run->run_id = dload_catalog_start_run(run->pipeline->id);
}

/* What the API says of its own pace holds for the schedule. */
static void
note_poll_interval(DloadRun *run)
{
	int64		ms = run->extract ?
	dload_extract_poll_interval(run->extract) : -1;
	TimestampTz poll_at = 0;

	if (ms > 0)
		poll_at = dload_clock_at(GetCurrentTimestamp() + ms * 1000);
	dload_standing_poll(run->pipeline->id, poll_at);
	if (poll_at != 0)
		dload_launcher_tell_at_commit();
}

void
dload_run_note_end(DloadRun *run)
{
	/* a pipeline that was dropped took its runs along */
	if (!lock_standing(run))
		return;
	dload_catalog_end_run(run->run_id, run->outcome, run->reason,
						  &run->counters);
	dload_standing_end(run->pipeline->id, run->run_id, run->outcome,
					   run->reason, dload_clock_now(),
					   run->mode == DLOAD_RUN_WORKER,
					   run->come_back ? dload_clock_at(run->come_back) : 0);
	if (run->come_back != 0)
		dload_launcher_tell_at_commit();
	note_poll_interval(run);
	/* a worker does it in a transaction of its own, later */
	if (run->mode == DLOAD_RUN_PROCEDURE)
		dload_standing_prune(run->pipeline->id, dload_keep_runs);
	if (strcmp(run->outcome, "complete") == 0 &&
		dload_standing_queue_followers(run->pipeline->id) > 0)
		dload_launcher_tell_at_commit();
}

void
dload_run_note_skipped(DloadRun *run)
{
	if (run->mode == DLOAD_RUN_WORKER)
	{
		if (run->due != 0)
			dload_standing_skip(run->pipeline->id, run->due, run->reason);
		return;
	}
	run->run_id = dload_catalog_start_run(run->pipeline->id);
	dload_catalog_end_run(run->run_id, "skipped", run->reason,
						  &run->counters);
}

void
dload_run_finish(DloadRun *run, const char *outcome, char *reason)
{
	if (run->outcome != NULL)
		return;
	run->outcome = outcome;
	run->reason = reason;
}

char *
dload_run_lacks(DloadRun *run)
{
	if (run->doubt != NULL)
		return pstrdup(run->doubt);
	return dload_extract_lacks(run->extract, run->nread_before);
}

/* What is known of a read that came to its end. */
void
dload_run_judge(DloadRun *run)
{
	char	   *lacks = dload_run_lacks(run);
	const char *detected = dload_extract_stats(run->extract)->paginator;

	if (run->cursor && dload_cursor_overflowed(run->cursor))
		dload_run_finish(run, "suspect",
			   psprintf("More than %d records share one cursor value; the next run may repeat some.",
						DLOAD_MAX_BOUNDARY));
	if (lacks != NULL)
		dload_run_finish(run, "suspect", lacks);
	if (dload_bookmark_is_missing(run))
		dload_run_finish(run, "suspect",
			   "No page had the value that the next run was to begin with, by the"
			   " option \"envelope_cursor\" or \"cursor_header\".");
	if (dload_conditional_unchanged(run))
		dload_run_finish(run, "complete",
			   "Unchanged: by what the API says, every page is as it was when it was last read.");
	dload_run_finish(run, "complete", detected[0] == '\0' ? NULL :
					 psprintf("Paging was detected: %s.", detected));
}
