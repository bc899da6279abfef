/*-------------------------------------------------------------------------
 *
 * extract.h
 *	  The iterator of pages and records that both sinks pull from.
 *
 * An *extract* is one read of a resource with given parameters.  It builds
 * the first request, waits for the limiter, sends, retries, follows
 * same-origin redirects, finds the records, asks the paginator for the next
 * request and guards against loops and caps.
 *
 * Two ways to pull, not mixed on one extract:
 *
 * by record (live scans): records come as their bytes arrive; the memory
 * needed is one record and one network buffer.  An error after some records
 * of a page is an error of the scan.
 *
 * by page (loads): a page comes when its whole body has been read and found
 * valid and its envelope is accepted; the request for the next page is already
 * on its way.
 *
 * It never raises for what the network or the API does (interrupts
 * excepted): it fills a DloadError whose detail has the redacted URL and the
 * trimmed body.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_EXTRACT_H
#define DLOAD_EXTRACT_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/bookmark.h"
#include "rest/paginator.h"
#include "rest/url.h"
#include "rest/validator.h"

#include "datatype/timestamp.h"

typedef struct DloadExtract DloadExtract;

/* Counters for EXPLAIN, progress and the run row. */
typedef struct DloadExtractStats
{
	int64		requests;		/* sent, retries included */
	int64		pages;			/* complete pages */
	int64		bytes;			/* on the wire */
	int64		retries;
	int64		skipped;		/* pages left out by a rule */
	int64		unchanged;		/* pages not sent, being as they were */
	int64		kept;			/* records of these */
	int64		endings;		/* pages that only say that the list ended */
	int64		limit_wait_us;	/* waited for rate limits and Retry-After */
	int64		backoff_wait_us;	/* waited before retries */
	int64		network_wait_us;	/* waited for the network */
	char		paginator[2 * NAMEDATALEN]; /* what paginate 'auto' found, or
											 * what is not followed without
											 * paginate; else empty */
} DloadExtractStats;

typedef enum DloadExtractResult
{
	DLOAD_EXTRACT_ITEM,			/* a record, or a page */
	DLOAD_EXTRACT_END,			/* the read is complete */
	DLOAD_EXTRACT_ERROR			/* *err is set */
} DloadExtractResult;

/* A page pulled whole. */
typedef struct DloadPage
{
	MemoryContext context;		/* owns the page; delete it to free the page */
	DloadRequest *request;		/* that fetched it; storable */
	bool		has_next;
	bool		slice_done;		/* all that lies before the next page in time
								 * is read */
	int64		ordinal;		/* from 1 in this read */
	int64		nrecords;
	size_t		bytes;			/* of body and rewritten records */
	uint64		fingerprint;	/* hash of the body's records */
	DloadRequest *next;			/* the page that follows; NULL: none */
	DloadBookmark bookmark;		/* what the next run begins with, if it says
								 * so */
	bool		unchanged;		/* as it was, and without records here */
	bool		recognisable;	/* the response gave a validator: */
	DloadValidator validator;
	DloadSpan	envelope;
	DloadSpan	body;			/* in memory; data NULL when spooled */
	struct DloadPageStore *store;	/* private: see dload_page_next_record */
} DloadPage;

/*
 * Begin a read.  Everything lives in the current memory context.  params is a
 * list of DloadParam.  Nothing is sent before the first pull or prefetch.
 */
extern DloadExtract *dload_extract_begin(const DloadResource *res,
										 List *params);

/*
 * Start at a saved request instead of the first one.  Call before pulling.
 */
extern void dload_extract_start_at(DloadExtract *x,
								   const DloadRequest *request);

/* Stop after so many pages of this read, which is then no error; 0 = never.
 * (The resource's own max_pages is a cap, and reaching it is an error.) */
extern void dload_extract_limit_pages(DloadExtract *x, int64 max_pages);

/* Say that so many records will do, if known: what lies beyond them is then
 * not fetched ahead.  It is no limit. */
extern void dload_extract_want(DloadExtract *x, int64 records);

/* Say that the reader may have enough after any page: what follows is then
 * asked for ahead only as far as it has gone on before. */
extern void dload_extract_may_stop(DloadExtract *x);

/* Send the next request now if the limiter allows it; never waits. */
extern void dload_extract_prefetch(DloadExtract *x);

/* By record.  The span is valid until the next call. */
extern DloadExtractResult dload_extract_next_record(DloadExtract *x,
													DloadSpan *record,
													DloadError *err);

/* Where the record just handed out stands: page and place in it, from 1. */
extern void dload_extract_position(const DloadExtract *x, int64 *page,
								   int64 *record);

/*
 * By page.  Bodies up to spool_above bytes stay in memory, larger ones go to
 * a temporary file.  After END, dload_extract_stopped_early tells whether
 * pages were left (limit_pages).
 */
extern DloadExtractResult dload_extract_next_page(DloadExtract *x,
												  size_t spool_above,
												  DloadPage **page,
												  DloadError *err);

/* After an error: has what the read went on from expired at the API? */
extern bool dload_extract_must_restart(const DloadExtract *x);

/* Milliseconds after which the API wants to be asked again; -1: not said. */
extern int64 dload_extract_poll_interval(const DloadExtract *x);

/* After END or later: the pages left out by rules, in words; NULL for none. */
extern char *dload_extract_skipped(const DloadExtract *x);

/* The same, so far, for what the API says of itself that cannot be true. */
extern const char *dload_extract_doubt(const DloadExtract *x);

/*
 * After END: why records may be missing from the read, in words; NULL if
 * nothing says so.  "earlier": records read of the list before the first page
 * of this read, to be counted against the declared total; -1: not known.
 */
extern char *dload_extract_lacks(const DloadExtract *x, int64 earlier);
extern bool dload_extract_stopped_early(const DloadExtract *x);

/*
 * Keep the bodies of pages in memory there, and not in each page's context,
 * which then must not be used after that context is reset.
 */
extern void dload_extract_keep_bodies(DloadExtract *x, MemoryContext context);

/*
 * Ask for pages on condition, with the validators that "lookup" finds.  "all":
 * a page that was not sent is of use only as long as none was, so that no
 * other request is made conditional once one was.
 */
extern void dload_extract_use_validators(DloadExtract *x,
										 DloadValidatorLookup lookup,
										 void *arg, bool all);

/* Start over at the page's first record. */
extern void dload_page_rewind(DloadPage *page);

/*
 * The page's next record; false at its end.  In-memory pages: the span stays
 * valid as long as the page; spooled: until a call at an edge.  A spool file
 * that cannot be read raises.
 */
extern bool dload_page_next_record(DloadPage *page, DloadSpan *record);

/* Will the next call find the end, or invalidate the spans given before? */
extern bool dload_page_at_edge(const DloadPage *page);

/* True for a page whose records' spans stay valid. */
#define dload_page_in_memory(page) ((page)->body.data != NULL)

extern const DloadExtractStats *dload_extract_stats(DloadExtract *x);

/* Start of the read by the server's clock (first response's Date), or ours. */
extern TimestampTz dload_extract_server_time(const DloadExtract *x);

/* After ERROR: when the API will answer again, if that is why; 0 if not. */
extern TimestampTz dload_extract_come_back(const DloadExtract *x);

/* The records' path in use (given or detected); NULL before the first page */
extern const DloadPath *dload_extract_records_path(const DloadExtract *x);

/* The last page's format, if it was no JSON document; else NULL. */
extern const char *dload_extract_format(const DloadExtract *x);

/* Declared total of the last page's total_path; -1 if none. */
extern int64 dload_extract_declared_total(const DloadExtract *x);

/* Stop all transfers now; the second after an error or a cancel, where nobody
 * wants to wait any more. */
extern void dload_extract_end(DloadExtract *x);
extern void dload_extract_abort(DloadExtract *x);

/* What a JSON object of parameters means for a resource: list of DloadParam.
 * A name is that of a path placeholder, of a column's parameter or its column;
 * any other goes to the query. */
extern bool dload_params_from_json(const DloadResource *res,
								   const DloadJson *doc, List **params,
								   DloadError *err);

/* The request that a read begins with; and that without what the paginator
 * adds. */
extern bool dload_request_first(const DloadResource *res, List *params,
								DloadRequest *request, DloadError *err);
extern bool dload_request_base(const DloadResource *res, List *params,
							   DloadRequest *request, DloadError *err);

/* Storable form of a request ({"url":..., ...}), and back. */
extern char *dload_request_text(const DloadRequest *request);
extern DloadRequest *dload_request_parse(const char *text, DloadError *err);

/* What is being waited for, for progress: "" or "rate limit", "retry"... */
typedef void (*DloadWaitHook) (const char *what, int64 ms, void *arg);
extern void dload_extract_on_wait(DloadExtract *x, DloadWaitHook hook,
								  void *arg);

#endif							/* DLOAD_EXTRACT_H */
