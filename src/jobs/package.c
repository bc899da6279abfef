/*-------------------------------------------------------------------------
 *
 * package.c
 *	  The pages that one transaction loads.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/conditional.h"

#include "base/setting.h"
#include "base/subxact.h"
#include "load/keys.h"
#include "load/merge.h"
#include "load/replace.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Bodies of a package's pages that stay allocated for the next one. */
#define KEPT_BODY_BYTES ((size_t) 4 * 1024 * 1024)

/* A record that will be kept in dload.rejected. */
typedef struct Rejection
{
	char	   *relation;
	DloadSpan	record;
	char	   *reason;
} Rejection;

typedef struct Package
{
	DloadPage  *large;			/* or NULL */
	bool		complete;
} Package;

/* How one attempt to store rows ended. */
typedef enum Attempt
{
	ATTEMPT_STORED,
	ATTEMPT_REJECTED,			/* some records turned out dead */
	ATTEMPT_DATA_ERROR			/* something raised about the data */
} Attempt;

/*
 * Subtransactions
 *
 * Everything a run does on tables happens in one, because then an error that
 * reaches the run's own handler has left no open SPI levels behind, and the
 * handler can end the transaction.
 */

typedef struct Guarded
{
	DloadRun   *run;
	DloadRunBody body;
	void	   *arg;
} Guarded;

static bool
run_guarded(void *arg)
{
	Guarded    *guarded = arg;

	PushActiveSnapshot(GetTransactionSnapshot());
	guarded->body(guarded->run, guarded->arg);
	PopActiveSnapshot();
	return true;
}

/*
 * Rows that others have written meanwhile are met as they are now; whoever
 * works by one snapshot can only give up, or takes a record for a duplicate.
 */
static void
see_what_is_committed(const DloadRun *run)
{
	if (run->mode != DLOAD_RUN_ATOMIC && !FirstSnapshotSet)
		XactIsoLevel = XACT_READ_COMMITTED;
}

void
dload_run_guarded(DloadRun *run, DloadRunBody body, void *arg)
{
	Guarded		guarded = {run, body, arg};
	ErrorData  *error;

	see_what_is_committed(run);
	error = dload_subxact(run_guarded, &guarded);
	if (error != NULL)
		ReThrowError(error);
}

/*
 * Memory
 */

/*
 * Bodies stand one after another in a block that a reset keeps: the same
 * memory serves all packages, and need not be asked for again.
 */
void
dload_package_init(DloadRun *run)
{
	size_t		kept = Min((size_t) dload_package_kb * 1024 / 2,
						   KEPT_BODY_BYTES);

	run->package = AllocSetContextCreate(run->context, "dload package",
										 ALLOCSET_DEFAULT_SIZES);
	run->record = AllocSetContextCreate(run->context, "dload record",
										ALLOCSET_SMALL_SIZES);
	run->bodies = GenerationContextCreate(run->context, "dload bodies",
										  kept, kept, kept);
}

bool
dload_package_full(const DloadRun *run)
{
	return run->npages > 0 &&
		run->bytes + run->batch->bytes >= (size_t) dload_package_kb * 1024;
}

size_t
dload_package_page_limit(void)
{
	/* it comes on top of a package that is nearly full */
	return (size_t) dload_package_kb * 1024 / 4;
}

/*
 * Rejections
 */

void
dload_package_reject(DloadRun *run, DloadTable *table, DloadSpan record,
					 const char *reason)
{
	MemoryContext old = MemoryContextSwitchTo(run->package);
	Rejection  *r = palloc(sizeof(Rejection));
	char	   *copy = MemoryContextAllocHuge(run->package, record.len + 1);

	memcpy(copy, record.data, record.len);
	r->record.data = copy;
	r->record.len = record.len;
	r->relation = psprintf("%s.%s", run->pipeline->target_schema, table->name);
	r->reason = pstrdup(reason);
	run->rejections = lappend(run->rejections, r);
	run->counters.rows_rejected++;
	MemoryContextSwitchTo(old);
}

static void
reject_row(DloadRow *root, DloadTable *table, const char *reason, void *arg)
{
	dload_package_reject(arg, table, root->record, reason);
}

static void
save_rejections(DloadRun *run)
{
	ListCell   *lc;

	foreach(lc, run->rejections)
	{
		Rejection  *r = lfirst(lc);

		dload_catalog_reject(run->pipeline->id, r->relation, r->record,
							 r->reason);
	}
	run->rejections = NIL;
}

/*
 * Records -> rows
 */

/* Does the record say that it is gone? */
static bool
is_tombstone(DloadRun *run, DloadSpan record)
{
	const DloadCondition *when = run->resource->records.deleted_when;
	MemoryContext old;
	bool		result;

	if (when == NULL)
		return false;
	old = MemoryContextSwitchTo(run->record);
	result = dload_condition_holds_in(when, record);
	MemoryContextSwitchTo(old);
	MemoryContextReset(run->record);
	return result;
}

/*
 * Normalise one record.  Returns true if it is older than the window.
 * "counting": false when only the types matter and it will come again.
 */
static bool
add_record(DloadRun *run, DloadSpan record, bool counting, int64 *ndated)
{
	DloadError	err = {0};
	DloadRow   *row;
	DloadCursorVerdict verdict;
	char	   *reason = NULL;

	if (is_tombstone(run, record))
		row = dload_normalize_tombstone(run->batch, record, &err);
	else
		row = dload_normalize(run->batch, record, &err);
	if (!counting)
		return false;
	run->counters.rows_read++;
	if (row == NULL)
	{
		dload_package_reject(run, run->shape->tables[0], record, err.message);
		return false;
	}
	if (run->cursor == NULL)
		return false;
	if (row->cursor.type != DLOAD_TOKEN_NONE)
		(*ndated)++;
	verdict = dload_cursor_check(run->cursor, row, &reason);
	/* what was there before must be known again next time */
	if (verdict == DLOAD_CURSOR_LOAD || verdict == DLOAD_CURSOR_SEEN)
		dload_cursor_see(run->cursor, row);
	if (verdict == DLOAD_CURSOR_LOAD)
		return false;
	row->dead = true;
	if (reason != NULL)
		dload_package_reject(run, run->shape->tables[0], record, reason);
	else
		run->counters.rows_unchanged++;
	return verdict == DLOAD_CURSOR_OLD;
}

/* Of a large page: the rows made before they are stored, in bytes. */
static size_t
large_batch_bytes(void)
{
	return (size_t) dload_package_kb * 1024 / 2;
}

bool
dload_package_add(DloadRun *run, DloadPage *page)
{
	MemoryContext old = MemoryContextSwitchTo(run->package);
	DloadSpan	record;
	int64		nold = 0;
	int64		ndated = 0;
	bool		large = !dload_page_in_memory(page);

	run->last_request = dload_request_text(page->request);
	run->last_fingerprint = page->fingerprint;
	run->slice_done = page->slice_done;
	/* how many an unchanged page has is not for here */
	run->nread = run->nread < 0 || page->unchanged ? -1 :
		run->nread + page->nrecords;
	if (run->doubt == NULL)
		run->doubt = dload_extract_doubt(run->extract);
	run->npages++;
	dload_conditional_note(run, page);
	dload_bookmark_see(run, page);
	if (!large)
		run->bytes += page->bytes;
	while (dload_page_next_record(page, &record))
	{
		CHECK_FOR_INTERRUPTS();
		if (add_record(run, record, !large, &ndated))
			nold++;
		/* of a large page only the types are learnt now */
		if (large && run->batch->bytes > large_batch_bytes())
			dload_batch_reset(run->batch);
	}
	if (large)
		dload_batch_reset(run->batch);
	MemoryContextSwitchTo(old);
	/* of a list with the newest first nothing came before that page */
	if (page->unchanged)
		nold = ndated = 1;
	return run->cursor != NULL &&
		dload_cursor_page_is_old(run->cursor, nold, ndated);
}

/*
 * Rows -> tables
 */

/*
 * What is deferred would fail the commit, and nobody knew which record; nor
 * may triggers be deferred in a security-restricted operation.
 */
static void
make_constraints_immediate(void)
{
	SPI_connect();
	if (SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0) < 0)
		elog(ERROR, "could not check constraints");
	SPI_finish();
}

static void
store_rows(DloadLoad *load, DloadRun *run, DloadRow *only)
{
	if (run->shape->keyed && !run->keyless)
		dload_merge(load, run->batch, only, &run->counters);
	else
		dload_append(load, run->batch, only, &run->counters);
}

/* Rows as they were before an attempt, but for records found dead. */
static void
reset_rows(DloadBatch *batch)
{
	for (int t = 0; t < batch->ntables; t++)
		for (int i = 0; i < batch->nrows[t]; i++)
		{
			DloadRow   *row = batch->rows[t][i];

			row->id = 0;
			row->skipped = row->fresh = false;
		}
}

/* Is it a record's fault?  A trigger that raises says so of its row. */
static bool
is_data_error(int sqlstate)
{
	int			class = ERRCODE_TO_CATEGORY(sqlstate);

	return class == ERRCODE_DATA_EXCEPTION ||
		class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		class == ERRCODE_PROGRAM_LIMIT_EXCEEDED ||
		class == ERRCODE_WITH_CHECK_OPTION_VIOLATION ||
		sqlstate == ERRCODE_RAISE_EXCEPTION;
}

typedef struct Storing
{
	DloadRun   *run;
	DloadRow   *only;			/* NULL: the whole batch */
	int64		rejected;
} Storing;

static bool
store_all(void *arg)
{
	Storing    *storing = arg;
	DloadRun   *run = storing->run;
	DloadLoad  *load = dload_load_open(run->shape, &run->ids, run->run_id,
									   reject_row, run);

	make_constraints_immediate();
	store_rows(load, run, storing->only);
	storing->rejected = dload_load_rejected(load);
	dload_load_close(load);
	return storing->rejected == 0;
}

/*
 * Store the batch, or one record of it, in a subtransaction that is rolled
 * back unless all of it could be stored; then only rejections still count.
 */
static Attempt
attempt(DloadRun *run, DloadRow *only, char **message)
{
	Storing		storing = {run, only};
	DloadCounters before = run->counters;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dload attempt",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ErrorData  *error = dload_subxact(store_all, &storing);
	Attempt		result = ATTEMPT_STORED;

	MemoryContextSwitchTo(old);
	if (error != NULL || storing.rejected > 0)
	{
		before.rows_rejected = run->counters.rows_rejected;
		run->counters = before;
		result = ATTEMPT_REJECTED;
	}
	if (error != NULL)
	{
		if (!is_data_error(error->sqlerrcode))
			ReThrowError(error);
		*message = pstrdup(error->message);
		result = ATTEMPT_DATA_ERROR;
	}
	/* one that failed has left all it had allocated */
	MemoryContextDelete(context);
	return result;
}

/* Record by record, so that only those at fault are left out. */
static void
store_carefully(DloadRun *run)
{
	for (int i = 0; i < run->batch->nroots; i++)
	{
		DloadRow   *row = run->batch->roots[i];
		char	   *message;

		if (row->dead)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (attempt(run, row, &message) == ATTEMPT_DATA_ERROR)
		{
			row->dead = true;
			dload_package_reject(run, run->shape->tables[0], row->record,
								 message);
		}
	}
}

/*
 * Optimistically first.  Conversion failures are all found in one attempt;
 * what core raises has to be pinned down record by record.
 */
static void
store_batch(DloadRun *run)
{
	/* tombstones alone, and no row that one of them could mean */
	if (!dload_keys_are_known(run->shape))
	{
		for (int i = 0; i < run->batch->nroots; i++)
			if (!run->batch->roots[i]->dead)
				run->counters.rows_unchanged++;
		return;
	}
	dload_firstload_check(run);
	for (;;)
	{
		char	   *message;
		Attempt		result = attempt(run, NULL, &message);

		if (result == ATTEMPT_STORED)
			return;
		reset_rows(run->batch);
		if (result == ATTEMPT_DATA_ERROR)
		{
			store_carefully(run);
			return;
		}
	}
}

/*
 * A page that is larger than a package: as many of its records at once as are
 * in memory.
 */
static void
store_large_page(DloadRun *run, DloadPage *page)
{
	DloadSpan	record;
	int64		ndated = 0;

	dload_page_rewind(page);
	for (;;)
	{
		if (run->batch->nroots > 0 &&
			(dload_page_at_edge(page) ||
			 run->batch->bytes >= large_batch_bytes()))
		{
			store_batch(run);
			dload_batch_reset(run->batch);
		}
		if (!dload_page_next_record(page, &record))
			break;
		CHECK_FOR_INTERRUPTS();
		add_record(run, record, true, &ndated);
	}
}

/*
 * The package's transaction
 */

static void
lock_cursor(DloadRun *run)
{
	/* a pipeline dropped meanwhile raises here */
	run->superseded = true;
	run->row = dload_catalog_cursor(run->pipeline->id);
	if (run->row->generation != run->generation)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" was changed while it ran",
						run->pipeline->name)));
	run->superseded = false;
}

/*
 * An error leaves user and settings to the subtransaction's abort.
 */
void
dload_run_as_owner(DloadRun *run, DloadRunBody body, void *arg)
{
	Oid			save_user;
	int			save_context;
	int			level;

	GetUserIdAndSecContext(&save_user, &save_context);
	SetUserIdAndSecContext(run->pipeline->owner,
						   save_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	level = NewGUCNestLevel();
	dload_setting_pin_search_path();
	dload_setting_change("DateStyle", "ISO, YMD");
	body(run, arg);
	AtEOXact_GUC(true, level);
	SetUserIdAndSecContext(save_user, save_context);
}

/*
 * The new rows take the place of the old ones, unless some of them are missing
 * by what the API says.
 */
static void
end_replace(DloadRun *run)
{
	char	   *lacks = dload_run_lacks(run);

	if (dload_replace_would_empty(run->shape))
		lacks = "No record was loaded.";
	else if (lacks != NULL && !dload_replace_has_rows(run->shape))
		lacks = NULL;			/* there are none to keep */
	run->old_rows_kept = lacks != NULL;
	if (run->old_rows_kept)
		dload_run_finish(run, "suspect",
						 MemoryContextStrdup(run->context,
											 psprintf("%s  The old rows were kept.",
													  lacks)));
	else
		run->counters.rows_deleted += dload_replace_swap(&run->ev, run->shape);
}

static void
store_package(DloadRun *run, void *arg)
{
	Package    *package = arg;

	if ((run->batch->nroots > 0 || package->large) &&
		dload_keys_are_known(run->shape))
	{
		dload_firstload_begin(run, !package->complete &&
							  (package->large || dload_package_full(run)));
		dload_evolve(&run->ev, run->shape);
	}
	if (package->large)
		store_large_page(run, package->large);
	else if (run->batch->nroots > 0)
		store_batch(run);
	if (package->complete && run->keyless)
	{
		/* its memory is for the sorts */
		dload_batch_release(run->batch);
		dload_firstload_end(run);
	}
	if (package->complete && run->replacing &&
		!dload_conditional_unchanged(run))
		end_replace(run);
}

/* A window ended whose rows were not taken, or not all. */
static void
forget_window(DloadCursorRow *row)
{
	row->pending = row->window_start = row->window_clock = NULL;
	row->pending_boundary = construct_empty_array(INT8OID);
}

static void
save_cursor(DloadRun *run, bool complete)
{
	/* records that were left out must be asked for again */
	bool		skipped = dload_extract_stats(run->extract)->skipped > 0;
	bool		same = run->old_rows_kept ||
	(run->replacing && dload_conditional_unchanged(run));

	if (complete || skipped)
		run->row->checkpoint = NULL;
	else if (run->last_request)
		run->row->checkpoint = dload_checkpoint_text(run);
	if (run->cursor && !skipped && !same)
	{
		char	   *value = run->row->value;
		ArrayType  *boundary = run->row->boundary;

		dload_cursor_save(run->cursor, run->row, complete, run->slice_done);
		/* until the swap the cursor stays that of the rows there are */
		if (run->replacing && !complete)
		{
			run->row->value = value;
			run->row->boundary = boundary;
		}
	}
	if (run->bookmarks && !skipped && !same)
		dload_bookmark_save(run, complete);
	if (complete && (skipped || same))
		forget_window(run->row);
	dload_catalog_set_cursor(run->pipeline->id, run->row);
}

static void
load_package(DloadRun *run, void *arg)
{
	Package    *package = arg;

	lock_cursor(run);
	dload_run_as_owner(run, store_package, package);
	save_rejections(run);
	save_cursor(run, package->complete);
	dload_conditional_save(run, package->complete);
	dload_progress_count(run);
	dload_catalog_update_run(run->run_id, &run->counters);
}

void
dload_package_load(DloadRun *run, DloadPage *large, bool complete)
{
	Package		package = {large, complete};
	MemoryContext old;

	if (run->completed)
		return;
	old = MemoryContextSwitchTo(run->package);
	dload_progress_phase(run, "loading");
	dload_run_guarded(run, load_package, &package);
	dload_run_commit(run);
	run->committed = run->counters;
	run->completed = complete;
	run->npackages++;
	dload_progress_phase(run, "fetching");
	MemoryContextSwitchTo(old);

	dload_batch_reset(run->batch);
	run->row = NULL;
	MemoryContextReset(run->package);
	MemoryContextReset(run->bodies);
	run->npages = 0;
	run->bytes = 0;
	run->last_request = NULL;
}
