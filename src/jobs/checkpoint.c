/*-------------------------------------------------------------------------
 *
 * checkpoint.c
 *	  How a later run goes on where one stopped.
 *
 * A checkpoint is a JSON document in the cursor row: the request for the last
 * page committed, the fingerprint of that page's records, and the fingerprint
 * of the source it belongs to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/rundata.h"

#include "data/json.h"

/*
 * What the read begins with, a constant in the cursor's place: another one
 * means that the foreign table or its server was altered.
 */
static uint64
source_fingerprint(DloadRun *run)
{
	DloadError	err = {0};
	DloadRequest request;
	char	   *text;
	List	   *params = dload_pipeline_params(run->pipeline->params,
											   run->resource);
	bool		window = run->resource->page.kind == DLOAD_PAGINATE_WINDOW;
	bool		has_cursor = run->pipeline->cursor_path != NULL ||
	dload_pipeline_has_bookmark(run->pipeline, run->resource);
	ListCell   *lc;
	bool		ok;

	if (has_cursor && !window &&
		run->resource->request.cursor_in != DLOAD_IN_URL)
		params = dload_pipeline_cursor_params(run->pipeline, run->resource,
											  params, pstrdup("0"), true);
	/* what is not sent with a cursor belongs to it all the same */
	foreach(lc, params)
		((DloadParam *) lfirst(lc))->cursor = false;

	/* where a window begins and ends is another question each time */
	if (window)
		ok = dload_request_base(run->resource, params, &request, &err);
	else
		ok = dload_request_first(run->resource, params, &request, &err);
	if (!ok)
		dload_error_raise(&err);
	text = dload_request_text(&request);
	return dload_hash_bytes(text, strlen(text), 0);
}

/* The checkpoint is of another source, or of no use. */
static void
forget_checkpoint(DloadRun *run, const char *why)
{
	char	   *reason;

	run->resume = NULL;
	if (dload_pipeline_is_keyed(run->pipeline) || run->replacing)
	{
		ereport(NOTICE,
				(errmsg("pipeline \"%s\": %s, starting over",
						run->pipeline->name, why)));
		return;
	}
	reason = psprintf("%s, so that it cannot be continued without missing or"
					  " repeating records.  Run it with full_refresh => true.",
					  why);
	reason[0] = pg_toupper((unsigned char) reason[0]);
	dload_run_finish(run, "suspect", reason);
}

void
dload_checkpoint_read(DloadRun *run, const char *checkpoint)
{
	DloadError	err = {0};
	DloadJson  *doc;
	char	   *request;
	char	   *fingerprint;
	char	   *source;
	int64		replacing;

	run->source = source_fingerprint(run);
	if (checkpoint == NULL || run->full_refresh)
		return;
	doc = dload_json_parse(checkpoint, "checkpoint", &err);
	if (doc == NULL)
		dload_error_raise(&err);
	request = dload_json_get_string(doc, "request");
	fingerprint = dload_json_get_string(doc, "fingerprint");
	if (request == NULL || fingerprint == NULL)
		elog(ERROR, "invalid checkpoint");
	run->resume = dload_request_parse(request, &err);
	if (run->resume == NULL)
		dload_error_raise(&err);
	run->resume_fingerprint = strtou64(fingerprint, NULL, 10);
	if (dload_json_get_int(doc, "replacing", &replacing))
		run->replacing = true;
	run->nread = run->nread_before = -1;
	(void) dload_json_get_int(doc, "read", &run->nread);
	run->doubt = dload_json_get_string(doc, "doubt");
	source = dload_json_get_string(doc, "source");
	if (source == NULL || strtou64(source, NULL, 10) != run->source)
		forget_checkpoint(run, "the source was altered since the last run "
						  "stopped");
	/* what was left in a queue is what comes now */
	else if (run->resource->page.kind == DLOAD_PAGINATE_DRAIN)
		run->resume = NULL;
	else if (run->resource->page.kind == DLOAD_PAGINATE_SCROLL)
		forget_checkpoint(run, "a scroll cannot be continued by another run");
}

/*
 * Was the table dropped that the rows so far are in?  Then cursor and
 * checkpoint speak of rows that nobody has.  Child tables that were left
 * behind hold rows whose parents' numbers will be given out again.
 */
bool
dload_checkpoint_rows_are_gone(const DloadRun *run)
{
	bool		gone = false;
	bool		children = false;
	ListCell   *lc;

	foreach(lc, dload_catalog_tables(run->pipeline->id))
	{
		DloadTableRow *table = lfirst(lc);
		bool		there = OidIsValid(run->replacing ? table->shadow :
									   table->relation);

		if (strcmp(table->path, "$") == 0)
			gone = !there;
		else if (there)
			children = true;
	}
	if (!gone || run->replacing)
		return gone;
	if (children)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("target of pipeline \"%s\" was dropped, but not its child tables",
						run->pipeline->name),
				 errhint("Drop them too, or run the pipeline with full_refresh => true.")));
	ereport(NOTICE,
			(errmsg("pipeline \"%s\": the target was dropped, starting over",
					run->pipeline->name)));
	return true;
}

char *
dload_checkpoint_text(DloadRun *run)
{
	DloadJson  *doc = dload_json_new_object();

	dload_json_set_string(doc, "request", run->last_request);
	dload_json_set_string(doc, "fingerprint",
						  psprintf(UINT64_FORMAT, run->last_fingerprint));
	dload_json_set_string(doc, "source", psprintf(UINT64_FORMAT, run->source));
	if (run->replacing)
		dload_json_set_int(doc, "replacing", 1);
	if (run->nread >= 0)
		dload_json_set_int(doc, "read", run->nread);
	if (run->doubt != NULL)
		dload_json_set_string(doc, "doubt", run->doubt);
	return dload_json_text(doc);
}
