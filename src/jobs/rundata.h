/*-------------------------------------------------------------------------
 *
 * rundata.h
 *	  A run's state, shared by run.c, package.c and progress.c.
 *
 * Memory: everything hangs on "context", which lives as long as the run; the
 * pages and rows of one package on "package", which is reset after it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RUNDATA_H
#define DLOAD_RUNDATA_H

#include "jobs/pipeline.h"
#include "jobs/run.h"
#include "load/cursor.h"
#include "load/evolve.h"
#include "load/loader.h"
#include "rest/extract.h"

#include "utils/hsearch.h"

typedef struct DloadRun
{
	MemoryContext context;
	DloadRunMode mode;
	DloadPipeline *pipeline;
	DloadResource *resource;
	int64		run_id;
	int64		max_pages;
	bool		full_refresh;
	bool		replacing;		/* into shadow tables */
	bool		keyless;		/* into tables that get their keys later */

	/* what is loaded into */
	DloadShape *shape;
	DloadBatch *batch;
	DloadEvolution ev;
	DloadIds	ids;

	/* where it stands */
	int64		generation;		/* of the definition and cursor */
	DloadCursorRow *row;		/* of the package under way */
	DloadCursor *cursor;		/* NULL without cursor_path */
	bool		bookmarks;		/* replies say what the next run begins with */
	DloadBookmark start;		/* what this one begins with */
	DloadBookmark bookmark;		/* what its pages said, last */
	DloadRequest *resume;		/* last page of the run before, to check */
	uint64		resume_fingerprint;
	uint64		source;			/* fingerprint of what is asked for */
	bool		resumed;		/* there was such a page */
	bool		read_whole;		/* this run reads the window from its start to
								 * the paginator's end */
	int64		nread;			/* records of the window up to the last page in
								 * the package; -1: not known */
	int64		nread_before;	/* the same before the first page that this run
								 * reads; -1 also if it does not read to the
								 * end */
	const char *doubt;			/* why it may not be all so far, or NULL */

	/* what is read from */
	DloadExtract *extract;
	DloadExtractStats earlier;	/* of extracts given up for another one */

	/* the package under way */
	MemoryContext package;
	MemoryContext bodies;		/* of its pages; reset with it */
	MemoryContext record;		/* while one record is looked at */
	int			npages;
	size_t		bytes;
	List	   *rejections;		/* of Rejection */
	char	   *last_request;	/* of the last page in it, storable */
	uint64		last_fingerprint;
	bool		slice_done;		/* all before the next page in time is in it */

	/* counters: of what is committed or about to be */
	DloadCounters counters;
	DloadCounters committed;	/* as they were at the last commit of rows */

	/* conditional requests */
	bool		starting_over;	/* the rows that were kept are gone */
	bool		noting;			/* validators are kept */
	uint64		definition;		/* of the source, for validators */
	HTAB	   *known_pages;	/* validators by request; NULL: none sent */
	int64		nnoted;			/* in this read */
	List	   *kept;			/* of DloadKeptValidator, in this package */

	/* how it ends; NULL outcome: still running */
	const char *outcome;
	char	   *reason;
	TimestampTz come_back;		/* partial: when the API will answer again */
	bool		completed;		/* the window's last package is loaded */
	bool		old_rows_kept;	/* instead of those that a replace read */
	bool		superseded;		/* altered or dropped meanwhile */

	/* when a worker's run was due; 0: not by time */
	TimestampTz due;

	/* progress */
	TimestampTz started_at;
	TimestampTz reported_at;
	TimestampTz published_at;	/* to the table of runs */
	bool		published;
	int64		npackages;
	MemoryContextCallback on_end;
} DloadRun;

/*
 * in package.c
 */

/* Do something on tables in a subtransaction with a snapshot. */
typedef void (*DloadRunBody) (DloadRun *run, void *arg);
extern void dload_run_guarded(DloadRun *run, DloadRunBody body, void *arg);

/*
 * Within that: do something as the pipeline's owner, in a security-restricted
 * operation and with a search_path that nobody can add to.
 */
extern void dload_run_as_owner(DloadRun *run, DloadRunBody body, void *arg);

/* Keep a record that will not be stored. */
extern void dload_package_reject(DloadRun *run, DloadTable *table,
								 DloadSpan record, const char *reason);

/* Make the memory contexts of packages; before anything else of them. */
extern void dload_package_init(DloadRun *run);

/* Is there enough in it to load it? */
extern bool dload_package_full(const DloadRun *run);

/* A page above this many bytes is for a file: see dload_extract_next_page. */
extern size_t dload_package_page_limit(void);

/*
 * Add a page's records to the package.  Returns true when the cursor says
 * that nothing new can follow.
 */
extern bool dload_package_add(DloadRun *run, DloadPage *page);

/*
 * Load what was added (and a page too large for memory, if not NULL), with
 * cursor and counters, and commit.  "complete": the window ends with it.
 */
extern void dload_package_load(DloadRun *run, DloadPage *large,
							   bool complete);

/*
 * in outcome.c
 */

/* Commit, where the mode commits; roll back, where it may. */
extern void dload_run_commit(DloadRun *run);
extern void dload_run_rollback(DloadRun *run);

/* Its beginning and end in the catalog. */
extern void dload_run_note_start(DloadRun *run);
extern void dload_run_note_end(DloadRun *run);
extern void dload_run_note_skipped(DloadRun *run);

extern void dload_run_set_stoppable(bool value);
extern const char *dload_run_stop_reason(void);

/* How the run ends, unless that is settled already. */
extern void dload_run_finish(DloadRun *run, const char *outcome,
							 char *reason);

/* Why records may be missing from a read that came to its end; NULL: nothing
 * says so. */
extern char *dload_run_lacks(DloadRun *run);

/* The same for a read that came to its end: is it all that there is? */
extern void dload_run_judge(DloadRun *run);

/*
 * in firstload.c
 */

/* Before tables are made for the first rows; "full": more is likely. */
extern void dload_firstload_begin(DloadRun *run, bool full);

/* Before rows are stored: build the keys now if they are needed. */
extern void dload_firstload_check(DloadRun *run);

/* Build the keys; as the owner. */
extern void dload_firstload_end(DloadRun *run);

/* The same as somebody else: a DloadRunBody. */
extern void dload_firstload_finish(DloadRun *run, void *arg);

/*
 * in bookmark.c
 */

/* Where the catalog says that the run begins, if that is for a bookmark. */
extern void dload_bookmark_take_up(DloadRun *run, const DloadCursorRow *row);

/* A read begins that is not the rest of another one. */
extern void dload_bookmark_forget(DloadRun *run);

/* A page is added to the package. */
extern void dload_bookmark_see(DloadRun *run, const DloadPage *page);

/* Write it into the row that is about to be stored. */
extern void dload_bookmark_save(DloadRun *run, bool complete);

/* After a read that came to its end: did no page have one? */
extern bool dload_bookmark_is_missing(const DloadRun *run);

/*
 * in checkpoint.c
 */

/* Where an earlier run stopped, if it did; NULL: it did not. */
extern void dload_checkpoint_read(DloadRun *run, const char *checkpoint);

/* Was the target dropped?  Then cursor and checkpoint mean nothing. */
extern bool dload_checkpoint_rows_are_gone(const DloadRun *run);

/* How a later run goes on after the last page of this package.  palloc'd. */
extern char *dload_checkpoint_text(DloadRun *run);

/*
 * in progress.c
 */
extern void dload_progress_enter(DloadRun *run);
extern void dload_progress_leave(DloadRun *run);
extern void dload_progress_phase(DloadRun *run, const char *phase);
extern void dload_progress_wait(const char *what, int64 ms, void *arg);
extern void dload_progress_report(DloadRun *run);
extern void dload_progress_done(DloadRun *run);
extern void dload_progress_count(DloadRun *run);

#endif							/* DLOAD_RUNDATA_H */
