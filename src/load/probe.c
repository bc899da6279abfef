/*-------------------------------------------------------------------------
 *
 * probe.c
 *	  Rows by their key, one key after another.
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
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/sortsupport.h"
#include "utils/snapmgr.h"

/*
 * Entries of the index that are read past before it is descended again.  To
 * descend in vain costs as much as several times going on gains, since it
 * reads a whole leaf; where that happens each time, look-ups ask for their key
 * alone.
 */
#define MAX_PASSES		16
#define VAIN_PASSES		8

struct DloadProbe
{
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	int			nkeys;
	int			order[INDEX_MAX_KEYS];	/* column given of each of the index */
	ScanKeyData only[INDEX_MAX_KEYS];	/* = keys */
	ScanKeyData onward[INDEX_MAX_KEYS]; /* = keys but the last, >= the last */
	SortSupportData sortkeys[INDEX_MAX_KEYS];
	Datum		keys[INDEX_MAX_KEYS];	/* asked for, as the index has them */
	int			passes;			/* left; none: ask for the key alone */
	bool		started;
	bool		standing;		/* on an entry, whose row is not read yet */
	int			side;			/* of that entry: < 0 before the keys, 0 at */
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

/*
 * Does column i of the index mean by "equal" what its type does, and hold its
 * values as they are?
 */
static bool
compares_commonly(Relation index, int i, Form_pg_attribute att)
{
	Oid			opclass = GetDefaultOpClass(att->atttypid, BTREE_AM_OID);

	return OidIsValid(opclass) &&
		get_opclass_family(opclass) == index->rd_opfamily[i] &&
		index->rd_indcollation[i] == att->attcollation &&
		TupleDescAttr(RelationGetDescr(index), i)->atttypid == att->atttypid;
}

/* Is the index one on just these columns?  Then note their order. */
static bool
fits(DloadProbe *probe, Relation rel, Relation index, int ncolumns,
	 const AttrNumber *columns)
{
	Form_pg_index form = index->rd_index;
	bool		part = probe->nkeys < ncolumns;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisunique ||
		!form->indisvalid || form->indnkeyatts != ncolumns ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	/* the columns differ, so as many matches are all of them */
	for (int i = 0; i < ncolumns; i++)
	{
		AttrNumber	attnum = form->indkey.values[i];
		int			k = 0;

		while (k < ncolumns && columns[k] != attnum)
			k++;
		if (k == ncolumns ||
			!compares_commonly(index, i, TupleDescAttr(RelationGetDescr(rel),
													   attnum - 1)))
			return false;
		/* rows of a part of the key come as the columns ascend */
		if (part && (k != i || index->rd_indoption[i] != 0))
			return false;
		probe->order[i] = k;
	}
	return true;
}

static Relation
find_index(DloadProbe *probe, Relation rel, int ncolumns,
		   const AttrNumber *columns)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (fits(probe, rel, index, ncolumns, columns))
			return index;
		index_close(index, AccessShareLock);
	}
	return NULL;
}

static void
make_scankey(Relation index, int i, StrategyNumber strategy, ScanKey scankey)
{
	Oid			type = index->rd_opcintype[i];
	Oid			operator = get_opfamily_member(index->rd_opfamily[i], type,
											   type, strategy);

	if (!OidIsValid(operator))
		elog(ERROR, "missing operator %d of index \"%s\"", strategy,
			 RelationGetRelationName(index));
	ScanKeyEntryInitialize(scankey, 0, i + 1, strategy, type,
						   index->rd_indcollation[i], get_opcode(operator),
						   (Datum) 0);
}

static void
make_keys(DloadProbe *probe)
{
	for (int i = 0; i < probe->nkeys; i++)
	{
		SortSupport sortkey = &probe->sortkeys[i];
		bool		descends = probe->index->rd_indoption[i] & INDOPTION_DESC;
		StrategyNumber onward = BTEqualStrategyNumber;

		if (i == probe->nkeys - 1)
			onward = descends ? BTLessEqualStrategyNumber :
				BTGreaterEqualStrategyNumber;
		make_scankey(probe->index, i, BTEqualStrategyNumber, &probe->only[i]);
		make_scankey(probe->index, i, onward, &probe->onward[i]);
		sortkey->ssup_cxt = CurrentMemoryContext;
		sortkey->ssup_collation = probe->index->rd_indcollation[i];
		sortkey->ssup_attno = i + 1;
		dload_prepare_index_sort(probe->index, descends, sortkey);
	}
}

DloadProbe *
dload_probe_open(Relation rel, int ncolumns, const AttrNumber *columns,
				 int nkeys)
{
	DloadProbe *probe;

	if (ncolumns > INDEX_MAX_KEYS || !sees_plain_table(rel))
		return NULL;
	probe = palloc0(sizeof(DloadProbe));
	probe->nkeys = nkeys;
	probe->passes = MAX_PASSES;
	probe->index = find_index(probe, rel, ncolumns, columns);
	if (probe->index == NULL)
		return NULL;
	make_keys(probe);
	probe->slot = table_slot_create(rel, NULL);
	/* as a query would: what this transaction did is seen */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	probe->scan = dload_index_beginscan(rel, probe->index,
										GetActiveSnapshot(), nkeys);
	/* entries of other keys are passed without a look at their rows */
	probe->scan->xs_want_itup = true;
	return probe;
}

/* On which side of the keys is the entry?  Most often it is the one sought. */
static int
compare_entry(DloadProbe *probe)
{
	IndexScanDesc scan = probe->scan;

	for (int i = 0; i < probe->nkeys; i++)
	{
		Form_pg_attribute att = TupleDescAttr(scan->xs_itupdesc, i);
		bool		isnull;
		Datum		value = index_getattr(scan->xs_itup, i + 1,
										  scan->xs_itupdesc, &isnull);
		int			result;

		/* alike is equal, but equal values may look different */
		if (datum_image_eq(value, probe->keys[i], att->attbyval, att->attlen))
			continue;
		result = ApplySortComparator(value, isnull, probe->keys[i], false,
									 &probe->sortkeys[i]);
		if (result != 0)
			return result;
	}
	return 0;
}

/* On to the next entry. */
static void
pass(DloadProbe *probe)
{
	probe->standing = index_getnext_tid(probe->scan,
										ForwardScanDirection) != NULL;
	if (probe->standing)
		probe->side = compare_entry(probe);
}

/* Find the keys from the root of the index. */
static void
descend(DloadProbe *probe)
{
	ScanKey		scankeys = probe->passes > 0 ? probe->onward : probe->only;

	for (int i = 0; i < probe->nkeys; i++)
		scankeys[i].sk_argument = probe->keys[i];
	index_rescan(probe->scan, scankeys, probe->nkeys, NULL, 0);
	probe->started = true;
	pass(probe);
}

/* Find them by going on from the entry it stands on, if they are near. */
static bool
go_on(DloadProbe *probe)
{
	if (!probe->started || probe->passes <= 0)
		return false;
	if (probe->standing)
		probe->side = compare_entry(probe);
	for (int i = 0; i < probe->passes && probe->standing && probe->side < 0;
		 i++)
		pass(probe);
	/* behind the last entry is nothing; but it may be the last of others */
	if (probe->standing ? probe->side >= 0 : probe->nkeys == 1)
	{
		probe->passes = Min(probe->passes + 1, MAX_PASSES);
		return true;
	}
	probe->passes -= VAIN_PASSES;
	return false;
}

void
dload_probe_seek(DloadProbe *probe, const Datum *keys)
{
	for (int i = 0; i < probe->nkeys; i++)
		probe->keys[i] = keys[probe->order[i]];
	if (!go_on(probe))
		descend(probe);
}

TupleTableSlot *
dload_probe_next(DloadProbe *probe)
{
	while (probe->standing && probe->side == 0)
	{
		/* equality is all that is asked for, so the index never is lossy */
		bool		visible = index_fetch_heap(probe->scan, probe->slot);

		pass(probe);
		if (visible)
			return probe->slot;
	}
	return NULL;
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

void
dload_probe_close(DloadProbe *probe)
{
	index_endscan(probe->scan);
	PopActiveSnapshot();
	ExecDropSingleTupleTableSlot(probe->slot);
	index_close(probe->index, NoLock);
	pfree(probe);
}
