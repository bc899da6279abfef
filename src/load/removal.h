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

/*
 * Hold on to the row with key n, so that what is below it can go first; its
 * values are keys[k][n].  False if there is none, or none any more.  Rows that
 * are marked need no hold.
 */
extern bool dload_removal_hold(DloadRemoval *removal, Datum **keys, int n);

/* False if it was marked before, or is kept by a trigger or policy. */
extern bool dload_removal_remove(DloadRemoval *removal, Datum **keys, int n);

#endif							/* DLOAD_REMOVAL_H */
