/*-------------------------------------------------------------------------
 *
 * bookmark.h
 *	  The value of a reply that the next run begins with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_BOOKMARK_H
#define DLOAD_BOOKMARK_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/http.h"

typedef struct DloadBookmark
{
	char	   *text;			/* NULL: none */
	bool		string;			/* not a number */
} DloadBookmark;

/*
 * The bookmark of a page that came from "url"; of a URL what may be kept of
 * it.  False and *err if the value there is none that could be sent.
 */
extern bool dload_bookmark_read(const DloadResource *res, const char *url,
								const DloadExchange *exchange,
								DloadSpan envelope, DloadBookmark *mark,
								DloadError *err);

#endif							/* DLOAD_BOOKMARK_H */
