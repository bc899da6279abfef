/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  What a run tells the session that started it.
 *
 * Notices, so that client_min_messages silences them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/rundata.h"

#include "utils/timestamp.h"

/* A line at most so often. */
#define REPORT_INTERVAL_MS	2000

/* Waits shorter than this are not worth a line. */
#define REPORT_WAIT_MS		1000

/* Take over what the extract has counted. */
void
dload_progress_count(DloadRun *run)
{
	const DloadExtractStats *stats = dload_extract_stats(run->extract);

	run->counters.requests = stats->requests;
	run->counters.pages = stats->pages;
	run->counters.bytes = stats->bytes;
	run->counters.retries = stats->retries;
	run->counters.waited_us = stats->limit_wait_us + stats->backoff_wait_us;
}

static char *
so_far(DloadRun *run)
{
	double		seconds;

	dload_progress_count(run);
	seconds = TimestampDifferenceMilliseconds(run->started_at,
											  GetCurrentTimestamp()) / 1000.0;
	return psprintf(INT64_FORMAT " pages, " INT64_FORMAT
					" rows, %.0f rows/s",
					run->counters.pages, run->counters.rows_read,
					seconds > 0 ? run->counters.rows_read / seconds : 0);
}

void
dload_progress_report(DloadRun *run)
{
	TimestampTz now = GetCurrentTimestamp();

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

	ereport(good ? NOTICE : WARNING,
			(errmsg("pipeline \"%s\": %s: " INT64_FORMAT " pages, "
					INT64_FORMAT " rows read, " INT64_FORMAT " inserted, "
					INT64_FORMAT " updated, " INT64_FORMAT " unchanged, "
					INT64_FORMAT " rejected",
					run->pipeline->name, run->outcome, c->pages, c->rows_read,
					c->rows_inserted, c->rows_updated, c->rows_unchanged,
					c->rows_rejected),
			 run->reason ? errdetail_internal("%s", run->reason) : 0));
}
