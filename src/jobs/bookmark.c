/*-------------------------------------------------------------------------
 *
 * bookmark.c
 *	  Runs that begin with a value that replies of the run before had.
 *
 * The last page that has one counts.  It may stand in every page, and then
 * those before the last speak of what is not read yet; so it is pending, in
 * the transaction of its page's rows, until the read is complete.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/rundata.h"

#include "utils/memutils.h"

static void
set(DloadBookmark *mark, const char *text, bool string)
{
	mark->text = text ? pstrdup(text) : NULL;
	mark->string = string;
}

void
dload_bookmark_take_up(DloadRun *run, const DloadCursorRow *row)
{
	const char *start = row->value;
	bool		string = row->string;

	run->bookmarks = dload_pipeline_has_bookmark(run->pipeline, run->resource);
	set(&run->start, NULL, false);
	set(&run->bookmark, NULL, false);
	if (!run->bookmarks)
		return;
	if (run->resume != NULL)
	{
		start = row->window_start;
		set(&run->bookmark, row->pending, string);
	}
	else if (start == NULL)
	{
		start = run->pipeline->initial_value;
		string = false;
	}
	set(&run->start, start, string);
}

void
dload_bookmark_forget(DloadRun *run)
{
	set(&run->bookmark, NULL, false);
}

void
dload_bookmark_see(DloadRun *run, const DloadPage *page)
{
	MemoryContext old;

	if (!run->bookmarks || page->bookmark.text == NULL)
		return;
	old = MemoryContextSwitchTo(run->context);
	if (run->bookmark.text != NULL)
		pfree(run->bookmark.text);
	set(&run->bookmark, page->bookmark.text, page->bookmark.string);
	MemoryContextSwitchTo(old);
}

void
dload_bookmark_save(DloadRun *run, bool complete)
{
	const DloadBookmark *mark = &run->bookmark;
	DloadCursorRow *row = run->row;

	if (complete && mark->text != NULL)
		row->value = mark->text;
	if (mark->text != NULL)
		row->string = mark->string;
	row->pending = complete ? NULL : mark->text;
	row->window_start = complete ? NULL : run->start.text;
}

/* What was not sent, being as it was, may have it. */
bool
dload_bookmark_is_missing(const DloadRun *run)
{
	return run->bookmarks && run->bookmark.text == NULL &&
		dload_extract_stats(run->extract)->unchanged == 0;
}
