/*-------------------------------------------------------------------------
 *
 * paging.h
 *	  What the paginators share: values, places, state, stop tests.
 *
 * paginator.c has the table of strategies, paginator_*.c the strategies by
 * what they go by: a followed target, a token, a position, a key.  Nobody
 * else includes this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PAGING_H
#define DLOAD_PAGING_H

#include "data/record.h"
#include "rest/paginator.h"

/* --- places: paginator_place.c --- */

/* A value to send: as text, and as the JSON that it was or would be. */
typedef struct DloadPagingValue
{
	char	   *text;			/* NULL for a list, which only a body takes */
	char	   *json;
} DloadPagingValue;

extern DloadPagingValue dload_paging_text(const char *text);
extern DloadPagingValue dload_paging_number(int64 number);

typedef enum DloadFound
{
	DLOAD_FOUND_NOTHING,		/* absent, null, false or "" */
	DLOAD_FOUND_VALUE,			/* a string, a number, a list */
	DLOAD_FOUND_OBJECT,			/* *object spans it */
	DLOAD_FOUND_OTHER			/* true */
} DloadFound;

/* What a path leads to in a JSON text; "object" may be NULL. */
extern DloadFound dload_paging_find(const DloadPath *path, DloadSpan json,
									DloadPagingValue *value,
									DloadSpan *object);

/* Put a value into its place in a request.  PATH is not for here. */
extern bool dload_paging_put(const DloadPagePlace *place,
							 DloadPagingValue value,
							 DloadRequest *request, DloadError *err);

/* Drop the query parameters that only the first request has; "own" are the
 * places that the paginator fills. */
extern void dload_paging_drop(const DloadResource *res, List *own,
							  DloadRequest *next);

/* What a paginator remembers by name in request->state. */
extern char *dload_paging_recall(const DloadRequest *request,
								 const char *name);
extern void dload_paging_remember(DloadRequest *request, const char *name,
								  const char *value);

/* --- stop tests: paginator_stop.c --- */

typedef enum DloadStop
{
	DLOAD_STOP_UNSAID,
	DLOAD_STOP_MORE,			/* the API says that more pages follow */
	DLOAD_STOP_END
} DloadStop;

/* How far a paginator that counts has come. */
typedef struct DloadProgress
{
	int64		records;		/* read, this page included */
	int64		pages;			/* the same; -1 = it does not know */
} DloadProgress;

/*
 * Is this page the last one?  "progress" is NULL for a paginator that goes by
 * what the server names: there an empty page and a total mean nothing.
 */
extern DloadStop dload_paging_stop(const DloadResource *res,
								   const DloadPageInfo *page,
								   const DloadProgress *progress);

/*
 * "what" names the next page and is not there: the end, or an error if the
 * API says that there is more.
 */
extern DloadNext dload_paging_no_next(const DloadResource *res,
									  DloadStop stop, const char *what,
									  DloadError *err);

/* --- the strategies --- */

/* Follow a target that the server named. */
extern DloadNext dload_paging_follow(const DloadResource *res,
									 const DloadPageInfo *page,
									 const char *target, DloadRequest *next,
									 DloadError *err);

/* Look in a first reply for the way to the next page; what it is goes into the
 * state of *next.  False if there is none. */
extern bool dload_paging_detect(const DloadPageInfo *page,
								DloadRequest *next);

/* The same where it is not followed; that there is more is enough. */
extern bool dload_paging_unread(const DloadPageInfo *page,
								DloadRequest *next);

#define DLOAD_STRATEGY(name) \
extern bool dload_begin_##name(const DloadResource *res, \
							   DloadRequest *request, DloadError *err); \
extern DloadNext dload_next_##name(const DloadResource *res, \
								   const DloadPageInfo *page, \
								   DloadRequest *next, DloadError *err)

DLOAD_STRATEGY(page);
DLOAD_STRATEGY(offset);
DLOAD_STRATEGY(token);
DLOAD_STRATEGY(keyset);

extern DloadNext dload_next_link(const DloadResource *res,
								 const DloadPageInfo *page,
								 DloadRequest *next, DloadError *err);
extern DloadNext dload_next_next_url(const DloadResource *res,
									 const DloadPageInfo *page,
									 DloadRequest *next, DloadError *err);
extern DloadNext dload_next_auto(const DloadResource *res,
								 const DloadPageInfo *page,
								 DloadRequest *next, DloadError *err);

#endif							/* DLOAD_PAGING_H */
