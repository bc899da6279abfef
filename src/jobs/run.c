/*-------------------------------------------------------------------------
 *
 * run.c
 *	  One run of a pipeline.
 *
 *		lock, note the run		transaction 1
 *		look at catalogs		transaction 2
 *		fetch pages				no snapshot, nothing locked but the pipeline
 *		load a package			transaction 3, 4, ... (package.c)
 *		note the outcome		last transaction
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/conditional.h"

#include "data/json.h"
#include "load/replace.h"
#include "model/keyless.h"
#include "rest/url.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Definitions that make records into other rows change the hash of records. */
#define NORMALIZER_VERSION	"1"

/* In this session; more than one when a trigger of a target runs another. */
static int	runs_under_way = 0;

/*
 * Start
 */

static uint64
definition_fingerprint(const DloadPipeline *p)
{
	char	   *text = psprintf("%s|%d|%s", NORMALIZER_VERSION, p->max_nesting,
								p->columns);

	return dload_hash_bytes(text, strlen(text), 0);
}

static void
add_hint(const char *path, const char *type, void *arg)
{
	dload_shape_hint(arg, path, type);
}

static void
bind_shape(DloadRun *run, void *arg)
{
	dload_evolve_bind(&run->ev, run->shape);
}

static void
make_shape(DloadRun *run)
{
	DloadPipeline *p = run->pipeline;
	DloadError	err = {0};
	DloadJson  *hints = dload_json_parse(p->columns, "columns", &err);
	const char *mark = run->resource->records.deleted_column;

	run->shape = dload_shape_create(p->target_name, p->max_nesting,
									dload_pipeline_is_keyed(p),
									definition_fingerprint(p));
	if (hints == NULL || !dload_json_each(hints, add_hint, run->shape, &err))
		dload_error_raise(&err);
	if (mark != NULL)
		dload_shape_hint_deleted(run->shape, mark);
	run->ev.pipeline = p;
	run->ev.run_id = run->run_id;
	run->ev.replacing = run->replacing;
	run->ev.resuming = run->replacing && run->resume != NULL;
	run->ev.keyless = run->keyless;
	dload_run_as_owner(run, bind_shape, NULL);
	if (!dload_shape_set_keys(run->shape, p->primary_key, &err))
		dload_error_raise(&err);
	if (p->cursor_path &&
		!dload_shape_set_cursor(run->shape, p->cursor_path, &err))
		dload_error_raise(&err);
	if (mark != NULL && !dload_shape_set_deleted(run->shape, mark, &err))
		dload_error_raise(&err);
	run->batch = dload_batch_create(run->shape);
}

static void
begin_read(DloadRun *run)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	List	   *params = dload_pipeline_read_params(run->pipeline,
													run->resource,
													run->cursor, &run->start);

	run->extract = dload_extract_begin(run->resource, params);
	dload_extract_keep_bodies(run->extract, run->bodies);
	if (run->cursor && dload_cursor_may_end_read(run->cursor))
		dload_extract_may_stop(run->extract);
	dload_extract_on_wait(run->extract, dload_progress_wait, run);
	if (run->max_pages > 0)
		dload_extract_limit_pages(run->extract, run->max_pages +
								  (run->resume ? 1 : 0));
	if (run->resume)
		dload_extract_start_at(run->extract, run->resume);
	dload_conditional_begin(run);
	run->read_whole = run->resume == NULL;
	if (run->resume == NULL)
	{
		run->nread = run->nread_before = 0;
		run->doubt = NULL;
	}
	run->resumed = run->resume != NULL;
	if (!run->resumed)
		dload_bookmark_forget(run);
	MemoryContextSwitchTo(old);
}

/* An empty row: a full refresh starts from nothing. */
static DloadCursorRow *
blank_cursor(const DloadCursorRow *row)
{
	DloadCursorRow *blank = palloc0(sizeof(DloadCursorRow));

	blank->generation = row->generation;
	blank->boundary = construct_empty_array(INT8OID);
	blank->pending_boundary = construct_empty_array(INT8OID);
	return blank;
}

static void
note_start(DloadRun *run, void *arg)
{
	dload_run_note_start(run);
	if (run->run_id != 0)
		dload_progress_enter(run);
}

/*
 * An earlier run has left tables without keys.  If this one goes on with it,
 * so they stay; otherwise rows will be looked for, and keys are needed.
 */
static void
take_up_first_load(DloadRun *run)
{
	bool		replacing = run->replacing;

	if (!dload_pipeline_is_keyed(run->pipeline))
	{
		/* altered since: nothing will look for rows */
		dload_catalog_set_keyless(run->pipeline->id, false);
		return;
	}
	if (run->resume != NULL && !replacing)
	{
		run->keyless = true;
		return;
	}
	run->replacing = false;
	make_shape(run);
	dload_firstload_finish(run, NULL);
	run->replacing = replacing;
}

/* Everything that needs catalogs, before the first request. */
static void
prepare(DloadRun *run, void *arg)
{
	DloadCursorRow *row = dload_catalog_cursor(run->pipeline->id);

	run->generation = row->generation;
	/* an alter may have been waited for */
	run->pipeline = dload_catalog_pipeline(run->pipeline->name);
	dload_pipeline_check_names(run->pipeline);
	run->resource = dload_resource_create(run->pipeline->source,
										  run->pipeline->owner);
	dload_pipeline_check_source(run->pipeline, run->resource);
	run->replacing = run->full_refresh ||
		strcmp(run->pipeline->disposition, "replace") == 0;
	dload_checkpoint_read(run, row->checkpoint);
	if (run->full_refresh || dload_checkpoint_rows_are_gone(run))
	{
		run->resume = NULL;
		/* of a replace the new rows may be gone, the old ones are there */
		run->starting_over = run->full_refresh || !run->replacing;
		row = blank_cursor(row);
	}
	else if (run->replacing)
	{
		/* the old rows' cursor says nothing about the new ones */
		row->value = NULL;
		row->boundary = construct_empty_array(INT8OID);
	}
	run->cursor = dload_cursor_create(run->pipeline, row, run->resume != NULL);
	dload_bookmark_take_up(run, row);
	if (dload_catalog_is_keyless(run->pipeline->id))
		take_up_first_load(run);
	make_shape(run);
	dload_conditional_prepare(run);
	begin_read(run);
}

static DloadRun *
create_run(DloadPipeline *pipeline, int64 max_pages, bool full_refresh,
		   DloadRunMode mode)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dload run",
												  ALLOCSET_DEFAULT_SIZES);
	DloadRun   *run = MemoryContextAllocZero(context, sizeof(DloadRun));

	run->context = context;
	dload_package_init(run);
	run->mode = mode;
	run->pipeline = pipeline;
	run->max_pages = max_pages;
	run->full_refresh = full_refresh;
	run->started_at = run->reported_at = GetCurrentTimestamp();
	return run;
}

/*
 * Reading
 */

static void
discard_as_owner(DloadRun *run, void *arg)
{
	dload_replace_discard(&run->ev, run->shape);
}

static void
discard_shadow(DloadRun *run, void *arg)
{
	dload_run_as_owner(run, discard_as_owner, NULL);
}

/* Another one takes its place; what it counted stays counted. */
static void
give_up_extract(DloadRun *run)
{
	const DloadExtractStats *stats = dload_extract_stats(run->extract);

	run->earlier.requests += stats->requests;
	run->earlier.bytes += stats->bytes;
	run->earlier.retries += stats->retries;
	run->earlier.limit_wait_us += stats->limit_wait_us;
	run->earlier.backoff_wait_us += stats->backoff_wait_us;
	dload_extract_end(run->extract);
}

/*
 * What the run went on from has expired at the API: everything is read anew.
 * The old rows stay until that is done.  False if it is not that.
 */
static bool
restart_in_full(DloadRun *run, DloadError *err)
{
	bool		went_on = run->resumed || run->start.text != NULL ||
	(run->cursor != NULL && dload_cursor_start(run->cursor) != NULL);

	if (!dload_extract_must_restart(run->extract) || run->full_refresh ||
		!went_on)
		return false;
	ereport(NOTICE,
			(errmsg("pipeline \"%s\": the API cannot go on from where the last run ended, reading everything",
					run->pipeline->name),
			 err->detail ? errdetail_internal("%s", err->detail) : 0));
	memset(err, 0, sizeof(*err));
	run->earlier.pages += dload_extract_stats(run->extract)->pages;
	give_up_extract(run);
	run->full_refresh = true;
	run->completed = false;
	dload_run_guarded(run, prepare, NULL);
	dload_run_commit(run);
	return true;
}

/*
 * The list has moved since the earlier run stopped.  With keys the window is
 * read anew, which repeats nothing; without, nobody can say what to load.
 * Returns false when the run ends here.
 */
static bool
restart_window(DloadRun *run)
{
	if (!run->shape->keyed && !run->replacing)
	{
		dload_run_finish(run, "suspect",
			   "The page at which the last run stopped has changed, so that it"
			   " cannot be continued without missing or repeating records.  Run"
			   " it with full_refresh => true.");
		return false;
	}
	ereport(NOTICE,
			(errmsg("pipeline \"%s\": the page at which the last run stopped has changed, starting over",
					run->pipeline->name)));
	give_up_extract(run);
	run->resume = NULL;
	if (run->replacing || run->keyless)
	{
		dload_run_guarded(run, run->replacing ? discard_shadow :
						  dload_firstload_finish, NULL);
		dload_run_commit(run);
	}
	begin_read(run);
	return true;
}

typedef enum PageVerdict
{
	PAGE_TAKEN,					/* added to the package */
	PAGE_LAST,					/* added, and nothing new can follow */
	PAGE_RESTART,				/* the read has begun anew */
	PAGE_STOP					/* the run ends */
} PageVerdict;

static PageVerdict
take_page(DloadRun *run, DloadPage *page)
{
	PageVerdict verdict = PAGE_TAKEN;

	if (run->cursor)
		dload_cursor_set_clock(run->cursor,
							   dload_extract_server_time(run->extract));
	if (run->resume != NULL)
	{
		bool		same = page->fingerprint == run->resume_fingerprint;

		if (!same)
			return restart_window(run) ? PAGE_RESTART : PAGE_STOP;
		/* it is loaded already */
		run->resume = NULL;
		if (run->nread >= 0)
			run->nread_before = run->nread - page->nrecords;
		run->last_request = dload_request_text(page->request);
		run->last_fingerprint = page->fingerprint;
		dload_bookmark_see(run, page);
		MemoryContextDelete(page->context);
		return PAGE_TAKEN;
	}
	if (dload_conditional_in_vain(run))
	{
		MemoryContextDelete(page->context);
		give_up_extract(run);
		run->kept = NIL;
		begin_read(run);
		return PAGE_RESTART;
	}
	if (!dload_page_in_memory(page) && run->npages > 0)
		dload_package_load(run, NULL, false);
	/* within a slice the newest may come first; the next slice is newer */
	if (dload_package_add(run, page) &&
		run->resource->page.kind != DLOAD_PAGINATE_WINDOW)
		verdict = PAGE_LAST;
	if (!dload_page_in_memory(page))
	{
		dload_package_load(run, page,
						   !page->has_next || verdict == PAGE_LAST);
		MemoryContextDelete(page->context);
	}
	else
		MemoryContextSetParent(page->context, run->package);
	return verdict;
}

/* What becomes of a run that stopped early. */
static const char *
what_follows(const DloadRun *run)
{
	return run->resource->page.kind == DLOAD_PAGINATE_SCROLL ?
		"a scroll cannot be continued, so the next run begins anew" :
		"the next run goes on from there";
}

/* The API will answer, but not soon: the run ends, to be gone on with. */
static bool
stop_for_now(DloadRun *run, const DloadError *err)
{
	run->come_back = dload_extract_come_back(run->extract);
	if (run->come_back == 0)
		return false;
	dload_run_finish(run, "partial",
					 psprintf("Stopped because %s; %s.", err->message,
							  what_follows(run)));
	return true;
}

/* Read to the end.  Returns false with *err when the API fails. */
static bool
read_pages(DloadRun *run, DloadError *err)
{
	bool		complete = false;

	for (;;)
	{
		DloadPage  *page;
		DloadExtractResult result;
		PageVerdict verdict;

		result = dload_extract_next_page(run->extract,
										 dload_package_page_limit(), &page,
										 err);
		if (result == DLOAD_EXTRACT_ERROR)
		{
			/* whole pages are worth keeping */
			if (run->npages > 0)
				dload_package_load(run, NULL, false);
			return stop_for_now(run, err);
		}
		if (result == DLOAD_EXTRACT_END)
		{
			complete = !dload_extract_stopped_early(run->extract);
			break;
		}
		verdict = take_page(run, page);
		if (verdict == PAGE_STOP)
			return true;
		if (verdict == PAGE_RESTART)
			continue;
		if (verdict == PAGE_LAST)
		{
			complete = true;
			run->read_whole = false;
			run->nread_before = -1;
			break;
		}
		dload_progress_report(run);
		if (dload_package_full(run))
			dload_package_load(run, NULL, !page->has_next);
	}
	dload_package_load(run, NULL, complete);
	if (!complete)
		dload_run_finish(run, "partial",
			   psprintf("Stopped after " INT64_FORMAT " page%s; %s.",
						run->max_pages, run->max_pages == 1 ? "" : "s",
						what_follows(run)));
	return true;
}

/*
 * End
 */

static void
note_outcome(DloadRun *run, void *arg)
{
	if (run->extract)
		dload_progress_count(run);
	dload_run_note_end(run);
}

/*
 * An API that says that there is nothing at this address may mean what the
 * run began with.
 */
static void
fail(DloadRun *run, DloadError *err)
{
	if (err->sqlstate == ERRCODE_FDW_TABLE_NOT_FOUND &&
		run->start.text != NULL)
		dload_error_hint(err, "If what the run began with has expired, add a "
						 "rule to the option \"response_rules\": {\"when\": "
						 "\"status = 410\", \"do\": \"restart\"}; or run it "
						 "with full_refresh => true.");
	dload_run_finish(run, "failed", pstrdup(err->message));
	dload_error_raise(err);
}

/*
 * Something was raised.  Where the mode commits, the outcome is noted in a
 * transaction of its own before the error goes on.
 */
static void
note_error(DloadRun *run, ErrorData *error)
{
	run->outcome = NULL;
	if (dload_run_stop_reason())
		dload_run_finish(run, "cancelled", pstrdup(dload_run_stop_reason()));
	else if (run->superseded || error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		dload_run_finish(run, "cancelled", error->message);
	else
		dload_run_finish(run, "failed", error->message);
	/* what the package under way did is rolled back */
	run->counters.rows_inserted = run->committed.rows_inserted;
	run->counters.rows_updated = run->committed.rows_updated;
	run->counters.rows_deleted = run->committed.rows_deleted;
	run->counters.rows_rejected = run->committed.rows_rejected;
	if (run->extract)
		dload_extract_abort(run->extract);
	PG_TRY();
	{
		dload_run_rollback(run);
		/* a pipeline that was dropped took its runs along */
		dload_run_guarded(run, note_outcome, NULL);
		dload_run_commit(run);
	}
	PG_FINALLY();
	{
		dload_pipeline_unlock(run->pipeline->id);
	}
	PG_END_TRY();
}

static void
execute(DloadRun *run)
{
	DloadError	err = {0};

	dload_run_guarded(run, note_start, NULL);
	dload_run_commit(run);
	if (run->run_id == 0)
		return;					/* cancelled before it began */
	dload_run_guarded(run, prepare, NULL);
	dload_run_commit(run);
	while (run->outcome == NULL && !read_pages(run, &err))
	{
		if (!restart_in_full(run, &err))
			fail(run, &err);
	}
	dload_run_judge(run);
	dload_run_guarded(run, note_outcome, NULL);
	dload_extract_end(run->extract);
	dload_run_commit(run);
}

static void
note_skipped(DloadRun *run, void *arg)
{
	run->reason = "The pipeline is being run already.";
	dload_run_note_skipped(run);
}

static int64
skip(DloadRun *run)
{
	dload_run_guarded(run, note_skipped, NULL);
	dload_run_commit(run);
	ereport(NOTICE,
			(errmsg("pipeline \"%s\": skipped", run->pipeline->name),
			 errdetail_internal("%s", run->reason)));
	return run->run_id;
}

static void
execute_committing(DloadRun *run)
{
	PG_TRY();
	{
		execute(run);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(run->context);
		error = CopyErrorData();
		FlushErrorState();
		note_error(run, error);
		ReThrowError(error);
	}
	PG_END_TRY();
	dload_pipeline_unlock(run->pipeline->id);
}

int64
dload_run_pipeline(const char *name, int64 max_pages, bool full_refresh,
				   DloadRunMode mode)
{
	DloadPipeline *pipeline = dload_pipeline_open(name);
	DloadRun   *run = create_run(pipeline, max_pages, full_refresh, mode);
	int64		run_id;

	PreventCommandDuringRecovery(mode == DLOAD_RUN_PROCEDURE ? "dload.run()" :
								 "dload.run_atomic()");
	MemoryContextSwitchTo(run->context);
	if (!dload_pipeline_lock(pipeline->id, mode == DLOAD_RUN_PROCEDURE,
							 runs_under_way > 0))
		return skip(run);
	runs_under_way++;
	PG_TRY();
	{
		if (mode == DLOAD_RUN_PROCEDURE)
			execute_committing(run);
		else
			execute(run);
	}
	PG_FINALLY();
	{
		runs_under_way--;
	}
	PG_END_TRY();
	dload_progress_done(run);
	run_id = run->run_id;
	MemoryContextDelete(run->context);
	return run_id;
}

/*
 * For a worker.  False if somebody else runs the pipeline: a due time is then
 * recorded as skipped, a queued run goes on waiting.
 */
bool
dload_run_worker(const char *name, TimestampTz due)
{
	DloadPipeline *pipeline;
	DloadRun   *run;

	PushActiveSnapshot(GetTransactionSnapshot());
	pipeline = dload_pipeline_open(name);
	PopActiveSnapshot();
	run = create_run(pipeline, 0, false, DLOAD_RUN_WORKER);
	run->due = due;
	MemoryContextSwitchTo(run->context);
	if (!dload_pipeline_lock(pipeline->id, true, false))
	{
		skip(run);
		return false;
	}
	runs_under_way++;
	dload_run_set_stoppable(true);
	PG_TRY();
	{
		execute_committing(run);
	}
	PG_FINALLY();
	{
		runs_under_way--;
		dload_run_set_stoppable(false);
		dload_progress_leave(run);
	}
	PG_END_TRY();
	if (run->outcome != NULL)
		dload_progress_done(run);
	MemoryContextSwitchTo(run->context->parent);
	MemoryContextDelete(run->context);
	return true;
}
