/*-------------------------------------------------------------------------
 *
 * slices.h
 *	  The paginators of lists that come in parts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SLICES_H
#define DLOAD_SLICES_H

#include "rest/paginator.h"

/* --- paginator_window.c: slices of time, read by another paginator --- */

/* May an answer turn out not to count, since it was cut off? */
extern bool dload_window_may_halve(const DloadResource *res);

/* The first slice begins at what the request's parameters say. */
extern bool dload_window_begin(const DloadResource *res,
							   DloadRequest *request, DloadError *err);
extern DloadNext dload_window_next(const DloadResource *res,
								   const DloadPageInfo *page,
								   DloadRequest *next, DloadError *err);

/* --- paginator_list.c: parts that the first response names --- */

/* Is the request for a list of parts and no more?  Then the envelope is all
 * of the body. */
extern bool dload_list_is_bare(const DloadResource *res,
							   const DloadRequest *request);
extern DloadNext dload_list_next(const DloadResource *res,
								 const DloadPageInfo *page,
								 DloadRequest *next, DloadError *err);

/* --- paginator_scroll.c: what each request takes away --- */

extern DloadNext dload_drain_next(const DloadResource *res,
								  const DloadPageInfo *page,
								  DloadRequest *next, DloadError *err);
extern DloadNext dload_scroll_next(const DloadResource *res,
								   const DloadPageInfo *page,
								   DloadRequest *next, DloadError *err);

/* The token that a response carries; NULL if none. */
extern char *dload_scroll_token(const DloadResource *res, DloadSpan envelope);

/* The request that ends a scroll; false if there is none. */
extern bool dload_scroll_close(const DloadResource *res, const char *token,
							   const DloadRequest *like,
							   DloadRequest *request);

#endif							/* DLOAD_SLICES_H */
