/*-------------------------------------------------------------------------
 *
 * children.c
 *	  The child rows of a package's records.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/children.h"

#include "load/change.h"
#include "load/evolve.h"
#include "load/probe.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/*
 * Records whose rows are inserted before those of the next ones: not more than
 * a processor's cache can hold, since rows of all tables lie side by side.
 */
#define ROOTS_AT_ONCE	1000

/* Numbers that grow. */
typedef struct Ids
{
	int64	   *ids;
	int			n;
	int			max;
} Ids;

/* One child table under way. */
typedef struct Settling
{
	DloadLoad  *load;
	DloadTable *table;
	DloadWriter *writer;
	TupleDesc	desc;
	DloadChanger *changer;
	DloadProbe *probe;
	AttrNumber	list_idx;		/* column of the table */
	MemoryContext row_context;
	DloadRow  **rows;			/* that may be stored, by parent and index */
	int			nrows;
	Datum	   *values;
	bool	   *nulls;
	bool		has_below;		/* there are tables below this one */
	Ids			found;			/* ids of what was stored, if there are */
} Settling;

static void
add_id(Ids *ids, int64 id)
{
	if (ids->n == ids->max)
	{
		ids->max = Max(256, ids->max * 2);
		ids->ids = ids->ids ?
			repalloc_huge(ids->ids, sizeof(int64) * ids->max) :
			MemoryContextAllocHuge(CurrentMemoryContext,
								   sizeof(int64) * ids->max);
	}
	ids->ids[ids->n++] = id;
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static int
compare_rows(const void *a, const void *b)
{
	const DloadRow *x = *(DloadRow *const *) a;
	const DloadRow *y = *(DloadRow *const *) b;

	if (x->parent->id != y->parent->id)
		return x->parent->id < y->parent->id ? -1 : 1;
	return (x->list_idx > y->list_idx) - (x->list_idx < y->list_idx);
}

/* The rows of a table; with "only", those of that root. */
static DloadRow **
rows_of(DloadBatch *batch, int t, DloadRow *only, int *n)
{
	DloadRow  **rows = batch->rows[t];
	int			first = 0;
	int			end = batch->nrows[t];

	if (only != NULL)
	{
		while (first < end && rows[first]->root != only)
			first++;
		*n = first;
		while (*n < end && rows[*n]->root == only)
			(*n)++;
		end = *n;
	}
	*n = end - first;
	return rows + first;
}

static bool
has_tables_below(const DloadTable *table)
{
	DloadShape *shape = table->shape;

	for (int t = table->index + 1; t < shape->ntables; t++)
		if (shape->tables[t]->parent == table &&
			OidIsValid(shape->tables[t]->relid))
			return true;
	return false;
}

/*
 * Rows whose parent is stored, in the order of the index.  A row that has got
 * no id yet is not stored, and so has nothing below it.
 */
static void
collect_rows(Settling *s, DloadBatch *batch, DloadRow *only)
{
	int			n = 0;
	DloadRow  **rows = NULL;
	bool		sorted = true;

	if (s->table->index < batch->ntables)
		rows = rows_of(batch, s->table->index, only, &n);
	s->rows = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(DloadRow *) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		DloadRow   *row = rows[i];

		if (row->dead || row->root->dead || row->root->skipped ||
			row->parent->id == 0)
			continue;
		s->rows[s->nrows++] = row;
		if (s->nrows > 1 &&
			compare_rows(&s->rows[s->nrows - 2], &s->rows[s->nrows - 1]) > 0)
			sorted = false;
	}
	if (!sorted)
		qsort(s->rows, s->nrows, sizeof(DloadRow *), compare_rows);
}

static int64
stored_id(Settling *s, TupleTableSlot *stored)
{
	AttrNumber	attnum = dload_writer_id(s->writer);
	bool		isnull = true;
	Datum		id = (Datum) 0;

	if (attnum != InvalidAttrNumber)
		id = slot_getattr(stored, attnum, &isnull);
	return isnull ? 0 : DatumGetInt64(id);
}

/* Does the stored row hold just these values? */
static bool
holds_values(Settling *s, TupleTableSlot *stored)
{
	ListCell   *lc;

	slot_getallattrs(stored);
	foreach(lc, dload_writer_attributes(s->writer))
	{
		int			i = lfirst_int(lc) - 1;
		Form_pg_attribute att = TupleDescAttr(s->desc, i);

		if (s->nulls[i] != stored->tts_isnull[i])
			return false;
		if (!s->nulls[i] &&
			!datum_image_eq(s->values[i], stored->tts_values[i],
							att->attbyval, att->attlen))
			return false;
	}
	return true;
}

/* A row and what is stored in its place. */
static void
settle_row(Settling *s, DloadRow *row, TupleTableSlot *stored)
{
	MemoryContext old = MemoryContextSwitchTo(s->row_context);

	row->id = stored_id(s, stored);
	/* one whose record is rejected needs nothing more */
	if (dload_writer_convert(s->load, s->writer, row, s->values, s->nulls))
	{
		row->skipped = holds_values(s, stored) ||
			dload_changer_update(s->changer, stored, s->values,
								 s->nulls) == DLOAD_CHANGE_DONE;
		/* it went meanwhile, and with it whatever has its id */
		if (!row->skipped)
			row->id = 0;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(s->row_context);
	dload_load_forget_values(s->load);
}

/* Both sides ascend by parent and index. */
static void
settle_rows(Settling *s, const int64 *parents, int nparents)
{
	int			next = 0;

	for (int p = 0; p < nparents; p++)
	{
		Datum		parent = Int64GetDatum(parents[p]);
		TupleTableSlot *stored;

		CHECK_FOR_INTERRUPTS();
		if (p > 0 && parents[p] == parents[p - 1])
			continue;
		dload_probe_seek(s->probe, &parent);
		while ((stored = dload_probe_next(s->probe)) != NULL)
		{
			bool		isnull;
			int64		idx = DatumGetInt64(slot_getattr(stored, s->list_idx,
														 &isnull));

			CHECK_FOR_INTERRUPTS();
			if (s->has_below)
				add_id(&s->found, stored_id(s, stored));
			while (next < s->nrows &&
				   (s->rows[next]->parent->id < parents[p] ||
					(s->rows[next]->parent->id == parents[p] &&
					 s->rows[next]->list_idx < idx)))
				next++;
			if (next < s->nrows && s->rows[next]->parent->id == parents[p] &&
				s->rows[next]->list_idx == idx)
				settle_row(s, s->rows[next++], stored);
			else
				dload_changer_remove(s->changer, stored);
		}
	}
}

/* Can rows of this table be compared and changed one by one? */
static bool
open_settling(Settling *s)
{
	AttrNumber	keys[2];
	Relation	rel;

	s->writer = dload_load_writer(s->load, s->table);
	s->desc = dload_writer_desc(s->writer);
	rel = dload_writer_relation(s->writer);
	dload_writer_child_keys(s->writer, &keys[0], &keys[1]);
	s->list_idx = keys[1];
	for (int i = 0; i < 2; i++)
		if (keys[i] == InvalidAttrNumber ||
			TupleDescAttr(s->desc, keys[i] - 1)->atttypid != INT8OID)
			return false;
	s->changer = dload_changer_open(rel, dload_writer_attributes(s->writer),
									2, keys, false);
	if (s->changer == NULL)
		return false;
	s->probe = dload_probe_open(rel, 2, keys, 1);
	if (s->probe != NULL)
		return true;
	dload_changer_close(s->changer);
	return false;
}

/* Delete all rows below the parents by a statement, and learn their ids. */
static void
delete_rows(Settling *s, const int64 *parents, int nparents)
{
	Datum	   *ids = palloc(sizeof(Datum) * nparents);
	Oid			types[] = {INT8ARRAYOID};
	Datum		args[1];
	MemoryContext caller = CurrentMemoryContext;

	for (int i = 0; i < nparents; i++)
		ids[i] = Int64GetDatum(parents[i]);
	args[0] = PointerGetDatum(construct_array(ids, nparents, INT8OID,
											  sizeof(int64), FLOAT8PASSBYVAL,
											  TYPALIGN_DOUBLE));
	SPI_connect();
	if (SPI_execute_with_args(psprintf("DELETE FROM %s WHERE"
									   " _dload_parent_id = ANY ($1)"
									   " RETURNING _dload_id",
									   dload_relation_name(s->table->relid)),
							  1, types, args, NULL, false, 0) < 0)
		elog(ERROR, "could not delete child rows");
	MemoryContextSwitchTo(caller);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		id = SPI_getbinval(SPI_tuptable->vals[i],
									   SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull)
			add_id(&s->found, DatumGetInt64(id));
	}
	SPI_finish();
}

static void
settle_below(DloadLoad *load, DloadBatch *batch, DloadRow *only,
			 DloadTable *parent, int64 *ids, int nids)
{
	DloadShape *shape = batch->shape;

	if (nids == 0)
		return;
	qsort(ids, nids, sizeof(int64), compare_ids);
	for (int t = parent->index + 1; t < shape->ntables; t++)
	{
		Settling	s = {load, shape->tables[t]};

		if (s.table->parent != parent || !OidIsValid(s.table->relid))
			continue;
		s.has_below = has_tables_below(s.table);
		if (open_settling(&s))
		{
			s.row_context = AllocSetContextCreate(CurrentMemoryContext,
												  "dload child row",
												  ALLOCSET_DEFAULT_SIZES);
			s.values = palloc(sizeof(Datum) * s.desc->natts);
			s.nulls = palloc(sizeof(bool) * s.desc->natts);
			collect_rows(&s, batch, only);
			settle_rows(&s, ids, nids);
			dload_probe_close(s.probe);
			dload_changer_close(s.changer);
			MemoryContextDelete(s.row_context);
			pfree(s.rows);
		}
		else
			delete_rows(&s, ids, nids);
		settle_below(load, batch, only, s.table, s.found.ids, s.found.n);
	}
}

void
dload_children_settle(DloadLoad *load, DloadBatch *batch, DloadRow *only,
					  int64 *ids, int nids)
{
	settle_below(load, batch, only, batch->shape->tables[0], ids, nids);
}

/*
 * The rows of a table below some roots, of which *done came before: all tables
 * have their rows in the order of the records.
 */
static DloadRow **
rows_below(DloadBatch *batch, int t, DloadRow **roots, int nroots, int *done,
		   int *n)
{
	DloadRow  **rows = batch->rows[t] + *done;
	int			left = batch->nrows[t] - *done;
	int			i = 0;

	*n = 0;
	while (*n < left && i < nroots)
		if (rows[*n]->root == roots[i])
			(*n)++;
		else
			i++;
	*done += *n;
	return rows;
}

void
dload_rows_insert(DloadLoad *load, DloadBatch *batch, DloadRow *only,
				  DloadRowFilter wanted)
{
	DloadTable **tables = batch->shape->tables;
	DloadRow  **roots = only ? &only : batch->roots;
	int			nroots = only ? 1 : batch->nroots;
	int		   *done = palloc0(sizeof(int) * batch->ntables);
	int			n;

	if (only != NULL)
		for (int t = 1; t < batch->ntables; t++)
			done[t] = (int) (rows_of(batch, t, only, &n) - batch->rows[t]);
	for (int i = 0; i < nroots; i += ROOTS_AT_ONCE)
	{
		int			count = Min(nroots - i, ROOTS_AT_ONCE);

		dload_load_insert(load, tables[0], roots + i, count, wanted);
		for (int t = 1; t < batch->ntables; t++)
		{
			DloadRow  **rows = rows_below(batch, t, roots + i, count,
										  &done[t], &n);

			if (n > 0)
				dload_load_insert(load, tables[t], rows, n, NULL);
		}
	}
	pfree(done);
}
