/*-------------------------------------------------------------------------
 *
 * row.h
 *	  One record -> the values of one row of a foreign table.
 *
 * A *row maker* knows which columns a scan needs and where in a record each
 * is found: by the loader's naming, or by its json_path.  A record is walked
 * once, down only into objects that hold a wanted value; what no column needs
 * is skipped unread and never converted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_ROW_H
#define DLOAD_ROW_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/extract.h"

#include "access/tupdesc.h"
#include "nodes/bitmapset.h"

typedef struct DloadRow DloadRow;

/*
 * Make one in the current memory context, which must outlive it, as must the
 * resource.  "attnums" are the columns that are needed.  Columns whose value
 * comes from the request stay null.
 */
extern DloadRow *dload_row_create(const DloadResource *res, int natts,
								  const Bitmapset *attnums);

/*
 * Fill values and nulls (natts each) from the record that the extract has just
 * handed out, its values in the current memory context.
 */
extern void dload_row_fill(DloadRow *row, DloadSpan record,
						   const DloadExtract *extract,
						   Datum *values, bool *nulls);

#endif							/* DLOAD_ROW_H */
