/*-------------------------------------------------------------------------
 *
 * shape.c
 *	  What a pipeline knows about its tables: paths -> tables and columns.
 *
 * The key tree of each table carries in node->data a Field (see shape.h): the
 * column for scalars found there, the child table for lists.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/shape.h"

#include "data/naming.h"
#include "data/path.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

typedef struct HintEntry
{
	char		path[256];		/* hash key */
	char	   *type;
} HintEntry;

DloadShape *
dload_shape_create(const char *root_name, int max_nesting, bool keyed,
				   uint64 fingerprint)
{
	DloadShape *shape = palloc0(sizeof(DloadShape));
	HASHCTL		ctl = {
		.keysize = sizeof(((HintEntry *) NULL)->path),
		.entrysize = sizeof(HintEntry),
		.hcxt = CurrentMemoryContext
	};

	shape->context = CurrentMemoryContext;
	shape->max_nesting = max_nesting;
	shape->keyed = keyed;
	shape->fingerprint = fingerprint;
	shape->hints = hash_create("dload column hints", 16, &ctl,
							   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	dload_shape_add_table(shape, NULL, "$", root_name);
	return shape;
}

/* Add a table; its name is tagged if another one of the shape has it. */
DloadTable *
dload_shape_add_table(DloadShape *shape, DloadTable *parent, const char *path,
					  const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(shape->context);
	DloadTable *table = palloc0(sizeof(DloadTable));

	table->path = pstrdup(path);
	table->name = pstrdup(name);
	for (int i = 0; i < shape->ntables; i++)
		if (strcmp(shape->tables[i]->name, name) == 0)
			table->name = dload_name_tagged(name, path);
	table->parent = parent;
	table->shape = shape;
	table->keys = dload_keytree_create();
	if (shape->ntables == shape->maxtables)
	{
		shape->maxtables = Max(8, shape->maxtables * 2);
		shape->tables = shape->tables == NULL ?
			palloc(sizeof(DloadTable *) * shape->maxtables) :
			repalloc(shape->tables, sizeof(DloadTable *) * shape->maxtables);
	}
	table->index = shape->ntables;
	shape->tables[shape->ntables++] = table;
	MemoryContextSwitchTo(old);
	return table;
}

void
dload_shape_hint(DloadShape *shape, const char *path, const char *type)
{
	char		key[sizeof(((HintEntry *) NULL)->path)];
	DloadError	err = {0};
	DloadPath  *parsed = dload_path_parse(path, &err);
	HintEntry  *entry;

	/* paths are compared as the key trees write them */
	strlcpy(key, parsed ? dload_path_text(parsed) : path, sizeof(key));
	entry = hash_search(shape->hints, key, HASH_ENTER, NULL);
	entry->type = MemoryContextStrdup(shape->context, type);
}

/* "json" is the type. */
bool
dload_hint_is_coding(const char *hint, DloadCoding *coding)
{
	return dload_coding_parse(hint, coding) && *coding != DLOAD_CODING_JSON;
}

/* The user's type for a column: by its path from the record's root. */
static char *
find_hint(DloadTable *table, const char *path)
{
	char		key[sizeof(((HintEntry *) NULL)->path)];
	HintEntry  *entry;

	if (hash_get_num_entries(table->shape->hints) == 0)
		return NULL;
	if (table->parent == NULL)
		strlcpy(key, path, sizeof(key));
	else if (strcmp(path, "$") == 0)
		snprintf(key, sizeof(key), "%s[*]", table->path);
	else
		snprintf(key, sizeof(key), "%s[*].%s", table->path, path);
	entry = hash_search(table->shape->hints, key, HASH_FIND, NULL);
	return entry ? entry->type : NULL;
}

/* Does another path have the name, or a column that cannot be written? */
static bool
name_taken(DloadTable *table, const char *name)
{
	ListCell   *lc;

	foreach(lc, table->existing)
	{
		DloadExisting *e = lfirst(lc);

		if (e->computed && strcmp(e->name, name) == 0)
			return true;
	}
	for (int i = 0; i < table->ncolumns; i++)
		if (strcmp(table->columns[i]->name, name) == 0 ||
			(table->columns[i]->variant_name &&
			 strcmp(table->columns[i]->variant_name, name) == 0))
			return true;
	return false;
}

/* Give a column the name of a variant column, which no other path has. */
void
dload_shape_name_variant(DloadColumn *column)
{
	MemoryContext old = MemoryContextSwitchTo(column->table->shape->context);
	char	   *name = dload_name_join(column->name, "v_text");

	column->variant_name = name_taken(column->table, name) ?
		dload_name_tagged(name, column->path) : name;
	MemoryContextSwitchTo(old);
}

/*
 * Add a column for a path.  Its name is tagged if another path has it.
 * Returns NULL when the table is full.
 */
DloadColumn *
dload_shape_add_column(DloadTable *table, const char *path, const char *name)
{
	MemoryContext old;
	DloadColumn *column;
	ListCell   *lc;

	if (table->ncolumns >= DLOAD_MAX_COLUMNS)
		return NULL;
	old = MemoryContextSwitchTo(table->shape->context);
	column = palloc0(sizeof(DloadColumn));
	column->path = pstrdup(path);
	column->name = name_taken(table, name) ?
		dload_name_tagged(name, path) : pstrdup(name);
	column->table = table;
	column->hint = find_hint(table, path);
	if (column->hint)
		column->wanted = DLOAD_TYPE_OTHER;
	if (column->hint && dload_hint_is_coding(column->hint, &column->coding))
	{
		column->coded = true;
		column->hint = unconstify(char *, dload_coding_type(column->coding));
	}
	if (table->ncolumns == table->maxcolumns)
	{
		table->maxcolumns = Max(16, table->maxcolumns * 2);
		table->columns = table->columns == NULL ?
			palloc(sizeof(DloadColumn *) * table->maxcolumns) :
			repalloc(table->columns,
					 sizeof(DloadColumn *) * table->maxcolumns);
	}
	column->index = table->ncolumns;
	table->columns[table->ncolumns++] = column;
	table->shape->dirty = true;
	table->shape->news = lappend(table->shape->news, column);

	foreach(lc, table->existing)
	{
		DloadExisting *e = lfirst(lc);

		if (strcmp(e->name, column->name) == 0)
			dload_shape_bind(column, e);
	}
	MemoryContextSwitchTo(old);
	return column;
}

/*
 * Take back the columns that came with a record that cannot be stored: a map
 * with a thousand keys must not leave a thousand columns.
 */
void
dload_shape_forget_news(DloadShape *shape)
{
	for (int i = list_length(shape->news) - 1; i >= 0; i--)
	{
		DloadColumn *column = list_nth(shape->news, i);
		DloadTable *table = column->table;

		Assert(table->columns[table->ncolumns - 1] == column);
		table->ncolumns--;
		if (column->field)
			column->field->column = NULL;
		else
			table->value = NULL;
	}
	list_free(shape->news);
	shape->news = NIL;
}

/* The table has this column already. */
void
dload_shape_bind(DloadColumn *column, const DloadExisting *existing)
{
	column->attnum = existing->attnum;
	column->type = existing->type;
	column->wanted = existing->type;
	column->whole = existing->whole;
}

/* The field of a key node, made when it is new. */
DloadField *
dload_shape_field(DloadTable *table, DloadKeyNode *node)
{
	DloadField *field = node->data;
	ListCell   *lc;

	if (field != NULL)
		return field;
	field = MemoryContextAllocZero(table->shape->context, sizeof(DloadField));
	field->whole = find_hint(table, node->path) != NULL;
	foreach(lc, table->existing)
	{
		DloadExisting *e = lfirst(lc);

		if (e->whole && strcmp(e->name, node->name) == 0)
			field->whole = true;
	}
	node->data = field;
	return field;
}

/* The column for scalars at a key; NULL when the table is full. */
DloadColumn *
dload_shape_field_column(DloadTable *table, DloadKeyNode *node)
{
	DloadField *field = dload_shape_field(table, node);

	if (field->column == NULL)
	{
		field->column = dload_shape_add_column(table, node->path, node->name);
		if (field->column)
			field->column->field = field;
	}
	return field->column;
}

/* The path of the list at a key of a table's elements. */
static char *
list_path(DloadTable *table, const char *path)
{
	if (table->parent == NULL)
		return pstrdup(path);
	return psprintf("%s[*].%s", table->path, path);
}

/* The child table for lists at a key; NULL when there are too many tables. */
DloadTable *
dload_shape_field_list(DloadTable *table, DloadKeyNode *node)
{
	DloadField *field = dload_shape_field(table, node);

	if (field->list == NULL && table->shape->ntables < DLOAD_MAX_TABLES)
	{
		char	   *path = list_path(table, node->path);
		char	   *name = dload_name_join(table->name, node->name);

		field->list = dload_shape_add_table(table->shape, table, path, name);
		pfree(path);
		pfree(name);
	}
	return field->list;
}

/* The child table for lists directly inside a table's lists. */
DloadTable *
dload_shape_nested(DloadTable *table)
{
	if (table->nested == NULL && table->shape->ntables < DLOAD_MAX_TABLES)
	{
		char	   *path = psprintf("%s[*]", table->path);
		char	   *name = dload_name_join(table->name, "list");

		table->nested = dload_shape_add_table(table->shape, table, path, name);
		pfree(path);
		pfree(name);
	}
	return table->nested;
}

/* The column for a table's elements that are no objects. */
DloadColumn *
dload_shape_value(DloadTable *table)
{
	if (table->value == NULL)
		table->value = dload_shape_add_column(table, "$", "value");
	return table->value;
}

/* Walk down "nsteps" keys of a table's tree. */
static DloadKeyNode *
find_node(DloadTable *table, const DloadStep *steps, int nsteps,
		  DloadError *err)
{
	DloadKeyNode *node = table->keys;

	for (int i = 0; i < nsteps && node != NULL; i++)
	{
		DloadToken	key = {DLOAD_TOKEN_KEY};

		if (steps[i].kind != DLOAD_STEP_KEY)
		{
			dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							"path must consist of keys only");
			return NULL;
		}
		key.text.data = steps[i].key;
		key.text.len = steps[i].keylen;
		/* a backslash that is part of the key must not be decoded again */
		node = dload_keytree_child(node, &key);
	}
	if (node == NULL)
		dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"too many different keys in the records");
	return node;
}

DloadColumn *
dload_shape_column(DloadTable *table, const char *path, DloadError *err)
{
	DloadPath  *parsed = dload_path_parse(path, err);
	DloadKeyNode *node;
	DloadColumn *column;

	if (parsed == NULL)
		return NULL;
	if (parsed->nsteps == 0)
		return dload_shape_value(table);
	node = find_node(table, parsed->steps, parsed->nsteps, err);
	if (node == NULL)
		return NULL;
	column = dload_shape_field_column(table, node);
	if (column == NULL)
		dload_error_set(err, ERRCODE_TOO_MANY_COLUMNS,
						"table \"%s\" would have more than %d columns",
						table->name, DLOAD_MAX_COLUMNS);
	return column;
}

/*
 * A list's path is read from the left.  A [*] before a key steps into the
 * elements of the list; any other one means the lists among them.
 */
DloadTable *
dload_shape_table(DloadShape *shape, const char *path, DloadError *err)
{
	DloadPath  *parsed = dload_path_parse(path, err);
	DloadTable *table = shape->tables[0];
	int			i = 0;

	if (parsed == NULL)
		return NULL;
	while (table != NULL && i < parsed->nsteps)
	{
		int			first = i;
		DloadKeyNode *node;

		while (i < parsed->nsteps && parsed->steps[i].kind == DLOAD_STEP_KEY)
			i++;
		if (i > first)
		{
			node = find_node(table, &parsed->steps[first], i - first, err);
			if (node == NULL)
				return NULL;
			table = dload_shape_field_list(table, node);
			continue;
		}
		i++;
		if (i == parsed->nsteps || parsed->steps[i].kind != DLOAD_STEP_KEY)
			table = dload_shape_nested(table);
	}
	if (table == NULL)
		dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"more than %d child tables", DLOAD_MAX_TABLES);
	return table;
}

bool
dload_shape_set_keys(DloadShape *shape, List *paths, DloadError *err)
{
	ListCell   *lc;

	shape->keys = MemoryContextAlloc(shape->context, sizeof(DloadColumn *) *
									 (list_length(paths) + 1));
	shape->key_paths = MemoryContextAlloc(shape->context,
										  sizeof(DloadPath *) *
										  (list_length(paths) + 1));
	foreach(lc, paths)
	{
		DloadColumn *column = dload_shape_column(shape->tables[0],
												 lfirst(lc), err);

		if (column == NULL)
			return false;
		column->key = true;
		shape->key_paths[shape->nkeys] = dload_path_parse(lfirst(lc), err);
		shape->keys[shape->nkeys++] = column;
	}
	return true;
}

bool
dload_shape_set_cursor(DloadShape *shape, const char *path, DloadError *err)
{
	DloadPath  *parsed = dload_path_parse(path, err);

	if (parsed == NULL)
		return false;
	shape->cursor = find_node(shape->tables[0], parsed->steps, parsed->nsteps,
							  err);
	shape->cursor_path = parsed;
	return shape->cursor != NULL;
}

/* Hint at the type of the mark; its path. */
char *
dload_shape_hint_deleted(DloadShape *shape, const char *name)
{
	char	   *path = dload_path_append_key(NULL,
											 dload_span(name, strlen(name)));

	if (find_hint(shape->tables[0], path) == NULL)
		dload_shape_hint(shape, path, "timestamptz");
	return path;
}

bool
dload_shape_set_deleted(DloadShape *shape, const char *name, DloadError *err)
{
	char	   *path = dload_shape_hint_deleted(shape, name);

	shape->deleted = dload_shape_column(shape->tables[0], path, err);
	if (shape->deleted != NULL && shape->deleted->key)
		return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							   "option \"deleted_column\" names a column of "
							   "the primary key");
	return shape->deleted != NULL;
}
