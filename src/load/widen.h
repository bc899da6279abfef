/*-------------------------------------------------------------------------
 *
 * widen.h
 *	  A column that cannot hold the values that came.
 *
 * Every widening rewrites the table, so it is done only below
 * dload.rewrite_limit and with nothing in the way; otherwise a *variant*
 * column of type text takes the values that do not fit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_WIDEN_H
#define DLOAD_WIDEN_H

#include "load/evolve.h"

/* Make the table take values of column->wanted as well. */
extern void dload_widen(DloadEvolution *ev, DloadTable *table,
						DloadColumn *column);

/*
 * The SQL expression that turns a column's values into another type and keeps
 * every one exactly.  palloc'd.
 */
extern char *dload_widen_using(const char *column, DloadType from,
							   DloadType to);

#endif							/* DLOAD_WIDEN_H */
