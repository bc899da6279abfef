/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Pulling by record.
 *
 * A page that has arrived as a whole is parsed as a whole, which tells early
 * what the next request is; any other is read as a stream.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/read.h"

#include "rest/page.h"
#include "rest/slices.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * How long a scan lets a response complete before it begins to read it as a
 * stream.  A page that has arrived as a whole lets the next one be asked for
 * early; a slow or large one gives its first record sooner as a stream.
 */
#define ARRIVAL_GRACE_MS 10

/* A page that rules must see the end of: above this it goes to a file. */
#define JUDGED_PAGE_BYTES ((size_t) 8 * 1024 * 1024)

/* While records are handed out, other transfers are driven this often. */
#define POLL_EVERY 64

/* Wait a little for the open fetch's body to be complete. */
static bool
arrives_soon(DloadExtract *x)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													ARRIVAL_GRACE_MS);

	for (;;)
	{
		if (dload_fetch_arrived(x->fetch))
			return true;
		if (!dload_fetch_linger(x->fetch, until))
			return dload_fetch_arrived(x->fetch);
	}
}

/* A page that may turn out not to count must not be handed out before. */
static bool
must_be_whole(const DloadExtract *x)
{
	return dload_window_may_halve(x->res) || x->res->page.stop_on_repeat ||
		dload_list_is_bare(x->res, x->fetch->request);
}

/*
 * Begin the next page of a scan: as a whole if it is there, or must be for
 * detection; else as a stream.
 */
static bool
begin_page(DloadExtract *x, DloadError *err)
{
	DloadSpan	piece;

	x->handed = 0;
	x->replay = 0;
	x->hash = 0;
	x->looked_ahead = false;
	if (!dload_extract_open(x, err))
		return false;
	if (x->fetch->fate != DLOAD_FATE_PAGE || x->fetch->unjudged)
	{
		x->page = dload_extract_fetch_page(x, x->context, JUDGED_PAGE_BYTES,
										   err);
		return x->page != NULL;
	}
	if (arrives_soon(x))
	{
		x->page = dload_extract_fetch_page(x, x->context, SIZE_MAX, err);
		return x->page != NULL;
	}
	/* what its records are is known when the page is complete */
	if (must_be_whole(x) || dload_extract_needs_page(x))
	{
		x->page = dload_extract_fetch_page(x, x->context,
										   (size_t) dload_package_kb * 1024,
										   err);
		return x->page != NULL;
	}
	while (x->path == NULL)
	{
		DloadFetchState state = dload_fetch_read(x->fetch, -1, &piece, err);

		if (state == DLOAD_FETCH_WAITING)
			continue;
		/* not enough to tell, or a failure: the whole page decides */
		if (state != DLOAD_FETCH_DATA ||
			!dload_extract_guess(x, piece.data, piece.len))
		{
			x->page = dload_extract_fetch_page(x, x->context, SIZE_MAX, err);
			return x->page != NULL;
		}
	}
	(void) dload_extract_reader(x);
	x->piece.len = 0;
	x->streaming = true;
	return true;
}

/* The rest of a page that arrived as a whole, one record at a time. */
static bool
next_of_page(DloadExtract *x, DloadSpan *record)
{
	if (!dload_page_next_record(x->page, record))
		return false;
	x->handed++;
	if (x->fetch != NULL && x->handed * 2 >= x->page->nrecords &&
		(x->enough == 0 || x->total_records < x->enough))
		dload_extract_prefetch(x);
	if (x->handed % POLL_EVERY == 0)
		dload_http_poll();
	return true;
}

/* A stream is half read: what comes next may be known. */
static void
look_ahead(DloadExtract *x)
{
	if (x->looked_ahead || x->last_nrecords == 0 ||
		x->handed * 2 < x->last_nrecords)
		return;
	x->looked_ahead = true;
	if (x->enough > 0 && x->total_records + x->last_nrecords >= x->enough)
		return;
	dload_ahead_from_head(x);
	dload_ahead_start(x);
}

static bool
page_changed(DloadExtract *x, const char *how, DloadError *err)
{
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"page of server \"%s\" changed while it was read",
					x->res->servername);
	dload_error_detail(err, "%s %s broke off after " INT64_FORMAT " records "
					   "and %s when asked again.", x->fetch->method,
					   x->fetch->shown_url, x->replay, how);
	return dload_error_hint(err, "Run the query again.");
}

static bool
began_with_others(DloadExtract *x, DloadError *err)
{
	return page_changed(x, "began with others", err);
}

/*
 * The stream broke.  As long as no record was handed out, the page can begin
 * anew, whatever the next response turns out to be; later it must be the same
 * page, and what was handed out is skipped.
 */
static bool
restart_stream(DloadExtract *x, DloadError *err)
{
	if (!dload_fetch_again(x->fetch))
		return false;
	memset(err, 0, sizeof(*err));
	if (x->replay == 0 || x->handed > x->replay)
	{
		x->replay = x->handed;
		x->replay_hash = x->hash;
	}
	x->handed = 0;
	x->hash = 0;
	x->piece.len = 0;
	if (x->replay == 0)
	{
		dload_extract_forget_path(x);
		x->streaming = false;
		return true;
	}
	if (!dload_extract_open(x, err))
		return false;
	if (x->fetch->fate != DLOAD_FATE_PAGE || x->fetch->unjudged)
		return page_changed(x, psprintf("was answered with status %d",
										dload_http_status(x->fetch->exchange)),
							err);
	(void) dload_extract_reader(x);
	return true;
}

/*
 * Give the reader more bytes, or the news that there are none.  False when
 * the stream broke and could not be begun again.
 */
static bool
feed_stream(DloadExtract *x, DloadError *err)
{
	dload_fetch_consume(x->fetch, x->piece.len);
	x->piece.len = 0;
	switch (dload_fetch_read(x->fetch, -1, &x->piece, err))
	{
		case DLOAD_FETCH_WAITING:
			break;
		case DLOAD_FETCH_DATA:
			dload_reader_feed(x->reader, x->piece.data, x->piece.len);
			break;
		case DLOAD_FETCH_COMPLETE:
			dload_reader_finish(x->reader);
			break;
		case DLOAD_FETCH_BROKEN:
			return restart_stream(x, err);
	}
	return true;
}

/* The stream's page is complete. */
static bool
end_stream(DloadExtract *x, DloadError *err)
{
	if (x->handed < x->replay)
		return began_with_others(x, err);
	x->streaming = false;
	return dload_extract_settle(x, dload_reader_envelope(x->reader),
								x->handed, x->hash, err);
}

/*
 * The stream's next record.  END here is the end of the page, settled, or that
 * of an attempt, of which nothing is left.
 */
static DloadExtractResult
next_of_stream(DloadExtract *x, DloadSpan *record, DloadError *err)
{
	while (x->streaming)
	{
		switch (dload_reader_next(x->reader, record, err))
		{
			case DLOAD_READ_RECORD:
				x->handed++;
				x->hash = dload_record_hash(*record, x->hash);
				look_ahead(x);
				if (x->handed > x->replay)
					return DLOAD_EXTRACT_ITEM;
				if (x->handed == x->replay && x->hash != x->replay_hash)
				{
					began_with_others(x, err);
					return DLOAD_EXTRACT_ERROR;
				}
				break;
			case DLOAD_READ_END:
				return end_stream(x, err) ?
					DLOAD_EXTRACT_END : DLOAD_EXTRACT_ERROR;
			case DLOAD_READ_MORE:
				if (!feed_stream(x, err))
					return DLOAD_EXTRACT_ERROR;
				break;
			case DLOAD_READ_ERROR:
				if (dload_extract_bad_body(x, x->piece, err) !=
					DLOAD_BODY_BROKEN || !restart_stream(x, err))
					return DLOAD_EXTRACT_ERROR;
				break;
		}
	}
	return DLOAD_EXTRACT_END;
}

DloadExtractResult
dload_extract_next_record(DloadExtract *x, DloadSpan *record,
						  DloadError *err)
{
	MemoryContext caller = CurrentMemoryContext;
	DloadExtractResult result = DLOAD_EXTRACT_END;

	if (x->page != NULL && next_of_page(x, record))
		return DLOAD_EXTRACT_ITEM;
	memset(err, 0, sizeof(*err));
	MemoryContextSwitchTo(x->scratch);
	for (;;)
	{
		if (x->streaming)
		{
			result = next_of_stream(x, record, err);
			if (result != DLOAD_EXTRACT_END)
				break;
			continue;
		}
		if (x->page != NULL)
		{
			if (next_of_page(x, record))
			{
				result = DLOAD_EXTRACT_ITEM;
				break;
			}
			MemoryContextDelete(x->page->context);
			x->page = NULL;
		}
		MemoryContextReset(x->scratch);
		if (!dload_extract_may_go_on(x, &result, err))
			break;
		dload_extract_widen_window(x);
		result = DLOAD_EXTRACT_ERROR;
		if (!begin_page(x, err))
			break;
		if (x->page != NULL &&
			!dload_extract_settle(x, x->page->envelope, x->page->nrecords,
								  x->page->fingerprint, err))
			break;
		if (x->page != NULL && x->discarded)
		{
			dload_extract_drop_page(x, x->page);
			x->page = NULL;
		}
	}
	if (result == DLOAD_EXTRACT_ERROR)
		return dload_extract_fail(x, err, caller);
	if (result == DLOAD_EXTRACT_END)
		dload_close_scroll(x, true);
	MemoryContextSwitchTo(caller);
	return result;
}

void
dload_extract_position(const DloadExtract *x, int64 *page, int64 *record)
{
	/* a page that came whole is counted before its records are handed out */
	*page = x->channel.stats.pages + (x->page == NULL ? 1 : 0);
	*record = x->handed;
}
