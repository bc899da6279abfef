/*-------------------------------------------------------------------------
 *
 * change.h
 *	  Stored rows changed and removed, without the executor.
 *
 * A *changer* does to rows of an ordinary table what UPDATE and DELETE of one
 * row would do, with no plan, parameters or scan between.  The rows were found
 * before, with the active snapshot.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CHANGE_H
#define DLOAD_CHANGE_H

#include "postgres.h"

#include "access/attnum.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

typedef struct DloadChanger DloadChanger;

/*
 * Make a changer in the current memory context.  "attributes" are the numbers
 * of the columns it writes, "keys" those by which rows are found.  NULL where
 * only statements do the right thing: triggers (so foreign keys too), rules,
 * row security, partitions, generated columns, privileges on columns alone.
 */
extern DloadChanger *dload_changer_open(Relation rel, List *attributes,
										int nkeys, const AttrNumber *keys);

/*
 * Give a row new values (arrays of all attributes).  One that another session
 * has changed meanwhile is changed as that left it, as a statement that reads
 * what is committed would do.  False if it is gone, or has another key now.
 */
extern bool dload_changer_update(DloadChanger *changer,
								 TupleTableSlot *stored,
								 const Datum *values, const bool *nulls);

/* Remove a row; the same holds for it. */
extern bool dload_changer_remove(DloadChanger *changer,
								 TupleTableSlot *stored);

extern void dload_changer_close(DloadChanger *changer);

#endif							/* DLOAD_CHANGE_H */
