/*-------------------------------------------------------------------------
 *
 * probe.h
 *	  Rows by their key, one key after another.
 *
 * A *probe* looks keys up in the unique index of an ordinary table.  It does
 * what a nested loop over the keys would do, without the arrays, plans and
 * result tuples around it; or a merge join, where keys that are near to each
 * other in the index are asked for in its order: it goes on from the entry it
 * stands on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PROBE_H
#define DLOAD_PROBE_H

#include "postgres.h"

#include "access/attnum.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"

typedef struct DloadProbe DloadProbe;

/*
 * Make a probe in the current memory context, for the first nkeys columns of a
 * unique key.  NULL where only a query gives the right answer: row security,
 * child tables, no SELECT on the whole table, no unique index on just these
 * columns by what "equal" commonly means; or, for a part of the key, none that
 * has them in this order.
 */
extern DloadProbe *dload_probe_open(Relation rel, int ncolumns,
									const AttrNumber *columns, int nkeys);

/*
 * Put numbers of keys into the order of the index; keys[k][n] is a value of
 * key n.
 */
extern void dload_probe_sort(DloadProbe *probe, Datum **keys, int *numbers,
							 int n);

/*
 * Look for rows with these keys: values in the order of the columns, none of
 * them null, which must stay until the next call, and each time greater by the
 * order of the index.
 */
extern void dload_probe_seek(DloadProbe *probe, const Datum *keys);

/*
 * The next of them, in the order of the key's other columns; NULL if there is
 * none.  Valid until the next call.
 */
extern TupleTableSlot *dload_probe_next(DloadProbe *probe);

extern void dload_probe_close(DloadProbe *probe);

#endif							/* DLOAD_PROBE_H */
