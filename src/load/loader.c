/*-------------------------------------------------------------------------
 *
 * loader.c
 *	  Rows of a batch -> tables.
 *
 * A writer is an open relation with a converter for each column of the shape
 * that it has.  It inserts in one of two ways, chosen when it is opened (see
 * dload_multi_possible).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/loader.h"

#include "base/compat.h"
#include "data/datum.h"
#include "load/change.h"
#include "load/evolve.h"
#include "load/multi.h"
#include "rest/http.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/typcache.h"

/*
 * Rows and bytes of values handed to the table at once, as COPY does: some
 * pages full, and yet not more than stays in the processor's cache.
 */
#define FLUSH_ROWS	1000
#define FLUSH_BYTES (64 * 1024)

/* What a row costs beside its values. */
#define ROW_OVERHEAD	32

/* Texts of the rows not yet flushed; what does not fit is palloc'd. */
#define ROOM_BYTES	(128 * 1024)

/* Bytes of WAL after which its writer is told to begin. */
#define WAL_STEP	(1024 * 1024)

/* Look at the network after so many rows. */
#define POLL_ROWS	256

/* Where a column's values go: what is needed per value, close together. */
typedef struct Target
{
	DloadConverter *conv;		/* NULL: the relation has no such column */
	int16		att;			/* subscripts of values and nulls */
	int16		variant_att;	/* -1: none */
	bool		key;
	DloadColumn *column;
} Target;

struct DloadWriter
{
	DloadTable *table;
	Relation	rel;
	int			natts;
	Target	   *targets;		/* per column of the shape */
	List	   *domains;		/* subscripts of those that may refuse null */
	DloadConverter *variant;	/* any text column */
	AttrNumber	id,
				run_id,
				hash,
				parent_id,
				root_id,
				list_idx;

	/* multi-insert */
	EState	   *estate;
	ResultRelInfo *rri;
	BulkInsertState bistate;
	TupleDesc	desc;			/* our own, which slots need not hold each */
	TupleTableSlot **slots;
	int			nused;

	/* by the executor */
	SPIPlanPtr	plan;
	List	   *attributes;
	Datum	   *values;
	bool	   *nulls;
};

struct DloadLoad
{
	MemoryContext context;		/* until close */
	MemoryContext rows;			/* values of rows not yet flushed */
	char	   *room;			/* texts of these */
	size_t		room_used;
	size_t		bytes;			/* of them and of the other values */
	XLogRecPtr	wal_told;		/* the WAL writer has been told of */
	DloadShape *shape;
	DloadIds   *ids;
	int64		run_id;
	DloadRejectHook reject;
	void	   *reject_arg;
	int64		nrejected;
	DloadWriter **writers;		/* by table index; NULL: not opened */
};

DloadLoad *
dload_load_open(DloadShape *shape, DloadIds *ids, int64 run_id,
				DloadRejectHook reject, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dload load",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DloadLoad  *load = palloc0(sizeof(DloadLoad));

	load->context = context;
	load->rows = AllocSetContextCreate(context, "dload rows",
									   ALLOCSET_DEFAULT_SIZES);
	load->room = palloc(ROOM_BYTES);
	load->shape = shape;
	load->ids = ids;
	load->run_id = run_id;
	load->reject = reject;
	load->reject_arg = arg;
	load->writers = palloc0(sizeof(DloadWriter *) * shape->ntables);
	/* plans live until close, or until the subtransaction is aborted */
	SPI_connect();
	MemoryContextSwitchTo(old);
	return load;
}

int64
dload_load_rejected(const DloadLoad *load)
{
	return load->nrejected;
}

int64
dload_load_next_id(DloadLoad *load)
{
	return dload_ids_next(load->ids, load->shape);
}

/* The record of this row cannot be stored. */
void
dload_load_reject(DloadLoad *load, DloadRow *row, DloadTable *table,
				  const char *reason)
{
	DloadRow   *root = row->root;

	if (root->dead)
		return;
	root->dead = true;
	load->nrejected++;
	load->reject(root, table, reason, load->reject_arg);
}

/*
 * Writers
 */

static void
open_executor_insert(DloadWriter *w)
{
	StringInfoData sql;
	StringInfoData params;
	TupleDesc	desc = RelationGetDescr(w->rel);
	int			n = list_length(w->attributes);
	Oid		   *types = palloc(sizeof(Oid) * n);
	int			i = 0;
	ListCell   *lc;

	initStringInfo(&sql);
	initStringInfo(&params);
	appendStringInfo(&sql, "INSERT INTO %s (",
					 dload_relation_name(RelationGetRelid(w->rel)));
	foreach(lc, w->attributes)
	{
		Form_pg_attribute att = TupleDescAttr(desc, lfirst_int(lc) - 1);

		types[i] = att->atttypid;
		appendStringInfo(&sql, "%s%s", i ? ", " : "",
						 quote_identifier(NameStr(att->attname)));
		appendStringInfo(&params, "%s$%d", i ? ", " : "", i + 1);
		i++;
	}
	appendStringInfo(&sql, ") VALUES (%s)", params.data);
	w->plan = SPI_prepare(sql.data, n, types);
	if (w->plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", sql.data);
}

static void
open_multi_insert(DloadWriter *w)
{
	w->rri = dload_result_open(w->rel, &w->estate);
	w->bistate = GetBulkInsertState();
	w->desc = CreateTupleDescCopyConstr(RelationGetDescr(w->rel));
	w->slots = palloc0(sizeof(TupleTableSlot *) * FLUSH_ROWS);
}

static AttrNumber
attribute(DloadWriter *w, const char *name)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(w->rel), name);

	if (attnum != InvalidAttrNumber)
		w->attributes = lappend_int(w->attributes, attnum);
	return attnum;
}

static void
open_columns(DloadWriter *w)
{
	DloadTable *table = w->table;
	TupleDesc	desc = RelationGetDescr(w->rel);

	w->targets = palloc0(sizeof(Target) * (table->ncolumns + 1));
	for (int i = 0; i < table->ncolumns; i++)
	{
		DloadColumn *column = table->columns[i];
		Target	   *target = &w->targets[i];
		Form_pg_attribute att;

		target->column = column;
		target->key = column->key;
		target->variant_att = column->variant_attnum - 1;
		if (column->attnum == 0)
			continue;
		target->att = column->attnum - 1;
		att = TupleDescAttr(desc, target->att);
		target->conv = dload_converter_create(att->atttypid, att->atttypmod);
		if (target->conv->is_domain && DomainHasConstraints(att->atttypid))
			w->domains = lappend_int(w->domains, i);
		w->attributes = lappend_int(w->attributes, column->attnum);
		if (column->variant_attnum == 0)
			continue;
		if (w->variant == NULL)
			w->variant = dload_converter_create(TEXTOID, -1);
		w->attributes = lappend_int(w->attributes, column->variant_attnum);
	}
	w->id = attribute(w, "_dload_id");
	w->run_id = attribute(w, "_dload_run_id");
	w->hash = attribute(w, "_dload_hash");
	w->parent_id = attribute(w, "_dload_parent_id");
	w->root_id = attribute(w, "_dload_root_id");
	w->list_idx = attribute(w, "_dload_list_idx");
}

DloadWriter *
dload_load_writer(DloadLoad *load, DloadTable *table)
{
	MemoryContext old;
	DloadWriter *w = load->writers[table->index];

	if (w != NULL)
		return w;
	old = MemoryContextSwitchTo(load->context);
	w = palloc0(sizeof(DloadWriter));
	w->table = table;
	w->rel = dload_evolve_open(table);
	/* multi-insert asks nobody */
	if (pg_class_aclcheck(table->relid, GetUserId(),
						  ACL_INSERT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE,
					   RelationGetRelationName(w->rel));
	w->natts = RelationGetNumberOfAttributes(w->rel);
	open_columns(w);
	if (dload_multi_possible(w->rel, w->attributes))
		open_multi_insert(w);
	else
		open_executor_insert(w);
	w->values = palloc(sizeof(Datum) * w->natts);
	w->nulls = palloc(sizeof(bool) * w->natts);
	load->writers[table->index] = w;
	MemoryContextSwitchTo(old);
	return w;
}

TupleDesc
dload_writer_desc(const DloadWriter *w)
{
	return RelationGetDescr(w->rel);
}

Relation
dload_writer_relation(const DloadWriter *w)
{
	return w->rel;
}

List *
dload_writer_attributes(const DloadWriter *w)
{
	return w->attributes;
}

AttrNumber
dload_writer_id(const DloadWriter *w)
{
	return w->id;
}

void
dload_writer_child_keys(const DloadWriter *w, AttrNumber *parent,
						AttrNumber *idx)
{
	*parent = w->parent_id;
	*idx = w->list_idx;
}

/*
 * Conversion
 */

/* Room for a text until the next flush. */
static inline char *
take_room(DloadLoad *load, size_t size)
{
	char	   *room = load->room + load->room_used;

	size = INTALIGN(size);
	if (size > ROOM_BYTES - load->room_used)
		return palloc(size);
	load->room_used += size;
	return room;
}

/* A value that has its plain form; false: that is for dload_convert to do. */
static pg_attribute_always_inline bool
convert_plain(DloadLoad *load, const DloadConverter *conv,
			  const DloadToken *token, Datum *value)
{
	if (conv->plain == DLOAD_PLAIN_TEXT)
	{
		char	   *text;

		if (token->type != DLOAD_TOKEN_STRING || token->escaped ||
			token->text.len > ROOM_BYTES)
			return false;
		text = take_room(load, token->text.len + VARHDRSZ);
		SET_VARSIZE(text, token->text.len + VARHDRSZ);
		memcpy(VARDATA(text), token->text.data, token->text.len);
		load->bytes += token->text.len;
		*value = PointerGetDatum(text);
		return true;
	}
	return dload_convert_plain(conv, token, value);
}

/* A value that is null, or goes the general way. */
static bool
convert_general(DloadLoad *load, DloadWriter *w, DloadRow *row,
				const Target *target, const DloadToken *token, Datum *values,
				bool *nulls)
{
	DloadColumn *column = target->column;
	DloadConverter *conv = target->conv;
	int			att = target->att;
	DloadError	err;

	if (conv == NULL)
	{
		/* a path seen only as null has no column yet */
		Assert(token->type == DLOAD_TOKEN_NULL);
		return true;
	}
	if (target->variant_att >= 0 && token->type != DLOAD_TOKEN_NULL &&
		!dload_type_holds(column->type, token))
	{
		conv = w->variant;
		nulls[att] = true;
		att = target->variant_att;
	}
	else if (target->variant_att >= 0)
		nulls[target->variant_att] = true;
	load->bytes += token->text.len;
	if (dload_convert(conv, token, &values[att], &nulls[att], &err))
		return true;
	dload_load_reject(load, row, w->table,
					  psprintf("column \"%s\": %s", column->name,
							   err.message));
	return false;
}

static pg_attribute_always_inline bool
convert_cell(DloadLoad *load, DloadWriter *w, DloadRow *row,
			 const DloadCell *cell, Datum *values, bool *nulls)
{
	const Target *target = &w->targets[cell->column];
	DloadToken	token;

	dload_cell_token(cell, &token);
	if (target->variant_att < 0 && target->conv != NULL &&
		convert_plain(load, target->conv, &token, &values[target->att]))
	{
		nulls[target->att] = false;
		return true;
	}
	return convert_general(load, w, row, target, &token, values, nulls);
}

/* What a record does not mention is null, which domains may refuse. */
static bool
convert_absent(DloadLoad *load, DloadWriter *w, DloadRow *row, Datum *values,
			   bool *nulls)
{
	const DloadToken null = {.type = DLOAD_TOKEN_NULL};
	ListCell   *lc;

	foreach(lc, w->domains)
	{
		const Target *target = &w->targets[lfirst_int(lc)];

		if (nulls[target->att] && target->variant_att < 0 &&
			!convert_general(load, w, row, target, &null, values, nulls))
			return false;
	}
	return true;
}

static inline void
set_int64(AttrNumber attnum, int64 value, Datum *values, bool *nulls)
{
	if (attnum == InvalidAttrNumber)
		return;
	values[attnum - 1] = Int64GetDatum(value);
	nulls[attnum - 1] = false;
}

bool
dload_writer_convert(DloadLoad *load, DloadWriter *w, DloadRow *row,
					 Datum *values, bool *nulls)
{
	memset(nulls, true, sizeof(bool) * w->natts);
	for (int i = 0; i < row->ncells; i++)
		if (!convert_cell(load, w, row, &row->cells[i], values, nulls))
			return false;
	if (!convert_absent(load, w, row, values, nulls))
		return false;
	if (row->id == 0)
		row->id = dload_load_next_id(load);
	set_int64(w->id, row->id, values, nulls);
	if (row->parent == NULL)
	{
		set_int64(w->run_id, load->run_id, values, nulls);
		/* 0 in a table that had a key once */
		set_int64(w->hash, (int64) row->hash, values, nulls);
	}
	else
	{
		set_int64(w->parent_id, row->parent->id, values, nulls);
		set_int64(w->root_id, row->root->id, values, nulls);
		set_int64(w->list_idx, row->list_idx, values, nulls);
	}
	return true;
}

bool
dload_writer_convert_keys(DloadLoad *load, DloadWriter *w, DloadRow *row,
						  Datum *values, bool *nulls)
{
	DloadShape *shape = load->shape;

	for (int k = 0; k < shape->nkeys; k++)
		nulls[shape->keys[k]->attnum - 1] = true;
	for (int i = 0; i < row->ncells; i++)
		if (w->targets[row->cells[i].column].key &&
			!convert_cell(load, w, row, &row->cells[i], values, nulls))
			return false;
	return true;
}

/*
 * Insertion
 */

/* The values converted so far are in the table, or will not get there. */
void
dload_load_forget_values(DloadLoad *load)
{
	MemoryContextReset(load->rows);
	load->room_used = 0;
	load->bytes = 0;
}

/*
 * The commit must wait until the package's WAL is on disk.  What another
 * process has written by then, while rows were made, it need not wait for.
 */
static void
tell_wal_writer(DloadLoad *load)
{
	if (load->wal_told == InvalidXLogRecPtr)
		load->wal_told = XactLastRecEnd;
	if (XactLastRecEnd < load->wal_told + WAL_STEP)
		return;
	XLogSetAsyncXactLSN(XactLastRecEnd);
	load->wal_told = XactLastRecEnd;
}

static void
flush(DloadLoad *load, DloadWriter *w)
{
	MemoryContext old;

	if (w->nused == 0)
		return;
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(w->estate));
	if (w->rel->rd_att->constr)
		for (int i = 0; i < w->nused; i++)
			ExecConstraints(w->rri, w->slots[i], w->estate);
	table_multi_insert(w->rel, w->slots, w->nused, GetCurrentCommandId(true),
					   0, w->bistate);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < w->nused; i++)
	{
		if (w->rri->ri_NumIndices > 0)
			list_free(dload_insert_index_tuples(w->rri, w->slots[i],
												 w->estate));
		ExecClearTuple(w->slots[i]);
		ResetPerTupleExprContext(w->estate);
	}
	w->nused = 0;
	dload_load_forget_values(load);
	tell_wal_writer(load);
}

static void
multi_insert(DloadLoad *load, DloadWriter *w, DloadRow *row)
{
	TupleTableSlot *slot = w->slots[w->nused];
	MemoryContext old;
	bool		ok;

	if (slot == NULL)
	{
		old = MemoryContextSwitchTo(load->context);
		slot = w->slots[w->nused] =
			MakeSingleTupleTableSlot(w->desc,
									 dload_multi_slot_callbacks(w->rel));
		slot->tts_tableOid = RelationGetRelid(w->rel);
		MemoryContextSwitchTo(old);
	}
	old = MemoryContextSwitchTo(load->rows);
	ExecClearTuple(slot);
	ok = dload_writer_convert(load, w, row, slot->tts_values,
							  slot->tts_isnull);
	if (ok && load->bytes >= DLOAD_LARGE_BYTES)
		dload_multi_form(w->desc, slot);
	else if (ok)
		ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(old);
	if (!ok)
		return;
	w->nused++;
	if (w->nused == FLUSH_ROWS ||
		load->bytes + w->nused * ROW_OVERHEAD >= FLUSH_BYTES)
		flush(load, w);
}

static void
executor_insert(DloadLoad *load, DloadWriter *w, DloadRow *row)
{
	int			n = list_length(w->attributes);
	MemoryContext old = MemoryContextSwitchTo(load->rows);

	if (dload_writer_convert(load, w, row, w->values, w->nulls))
	{
		Datum	   *args = palloc(sizeof(Datum) * n);
		char	   *nulls = palloc(n);
		int			i = 0;
		ListCell   *lc;

		foreach(lc, w->attributes)
		{
			args[i] = w->values[lfirst_int(lc) - 1];
			nulls[i] = w->nulls[lfirst_int(lc) - 1] ? 'n' : ' ';
			i++;
		}
		if (SPI_execute_plan(w->plan, args, nulls, false, 0) < 0)
			elog(ERROR, "could not insert");
	}
	MemoryContextSwitchTo(old);
	dload_load_forget_values(load);
}

void
dload_load_insert(DloadLoad *load, DloadTable *table, DloadRow **rows,
				  int nrows, DloadRowFilter wanted)
{
	DloadWriter *w;

	/* rows without any column: a list of {} */
	if (!OidIsValid(table->relid))
		return;
	w = dload_load_writer(load, table);
	for (int i = 0; i < nrows; i++)
	{
		DloadRow   *row = rows[i];

		if (row->dead || row->skipped || row->root->dead ||
			row->root->skipped || (wanted && !wanted(row)))
			continue;
		CHECK_FOR_INTERRUPTS();
		/* let the next pages keep arriving */
		if (i % POLL_ROWS == 0)
			dload_http_poll();
		if (w->plan)
			executor_insert(load, w, row);
		else
			multi_insert(load, w, row);
	}
	if (w->plan == NULL)
		flush(load, w);
}

/* Close all writers.  After an error nothing needs closing. */
void
dload_load_close(DloadLoad *load)
{
	for (int i = 0; i < load->shape->ntables; i++)
	{
		DloadWriter *w = load->writers[i];

		if (w == NULL)
			continue;
		if (w->plan == NULL)
		{
			/* the slots are empty: nothing but memory */
			FreeBulkInsertState(w->bistate);
			ExecCloseIndices(w->rri);
			FreeExecutorState(w->estate);
		}
		table_close(w->rel, NoLock);
	}
	SPI_finish();
	MemoryContextDelete(load->context);
}
