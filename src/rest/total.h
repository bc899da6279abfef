/*-------------------------------------------------------------------------
 *
 * total.h
 *	  The declared total: how many records an API says there are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_TOTAL_H
#define DLOAD_TOTAL_H

#include "base/dload.h"
#include "model/resource.h"

/* The number at total_path in a page's envelope; -1 if there is none. */
extern int64 dload_total_read(const DloadResource *res, DloadSpan envelope);

/* Does it count pages, by its name ("total_pages"), and not records? */
extern bool dload_total_is_pages(const DloadResource *res);

#endif							/* DLOAD_TOTAL_H */
