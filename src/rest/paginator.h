/*-------------------------------------------------------------------------
 *
 * paginator.h
 *	  From one page to the request for the next.
 *
 * A *paginator* is a strategy: a small struct of functions, one per value of
 * the paginate option.  Its state is in the request itself, so that a request
 * saved as a checkpoint is all that is needed to go on from it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PAGINATOR_H
#define DLOAD_PAGINATOR_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/http.h"

/*
 * What asks for a page: all that the paginator needs to go on from it, so that
 * a saved request is a checkpoint.  Without secrets, so it may be stored.
 */
typedef struct DloadRequest
{
	char	   *method;
	char	   *url;
	List	   *headers;		/* of char *: parameters with in = header */
	char	   *body;			/* or NULL */
	int64		position;		/* page number, offset, records read by keys;
								 * 0 for others */
	char	   *state;			/* what else the paginator must remember, in
								 * its own words; NULL for most */
	char	   *given;			/* the parameters that it was made from, where
								 * a later request is made from them too */
	char	   *names;			/* of rows, for pages without them; or NULL */
} DloadRequest;

/* What a paginator sees of a page. */
typedef struct DloadPageInfo
{
	const DloadRequest *request;
	const char *final_url;		/* after redirects: relative links resolve
								 * against it */
	const DloadExchange *exchange;	/* headers */
	DloadSpan	envelope;
	DloadSpan	last_record;	/* data NULL: none */
	int64		nrecords;		/* in this page */
	int64		total_records;	/* so far in this read, this page included */
	bool		ended;			/* a rule says that nothing follows */
} DloadPageInfo;

typedef enum DloadNext
{
	DLOAD_NEXT_PAGE,			/* *next is set */
	DLOAD_NEXT_SLICE,			/* the same, and what precedes it in time is
								 * complete */
	DLOAD_NEXT_INSTEAD,			/* the same, and this page does not count */
	DLOAD_NEXT_END,				/* that was the last page */
	DLOAD_NEXT_ERROR
} DloadNext;

typedef struct DloadPaginator
{
	const char *name;
	/* positional: what a page holds may shift while the list is read */
	bool		positional;
	/* the option by which we ask for the next page, or are told where it is;
	 * NULL where the same page may come again */
	const char *asks_by;
	/* add what the first request needs */
	bool		(*begin) (const DloadResource *res, DloadRequest *request,
						  DloadError *err);
	/* change what is different: *next comes as the page's own request */
	DloadNext	(*next) (const DloadResource *res, const DloadPageInfo *page,
						 DloadRequest *next, DloadError *err);
	/* a request brings something else each time, which it may take away: no
	 * loop, nothing to go on from, and nothing to repeat after a failure */
	bool		consumes;
} DloadPaginator;

extern const DloadPaginator *dload_paginator_get(DloadPaginateKind kind);

/* Add to a first request the size of pages and what its paginator needs. */
extern bool dload_paginator_begin(const DloadResource *res,
								  DloadRequest *request, DloadError *err);

/*
 * For a token that goes into the path: the parameters of the first request,
 * of DloadParam, with the placeholder marked, so that begin finds it in the
 * URL.
 */
extern List *dload_paginator_mark_path(const DloadResource *res,
									   List *params, DloadRequest *request);

/*
 * The first page is to be the last one, since nothing is where the paginator
 * looks for the next one.  Does the page name it elsewhere?  What it names
 * goes into the state of *next.
 */
extern bool dload_paginator_overlooks(const DloadResource *res,
									  const DloadPageInfo *page,
									  DloadRequest *next);

/*
 * What paginate 'auto' found out, or what would be there to follow where
 * it is not followed; from the request that was asked for.  NULL if there
 * is nothing to say.  palloc'd.
 */
extern char *dload_paginator_detected(const DloadRequest *request);

/*
 * Where a URL that a page at "base" names leads, as it may be kept: absolute,
 * without fragment and credentials; NULL and *err if it is none.
 */
extern char *dload_link_resolve(const DloadResource *res, const char *base,
								const char *target, DloadError *err);

/*
 * The target of rel="..." in a Link header value, that of a page at "url";
 * NULL if none.
 */
extern char *dload_link_target(const char *link_header, const char *rel,
							   const char *url);

#endif							/* DLOAD_PAGINATOR_H */
