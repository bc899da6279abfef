/*-------------------------------------------------------------------------
 *
 * extract.c
 *	  The iterator of pages and records that both sinks pull from.
 *
 * There is at most one page being read: "fetch" is the one for the page to be
 * read next (or now).  Those after it may be on their way already (ahead.c).
 * Both ways to pull end a page in settle.c, where its envelope is judged and
 * the fetch for the next page takes the place of the old one.
 *
 * Memory: requests live in their fetch, what belongs to one page's judgement
 * in "scratch", which is reset per page; so a read of any number of pages
 * needs no more than the hashes of the requests it made.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/read.h"

#include "rest/request.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Requests already made, by hash. */
typedef struct SeenRequest
{
	uint64		hash;
	char		status;
} SeenRequest;

#define SH_PREFIX seen
#define SH_ELEMENT_TYPE SeenRequest
#define SH_KEY_TYPE uint64
#define SH_KEY hash
#define SH_HASH_KEY(tb, key) ((uint32) (key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

void
dload_extract_begin_fetch(DloadExtract *x, const DloadRequest *request)
{
	bool		found;
	MemoryContext old = MemoryContextSwitchTo(x->context);

	seen_insert(x->seen, dload_request_hash(request), &found);
	x->fetch = dload_ahead_take(x, request);
	if (x->fetch == NULL)
	{
		x->fetch = dload_fetch_create(&x->channel, request);
		dload_extract_attach_validator(x, x->fetch);
	}
	MemoryContextSwitchTo(old);
}

void
dload_extract_attach_validator(DloadExtract *x, DloadFetch *f)
{
	const DloadExtractStats *stats = &x->channel.stats;

	if (x->lookup != NULL &&
		(!x->all_unchanged || stats->unchanged == stats->pages))
		f->validator = x->lookup(f->request, x->lookup_arg);
}

void
dload_extract_use_validators(DloadExtract *x, DloadValidatorLookup lookup,
							 void *arg, bool all)
{
	x->lookup = lookup;
	x->lookup_arg = arg;
	x->all_unchanged = all;
	if (x->fetch != NULL && x->fetch->exchange == NULL)
		x->fetch->validator = lookup(x->fetch->request, arg);
}

bool
dload_extract_known_page(DloadExtract *x, uint64 fingerprint)
{
	bool		found;

	seen_insert(x->seen, fingerprint, &found);
	return found;
}

bool
dload_extract_made(const DloadExtract *x, const DloadRequest *request)
{
	return seen_lookup(x->seen, dload_request_hash(request)) != NULL;
}

DloadExtract *
dload_extract_begin(const DloadResource *res, List *params)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "dload extract",
												  ALLOCSET_SMALL_SIZES);
	DloadExtract *x = MemoryContextAllocZero(context, sizeof(DloadExtract));
	DloadRequest request;

	MemoryContextSwitchTo(context);
	x->context = context;
	x->scratch = AllocSetContextCreate(context, "dload extract page",
									   ALLOCSET_DEFAULT_SIZES);
	x->res = res;
	x->paginator = dload_paginator_get(res->page.kind);
	x->path = res->records.path;
	x->path_proven = x->path != NULL;
	x->declared_total = -1;
	x->channel.res = res;
	x->channel.poll_interval = -1;
	x->seen = seen_create(context, 64, NULL);
	dload_close_prepare(x);
	if (dload_request_first(res, params, &request, &x->error))
		dload_extract_begin_fetch(x, &request);
	MemoryContextSwitchTo(caller);
	return x;
}

void
dload_extract_start_at(DloadExtract *x, const DloadRequest *request)
{
	if (x->fetch != NULL)
		dload_fetch_end(x->fetch);
	dload_ahead_drop(x);
	seen_reset(x->seen);
	/* what a saved request has, the first one need not have */
	memset(&x->error, 0, sizeof(x->error));
	x->resumed = true;
	dload_extract_begin_fetch(x, request);
}

void
dload_extract_limit_pages(DloadExtract *x, int64 max_pages)
{
	x->limit_pages = max_pages;
}

void
dload_extract_want(DloadExtract *x, int64 records)
{
	x->enough = records;
}

void
dload_extract_may_stop(DloadExtract *x)
{
	x->may_stop = true;
}

/* Who reads on and on will want more; the first page does not tell. */
void
dload_extract_widen_window(DloadExtract *x)
{
	if (x->channel.stats.pages > 0)
		x->window = Min(2 * x->window + 1, DLOAD_MAX_AHEAD);
}

int64
dload_extract_pages_left(const DloadExtract *x)
{
	int64		left = PG_INT64_MAX;

	if (x->limit_pages > 0)
		left = x->limit_pages;
	if (x->res->page.max_pages > 0)
		left = Min(left, x->res->page.max_pages);
	return left - x->channel.stats.pages;
}

void
dload_extract_prefetch(DloadExtract *x)
{
	if (x->fetch == NULL || x->error.sqlstate != 0 ||
		dload_extract_pages_left(x) <= 0 || x->paginator->consumes)
		return;
	dload_fetch_start(x->fetch);
	if (x->fetch->exchange != NULL)
		dload_ahead_start(x);
}

/* May another page be read?  Else END or ERROR in *result. */
bool
dload_extract_may_go_on(DloadExtract *x, DloadExtractResult *result,
						DloadError *err)
{
	*result = DLOAD_EXTRACT_END;
	if (x->error.sqlstate != 0)
	{
		*err = x->error;
		*result = DLOAD_EXTRACT_ERROR;
		return false;
	}
	if (x->fetch == NULL)
		return false;
	if (x->limit_pages > 0 && x->channel.stats.pages >= x->limit_pages)
	{
		x->stopped_early = true;
		return false;
	}
	if (x->res->page.max_pages > 0 &&
		x->channel.stats.pages >= x->res->page.max_pages)
	{
		/* what is left in a queue is for the next read */
		if (x->res->page.kind == DLOAD_PAGINATE_DRAIN)
			return false;
		dload_error_set(err, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
						"foreign table %s has more than " INT64_FORMAT
						" pages", x->res->relname, x->res->page.max_pages);
		dload_error_detail(err, "The next page would be %s.",
						   x->fetch->shown_url);
		dload_error_hint(err, "Raise the option \"max_pages\" of the "
						 "foreign table.");
		*result = DLOAD_EXTRACT_ERROR;
		return false;
	}
	return true;
}

/* Make the error the read's last word, in the caller's context. */
DloadExtractResult
dload_extract_fail(DloadExtract *x, DloadError *err, MemoryContext caller)
{
	x->error = *err;
	dload_error_move(&x->error, x->context);
	*err = x->error;
	dload_error_move(err, caller);
	if (x->fetch != NULL)
		dload_fetch_end(x->fetch);
	x->fetch = NULL;
	dload_ahead_drop(x);
	dload_close_scroll(x, true);
	MemoryContextSwitchTo(caller);
	return DLOAD_EXTRACT_ERROR;
}

/* How the page can be recognised next time. */
static void
note_validator(DloadExtract *x, DloadPage *page)
{
	const DloadFetch *f = x->fetch;

	page->unchanged = f->fate == DLOAD_FATE_UNCHANGED;
	if (page->unchanged)
		page->fingerprint = f->validator->fingerprint;
	else if (f->fate == DLOAD_FATE_PAGE)
		page->recognisable = dload_validator_read(f->request, f->exchange,
												  &page->validator);
}

/* What the page says of the next run; a page that does not count says none. */
static bool
note_bookmark(DloadExtract *x, DloadPage *page, DloadError *err)
{
	const DloadFetch *f = x->fetch;

	if (!dload_requestspec_has_bookmark(&x->res->request) ||
		(f->fate != DLOAD_FATE_PAGE && f->fate != DLOAD_FATE_END) ||
		!dload_status_success(dload_http_status(f->exchange)))
		return true;
	return dload_bookmark_read(x->res, f->url, f->exchange, page->envelope,
							   &page->bookmark, err);
}

/* The page is in nobody's hands. */
void
dload_extract_drop_page(DloadExtract *x, DloadPage *page)
{
	if (x->bodies && page->body.len > 0)
		pfree(unconstify(char *, page->body.data));
	MemoryContextDelete(page->context);
}

DloadExtractResult
dload_extract_next_page(DloadExtract *x, size_t spool_above,
						DloadPage **page, DloadError *err)
{
	MemoryContext caller = CurrentMemoryContext;
	DloadExtractResult result;
	DloadPage  *p;
	bool		ok;

	memset(err, 0, sizeof(*err));
	MemoryContextReset(x->scratch);
	x->by_page = true;
	if (x->may_stop)
		dload_extract_widen_window(x);
	else
		x->window = DLOAD_MAX_AHEAD;
	MemoryContextSwitchTo(x->scratch);
	if (!dload_extract_may_go_on(x, &result, err))
	{
		if (result == DLOAD_EXTRACT_ERROR)
			return dload_extract_fail(x, err, caller);
		dload_close_scroll(x, true);
		MemoryContextSwitchTo(caller);
		return result;
	}
	p = dload_extract_fetch_page(x, caller, spool_above, err);
	if (p == NULL)
		return dload_extract_fail(x, err, caller);
	MemoryContextSwitchTo(p->context);
	p->request = dload_request_copy(x->fetch->request);
	if (x->reader != NULL && dload_reader_names(x->reader) != NULL)
		p->request->names = dload_reader_names(x->reader);
	note_validator(x, p);
	ok = note_bookmark(x, p, err);
	MemoryContextSwitchTo(x->scratch);
	if (!ok)
		dload_error_move(err, x->scratch);
	x->page_bytes = p->bytes;
	if (!ok || !dload_extract_settle(x, p->envelope, p->nrecords,
									 p->fingerprint, err))
	{
		MemoryContextDelete(p->context);
		return dload_extract_fail(x, err, caller);
	}
	if (x->discarded)
	{
		dload_extract_drop_page(x, p);
		MemoryContextSwitchTo(caller);
		return dload_extract_next_page(x, spool_above, page, err);
	}
	p->slice_done = x->slice_done;
	p->ordinal = x->channel.stats.pages;
	p->has_next = x->fetch != NULL;
	if (p->has_next)
	{
		MemoryContextSwitchTo(p->context);
		p->next = dload_request_copy(x->fetch->request);
	}
	dload_extract_prefetch(x);
	MemoryContextSwitchTo(caller);
	*page = p;
	return DLOAD_EXTRACT_ITEM;
}

void
dload_extract_keep_bodies(DloadExtract *x, MemoryContext context)
{
	x->bodies = context;
}

bool
dload_extract_stopped_early(const DloadExtract *x)
{
	return x->stopped_early;
}

bool
dload_extract_must_restart(const DloadExtract *x)
{
	return x->channel.must_restart;
}

int64
dload_extract_poll_interval(const DloadExtract *x)
{
	return x->channel.poll_interval;
}

char *
dload_extract_skipped(const DloadExtract *x)
{
	int64		n = x->channel.stats.skipped;

	if (n == 0)
		return NULL;
	return psprintf(INT64_FORMAT " %s left out by a rule, the first of them: "
					"%s.", n, n == 1 ? "page was" : "pages were", x->skipped);
}

const char *
dload_extract_doubt(const DloadExtract *x)
{
	return x->doubt;
}

char *
dload_extract_lacks(const DloadExtract *x, int64 earlier)
{
	int64		nread = x->total_records + earlier;
	const char *detected = x->channel.stats.paginator;

	if (x->channel.stats.skipped > 0)
		return dload_extract_skipped(x);
	if (x->doubt != NULL)
		return pstrdup(x->doubt);
	if (earlier >= 0 && x->declared_total >= 0 && x->declared_total != nread)
		return psprintf("The API declared " INT64_FORMAT " records, but "
						INT64_FORMAT " were read.", x->declared_total, nread);
	if (detected[0] == '\0' || x->res->page.kind == DLOAD_PAGINATE_AUTO)
		return NULL;
	if (!x->res->page.given)
		return psprintf("The reply names a next page (%s), which was not "
						"read: the option \"paginate\" is not given.",
						detected);
	return psprintf("The reply names a next page (%s), which was not read: "
					"paginate '%s' looks for it at another place, where "
					"nothing is.", detected, x->paginator->name);
}

const DloadExtractStats *
dload_extract_stats(DloadExtract *x)
{
	return &x->channel.stats;
}

TimestampTz
dload_extract_server_time(const DloadExtract *x)
{
	return x->channel.server_time != 0 ? x->channel.server_time :
		GetCurrentTimestamp();
}

const DloadPath *
dload_extract_records_path(const DloadExtract *x)
{
	return x->path;
}

int64
dload_extract_declared_total(const DloadExtract *x)
{
	return x->declared_total;
}

TimestampTz
dload_extract_come_back(const DloadExtract *x)
{
	return x->channel.come_back;
}

void
dload_extract_on_wait(DloadExtract *x, DloadWaitHook hook, void *arg)
{
	x->channel.on_wait = hook;
	x->channel.on_wait_arg = arg;
}

static void
end_read(DloadExtract *x, bool patient)
{
	if (x->fetch != NULL)
		dload_fetch_end(x->fetch);
	x->fetch = NULL;
	dload_ahead_drop(x);
	dload_close_scroll(x, patient);
	x->streaming = false;
}

void
dload_extract_end(DloadExtract *x)
{
	end_read(x, true);
}

void
dload_extract_abort(DloadExtract *x)
{
	end_read(x, false);
}
