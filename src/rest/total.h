/*-------------------------------------------------------------------------
 *
 * total.h
 *	  The declared total: how many records, or pages, an API says there are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_TOTAL_H
#define DLOAD_TOTAL_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/http.h"

/* The number at total_path or in total_header; -1 if there is none. */
extern int64 dload_total_read(const DloadResource *res,
							  const DloadExchange *exchange,
							  DloadSpan envelope);

/* The number at a path; -1 if there is none. */
extern int64 dload_total_at(const DloadPath *path, DloadSpan json);

#endif							/* DLOAD_TOTAL_H */
