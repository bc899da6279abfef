/*-------------------------------------------------------------------------
 *
 * removal.h
 *	  What becomes of rows that are gone.
 *
 * A *removal* deletes root rows by their keys, or marks them where the shape
 * has a column for that.  It does so by statements, so that triggers, foreign
 * keys and policies have their say.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_REMOVAL_H
#define DLOAD_REMOVAL_H

#include "load/normalize.h"

#include "access/tupdesc.h"

typedef struct DloadRemoval DloadRemoval;

/* Make one in the current memory context, within a load. */
extern DloadRemoval *dload_removal_open(const DloadTable *root,
										TupleDesc desc);

typedef enum DloadRemoved
{
	DLOAD_REMOVED,
	DLOAD_REMOVED_BEFORE,		/* there is no such row, or it is marked */
	DLOAD_REMOVAL_REFUSED		/* it is there as before */
} DloadRemoved;

extern DloadRemoved dload_removal_remove(DloadRemoval *removal, Datum *keys);

#endif							/* DLOAD_REMOVAL_H */
