/*-------------------------------------------------------------------------
 *
 * row.c
 *	  One record -> the values of one row of a foreign table.
 *
 * The walk goes along the key tree.  What a key leads to is worked out when
 * the key is first met and hung on its node; from then on a key costs one
 * comparison.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fdw/row.h"

#include "data/datum.h"
#include "data/keytree.h"
#include "data/naming.h"
#include "data/path.h"
#include "data/record.h"
#include "data/walk.h"

#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* The loader's name for the value of a record that is not an object. */
#define SCALAR_COLUMN	"value"

typedef struct RowColumn
{
	const DloadResourceColumn *column;
	DloadConverter *converter;
	DloadKeyNode *owner;		/* the key that gave its name to the column */
	bool		by_name;
	bool		in_walk;		/* by_name, or a path of keys alone */
} RowColumn;

/* What hangs on a key node. */
typedef struct NodeUse
{
	bool		descend;		/* a wanted value lies below */
	uint64		met;			/* number of the last record that had it */
	int			ntargets;
	RowColumn **targets;		/* columns that take the value itself */
} NodeUse;

struct DloadRow
{
	MemoryContext context;		/* of the row maker */
	MemoryContext tree_context; /* of the keys */
	const char *relname;
	int			natts;
	int			ncolumns;
	RowColumn  *columns;
	bool		walk;			/* is any column found by the walk? */
	DloadKeyNode *root;
	bool		tree_full;		/* a key of this record found no place */

	/* the record at work */
	uint64		number;
	Datum	   *values;
	bool	   *nulls;
	RowColumn  *current;		/* being converted, for the error context */
	const DloadExtract *extract;
};

static bool
keys_only(const DloadPath *path)
{
	if (path->nsteps == 0)
		return false;
	for (int i = 0; i < path->nsteps; i++)
	{
		if (path->steps[i].kind != DLOAD_STEP_KEY)
			return false;
	}
	return true;
}

static void
renew_tree(DloadRow *row)
{
	MemoryContext old;

	if (row->tree_context != NULL)
		MemoryContextDelete(row->tree_context);
	row->tree_context = AllocSetContextCreate(row->context, "dload keys",
											  ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(row->tree_context);
	row->root = dload_keytree_create();
	MemoryContextSwitchTo(old);
	for (int i = 0; i < row->ncolumns; i++)
		row->columns[i].owner = NULL;
}

DloadRow *
dload_row_create(const DloadResource *res, int natts,
				 const Bitmapset *attnums)
{
	DloadRow   *row = palloc0(sizeof(DloadRow));

	row->context = CurrentMemoryContext;
	row->relname = res->relname;
	row->natts = natts;
	row->columns = palloc0(sizeof(RowColumn) * Max(res->ncolumns, 1));
	for (int i = 0; i < res->ncolumns; i++)
	{
		const DloadResourceColumn *column = &res->columns[i];
		RowColumn  *rc;

		if (column->echo || !bms_is_member(column->attnum, attnums))
			continue;
		rc = &row->columns[row->ncolumns++];
		rc->column = column;
		rc->converter = dload_converter_create(column->typid, column->typmod);
		rc->by_name = column->path == NULL;
		rc->in_walk = rc->by_name || keys_only(column->path);
		row->walk = row->walk || rc->in_walk;
	}
	renew_tree(row);
	return row;
}

/*
 * What a coded value holds: as another token, or in a column of bytes as the
 * value itself, and then the result is false.
 */
static bool
decode_value(const DloadRow *row, const DloadResourceColumn *column,
			 DloadToken *token)
{
	int			i = column->attnum - 1;
	size_t		max = (size_t) dload_max_record_kb * 1024;
	bool		bytes = column->typid == BYTEAOID &&
		dload_coding_is_bytes(column->coding);
	StringInfoData out;
	DloadScanner s;

	initStringInfo(&out);
	if (bytes)
	{
		appendStringInfoSpaces(&out, VARHDRSZ);
		if (dload_coding_bytes(column->coding, token, max, &out))
		{
			SET_VARSIZE(out.data, out.len);
			row->values[i] = PointerGetDatum(out.data);
			row->nulls[i] = false;
			return false;
		}
	}
	else if (dload_coding_value(column->coding, token, max, &out))
	{
		dload_scanner_init(&s, out.data, out.len, true);
		dload_scanner_value(&s, token);
		return true;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("value cannot be decoded"),
			 errhint("The column's option \"decode\" says what it should "
					 "hold.")));
}

static void
store_value(DloadRow *row, RowColumn *rc, const DloadToken *token)
{
	DloadError	err = {0};
	int			i = rc->column->attnum - 1;
	DloadToken	decoded = *token;

	row->current = rc;
	if (rc->column->coded &&
		dload_coding_takes(rc->column->coding, token->type))
	{
		if (!decode_value(row, rc->column, &decoded))
		{
			row->current = NULL;
			return;
		}
		token = &decoded;
	}
	if (!dload_convert(rc->converter, token, &row->values[i], &row->nulls[i],
					   &err))
		dload_error_raise(&err);
	row->current = NULL;
}

/*
 * Does the column's path lead to this node (0), through it (1), or elsewhere
 * (-1)?
 */
static int
follow_path(const DloadPath *path, const DloadKeyNode *node)
{
	int			depth = 0;

	for (const DloadKeyNode *n = node; n->parent != NULL; n = n->parent)
		depth++;
	if (depth > path->nsteps)
		return -1;
	for (int i = depth; i > 0; i--, node = node->parent)
	{
		const DloadStep *step = &path->steps[i - 1];

		if (step->keylen != node->keylen ||
			memcmp(step->key, node->key, node->keylen) != 0)
			return -1;
	}
	return depth == path->nsteps ? 0 : 1;
}

/*
 * Of keys that get the same name the first met owns it, and the others have
 * their tagged name, as in the loader.
 */
static bool
takes_name(RowColumn *rc, DloadKeyNode *node)
{
	if (strcmp(rc->column->name, node->name) == 0)
	{
		if (rc->owner == NULL)
			rc->owner = node;
		return rc->owner == node;
	}
	return strcmp(rc->column->name,
				  dload_name_tagged(node->name, node->path)) == 0;
}

static NodeUse *
node_use(DloadRow *row, DloadKeyNode *node)
{
	NodeUse    *use;
	size_t		len;
	MemoryContext old;

	if (node->known)
		return node->data;

	old = MemoryContextSwitchTo(row->tree_context);
	use = palloc0(sizeof(NodeUse));
	len = strlen(node->name);
	for (int i = 0; i < row->ncolumns; i++)
	{
		RowColumn  *rc = &row->columns[i];
		bool		mine = false;

		if (rc->by_name)
		{
			const char *name = rc->column->name;

			mine = takes_name(rc, node);
			/* a name cut to 63 bytes no longer shows what it lies below */
			if ((strncmp(name, node->name, len) == 0 &&
				 strncmp(name + len, "__", 2) == 0) ||
				strlen(name) == NAMEDATALEN - 1)
				use->descend = true;
		}
		else if (rc->in_walk)
		{
			int			where = follow_path(rc->column->path, node);

			mine = where == 0;
			use->descend = use->descend || where == 1;
		}
		if (!mine)
			continue;
		/* most keys lead to no column: a record may have very many */
		if (use->targets == NULL)
			use->targets = palloc(sizeof(RowColumn *) * row->ncolumns);
		use->targets[use->ntargets++] = rc;
	}
	node->data = use;
	node->known = true;
	MemoryContextSwitchTo(old);
	return use;
}

/* Is it a key that a tree with room would have taken? */
static bool
can_be_named(const DloadToken *key)
{
	StringInfoData scratch;
	bool		decoded;

	if (key->text.len > DLOAD_MAX_KEY_BYTES)
		return false;
	initStringInfo(&scratch);
	decoded = dload_token_decode(key, &scratch) == DLOAD_DECODE_OK;
	/* a record may have millions of such keys */
	pfree(scratch.data);
	return decoded;
}

/*
 * The key came before in the same object: what it held then does not count,
 * so the columns below it have no value yet.
 */
static void
forget_below(DloadRow *row, const DloadKeyNode *node)
{
	check_stack_depth();
	for (int i = 0; i < node->nchildren; i++)
	{
		const DloadKeyNode *child = node->children[i];
		const NodeUse *use = child->known ? child->data : NULL;

		for (int j = 0; use != NULL && j < use->ntargets; j++)
			row->nulls[use->targets[j]->column->attnum - 1] = true;
		if (use != NULL && use->descend)
			forget_below(row, child);
	}
}

static void
skip_container(DloadWalk *w, DloadToken *token)
{
	if (dload_is_container(token))
		dload_walk_skip(w, token);
}

static void walk_object(DloadRow *row, DloadWalk *w, DloadKeyNode *parent);

/* Take the value of a key and give it to the columns that want it. */
static void
walk_value(DloadRow *row, DloadWalk *w, DloadKeyNode *node, NodeUse *use)
{
	DloadToken	value;

	if (use->descend && use->met == row->number)
		forget_below(row, node);
	use->met = row->number;
	dload_walk_value(w, &value);
	if (value.type == DLOAD_TOKEN_OBJECT_START && use->descend)
	{
		walk_object(row, w, node);
		value.text.len = w->cur - value.text.data;
	}
	else
		skip_container(w, &value);

	for (int i = 0; i < use->ntargets; i++)
		store_value(row, use->targets[i], &value);
}

/* Walk an object whose brace has been taken, to its end. */
static void
walk_object(DloadRow *row, DloadWalk *w, DloadKeyNode *parent)
{
	check_stack_depth();
	dload_keytree_rewind(parent);
	for (;;)
	{
		bool		done;
		DloadToken	token;
		DloadKeyNode *node = dload_walk_key(w, parent, &token, &done);

		if (done)
			return;
		if (node != NULL)
		{
			walk_value(row, w, node, node_use(row, node));
			continue;
		}
		if (!row->tree_full && can_be_named(&token))
			row->tree_full = true;
		dload_walk_value(w, &token);
		skip_container(w, &token);
	}
}

/* Begin to walk a record. */
static void
enter_record(DloadSpan record, DloadWalk *w, DloadToken *token)
{
	w->cur = record.data;
	w->end = record.data + record.len;
	dload_walk_value(w, token);
}

static void
walk_record(DloadRow *row, DloadSpan record)
{
	DloadWalk	w;
	DloadToken	token;

	enter_record(record, &w, &token);
	if (token.type == DLOAD_TOKEN_OBJECT_START)
	{
		row->tree_full = false;
		walk_object(row, &w, row->root);
		if (!row->tree_full)
			return;

		/* objects used as maps have ever new keys: forget the old ones */
		renew_tree(row);
		memset(row->nulls, true, row->natts * sizeof(bool));
		row->tree_full = false;
		enter_record(record, &w, &token);
		walk_object(row, &w, row->root);
		if (row->tree_full)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("record has too many different keys"),
					 errhint("Read it whole, through a column with the "
							 "json_path '$', or choose another "
							 "\"records_path\".")));
		return;
	}
	skip_container(&w, &token);
	for (int i = 0; i < row->ncolumns; i++)
	{
		RowColumn  *rc = &row->columns[i];

		if (rc->by_name && strcmp(rc->column->name, SCALAR_COLUMN) == 0)
			store_value(row, rc, &token);
	}
}

static void
row_error_context(void *arg)
{
	DloadRow   *row = arg;
	int64		page;
	int64		record;

	dload_extract_position(row->extract, &page, &record);
	if (row->current != NULL)
		errcontext("column \"%s\" of foreign table \"%s\", page %lld, record "
				   "%lld",
				   row->current->column->name, row->relname,
				   (long long) page, (long long) record);
	else
		errcontext("foreign table \"%s\", page %lld, record %lld",
				   row->relname, (long long) page, (long long) record);
}

void
dload_row_fill(DloadRow *row, DloadSpan record, const DloadExtract *extract,
			   Datum *values, bool *nulls)
{
	ErrorContextCallback callback = {error_context_stack, row_error_context,
	row};

	row->number++;
	row->values = values;
	row->nulls = nulls;
	row->extract = extract;
	row->current = NULL;
	memset(values, 0, row->natts * sizeof(Datum));
	memset(nulls, true, row->natts * sizeof(bool));

	error_context_stack = &callback;
	if (row->walk)
		walk_record(row, record);
	for (int i = 0; i < row->ncolumns; i++)
	{
		RowColumn  *rc = &row->columns[i];
		DloadToken	token;

		if (!rc->in_walk &&
			dload_path_lookup(rc->column->path, record, &token))
			store_value(row, rc, &token);
	}
	error_context_stack = callback.previous;
}
