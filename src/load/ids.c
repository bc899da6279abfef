/*-------------------------------------------------------------------------
 *
 * ids.c
 *	  Ids of rows: blocks of numbers from the root table's sequence.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/ids.h"

#include "load/evolve.h"

#include "access/relation.h"
#include "commands/sequence.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

/*
 * With wal_level = minimal core writes no WAL for a sequence in the
 * transaction that creates it, but the sequence's row claims that the next 32
 * values are logged; after a crash they would be given out again.  setval
 * takes that claim back.  Nobody else can see the sequence yet.
 */
static void
log_next_use(Oid sequence, int64 last)
{
	Relation	rel = relation_open(sequence, AccessShareLock);
	bool		fresh = rel->rd_createSubid != InvalidSubTransactionId;

	relation_close(rel, NoLock);
	if (fresh)
		DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence),
							Int64GetDatum(last));
}

int64
dload_ids_next(DloadIds *ids, DloadShape *shape)
{
	if (ids->next == ids->end)
	{
		if (!OidIsValid(ids->sequence))
			ids->sequence = dload_evolve_sequence(shape);
		if (!OidIsValid(ids->sequence))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" has no sequence for row ids",
							shape->tables[0]->name)));
		ids->next = nextval_internal(ids->sequence, true);
		ids->end = ids->next + DLOAD_ID_BLOCK;
		log_next_use(ids->sequence, ids->next);
	}
	return ids->next++;
}
