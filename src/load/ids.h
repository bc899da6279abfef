/*-------------------------------------------------------------------------
 *
 * ids.h
 *	  Ids of rows: blocks of numbers from the root table's sequence.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_IDS_H
#define DLOAD_IDS_H

#include "load/normalize.h"

/*
 * How many ids one nextval hands out: few calls, few ids lost.  It is the
 * increment of the sequences that evolve makes.
 */
#define DLOAD_ID_BLOCK	1000

/*
 * Where ids come from; lives as long as the run.  sequence is looked up anew
 * when it is InvalidOid.
 */
typedef struct DloadIds
{
	Oid			sequence;
	int64		next;
	int64		end;
} DloadIds;

/* A new id.  Needs a transaction. */
extern int64 dload_ids_next(DloadIds *ids, DloadShape *shape);

#endif							/* DLOAD_IDS_H */
