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
#include "nodes/execnodes.h"
#include "nodes/pg_list.h"
#include "utils/relcache.h"

/*
 * What core's executor needs to check constraints and fill the indexes of a
 * table: its state, to be freed after ExecCloseIndices.
 */
extern ResultRelInfo *dload_result_open(Relation rel, EState **estate);

/* Has it triggers on INSERT?  Foreign keys that refer to it have none. */
extern bool dload_fires_on_insert(Relation rel);

typedef struct DloadChanger DloadChanger;

typedef enum DloadChange
{
	DLOAD_CHANGE_DONE,
	DLOAD_CHANGE_GONE,			/* it is not there, or has another key now */
	DLOAD_CHANGE_BY_STATEMENT	/* left to an UPDATE: other tables refer to
								 * what changes */
} DloadChange;

/*
 * Make a changer in the current memory context.  "attributes" are the numbers
 * of the columns it writes, "keys" those by which rows are found;
 * "referenced": foreign keys may refer to the table.  NULL where only
 * statements do the right thing: other triggers, rules, row security,
 * partitions, generated columns, privileges on columns alone.
 */
extern DloadChanger *dload_changer_open(Relation rel, List *attributes,
										int nkeys, const AttrNumber *keys,
										bool referenced);

/*
 * Give a row new values (arrays of all attributes).  One that another session
 * has changed meanwhile is changed as that left it, as a statement that reads
 * what is committed would do.
 */
extern DloadChange dload_changer_update(DloadChanger *changer,
										TupleTableSlot *stored,
										const Datum *values,
										const bool *nulls);

/* Remove a row; not where foreign keys refer to the table.  False: gone. */
extern bool dload_changer_remove(DloadChanger *changer,
								 TupleTableSlot *stored);

extern void dload_changer_close(DloadChanger *changer);

#endif							/* DLOAD_CHANGE_H */
