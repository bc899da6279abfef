/*-------------------------------------------------------------------------
 *
 * normalize.c
 *	  Records -> rows.
 *
 * One walk over the record's tokens.  Nested objects are flattened into the
 * row, lists make rows of child tables.  While a row's object is walked its
 * cells grow on a scratch stack; child rows push and pop above it, so each
 * row's cells are contiguous.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/normalize.h"

#include "data/walk.h"
#include "load/shape.h"
#include "rest/page.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Rows and cells are carved from pieces of this size. */
#define CHUNK_BYTES	(128 * 1024)

/* A batch keeps up to so much for the next package. */
#define KEPT_BYTES	(8 * 1024 * 1024)

static bool walk_object(DloadBatch *b, DloadRow *row, DloadKeyNode *node,
						DloadWalk *w, int nesting, DloadError *err);
static bool walk_list(DloadBatch *b, DloadRow *row, DloadTable *table,
					  DloadWalk *w, int nesting, DloadError *err);

DloadBatch *
dload_batch_create(DloadShape *shape)
{
	DloadBatch *b = palloc0(sizeof(DloadBatch));

	b->context = AllocSetContextCreate(CurrentMemoryContext, "dload batch",
									   ALLOCSET_DEFAULT_SIZES);
	b->large = AllocSetContextCreate(b->context, "dload large rows",
									 ALLOCSET_SMALL_SIZES);
	b->shape = shape;
	b->maxscratch = 1024;
	b->scratch = palloc(sizeof(DloadCell) * b->maxscratch);
	return b;
}

/* Double an array of the batch that lives in its context. */
static void *
grow(DloadBatch *b, void *array, int *max, size_t elem)
{
	int			oldmax = *max;

	*max = Max(64, oldmax * 2);
	b->bytes += elem * (*max - oldmax);
	b->fixed += elem * (*max - oldmax);
	if (array == NULL)
		return MemoryContextAllocHuge(b->context, elem * *max);
	return repalloc_huge(array, elem * *max);
}

/* Give back all memory. */
static void
release(DloadBatch *b)
{
	MemoryContextResetOnly(b->context);
	b->roots = NULL;
	b->maxroots = 0;
	b->rows = NULL;
	b->nrows = b->maxrows = NULL;
	b->ntables = 0;
	b->chunks = NULL;
	b->nchunks = b->maxchunks = 0;
	b->fixed = 0;
}

/*
 * The memory stays for the next package, unless this one was unusually large:
 * what goes back to the system must be cleared by it before it comes again.
 */
void
dload_batch_reset(DloadBatch *b)
{
	MemoryContextReset(b->large);
	if (b->bytes > KEPT_BYTES)
		release(b);
	for (int i = 0; i < b->ntables; i++)
		b->nrows[i] = 0;
	b->nroots = b->ntombstones = 0;
	b->bytes = b->fixed;
	b->chunk = NULL;
	b->chunk_left = 0;
	b->used_chunks = 0;
	b->nscratch = 0;
}

/* More than a chunk holds: a row with thousands of values. */
static void *
carve_large(DloadBatch *b, size_t size)
{
	b->bytes += size;
	return MemoryContextAllocHuge(b->large, size);
}

/* A chunk used before, or a new one. */
static char *
next_chunk(DloadBatch *b)
{
	if (b->used_chunks == b->nchunks)
	{
		if (b->nchunks == b->maxchunks)
			b->chunks = grow(b, b->chunks, &b->maxchunks, sizeof(char *));
		b->chunks[b->nchunks++] = MemoryContextAlloc(b->context, CHUNK_BYTES);
	}
	return b->chunks[b->used_chunks++];
}

/* Memory that lives until the batch is reset. */
static inline void *
carve(DloadBatch *b, size_t size)
{
	void	   *result;

	size = MAXALIGN(size);
	if (unlikely(size > b->chunk_left))
	{
		if (size > CHUNK_BYTES)
			return carve_large(b, size);
		b->chunk = next_chunk(b);
		b->chunk_left = CHUNK_BYTES;
		b->bytes += CHUNK_BYTES;
	}
	result = b->chunk;
	b->chunk += size;
	b->chunk_left -= size;
	return result;
}

void
dload_batch_release(DloadBatch *b)
{
	dload_batch_reset(b);
	release(b);
	b->bytes = 0;
}

/* Make room for the rows of a table that the batch has not met yet. */
static void
reserve_table(DloadBatch *b, int index)
{
	int			n = b->shape->ntables;
	MemoryContext old;

	if (index < b->ntables)
		return;
	old = MemoryContextSwitchTo(b->context);
	b->rows = b->rows ? repalloc(b->rows, sizeof(DloadRow **) * n) :
		palloc(sizeof(DloadRow **) * n);
	b->nrows = b->nrows ? repalloc(b->nrows, sizeof(int) * n) :
		palloc(sizeof(int) * n);
	b->maxrows = b->maxrows ? repalloc(b->maxrows, sizeof(int) * n) :
		palloc(sizeof(int) * n);
	for (int i = b->ntables; i < n; i++)
	{
		b->rows[i] = NULL;
		b->nrows[i] = b->maxrows[i] = 0;
	}
	b->ntables = n;
	MemoryContextSwitchTo(old);
}

static DloadRow *
new_row(DloadBatch *b, DloadTable *table, DloadRow *parent)
{
	size_t		size = parent ? DLOAD_CHILD_ROW_BYTES : sizeof(DloadRow);
	DloadRow   *row = carve(b, size);
	int			i = table->index;

	memset(row, 0, size);
	row->table = table;
	row->parent = parent;
	row->root = parent ? parent->root : row;
	reserve_table(b, i);
	if (b->nrows[i] == b->maxrows[i])
		b->rows[i] = grow(b, b->rows[i], &b->maxrows[i], sizeof(DloadRow *));
	b->rows[i][b->nrows[i]++] = row;
	return row;
}

/* Give the row the cells pushed since it began. */
static void
finish_row(DloadBatch *b, DloadRow *row)
{
	int			base = row->first_cell;

	row->ncells = b->nscratch - base;
	row->cells = carve(b, sizeof(DloadCell) * row->ncells);
	memcpy(row->cells, b->scratch + base, sizeof(DloadCell) * row->ncells);
	b->nscratch = base;
}

/*
 * Note what type a value needs.  Columns with a type given by the user, or
 * with a variant column for what does not fit, need nothing.
 */
static inline void
see_value(DloadColumn *column, const DloadToken *token)
{
	DloadType	joined;

	if (dload_type_holds_plain(column->wanted, token))
		return;
	if (column->wanted != DLOAD_TYPE_UNKNOWN &&
		dload_type_holds(column->wanted, token))
		return;
	if (column->hint || column->fixed)
		return;
	joined = dload_type_join(column->wanted, dload_type_of(token));
	if (joined != column->wanted)
	{
		column->wanted = joined;
		column->table->shape->dirty = true;
	}
}

/* The text of a bytea. */
static void
append_hex(StringInfo out, const StringInfo bytes)
{
	size_t		len = (size_t) bytes->len * 2;

	appendStringInfoString(out, "\\x");
	enlargeStringInfo(out, (int) len);
	hex_encode(bytes->data, bytes->len, out->data + out->len);
	out->len += (int) len;
}

/* What a coded value holds: JSON, or the text of a bytea. */
static bool
append_decoded(const DloadColumn *column, const DloadToken *token,
			   StringInfo out)
{
	size_t		max = (size_t) dload_max_record_kb * 1024;
	StringInfoData bytes;
	bool		good;

	if (!dload_coding_is_bytes(column->coding))
		return dload_coding_value(column->coding, token, max, out);
	initStringInfo(&bytes);
	good = dload_coding_bytes(column->coding, token, max, &bytes);
	if (good)
		append_hex(out, &bytes);
	pfree(bytes.data);
	return good;
}

/* Make the token that of what it holds. */
static bool
decode_value(DloadBatch *b, const DloadColumn *column, DloadToken *token,
			 DloadError *err)
{
	StringInfoData out;
	DloadScanner s;
	char	   *text;

	if (!dload_coding_takes(column->coding, token->type))
		return true;
	initStringInfo(&out);
	if (!append_decoded(column, token, &out))
	{
		pfree(out.data);
		return dload_error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
							   "column \"%s\": value cannot be decoded",
							   column->name);
	}
	text = carve(b, out.len);
	memcpy(text, out.data, out.len);
	pfree(out.data);
	if (!dload_coding_is_bytes(column->coding))
	{
		dload_scanner_init(&s, text, out.len, true);
		dload_scanner_value(&s, token);
		return true;
	}
	token->escaped = false;
	token->text = dload_span(text, out.len);
	return true;
}

static pg_attribute_always_inline void
push_cell(DloadBatch *b, DloadColumn *column, const DloadToken *token)
{
	DloadCell  *cell;

	if (b->nscratch == b->maxscratch)
	{
		b->maxscratch *= 2;
		b->scratch = repalloc_huge(b->scratch,
								   sizeof(DloadCell) * b->maxscratch);
	}
	cell = &b->scratch[b->nscratch++];
	cell->data = token->text.data;
	cell->len = (uint32) token->text.len;
	cell->column = (uint16) column->index;
	cell->type = (uint8) token->type;
	cell->flags = (token->escaped ? DLOAD_CELL_ESCAPED : 0) |
		(token->integral ? DLOAD_CELL_INTEGRAL : 0);
}

static pg_attribute_always_inline bool
add_cell(DloadBatch *b, DloadColumn *column, const DloadToken *token,
		 DloadError *err)
{
	DloadToken	decoded;

	if (column == NULL)
		return dload_error_set(err, ERRCODE_TOO_MANY_COLUMNS,
							   "table would have more than %d columns",
							   DLOAD_MAX_COLUMNS);
	if (unlikely(column->coded))
	{
		decoded = *token;
		if (!decode_value(b, column, &decoded, err))
			return false;
		token = &decoded;
	}
	if (token->type != DLOAD_TOKEN_NULL)
		see_value(column, token);
	push_cell(b, column, token);
	return true;
}

void
dload_cell_token(const DloadCell *cell, DloadToken *token)
{
	token->type = (DloadTokenType) cell->type;
	token->escaped = (cell->flags & DLOAD_CELL_ESCAPED) != 0;
	token->integral = (cell->flags & DLOAD_CELL_INTEGRAL) != 0;
	token->text.data = cell->data;
	token->text.len = cell->len;
}

/* Kill the rows of a list in this row, and theirs. */
static void
kill_list(DloadBatch *b, DloadRow *row, DloadTable *table)
{
	bool		killed = false;

	reserve_table(b, table->index);
	for (int i = b->nrows[table->index] - 1; i >= 0; i--)
	{
		DloadRow   *r = b->rows[table->index][i];

		if (r->parent != row)
			break;
		r->dead = killed = true;
	}
	for (int t = table->index + 1; killed && t < b->ntables; t++)
		for (int i = b->nrows[t] - 1; i >= 0; i--)
		{
			DloadRow   *r = b->rows[t][i];

			if (r->root != row->root)
				break;
			r->dead = r->dead || r->parent->dead;
		}
}

/*
 * An object has a key twice.  The last one counts: take back the cells and
 * rows that came from the first, and from what is below it.
 */
static void
retract(DloadBatch *b, DloadRow *row, DloadKeyNode *node)
{
	DloadField *field = node->data;

	if (node == b->shape->cursor)
		row->cursor.type = DLOAD_TOKEN_NONE;
	if (field && field->column)
		for (int i = row->first_cell; i < b->nscratch; i++)
			if (b->scratch[i].column == field->column->index)
				b->scratch[i].type = DLOAD_TOKEN_NULL;
	if (field && field->list)
		kill_list(b, row, field->list);
	for (int i = 0; i < node->nchildren; i++)
		retract(b, row, node->children[i]);
}

static inline int
deeper(int nesting)
{
	return nesting > 0 ? nesting - 1 : nesting;
}

/* A container under a key: taken apart, or kept whole as a cell. */
static bool
walk_container(DloadBatch *b, DloadRow *row, DloadKeyNode *node,
			   DloadWalk *w, DloadToken *token, int nesting,
			   DloadError *err)
{
	DloadTable *table = row->table;
	DloadField *field = dload_shape_field(table, node);

	if (!field->whole && nesting != 0 &&
		!(field->column && field->column->whole))
	{
		DloadTable *list;

		if (token->type == DLOAD_TOKEN_OBJECT_START)
			return walk_object(b, row, node, w, deeper(nesting), err);
		list = dload_shape_field_list(table, node);
		if (list != NULL)
			return walk_list(b, row, list, w, deeper(nesting), err);
	}
	dload_walk_skip(w, token);
	return add_cell(b, dload_shape_field_column(table, node), token, err);
}

static bool
walk_object(DloadBatch *b, DloadRow *row, DloadKeyNode *node, DloadWalk *w,
			int nesting, DloadError *err)
{
	DloadKeyNode *cursor = b->shape->cursor;
	uint64		object = ++b->objects;

	check_stack_depth();
	dload_keytree_rewind(node);
	for (;;)
	{
		bool		done;
		DloadToken	token;
		DloadKeyNode *child = dload_walk_key(w, node, &token, &done);
		DloadField *field;

		if (done)
			return true;
		if (child == NULL)
			return dload_error_set(err, ERRCODE_UNTRANSLATABLE_CHARACTER,
								   "key is not valid text, or the records have too many keys");
		field = child->data ? child->data :
			dload_shape_field(row->table, child);
		if (unlikely(field->object == object))
			retract(b, row, child);
		field->object = object;
		dload_walk_value(w, &token);
		if (dload_is_container(&token))
		{
			if (!walk_container(b, row, child, w, &token, nesting, err))
				return false;
		}
		else
		{
			DloadColumn *column = field->column ? field->column :
			dload_shape_field_column(row->table, child);

			if (child == cursor)
			{
				row->cursor = token;
				if (token.type == DLOAD_TOKEN_NULL)
					row->cursor.type = DLOAD_TOKEN_NONE;
			}
			if (!add_cell(b, column, &token, err))
				return false;
		}
	}
}

/* One element of a list as a row of the list's table. */
static bool
walk_element(DloadBatch *b, DloadRow *parent, DloadTable *table,
			 DloadWalk *w, DloadToken *token, int64 idx, int nesting,
			 DloadError *err)
{
	DloadRow   *row = new_row(b, table, parent);

	row->first_cell = b->nscratch;
	row->list_idx = idx;
	if (token->type == DLOAD_TOKEN_OBJECT_START)
	{
		if (!walk_object(b, row, table->keys, w, nesting, err))
			return false;
	}
	else
	{
		DloadTable *nested = NULL;

		if (token->type == DLOAD_TOKEN_ARRAY_START)
		{
			if (nesting != 0)
				nested = dload_shape_nested(table);
			if (nested == NULL)
				dload_walk_skip(w, token);
		}
		if (nested != NULL)
		{
			if (!walk_list(b, row, nested, w, deeper(nesting), err))
				return false;
		}
		else if (!add_cell(b, dload_shape_value(table), token, err))
			return false;
	}
	finish_row(b, row);
	return true;
}

static bool
walk_list(DloadBatch *b, DloadRow *row, DloadTable *table, DloadWalk *w,
		  int nesting, DloadError *err)
{
	DloadToken	token;
	int64		idx = 0;

	check_stack_depth();
	while (dload_walk_element(w, &token))
		if (!walk_element(b, row, table, w, &token, idx++, nesting, err))
			return false;
	return true;
}

/* Every key column must have a value. */
static bool
check_keys(DloadShape *shape, DloadRow *row, DloadError *err)
{
	for (int k = 0; k < shape->nkeys; k++)
	{
		bool		found = false;

		for (int i = 0; i < row->ncells; i++)
			if (row->cells[i].column == shape->keys[k]->index)
				found = row->cells[i].type != DLOAD_TOKEN_NULL;
		if (!found)
			return dload_error_set(err, ERRCODE_NOT_NULL_VIOLATION,
								   "record has no value for primary key \"%s\"",
								   shape->keys[k]->path);
	}
	return true;
}

/* Take back every row of a record that turned out not to be storable. */
static void
forget_record(DloadBatch *b, DloadRow *root)
{
	for (int t = 0; t < b->ntables; t++)
		while (b->nrows[t] > 0 &&
			   b->rows[t][b->nrows[t] - 1]->root == root)
			b->nrows[t]--;
	b->nscratch = 0;
	dload_shape_forget_news(b->shape);
}

/* A record's row, and the cells that come from the whole of it. */
static bool
walk_record(DloadBatch *b, DloadRow *row, DloadError *err)
{
	DloadShape *shape = b->shape;
	DloadTable *table = row->table;
	DloadWalk	w = {row->record.data, row->record.data + row->record.len};
	DloadToken	token;

	dload_walk_value(&w, &token);
	if (token.type == DLOAD_TOKEN_OBJECT_START)
		return walk_object(b, row, table->keys, &w, shape->max_nesting, err);
	if (token.type == DLOAD_TOKEN_ARRAY_START)
		dload_walk_skip(&w, &token);
	return add_cell(b, dload_shape_value(table), &token, err);
}

/* Those that a tombstone has. */
static bool
take_keys(DloadBatch *b, DloadRow *row, DloadError *err)
{
	DloadShape *shape = b->shape;
	DloadToken	token;

	for (int k = 0; k < shape->nkeys; k++)
		if (dload_path_lookup(shape->key_paths[k], row->record, &token))
		{
			if (shape->keys[k]->coded &&
				!decode_value(b, shape->keys[k], &token, err))
				return false;
			push_cell(b, shape->keys[k], &token);
		}
	if (shape->cursor != NULL &&
		dload_path_lookup(shape->cursor_path, row->record, &token) &&
		token.type != DLOAD_TOKEN_NULL)
		row->cursor = token;
	return true;
}

static DloadRow *
add_record(DloadBatch *b, DloadSpan record, bool tombstone, DloadError *err)
{
	DloadShape *shape = b->shape;
	DloadRow   *row = new_row(b, shape->tables[0], NULL);
	bool		ok = record.len <= PG_UINT32_MAX;

	/* what was added since was not added by a record */
	shape->news = NIL;
	row->record = record;
	row->tombstone = tombstone;
	if (!ok)
		dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"record is too large");
	else if (tombstone)
		ok = take_keys(b, row, err);
	else
		ok = walk_record(b, row, err);
	if (ok)
	{
		finish_row(b, row);
		ok = check_keys(shape, row, err);
	}
	if (!ok)
	{
		forget_record(b, row);
		return NULL;
	}
	if (shape->keyed || shape->cursor)
		row->hash = dload_record_hash(record, shape->fingerprint);
	if (b->nroots == b->maxroots)
		b->roots = grow(b, b->roots, &b->maxroots, sizeof(DloadRow *));
	b->roots[b->nroots++] = row;
	b->ntombstones += tombstone;
	list_free(shape->news);
	shape->news = NIL;
	return row;
}

DloadRow *
dload_normalize(DloadBatch *b, DloadSpan record, DloadError *err)
{
	return add_record(b, record, false, err);
}

DloadRow *
dload_normalize_tombstone(DloadBatch *b, DloadSpan record, DloadError *err)
{
	return add_record(b, record, true, err);
}
