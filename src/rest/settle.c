/*-------------------------------------------------------------------------
 *
 * settle.c
 *	  The end of a page: is it what it should be, and what comes next?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/read.h"

#include "rest/auth.h"
#include "rest/total.h"

/* More than one bad spot: whatever the rule is for, it is something else. */
#define MAX_SKIPS 10

/*
 * More pages in a row without a record: the list leads on for ever, unless
 * max_pages says otherwise.
 */
#define MAX_HOLLOW 1000

/* records_path led nowhere: that is not an empty list. */
static bool
nothing_at_path(DloadExtract *x, DloadSpan envelope, DloadError *err)
{
	DloadError	ignored = {0};
	DloadPath  *guess = dload_reader_detect(envelope, &ignored);

	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"records_path \"%s\" of foreign table %s leads to "
					"nothing", dload_path_text(x->path), x->res->relname);
	dload_error_detail(err, "%s %s returned: %s", x->fetch->method,
					   x->fetch->shown_url,
					   dload_shown_body(x->res, envelope));
	if (guess != NULL && guess->nsteps > 0 &&
		x->channel.stats.pages == 0)
		return dload_error_hint(err, "The response has a list at \"%s\".",
								dload_path_text(guess));
	if (x->res->records.path == NULL)
		return dload_error_hint(err, "If the API leaves a list without "
								"records out, set the options "
								"\"records_path\" to '%s' and "
								"\"records_optional\" to 'true'.",
								dload_path_text(x->path));
	return dload_error_hint(err, "If the API leaves a list without records "
							"out, set the option \"records_optional\" to "
							"'true'.");
}

/* Does each page name the next one, so that without it the way is lost? */
static bool
pages_name_next(DloadPaginateKind kind)
{
	switch (kind)
	{
		case DLOAD_PAGINATE_LINK:
		case DLOAD_PAGINATE_NEXT_URL:
		case DLOAD_PAGINATE_TOKEN:
		case DLOAD_PAGINATE_AUTO:
		case DLOAD_PAGINATE_SCROLL:
			return true;
		default:
			return false;
	}
}

/* Are these the records of the page before? */
static bool
is_repeated(DloadExtract *x, int64 nrecords, uint64 fingerprint)
{
	/* files may well be equal */
	if (x->res->slice.list_url != NULL || x->res->page.equal_pages ||
		x->paginator->asks_by == NULL || nrecords == 0)
		return false;
	/* no request of a scroll is like another, even if it goes in circles */
	if (x->res->page.kind == DLOAD_PAGINATE_SCROLL)
		return dload_extract_known_page(x, fingerprint);
	return x->last_nrecords == nrecords && x->last_fingerprint == fingerprint;
}

/*
 * How often in a row a page may come again.  Where the server says what is
 * asked for, the list may have grown by just a page since it was said; but
 * that the way which paginate 'auto' found leads on is for page 2 to show.
 */
static int
repeats_allowed(const DloadExtract *x)
{
	DloadPaginateKind kind = x->res->page.kind;

	if (!pages_name_next(kind) || kind == DLOAD_PAGINATE_SCROLL ||
		(kind == DLOAD_PAGINATE_AUTO && x->channel.stats.pages == 1 &&
		 !x->resumed))
		return 0;
	return 1;
}

/* A server that ignores the parameter sends the same page for ever. */
static bool
repeated_error(const DloadExtract *x, int64 nrecords, DloadError *err)
{
	DloadPaginateKind kind = x->res->page.kind;

	dload_error_set(err, ERRCODE_FDW_ERROR,
					"API of server \"%s\" sent the same page %s",
					x->res->servername,
					x->repeats > 1 ? "three times in a row" : "twice");
	dload_error_detail(err, "%s %s returned the " INT64_FORMAT " records of "
					   "%s.", x->fetch->method, x->fetch->shown_url,
					   nrecords,
					   kind == DLOAD_PAGINATE_SCROLL ? "a page before" :
					   "the page before");
	if (kind <= DLOAD_PAGINATE_NEXT_URL)
		return dload_error_hint(err, "Its next links lead on, but not to "
								"other records; if these may be equal, set "
								"the option \"equal_pages\" to 'true'.");
	if (kind == DLOAD_PAGINATE_AUTO)
		return dload_error_hint(err, "What paginate 'auto' found does not lead "
								"on: %s. Name the paginator and its options.",
								x->channel.stats.paginator);
	if (kind == DLOAD_PAGINATE_SCROLL)
		return dload_error_hint(err, "The server seems to ignore the token.");
	return dload_error_hint(err, "The server seems to ignore the parameter "
							"named by the option \"%s\"; if pages may be "
							"equal, set the option \"equal_pages\" to 'true'.",
							x->paginator->asks_by);
}

/* What a paginator that looks for the way found is part of the statistics. */
static void
note_detected(DloadExtract *x, const DloadRequest *next)
{
	char	   *detected = dload_paginator_detected(next);

	if (detected != NULL)
		strlcpy(x->channel.stats.paginator, detected,
				sizeof(x->channel.stats.paginator));
}

/* What was asked for, and the status of the answer. */
static char *
describe_answer(const DloadFetch *f)
{
	return psprintf("%s %s returned %d", f->method, f->shown_url,
					dload_http_status(f->exchange));
}

static bool
cannot_skip(const DloadExtract *x, const char *hint, DloadError *err)
{
	memset(err, 0, sizeof(*err));
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"a page of foreign table %s cannot be left out",
					x->res->relname);
	dload_error_detail(err, "The page: %s.", describe_answer(x->fetch));
	return dload_error_hint(err, "%s", hint);
}

/*
 * How many records a page that is left out may have had: as many as the one
 * before, since servers lower the size that is asked for.
 */
static int64
records_left_out(const DloadExtract *x)
{
	int64		size = x->res->page.page_size;

	if (x->last_nrecords > 0 && (size == 0 || x->last_nrecords < size))
		return x->last_nrecords;
	return Max(size, 1);
}

/*
 * A page is left out.  Where we count we can go on behind it; for any other
 * paginator its envelope has to tell.
 */
static bool
skip_page(DloadExtract *x, int64 *nrecords, DloadError *err)
{
	const DloadPageSpec *page = &x->res->page;

	if (x->skipped == NULL)
		x->skipped = MemoryContextStrdup(x->context,
										 describe_answer(x->fetch));
	x->channel.stats.skipped++;
	*nrecords = records_left_out(x);
	if (page->kind == DLOAD_PAGINATE_OFFSET && page->page_size == 0)
		return cannot_skip(x, "Without \"page_size\" nobody knows where the "
						   "next page begins.", err);
	if (++x->skips <= MAX_SKIPS)
		return true;
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"%d pages of foreign table %s in a row were to be left "
					"out", x->skips, x->res->relname);
	return dload_error_detail(err, "The first of them: %s.", x->skipped);
}

/*
 * The page that is left out was to name the next one, and no answer of another
 * status than 2xx did: that is not the end of the list.
 */
static bool
is_lost(const DloadExtract *x, DloadNext answer)
{
	DloadPaginateKind kind = x->res->page.kind;

	if (x->fetch->fate != DLOAD_FATE_SKIP || answer == DLOAD_NEXT_PAGE ||
		dload_status_success(dload_http_status(x->fetch->exchange)))
		return false;
	if (kind == DLOAD_PAGINATE_WINDOW)
		kind = x->res->slice.window_inner;
	/* a key is in the records, so it does not come without them */
	return pages_name_next(kind) || kind == DLOAD_PAGINATE_KEYSET;
}

/* The next request must not be one already made, or then that is the end. */
static bool
check_loop(const DloadExtract *x, int64 nrecords, DloadRequest *next,
		   DloadError *err)
{
	if (!dload_extract_made(x, next))
		return true;
	if (x->res->page.stop_on_repeat)
	{
		next->url = NULL;
		return true;
	}
	if (x->repeats > 0)
		return repeated_error(x, nrecords, err);
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"paging loop: server \"%s\" led back to a page already "
					"read", x->res->servername);
	dload_error_detail(err, "The page is %s.",
					   dload_auth_redact(x->res,
										 dload_url_redact(next->url, NULL)));
	return dload_error_hint(err, "Check the option \"paginate\" and those that "
							"say where the next page is named.");
}

/*
 * What follows a page that is as it was, as it was kept.  A Link header of the
 * 304 is newer than that (RFC 9111, section 4.3.4), so it can add a page, or
 * tell of one that nobody asked for; without a body it can end nothing.
 */
static bool
find_kept_next(DloadExtract *x, const DloadPageInfo *page, DloadRequest *next,
			   DloadError *err)
{
	const DloadValidator *kept = x->fetch->validator;
	DloadPaginateKind kind = x->res->page.kind;
	DloadPageInfo info = *page;
	DloadError	ignored = {0};
	bool		told = false;

	info.nrecords = kept->nrecords;
	*next = *page->request;
	if (dload_http_header(page->exchange, "Link") != NULL &&
		(kind == DLOAD_PAGINATE_LINK ||
		 (kept->next == NULL && kind <= DLOAD_PAGINATE_AUTO)))
		told = x->paginator->next(x->res, &info, next, &ignored) ==
			DLOAD_NEXT_PAGE;
	if (!told && kept->next != NULL)
		*next = *kept->next;
	if (kind <= DLOAD_PAGINATE_AUTO)
		note_detected(x, next);
	if (told || kept->next != NULL)
		return check_loop(x, info.nrecords, next, err);
	next->url = NULL;
	return true;
}

/* Ask the paginator; *next has no URL at the end. */
static bool
find_next(DloadExtract *x, const DloadPageInfo *info, DloadRequest *next,
		  DloadError *err)
{
	DloadNext	answer;

	if (x->fetch->fate == DLOAD_FATE_UNCHANGED)
		return find_kept_next(x, info, next, err);
	*next = *info->request;
	answer = x->paginator->next(x->res, info, next, err);
	if (answer == DLOAD_NEXT_END && x->channel.stats.pages == 0 && !x->resumed)
		(void) dload_paginator_overlooks(x->res, info, next);
	x->discarded = answer == DLOAD_NEXT_INSTEAD;
	x->slice_done = answer == DLOAD_NEXT_SLICE;
	if (x->res->page.kind <= DLOAD_PAGINATE_AUTO)
		note_detected(x, next);
	if (is_lost(x, answer))
		return cannot_skip(x, "It was to name the next page, and does not; "
						   "pages can be left out where they are counted "
						   "(paginate 'page', 'offset').", err);
	if (answer == DLOAD_NEXT_END)
	{
		next->url = NULL;
		return true;
	}
	if (answer == DLOAD_NEXT_ERROR)
	{
		if (err->detail == NULL)
			dload_error_detail(err, "It came from %s.", x->fetch->shown_url);
		return false;
	}
	return x->paginator->consumes ||
		check_loop(x, info->nrecords, next, err);
}

/*
 * Where the next page is named by the page itself, nothing at all is not the
 * end.  It is on the first page, where nothing is lost by it.
 */
static bool
check_empty_body(const DloadExtract *x, DloadSpan envelope, int64 nrecords,
				 DloadError *err)
{
	const DloadPageSpec *page = &x->res->page;
	const DloadFetch *f = x->fetch;

	if (envelope.len > 0 || nrecords > 0 || x->format != DLOAD_FORMAT_JSON ||
		(x->channel.stats.pages == 0 && !x->resumed) ||
		page->stop_on_empty == DLOAD_YES || !pages_name_next(page->kind) ||
		dload_http_status(f->exchange) == 204)
		return true;
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"API of server \"%s\" sent an empty body instead of a "
					"page", x->res->servername);
	dload_error_detail(err, "%s.", describe_answer(f));
	if (page->kind == DLOAD_PAGINATE_SCROLL)
		return dload_error_hint(err, "Run it again.");
	return dload_error_hint(err, "If that is how the list ends, set the "
							"option \"stop_on_empty\" to 'true'.");
}

/*
 * An empty page that leads on is nothing special, but a list of nothing else
 * has no end.  Slices and parts end by themselves.
 */
static bool
check_hollow(DloadExtract *x, int64 nrecords, DloadError *err)
{
	DloadPaginateKind kind = x->res->page.kind;

	x->hollow = nrecords == 0 && kind != DLOAD_PAGINATE_WINDOW &&
		kind != DLOAD_PAGINATE_LIST ? x->hollow + 1 : 0;
	if (x->hollow <= MAX_HOLLOW || x->res->page.max_pages > 0)
		return true;
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"API of server \"%s\" sent %d pages without records in a "
					"row", x->res->servername, x->hollow);
	dload_error_detail(err, "The last of them: %s.",
					   describe_answer(x->fetch));
	return dload_error_hint(err, "If a page without records is the last one, "
							"set the option \"stop_on_empty\" to 'true'; "
							"if so many are right, set \"max_pages\" to more "
							"than will come.");
}

/* Is a page that counts what it should be? */
static bool
check_page(DloadExtract *x, DloadSpan envelope, int64 nrecords,
		   DloadError *err)
{
	bool		whole = x->path != NULL && x->path->nsteps == 0;

	if (!dload_envelope_check(x->fetch, envelope, err))
		return false;
	if (!whole && !x->res->records.optional && envelope.len > 0 &&
		x->reader != NULL && !dload_reader_found(x->reader))
		return nothing_at_path(x, envelope, err);
	return check_empty_body(x, envelope, nrecords, err) &&
		check_hollow(x, nrecords, err);
}

static void
note_doubt(DloadExtract *x, const char *words)
{
	if (x->doubt == NULL)
		x->doubt = MemoryContextStrdup(x->context, words);
}

/*
 * Some servers send the last page for any number beyond it.  That they heed
 * the number at all is shown by a page that was another one, or that was not
 * full.
 */
static bool
is_beyond_last(const DloadExtract *x, int64 nrecords)
{
	const DloadPageSpec *page = &x->res->page;
	int64		position = x->fetch->request->position;

	if (!x->paginator->positional)
		return false;
	if (nrecords < page->page_size)
		return true;
	return page->kind == DLOAD_PAGINATE_PAGE ?
		position > page->first_page + 1 : position > nrecords;
}

/*
 * A page came again.  It does not count if it is in nobody's hands yet: that
 * is so where pages are pulled whole, and where this is how a list may end.
 */
static bool
settle_repeated(DloadExtract *x, int64 nrecords, DloadRequest *next,
				DloadError *err)
{
	bool		meant = x->res->page.stop_on_repeat &&
	(next->url == NULL || is_beyond_last(x, nrecords));

	if (meant)
		next->url = NULL;
	if (!meant && x->repeats > repeats_allowed(x))
		return repeated_error(x, nrecords, err);
	x->discarded = x->by_page || x->res->page.stop_on_repeat;
	if (!meant)
		note_doubt(x, psprintf("%s %s returned the records of the page "
							   "before: the list grew by a page while it was "
							   "read, or the API sent another page than the "
							   "one asked for, so that records may be "
							   "missing; or pages may be equal, and the "
							   "option \"equal_pages\" should say so.",
							   x->fetch->method,
							   x->fetch->shown_url));
	return true;
}

/*
 * A total that shrinks says that records went away: those behind them moved
 * to pages already read.
 */
static void
note_declared(DloadExtract *x, int64 total)
{
	if (x->paginator->positional && total >= 0 && total < x->declared_total)
		note_doubt(x, psprintf("The declared total went from " INT64_FORMAT
							   " to " INT64_FORMAT " while the pages were "
							   "read, so that records may be missing.",
							   x->declared_total, total));
	if (total >= 0)
		x->declared_total = total;
}

/*
 * How many records there are, where the API says so of the whole read.  Some
 * say it in the first page only.
 */
static void
note_total(DloadExtract *x, DloadSpan envelope, int64 nrecords)
{
	int64		total = dload_total_read(x->res, x->fetch->exchange, envelope);

	if (x->res->page.kind == DLOAD_PAGINATE_WINDOW ||
		x->res->page.kind == DLOAD_PAGINATE_DRAIN)
		return;
	if (!x->res->page.total_is_pages)
		note_declared(x, total);
	else if (x->res->page.kind == DLOAD_PAGINATE_PAGE && nrecords == 0 &&
			 x->fetch->request->position > x->res->page.first_page &&
			 x->fetch->request->position - x->res->page.first_page < total)
		note_doubt(x, psprintf("The API declared " INT64_FORMAT " pages, but "
							   "an earlier one was empty.", total));
}

/*
 * A page is complete.  Judge its envelope and replace the fetch by the one
 * for the next page, or by none.
 */
bool
dload_extract_settle(DloadExtract *x, DloadSpan envelope, int64 nrecords,
					 uint64 fingerprint, DloadError *err)
{
	DloadRequest next;
	DloadFetch *old = x->fetch;
	DloadPageInfo info = {0};
	int64		pause;

	if (old->fate == DLOAD_FATE_SKIP)
	{
		if (!skip_page(x, &nrecords, err))
			return false;
	}
	else
	{
		x->skips = 0;
		x->total_records += nrecords;
	}
	if (old->fate == DLOAD_FATE_UNCHANGED)
	{
		x->channel.stats.unchanged++;
		x->channel.stats.kept += old->validator->nrecords;
		x->total_records += old->validator->nrecords;
	}
	if (old->fate == DLOAD_FATE_PAGE &&
		!check_page(x, envelope, nrecords, err))
		return false;
	x->repeats = old->fate == DLOAD_FATE_PAGE &&
		is_repeated(x, nrecords, fingerprint) ? x->repeats + 1 : 0;
	if (old->fate == DLOAD_FATE_PAGE || envelope.len > 0)
		note_total(x, envelope, nrecords);
	pause = dload_cost_pause(&x->res->limits, envelope);
	if (pause > 0)
		dload_permit_block(&old->permit, pause);
	dload_close_note(x, envelope);
	info.request = old->request;
	info.final_url = old->url;
	info.exchange = old->exchange;
	info.envelope = envelope;
	if (old->fate == DLOAD_FATE_PAGE && nrecords > 0 && x->reader != NULL)
		info.last_record = dload_reader_last(x->reader);
	info.nrecords = nrecords;
	info.total_records = x->total_records;
	info.ended = old->fate == DLOAD_FATE_END;
	x->discarded = false;
	x->slice_done = false;
	next.url = NULL;
	/* that of a slice is not that of the window */
	if ((!info.ended || x->res->page.kind == DLOAD_PAGINATE_WINDOW) &&
		!find_next(x, &info, &next, err))
		return false;
	if (x->repeats > 0 && !settle_repeated(x, nrecords, &next, err))
		return false;
	if (x->discarded)
		x->total_records -= nrecords;
	else
	{
		x->last_fingerprint = fingerprint;
		x->last_nrecords = nrecords;
		x->channel.stats.pages++;
		if (old->fate == DLOAD_FATE_END && nrecords == 0)
			x->channel.stats.endings++;
		x->path_proven |= x->path != NULL && old->fate == DLOAD_FATE_PAGE;
	}
	x->fetch = NULL;
	if (next.url != NULL && x->reader != NULL &&
		dload_reader_names(x->reader) != NULL)
		next.names = dload_reader_names(x->reader);
	if (next.url != NULL)
		dload_extract_begin_fetch(x, &next);
	else
		dload_ahead_drop(x);
	dload_ahead_plan(x, &info);
	dload_fetch_end(old);
	return true;
}
