/*-------------------------------------------------------------------------
 *
 * read.h
 *	  The inside of an extract, for the files that make one up.
 *
 * extract.c begins and ends a read and pulls by page, scan.c pulls by record,
 * body.c turns a response into a page, settle.c judges a complete page and
 * finds the next request, ahead.c sends what will be asked for early.  Nobody
 * else includes this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_READ_H
#define DLOAD_READ_H

#include "data/record.h"
#include "rest/extract.h"
#include "rest/fetch.h"

/* Most pages under way after the next one. */
#define DLOAD_MAX_AHEAD		64

struct DloadExtract
{
	MemoryContext context;
	MemoryContext scratch;		/* reset before each page */
	MemoryContext bodies;		/* of pages in memory; NULL: the page's own */
	const DloadResource *res;
	const DloadPaginator *paginator;
	DloadChannel channel;
	DloadPath  *path;			/* to the records; NULL until known */
	bool		path_proven;	/* it is given, or led to a page that counts */
	DloadReader *reader;
	DloadFormat format;			/* of the response that is open; never AUTO */
	DloadFetch *fetch;			/* for the next page; NULL = no more */
	struct seen_hash *seen;		/* hashes of the requests made */

	/* for the pages after that, in order, as far as they can be foreseen */
	DloadFetch *ahead[DLOAD_MAX_AHEAD];
	int			nahead;
	int			window;			/* how many there may be */
	bool		by_page;		/* pages are pulled whole */
	bool		may_stop;		/* after any of them */
	bool		one_by_one;		/* what was foreseen did not come true */
	size_t		page_bytes;		/* of the last page; 0: not known */

	bool		discarded;		/* the page just settled does not count */
	bool		slice_done;		/* nor does anything precede the next one */
	char	   *scroll;			/* token of what is open at the server */
	MemoryContextCallback on_reset; /* closes it */

	bool		resumed;		/* the first page read is not the list's */
	bool		stopped_early;
	int64		limit_pages;
	int64		total_records;
	int64		enough;			/* records wanted; 0 = all there are */
	int64		declared_total;
	uint64		last_fingerprint;
	int64		last_nrecords;
	int			repeats;		/* how often that page has come again since */
	int			skips;			/* pages left out in a row */
	int			hollow;			/* pages without records in a row */
	char	   *skipped;		/* the first page left out, for people */
	char	   *doubt;			/* why it may not be all, for people */
	DloadValidatorLookup lookup;	/* or NULL */
	void	   *lookup_arg;
	bool		all_unchanged;	/* validators are for nothing otherwise */
	DloadError	error;			/* once set, every pull fails with it */

	/* by record */
	DloadPage  *page;			/* a page that arrived as a whole */
	int64		handed;			/* records of this page handed out */
	bool		streaming;
	bool		looked_ahead;	/* for the page after this one */
	int64		replay;			/* records to skip after a retry */
	uint64		hash;			/* over the records of this attempt */
	uint64		replay_hash;	/* over those handed out before */
	DloadSpan	piece;			/* fed to the reader, not yet consumed: an
								 * error may quote it */
};

/* How reading a body ended. */
typedef enum DloadBodyResult
{
	DLOAD_BODY_OK,
	DLOAD_BODY_BROKEN,			/* may be asked for again */
	DLOAD_BODY_ERROR
} DloadBodyResult;

/* May another page be read?  Else END or ERROR in *result. */
extern bool dload_extract_may_go_on(DloadExtract *x,
									DloadExtractResult *result,
									DloadError *err);

/* Make the error the read's last word, and leave it in the context "caller",
 * which becomes current. */
extern DloadExtractResult dload_extract_fail(DloadExtract *x,
											 DloadError *err,
											 MemoryContext caller);

/* Another page is wanted: so more may be asked for ahead. */
extern void dload_extract_widen_window(DloadExtract *x);

/* How many pages this read may still have, the next one included. */
extern int64 dload_extract_pages_left(const DloadExtract *x);

extern void dload_extract_drop_page(DloadExtract *x, DloadPage *page);

/* The fetch for the next page; its request counts as made. */
extern void dload_extract_begin_fetch(DloadExtract *x,
									  const DloadRequest *request);
/* Make a fetch not yet sent conditional, if there is a validator for it. */
extern void dload_extract_attach_validator(DloadExtract *x, DloadFetch *f);
extern bool dload_extract_made(const DloadExtract *x,
							   const DloadRequest *request);

/* Was there a page with these records in this read?  Remembers it. */
extern bool dload_extract_known_page(DloadExtract *x, uint64 fingerprint);

/* --- format.c --- */

/* Open the fetch, and learn what format the response is in. */
extern bool dload_extract_open(DloadExtract *x, DloadError *err);

/* --- body.c --- */

/* The reader for the next page, once it is known where the records are. */
extern DloadReader *dload_extract_reader(DloadExtract *x);

/* A response does not count: nor does what it told of the records' place. */
extern void dload_extract_forget_path(DloadExtract *x);

/* Is a record's text known only once the whole page is there? */
extern bool dload_extract_needs_page(const DloadExtract *x);

/* A body that begins with "[" is a list of records, whatever follows. */
extern bool dload_extract_guess(DloadExtract *x, const char *data,
								size_t len);

/*
 * The body is no JSON, or breaks a limit.  The reader's words are kept; the
 * request and the body are added.
 */
extern DloadBodyResult dload_extract_bad_body(DloadExtract *x, DloadSpan body,
											  DloadError *err);

/* Read the next page as a whole, asking again while that may help; NULL and
 * *err if it does not. */
extern DloadPage *dload_extract_fetch_page(DloadExtract *x,
										   MemoryContext parent,
										   size_t spool_above,
										   DloadError *err);

/* --- ahead.c --- */

/* A page is complete: foresee what is asked for after the next page. */
extern void dload_ahead_plan(DloadExtract *x, const DloadPageInfo *page);

/* The open fetch's head is in, which may name the next page. */
extern void dload_ahead_from_head(DloadExtract *x);

/* Send what is foreseen, as far as the limiter allows.  Never waits. */
extern void dload_ahead_start(DloadExtract *x);

/* The fetch for this request, if it was foreseen; else none is any more. */
extern DloadFetch *dload_ahead_take(DloadExtract *x,
									const DloadRequest *request);
extern void dload_ahead_drop(DloadExtract *x);

/* --- close.c --- */

/* What a scroll opened will be closed, however the read ends. */
extern void dload_close_prepare(DloadExtract *x);

/* A response came: remember the token that closes. */
extern void dload_close_note(DloadExtract *x, DloadSpan envelope);

/* The read is over.  Never raises; waits two seconds at most, and less than
 * a tenth of one if not patient. */
extern void dload_close_scroll(DloadExtract *x, bool patient);

/* --- settle.c --- */

/*
 * A page is complete.  Judge its envelope and replace the fetch by the one
 * for the next page, or by none.  The caller looks at x->discarded.
 */
extern bool dload_extract_settle(DloadExtract *x, DloadSpan envelope,
								 int64 nrecords, uint64 fingerprint,
								 DloadError *err);

#endif							/* DLOAD_READ_H */
