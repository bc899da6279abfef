/*-------------------------------------------------------------------------
 *
 * probe.c
 *	  Is there a row with this key, and what is its id and hash?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/probe.h"

#include "base/compat.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

struct DloadProbe
{
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	int			nkeys;
	int			order[INDEX_MAX_KEYS];	/* key of each index column */
	ScanKeyData scankeys[INDEX_MAX_KEYS];
	AttrNumber	id;
	AttrNumber	hash;
};

/* Would a query see just the rows of this table, and all of them? */
static bool
sees_plain_table(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);

	return rel->rd_rel->relkind == RELKIND_RELATION &&
		!rel->rd_rel->relhassubclass &&
		check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED &&
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* Does column i of the index mean by "equal" what its type does? */
static bool
compares_commonly(Relation index, int i, Form_pg_attribute att)
{
	Oid			opclass = GetDefaultOpClass(att->atttypid, BTREE_AM_OID);

	return OidIsValid(opclass) &&
		get_opclass_family(opclass) == index->rd_opfamily[i] &&
		index->rd_indcollation[i] == att->attcollation;
}

/* Is the index one on just these columns?  Then note their order. */
static bool
fits(DloadProbe *probe, Relation rel, Relation index,
	 const AttrNumber *columns)
{
	Form_pg_index form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisunique ||
		!form->indisvalid || form->indnkeyatts != probe->nkeys ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	/* the key's columns differ, so as many matches are all of them */
	for (int i = 0; i < probe->nkeys; i++)
	{
		AttrNumber	attnum = form->indkey.values[i];
		int			k = 0;

		while (k < probe->nkeys && columns[k] != attnum)
			k++;
		if (k == probe->nkeys ||
			!compares_commonly(index, i, TupleDescAttr(RelationGetDescr(rel),
													   attnum - 1)))
			return false;
		probe->order[i] = k;
	}
	return true;
}

static Relation
find_index(DloadProbe *probe, Relation rel, const AttrNumber *columns)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (fits(probe, rel, index, columns))
			return index;
		index_close(index, AccessShareLock);
	}
	return NULL;
}

static void
make_scankeys(DloadProbe *probe)
{
	Relation	index = probe->index;

	for (int i = 0; i < probe->nkeys; i++)
	{
		Oid			type = index->rd_opcintype[i];
		Oid			equal = get_opfamily_member(index->rd_opfamily[i], type,
												type, BTEqualStrategyNumber);

		if (!OidIsValid(equal))
			elog(ERROR, "index \"%s\" has no equality operator",
				 RelationGetRelationName(index));
		ScanKeyEntryInitialize(&probe->scankeys[i], 0, i + 1,
							   BTEqualStrategyNumber, type,
							   index->rd_indcollation[i], get_opcode(equal),
							   (Datum) 0);
	}
}

DloadProbe *
dload_probe_open(Relation rel, int nkeys, const AttrNumber *columns)
{
	DloadProbe *probe;

	if (nkeys > INDEX_MAX_KEYS || !sees_plain_table(rel))
		return NULL;
	probe = palloc0(sizeof(DloadProbe));
	probe->nkeys = nkeys;
	probe->id = get_attnum(RelationGetRelid(rel), "_dload_id");
	probe->hash = get_attnum(RelationGetRelid(rel), "_dload_hash");
	if (probe->id == InvalidAttrNumber || probe->hash == InvalidAttrNumber)
		return NULL;
	probe->index = find_index(probe, rel, columns);
	if (probe->index == NULL)
		return NULL;
	make_scankeys(probe);
	probe->slot = table_slot_create(rel, NULL);
	/* as a query would: what this transaction did is seen */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	probe->scan = dload_index_beginscan(rel, probe->index,
										GetActiveSnapshot(), nkeys);
	return probe;
}

bool
dload_probe_find(DloadProbe *probe, const Datum *keys, DloadStored *stored)
{
	Datum		value;
	bool		isnull;

	for (int i = 0; i < probe->nkeys; i++)
		probe->scankeys[i].sk_argument = keys[probe->order[i]];
	index_rescan(probe->scan, probe->scankeys, probe->nkeys, NULL, 0);
	/* equality is all that is asked for, so the index never is lossy */
	if (!index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot))
		return false;
	value = slot_getattr(probe->slot, probe->id, &isnull);
	stored->has_id = !isnull;
	stored->id = DatumGetInt64(value);
	value = slot_getattr(probe->slot, probe->hash, &isnull);
	stored->has_hash = !isnull;
	stored->hash = DatumGetInt64(value);
	return true;
}

void
dload_probe_close(DloadProbe *probe)
{
	index_endscan(probe->scan);
	PopActiveSnapshot();
	ExecDropSingleTupleTableSlot(probe->slot);
	index_close(probe->index, NoLock);
	pfree(probe);
}
