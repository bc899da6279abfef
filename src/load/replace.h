/*-------------------------------------------------------------------------
 *
 * replace.h
 *	  The end of a replace: shadow tables take the place of the old rows.
 *
 * A replace loads into shadow tables over as many transactions as it takes;
 * readers go on seeing the old rows.  The swap is one transaction.  Where a
 * shadow has the target's exact layout and nothing forbids it, the two
 * exchange their storage, so that views, grants and the table's identity
 * survive; otherwise the old rows are deleted and the new ones inserted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_REPLACE_H
#define DLOAD_REPLACE_H

#include "load/evolve.h"

/*
 * Put every shadow of the shape in its target's place; returns how many rows
 * of the old root table went.  Runs as the pipeline's owner.
 */
extern int64 dload_replace_swap(DloadEvolution *ev, DloadShape *shape);

/* Would the swap leave a table without rows that has some? */
extern bool dload_replace_would_empty(DloadShape *shape);

/* Has the target rows? */
extern bool dload_replace_has_rows(DloadShape *shape);

/* Drop shadows that an unfinished replace left, so that it starts anew. */
extern void dload_replace_discard(DloadEvolution *ev, DloadShape *shape);

#endif							/* DLOAD_REPLACE_H */
