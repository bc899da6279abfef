/*-------------------------------------------------------------------------
 *
 * probe.h
 *	  Is there a row with this key, and what is its id and hash?
 *
 * A *probe* looks keys up in the unique index of an ordinary table, one after
 * another.  It does what a nested loop over the keys would do, without the
 * arrays, plans and result tuples around it.
 *
 * A *sweep* reads the rows of a child table below parents whose ids ascend, as
 * a merge join would: it goes on from where it stands if that is near.
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

/* What is known of a row found. */
typedef struct DloadStored
{
	int64		id;
	int64		hash;
	bool		has_id;
	bool		has_hash;
} DloadStored;

/*
 * Make a probe in the current memory context.  NULL where only a query gives
 * the right answer: row security, child tables, no SELECT on the whole table,
 * no unique index on just these columns by what "equal" commonly means.
 */
extern DloadProbe *dload_probe_open(Relation rel, int nkeys,
									const AttrNumber *columns);

/* Look a key up: values in the order of the columns, none of them null. */
extern bool dload_probe_find(DloadProbe *probe, const Datum *keys,
							 DloadStored *stored);

/*
 * Put numbers of keys into the order of the index, in which looking them up
 * costs least; keys[k][n] is a value of key n.
 */
extern void dload_probe_sort(DloadProbe *probe, Datum **keys, int *numbers,
							 int n);

/* The row found last, until the next look-up. */
extern TupleTableSlot *dload_probe_row(const DloadProbe *probe);

extern void dload_probe_close(DloadProbe *probe);

typedef struct DloadSweep DloadSweep;

/*
 * Make a sweep in the current memory context.  NULL as above, and where no
 * unique index has just these columns, parent and index, in this order.
 */
extern DloadSweep *dload_sweep_open(Relation rel, AttrNumber parent,
									AttrNumber idx);

/* Go to the rows of this parent: a greater number each time. */
extern void dload_sweep_seek(DloadSweep *sweep, int64 parent);

/*
 * The next of them, by ascending list index; NULL if there is none.  Valid
 * until the next call.
 */
extern TupleTableSlot *dload_sweep_next(DloadSweep *sweep, int64 *idx);

extern void dload_sweep_close(DloadSweep *sweep);

#endif							/* DLOAD_PROBE_H */
