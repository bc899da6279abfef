/*-------------------------------------------------------------------------
 *
 * ahead.c
 *	  Requests sent before it is their turn.
 *
 * Where it can be told what will be asked for, it is asked for early, so that
 * answers do not wait for each other.  What the paginator says when a page is
 * complete stays the truth: a fetch made here is taken over only if it is for
 * that very request.  At the first one that is not, all are thrown away and
 * the read goes on one by one.
 *
 * What will be asked for comes from the paginator as well: it is told that the
 * pages to come will be like the last one.
 *
 * Memory: a page that is not read yet holds one network buffer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/read.h"

#include "rest/request.h"
#include "rest/total.h"

#include "utils/memutils.h"

/* What the network buffers of all pages to come may take. */
#define AHEAD_BYTES			(4 * 1024 * 1024)

/* A buffer is at least so large, and about twice the other at most. */
#define LEAST_BUFFER_BYTES	(64 * 1024)
#define MOST_BUFFER_BYTES	(2 * DLOAD_STREAM_BUFFER_BYTES)

void
dload_ahead_drop(DloadExtract *x)
{
	for (int i = 0; i < x->nahead; i++)
		dload_fetch_end(x->ahead[i]);
	x->nahead = 0;
}

/* How many pages may be under way after the next one? */
static int
depth(const DloadExtract *x)
{
	size_t		buffer = x->page_bytes == 0 ? MOST_BUFFER_BYTES :
	Max(LEAST_BUFFER_BYTES, Min(2 * x->page_bytes, MOST_BUFFER_BYTES));
	int64		n = Min((int64) (AHEAD_BYTES / buffer), x->window);

	n = Min(n, x->res->limits.max_concurrency - 1);
	n = Min(n, dload_extract_pages_left(x) - 1);
	return (int) Min(n, DLOAD_MAX_AHEAD);
}

/* A request that may turn out to be useless must not change anything. */
static bool
is_harmless(const DloadRequest *request)
{
	return strcmp(request->method, "GET") == 0;
}

/*
 * Add the fetch for a request that is expected; false if that cannot be so.
 */
static bool
expect(DloadExtract *x, const DloadRequest *request)
{
	MemoryContext old;

	if (!is_harmless(request) || dload_extract_made(x, request))
		return false;
	old = MemoryContextSwitchTo(x->context);
	x->ahead[x->nahead] = dload_fetch_create(&x->channel, request);
	dload_extract_attach_validator(x, x->ahead[x->nahead++]);
	MemoryContextSwitchTo(old);
	return true;
}

/* Can be told from this page alone which requests follow? */
static bool
is_foreseeable(const DloadExtract *x, const DloadPageInfo *page)
{
	switch (x->res->page.kind)
	{
		case DLOAD_PAGINATE_PAGE:
		case DLOAD_PAGINATE_OFFSET:
			return page->nrecords > 0 &&
				dload_total_read(x->res, page->exchange,
								 page->envelope) >= 0;
		case DLOAD_PAGINATE_LIST:
			return true;
		case DLOAD_PAGINATE_WINDOW:
			return x->res->slice.window_inner == DLOAD_PAGINATE_NONE;
		default:
			return false;
	}
}

/* Is what is wanted, or declared to be there, reached with these records? */
static bool
is_enough(const DloadExtract *x, const DloadPageInfo *page, int64 records)
{
	int64		total = dload_total_read(x->res, page->exchange,
										 page->envelope);

	if (x->enough > 0 && records >= x->enough)
		return true;
	if (total < 0 || page->nrecords == 0 ||
		x->res->page.kind == DLOAD_PAGINATE_WINDOW)
		return false;
	if (x->res->page.total_is_pages)
		return !x->resumed && records / page->nrecords >= total;
	return records >= total;
}

/*
 * Records read once the page of a request that was not sent yet will have
 * been, if each page brings as many as the last one.
 */
static int64
expected_records(const DloadExtract *x, const DloadPageInfo *page,
				 const DloadRequest *request)
{
	int64		n = x->total_records + (x->nahead + 1) * page->nrecords;

	/* a read that goes on from a saved request did not count all */
	if (x->resumed && x->res->page.kind == DLOAD_PAGINATE_PAGE)
		n = Max(n, (request->position - x->res->page.first_page + 1) *
				page->nrecords);
	return n;
}

void
dload_ahead_plan(DloadExtract *x, const DloadPageInfo *page)
{
	const DloadRequest *last;
	int			n;

	if (x->fetch == NULL || x->one_by_one || x->window == 0 ||
		!is_foreseeable(x, page))
		return;
	n = depth(x);
	last = x->nahead > 0 ? x->ahead[x->nahead - 1]->request :
		x->fetch->request;
	while (x->nahead < n)
	{
		DloadPageInfo guess = *page;
		DloadRequest next = *last;
		DloadError	ignored = {0};
		DloadNext	answer;

		guess.request = last;
		guess.total_records = expected_records(x, page, last);
		if (is_enough(x, page, guess.total_records))
			break;
		answer = x->paginator->next(x->res, &guess, &next, &ignored);
		if ((answer != DLOAD_NEXT_PAGE && answer != DLOAD_NEXT_SLICE) ||
			!expect(x, &next))
			break;
		last = x->ahead[x->nahead - 1]->request;
	}
}

static bool
may_be_in_head(const DloadResource *res, const DloadRequest *request)
{
	switch (res->page.kind)
	{
		case DLOAD_PAGINATE_LINK:
			return true;
		case DLOAD_PAGINATE_TOKEN:
			return res->page.token_from == DLOAD_TOKEN_FROM_HEADER;
		case DLOAD_PAGINATE_AUTO:
			/* it knows by now what to go by */
			return request->state != NULL;
		default:
			return false;
	}
}

/*
 * The next page may be named in the head of the one that is being received.
 */
void
dload_ahead_from_head(DloadExtract *x)
{
	DloadFetch *f = x->fetch;
	DloadPageInfo page = {0};
	DloadRequest next = *f->request;
	DloadError	ignored = {0};

	if (x->one_by_one || x->nahead > 0 ||
		dload_extract_pages_left(x) <= 1 ||
		!may_be_in_head(x->res, f->request))
		return;
	page.request = f->request;
	page.final_url = f->url;
	page.exchange = f->exchange;
	page.envelope = dload_span("", 0);
	page.nrecords = Max(x->res->page.page_size, 1);
	page.total_records = x->total_records + page.nrecords;
	if (x->paginator->next(x->res, &page, &next, &ignored) == DLOAD_NEXT_PAGE)
		(void) expect(x, &next);
}

void
dload_ahead_start(DloadExtract *x)
{
	for (int i = 0; i < x->nahead; i++)
	{
		DloadFetch *f = x->ahead[i];

		if (f->exchange == NULL)
			dload_fetch_start(f);
		if (f->exchange == NULL)
			break;				/* in order, or not at all */
	}
}

DloadFetch *
dload_ahead_take(DloadExtract *x, const DloadRequest *request)
{
	DloadFetch *f;
	MemoryContext old;

	if (x->nahead == 0)
		return NULL;
	f = x->ahead[0];
	if (dload_request_hash(f->request) != dload_request_hash(request))
	{
		dload_ahead_drop(x);
		/* slices that are halved come as foreseen again */
		x->one_by_one = x->res->page.kind != DLOAD_PAGINATE_WINDOW;
		return NULL;
	}
	x->nahead--;
	memmove(x->ahead, x->ahead + 1, sizeof(DloadFetch *) * x->nahead);
	/* what does not show in the request, but is stored with it */
	old = MemoryContextSwitchTo(f->context);
	f->request = dload_request_copy(request);
	MemoryContextSwitchTo(old);
	return f;
}
