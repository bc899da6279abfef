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
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/sortsupport.h"
#include "utils/snapmgr.h"

/*
 * A sweep reads past so many entries before it descends the index again; half
 * as many each time that it was in vain.
 */
#define SWEEP_PASSES	16

struct DloadProbe
{
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	int			nkeys;
	int			order[INDEX_MAX_KEYS];	/* key of each index column */
	ScanKeyData scankeys[INDEX_MAX_KEYS];
	SortSupportData sortkeys[INDEX_MAX_KEYS];
	AttrNumber	id;
	AttrNumber	hash;
};

struct DloadSweep
{
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	ScanKeyData scankey;		/* parent >= ... */
	int64		parent;			/* whose rows are asked for */
	bool		started;
	int			passes;			/* entries to read past, at most */
	bool		standing;		/* on an entry, which is not read yet */
	int64		entry_parent;
	int64		entry_idx;
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

static void
make_sortkeys(DloadProbe *probe)
{
	for (int i = 0; i < probe->nkeys; i++)
	{
		SortSupport sortkey = &probe->sortkeys[i];
		bool		descends = probe->index->rd_indoption[i] & INDOPTION_DESC;

		sortkey->ssup_cxt = CurrentMemoryContext;
		sortkey->ssup_collation = probe->index->rd_indcollation[i];
		sortkey->ssup_attno = i + 1;
		dload_prepare_index_sort(probe->index, descends, sortkey);
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
	make_sortkeys(probe);
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

typedef struct Sorting
{
	DloadProbe *probe;
	Datum	  **keys;
} Sorting;

static int
compare_keys(const void *a, const void *b, void *arg)
{
	Sorting    *sorting = arg;
	DloadProbe *probe = sorting->probe;
	int			x = *(const int *) a;
	int			y = *(const int *) b;

	for (int i = 0; i < probe->nkeys; i++)
	{
		Datum	   *values = sorting->keys[probe->order[i]];
		int			result = ApplySortComparator(values[x], false, values[y],
												 false, &probe->sortkeys[i]);

		if (result != 0)
			return result;
	}
	return 0;
}

void
dload_probe_sort(DloadProbe *probe, Datum **keys, int *numbers, int n)
{
	Sorting		sorting = {probe, keys};

	qsort_arg(numbers, n, sizeof(int), compare_keys, &sorting);
}

TupleTableSlot *
dload_probe_row(const DloadProbe *probe)
{
	return probe->slot;
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

/*
 * Sweeps
 */

/* Is the index one on these two numbers in ascending order? */
static bool
ascends(const DloadProbe *probe)
{
	Relation	index = probe->index;

	for (int i = 0; i < 2; i++)
		if (probe->order[i] != i || index->rd_indoption[i] != 0 ||
			index->rd_opcintype[i] != INT8OID ||
			TupleDescAttr(RelationGetDescr(index), i)->atttypid != INT8OID)
			return false;
	return true;
}

DloadSweep *
dload_sweep_open(Relation rel, AttrNumber parent, AttrNumber idx)
{
	AttrNumber	columns[] = {parent, idx};
	DloadProbe	probe = {.nkeys = 2};
	DloadSweep *sweep;

	if (!sees_plain_table(rel))
		return NULL;
	probe.index = find_index(&probe, rel, columns);
	if (probe.index == NULL)
		return NULL;
	if (!ascends(&probe))
	{
		index_close(probe.index, AccessShareLock);
		return NULL;
	}
	sweep = palloc0(sizeof(DloadSweep));
	sweep->index = probe.index;
	ScanKeyEntryInitialize(&sweep->scankey, 0, 1,
						   BTGreaterEqualStrategyNumber, INT8OID, InvalidOid,
						   F_INT8GE, (Datum) 0);
	sweep->slot = table_slot_create(rel, NULL);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	sweep->scan = dload_index_beginscan(rel, sweep->index,
										GetActiveSnapshot(), 1);
	/* entries of other parents are passed without a look at their rows */
	sweep->scan->xs_want_itup = true;
	return sweep;
}

/* On to the next entry of the index. */
static void
pass(DloadSweep *sweep)
{
	IndexScanDesc scan = sweep->scan;
	bool		isnull;

	sweep->standing = index_getnext_tid(scan, ForwardScanDirection) != NULL;
	if (!sweep->standing)
		return;
	sweep->entry_parent = DatumGetInt64(index_getattr(scan->xs_itup, 1,
													  scan->xs_itupdesc,
													  &isnull));
	sweep->entry_idx = DatumGetInt64(index_getattr(scan->xs_itup, 2,
												   scan->xs_itupdesc,
												   &isnull));
}

void
dload_sweep_seek(DloadSweep *sweep, int64 parent)
{
	sweep->parent = parent;
	if (sweep->started)
	{
		for (int i = 0; i < sweep->passes && sweep->standing &&
			 sweep->entry_parent < parent; i++)
			pass(sweep);
		/* beyond the last entry there is nothing for greater numbers either */
		if (!sweep->standing || sweep->entry_parent >= parent)
		{
			sweep->passes = SWEEP_PASSES;
			return;
		}
		sweep->passes /= 2;
	}
	else
		sweep->passes = SWEEP_PASSES;
	sweep->scankey.sk_argument = Int64GetDatum(parent);
	index_rescan(sweep->scan, &sweep->scankey, 1, NULL, 0);
	sweep->started = true;
	pass(sweep);
}

TupleTableSlot *
dload_sweep_next(DloadSweep *sweep, int64 *idx)
{
	while (sweep->standing && sweep->entry_parent == sweep->parent)
	{
		bool		visible = index_fetch_heap(sweep->scan, sweep->slot);

		*idx = sweep->entry_idx;
		pass(sweep);
		if (visible)
			return sweep->slot;
	}
	return NULL;
}

void
dload_sweep_close(DloadSweep *sweep)
{
	index_endscan(sweep->scan);
	PopActiveSnapshot();
	ExecDropSingleTupleTableSlot(sweep->slot);
	index_close(sweep->index, NoLock);
	pfree(sweep);
}
