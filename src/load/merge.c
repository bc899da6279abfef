/*-------------------------------------------------------------------------
 *
 * merge.c
 *	  A package into keyed tables.
 *
 * The steps, each for the whole package: drop records that a later one of the
 * package overrides; look up ids and hashes of the keys, and update what is
 * changed; compare the children of changed rows with what is stored, where
 * those of rows that are gone have nothing any more; remove the latter; insert
 * new roots and new children.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/merge.h"

#include "base/setting.h"
#include "base/compat.h"
#include "load/change.h"
#include "load/children.h"
#include "load/evolve.h"
#include "load/keys.h"
#include "load/probe.h"
#include "load/removal.h"
#include "rest/http.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* Look at the network after so many rows. */
#define POLL_ROWS	256

/* What is known of a row found. */
typedef struct Stored
{
	int64		id;
	int64		hash;
	bool		has_id;
	bool		has_hash;
} Stored;

typedef struct Merge
{
	DloadLoad  *load;
	DloadShape *shape;
	DloadTable *root;
	DloadWriter *writer;
	TupleDesc	desc;
	MemoryContext context;
	MemoryContext row_context;
	DloadRow  **rows;			/* one per key */
	int			nrows;
	Datum	  **keys;			/* [key column][row] */
	DloadProbe *probe;			/* NULL: ask by query */
	AttrNumber	id;				/* columns of the table */
	AttrNumber	hash;
	DloadChanger *changer;		/* NULL: update by statements */
	bool	   *changed;		/* per row: exists with another hash */
	bool	   *waiting;		/* per row: to be updated by a statement */
	bool	   *doomed;			/* per row: exists, and is to go */
	DloadRemoval *removal;		/* NULL without tombstones */
	Datum	   *values;			/* of the row being updated */
	bool	   *nulls;
	DloadCounters *counters;
} Merge;

static void update_rows(Merge *m);

static Form_pg_attribute
key_attribute(const Merge *m, int k)
{
	return TupleDescAttr(m->desc, m->shape->keys[k]->attnum - 1);
}

/*
 * A hash table of key tuples, from core's grouping code, so that "equal" is
 * what the index means by it.
 */
static TupleHashTable
key_table(Merge *m, TupleDesc *keydesc)
{
	int			n = m->shape->nkeys;
	AttrNumber *columns = palloc(sizeof(AttrNumber) * n);
	Oid		   *eqops = palloc(sizeof(Oid) * n);
	Oid		   *collations = palloc(sizeof(Oid) * n);
	Oid		   *eqfuncs;
	FmgrInfo   *hashfuncs;

	*keydesc = CreateTemplateTupleDesc(n);
	for (int k = 0; k < n; k++)
	{
		Form_pg_attribute att = key_attribute(m, k);
		TypeCacheEntry *type = lookup_type_cache(att->atttypid,
												 TYPECACHE_EQ_OPR |
												 TYPECACHE_HASH_PROC);

		if (!OidIsValid(type->eq_opr) || !OidIsValid(type->hash_proc))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of type %s cannot be a primary key",
							NameStr(att->attname),
							format_type_be(att->atttypid))));
		TupleDescInitEntry(*keydesc, k + 1, NameStr(att->attname),
						   att->atttypid, att->atttypmod, 0);
		columns[k] = k + 1;
		eqops[k] = type->eq_opr;
		collations[k] = att->attcollation;
	}
	execTuplesHashPrepare(n, eqops, &eqfuncs, &hashfuncs);
	return dload_tuple_hash_table(*keydesc, n, columns, eqfuncs, hashfuncs,
								  collations, 256, m->context,
								  m->row_context);
}

/* The values of a row's key columns. */
static bool
row_keys(Merge *m, DloadRow *row, Datum *keys)
{
	for (int k = 0; k < m->shape->nkeys; k++)
	{
		AttrNumber	attnum = m->shape->keys[k]->attnum;
		Form_pg_attribute att = key_attribute(m, k);

		if (m->nulls[attnum - 1])
		{
			dload_load_reject(m->load, row, m->root,
							  psprintf("primary key \"%s\" has no value",
									   m->shape->keys[k]->name));
			return false;
		}
		keys[k] = datumCopy(m->values[attnum - 1], att->attbyval,
							att->attlen);
	}
	return true;
}

/*
 * Collect one row per key, reading backwards so that the last record wins;
 * those it overrides are skipped.
 */
static void
collect_rows(Merge *m, DloadBatch *batch, DloadRow *only)
{
	int			nkeys = m->shape->nkeys;
	TupleDesc	keydesc;
	TupleHashTable seen = key_table(m, &keydesc);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(keydesc, &TTSOpsVirtual);
	Datum	   *keys = palloc(sizeof(Datum) * nkeys);

	m->rows = palloc(sizeof(DloadRow *) * (batch->nroots + 1));
	for (int k = 0; k < nkeys; k++)
		m->keys[k] = palloc(sizeof(Datum) * (batch->nroots + 1));
	for (int i = batch->nroots - 1; i >= 0; i--)
	{
		DloadRow   *row = batch->roots[i];
		MemoryContext old;
		bool		isnew;
		bool		ok;

		if (row->dead || row->skipped || (only && row != only))
			continue;
		CHECK_FOR_INTERRUPTS();
		old = MemoryContextSwitchTo(m->row_context);
		ok = dload_writer_convert_keys(m->load, m->writer, row, m->values,
									   m->nulls);
		MemoryContextSwitchTo(old);
		if (!ok || !row_keys(m, row, keys))
			continue;
		ExecClearTuple(slot);
		for (int k = 0; k < nkeys; k++)
		{
			slot->tts_values[k] = keys[k];
			slot->tts_isnull[k] = false;
		}
		ExecStoreVirtualTuple(slot);
		LookupTupleHashEntry(seen, slot, &isnew, NULL);
		MemoryContextReset(m->row_context);
		if (!isnew)
		{
			row->skipped = true;
			m->counters->rows_unchanged++;
			continue;
		}
		for (int k = 0; k < nkeys; k++)
			m->keys[k][m->nrows] = keys[k];
		m->rows[m->nrows++] = row;
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* The join condition of target t with the given keys k. */
static void
append_key_condition(Merge *m, StringInfo sql)
{
	for (int k = 0; k < m->shape->nkeys; k++)
	{
		const char *name = quote_identifier(m->shape->keys[k]->name);

		appendStringInfoString(sql, k ? " AND " : "");
		dload_key_append_equal(sql, psprintf("t.%s", name),
							   psprintf("k.k%d", k + 1),
							   key_attribute(m, k)->atttypid);
	}
}

static Datum
key_array(Merge *m, int k)
{
	Form_pg_attribute att = key_attribute(m, k);

	return PointerGetDatum(construct_array(m->keys[k], m->nrows,
										   att->atttypid, att->attlen,
										   att->attbyval, att->attalign));
}

/* Row n is in the table already. */
static void
take_match(Merge *m, int n, const Stored *stored)
{
	DloadRow   *row = m->rows[n];

	row->fresh = false;
	if (stored->has_id)
		row->id = stored->id;
	if (row->tombstone)
	{
		m->doomed[n] = true;
		return;
	}
	if (stored->has_id && stored->has_hash &&
		stored->hash == (int64) row->hash)
	{
		row->skipped = true;
		m->counters->rows_unchanged++;
	}
	else
		m->changed[n] = m->waiting[n] = true;
}

static void
take_slot(Merge *m, int n, TupleTableSlot *found)
{
	Stored		stored;
	bool		isnull;

	stored.id = DatumGetInt64(slot_getattr(found, m->id, &isnull));
	stored.has_id = !isnull;
	stored.hash = DatumGetInt64(slot_getattr(found, m->hash, &isnull));
	stored.has_hash = !isnull;
	take_match(m, n, &stored);
}

/*
 * The row that was found is gone.  Or it has another key now, and with it
 * keeps its id and what is below it.
 */
static void
take_for_new(Merge *m, int n)
{
	m->changed[n] = false;
	m->rows[n]->fresh = true;
	m->rows[n]->id = 0;
}

/*
 * Update the row that was found.  One that is not there any more is inserted
 * like a new one.
 */
static void
change_row(Merge *m, int n, TupleTableSlot *found)
{
	DloadRow   *row = m->rows[n];
	MemoryContext old = MemoryContextSwitchTo(m->row_context);

	if (dload_writer_convert(m->load, m->writer, row, m->values, m->nulls))
	{
		DloadChange change = dload_changer_update(m->changer, found,
												  m->values, m->nulls);

		m->waiting[n] = change == DLOAD_CHANGE_BY_STATEMENT;
		if (change == DLOAD_CHANGE_DONE)
			m->counters->rows_updated++;
		else if (change == DLOAD_CHANGE_GONE)
			take_for_new(m, n);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(m->row_context);
	dload_load_forget_values(m->load);
}

/*
 * Find which keys exist by looking up each of them in the order of the index,
 * and update changed rows on the way, while they are at hand.
 */
static void
probe_rows(Merge *m)
{
	int			nkeys = m->shape->nkeys;
	Datum		keys[INDEX_MAX_KEYS];
	int		   *order = palloc(sizeof(int) * (m->nrows + 1));

	/* collected from the end, and often in order already */
	for (int i = 0; i < m->nrows; i++)
		order[i] = m->nrows - 1 - i;
	dload_probe_sort(m->probe, m->keys, order, m->nrows);
	for (int i = 0; i < m->nrows; i++)
	{
		int			n = order[i];
		TupleTableSlot *found;

		CHECK_FOR_INTERRUPTS();
		/* let the next pages keep arriving */
		if (i % POLL_ROWS == 0)
			dload_http_poll();
		for (int k = 0; k < nkeys; k++)
			keys[k] = m->keys[k][n];
		dload_probe_seek(m->probe, keys);
		found = dload_probe_next(m->probe);
		if (found == NULL)
			continue;
		take_slot(m, n, found);
		if (m->changed[n] && m->changer != NULL)
			change_row(m, n, found);
	}
}

/* A row of the query: number of the key, id and hash of the stored row. */
static void
take_tuple(Merge *m, HeapTuple tuple, TupleDesc desc)
{
	Stored		stored;
	bool		isnull;
	Datum		n = SPI_getbinval(tuple, desc, 1, &isnull);

	stored.id = DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull));
	stored.has_id = !isnull;
	stored.hash = DatumGetInt64(SPI_getbinval(tuple, desc, 3, &isnull));
	stored.has_hash = !isnull;
	take_match(m, (int) DatumGetInt64(n) - 1, &stored);
}

/* Find which keys exist by a query. */
static void
query_rows(Merge *m)
{
	int			nkeys = m->shape->nkeys;
	StringInfoData sql;
	Oid		   *types = palloc(sizeof(Oid) * nkeys);
	Datum	   *args = palloc(sizeof(Datum) * nkeys);

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT k.n, t._dload_id, t._dload_hash"
						   " FROM ROWS FROM (");
	for (int k = 0; k < nkeys; k++)
	{
		types[k] = get_array_type(key_attribute(m, k)->atttypid);
		args[k] = key_array(m, k);
		appendStringInfo(&sql, "%spg_catalog.unnest($%d)", k ? ", " : "",
						 k + 1);
	}
	appendStringInfoString(&sql, ") WITH ORDINALITY AS k(");
	for (int k = 0; k < nkeys; k++)
		appendStringInfo(&sql, "k%d, ", k + 1);
	appendStringInfo(&sql, "n) JOIN %s AS t ON ",
					 dload_relation_name(m->root->relid));
	append_key_condition(m, &sql);

	SPI_connect();
	if (SPI_execute_with_args(sql.data, nkeys, types, args, NULL, false,
							  0) < 0)
		elog(ERROR, "could not execute \"%s\"", sql.data);
	for (uint64 i = 0; i < SPI_processed; i++)
		take_tuple(m, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
	SPI_finish();
}

/* Find which keys exist, what is unchanged, and update what is not. */
static void
match_rows(Merge *m)
{
	AttrNumber	columns[INDEX_MAX_KEYS];
	Relation	rel = dload_writer_relation(m->writer);
	int			nkeys = Min(m->shape->nkeys, INDEX_MAX_KEYS);

	m->changed = palloc0(sizeof(bool) * (m->nrows + 1));
	m->waiting = palloc0(sizeof(bool) * (m->nrows + 1));
	m->doomed = palloc0(sizeof(bool) * (m->nrows + 1));
	for (int i = 0; i < m->nrows; i++)
		m->rows[i]->fresh = !m->rows[i]->tombstone;
	for (int k = 0; k < nkeys; k++)
		columns[k] = m->shape->keys[k]->attnum;
	m->id = get_attnum(RelationGetRelid(rel), "_dload_id");
	m->hash = get_attnum(RelationGetRelid(rel), "_dload_hash");
	m->probe = dload_probe_open(rel, m->shape->nkeys, columns,
								m->shape->nkeys);
	if (m->probe == NULL)
	{
		query_rows(m);
		update_rows(m);
		return;
	}
	m->changer = dload_changer_open(rel, dload_writer_attributes(m->writer),
									nkeys, columns, true);
	probe_rows(m);
	dload_probe_close(m->probe);
	if (m->changer != NULL)
		dload_changer_close(m->changer);
	update_rows(m);
}

/* UPDATE target SET all columns WHERE key; parameters as in attributes. */
static SPIPlanPtr
prepare_update(Merge *m)
{
	List	   *attributes = dload_writer_attributes(m->writer);
	Oid		   *types = palloc(sizeof(Oid) * list_length(attributes));
	StringInfoData sql;
	StringInfoData condition;
	SPIPlanPtr	plan;
	int			i = 0;
	ListCell   *lc;

	initStringInfo(&sql);
	initStringInfo(&condition);
	appendStringInfo(&sql, "UPDATE %s SET ",
					 dload_relation_name(m->root->relid));
	foreach(lc, attributes)
	{
		Form_pg_attribute att = TupleDescAttr(m->desc, lfirst_int(lc) - 1);
		const char *name = quote_identifier(NameStr(att->attname));
		char	   *value = psprintf("$%d", i + 1);

		appendStringInfo(&sql, "%s%s = %s", i ? ", " : "", name, value);
		types[i++] = att->atttypid;
		for (int k = 0; k < m->shape->nkeys; k++)
			if (m->shape->keys[k]->attnum == att->attnum)
			{
				appendStringInfoString(&condition, " AND ");
				dload_key_append_equal(&condition, name, value,
									   att->atttypid);
			}
	}
	appendStringInfo(&sql, " WHERE true%s", condition.data);
	plan = SPI_prepare(sql.data, i, types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", sql.data);
	return plan;
}

/* Update one row; false if it is not there any more. */
static bool
update_row(Merge *m, SPIPlanPtr plan, DloadRow *row)
{
	List	   *attributes = dload_writer_attributes(m->writer);
	Datum	   *args = palloc(sizeof(Datum) * list_length(attributes));
	char	   *argnulls = palloc(list_length(attributes));
	int			i = 0;
	ListCell   *lc;

	if (!dload_writer_convert(m->load, m->writer, row, m->values, m->nulls))
		return true;
	foreach(lc, attributes)
	{
		args[i] = m->values[lfirst_int(lc) - 1];
		argnulls[i++] = m->nulls[lfirst_int(lc) - 1] ? 'n' : ' ';
	}
	if (SPI_execute_plan(plan, args, argnulls, false, 0) < 0)
		elog(ERROR, "could not update");
	return SPI_processed > 0;
}

/* Update changed rows by statements. */
static void
update_rows(Merge *m)
{
	SPIPlanPtr	plan = NULL;

	for (int i = 0; i < m->nrows; i++)
	{
		DloadRow   *row = m->rows[i];
		MemoryContext old;

		if (!m->waiting[i] || row->dead)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (plan == NULL)
			plan = prepare_update(m);
		old = MemoryContextSwitchTo(m->row_context);
		if (update_row(m, plan, row))
			m->counters->rows_updated++;
		else
			take_for_new(m, i);
		MemoryContextSwitchTo(old);
		MemoryContextReset(m->row_context);
		dload_load_forget_values(m->load);
	}
}

/*
 * Another session may have removed a row that is to go, or given it another
 * key, with which it stays.
 */
static void
hold_rows(Merge *m)
{
	for (int i = 0; i < m->nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (m->doomed[i])
			m->doomed[i] = dload_removal_hold(m->removal, m->keys, i);
	}
}

/* Below the changed rows, and those that go. */
static void
settle_children(Merge *m, DloadBatch *batch, DloadRow *only)
{
	int64	   *ids = palloc(sizeof(int64) * (m->nrows + 1));
	int			nids = 0;

	for (int i = 0; i < m->nrows; i++)
		if ((m->changed[i] && !m->rows[i]->dead) ||
			(m->doomed[i] && m->rows[i]->id != 0 &&
			 m->shape->deleted == NULL))
			ids[nids++] = m->rows[i]->id;
	dload_children_settle(m->load, batch, only, ids, nids);
}

/* Remove or mark the rows that tombstones mean. */
static void
remove_rows(Merge *m)
{
	bool		marks = m->shape->deleted != NULL;
	int64	   *nremoved = marks ? &m->counters->rows_updated :
		&m->counters->rows_deleted;

	for (int i = 0; i < m->nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!m->rows[i]->tombstone)
			continue;
		if (m->doomed[i] && dload_removal_remove(m->removal, m->keys, i))
			(*nremoved)++;
		else if (m->doomed[i] && !marks)
			/* the attempt is undone, so what is below it stays, too */
			dload_load_reject(m->load, m->rows[i], m->root,
							  "row was not removed: a trigger or policy kept it");
		else
			m->counters->rows_unchanged++;
	}
}

static bool
is_fresh(const DloadRow *row)
{
	return row->fresh;
}

/*
 * The planner cannot know how long the arrays are.  Keys are found by index,
 * however small it believes the table to be.
 */
static int
prefer_indexes(void)
{
	int			level = NewGUCNestLevel();
	static const char *const names[] = {
		"enable_seqscan", "enable_hashjoin", "enable_mergejoin"
	};

	for (int i = 0; i < lengthof(names); i++)
		dload_setting_change(names[i], "off");
	return level;
}

static int64
count_fresh(Merge *m)
{
	int64		n = 0;

	for (int i = 0; i < m->nrows; i++)
		if (m->rows[i]->fresh && !m->rows[i]->dead)
			n++;
	return n;
}

void
dload_merge(DloadLoad *load, DloadBatch *batch, DloadRow *only,
			DloadCounters *counters)
{
	Merge		m = {load, batch->shape, batch->shape->tables[0]};
	MemoryContext old;
	int			level;

	m.context = AllocSetContextCreate(CurrentMemoryContext, "dload merge",
									  ALLOCSET_DEFAULT_SIZES);
	m.row_context = AllocSetContextCreate(m.context, "dload merge row",
										  ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(m.context);
	m.writer = dload_load_writer(load, m.root);
	m.desc = dload_writer_desc(m.writer);
	m.values = palloc(sizeof(Datum) * m.desc->natts);
	m.nulls = palloc(sizeof(bool) * m.desc->natts);
	m.keys = palloc(sizeof(Datum *) * m.shape->nkeys);
	m.counters = counters;

	collect_rows(&m, batch, only);
	level = prefer_indexes();
	match_rows(&m);
	if (only ? only->tombstone : batch->ntombstones > 0)
	{
		m.removal = dload_removal_open(m.root, m.desc);
		hold_rows(&m);
	}
	settle_children(&m, batch, only);
	if (m.removal != NULL)
		remove_rows(&m);
	AtEOXact_GUC(true, level);
	counters->rows_inserted += count_fresh(&m);
	dload_rows_insert(load, batch, only, is_fresh);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(m.context);
}

void
dload_append(DloadLoad *load, DloadBatch *batch, DloadRow *only,
			 DloadCounters *counters)
{
	DloadRow  **roots = only ? &only : batch->roots;
	int			n = only ? 1 : batch->nroots;

	for (int i = 0; i < n; i++)
		if (!roots[i]->dead)
			counters->rows_inserted++;
	dload_rows_insert(load, batch, only, NULL);
}
