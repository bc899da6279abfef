/*-------------------------------------------------------------------------
 *
 * removal.c
 *	  What becomes of rows that are gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/removal.h"

#include "load/evolve.h"
#include "load/keys.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

struct DloadRemoval
{
	int			nkeys;
	/* parameters of both are the key */
	SPIPlanPtr	hold;			/* NULL: rows are marked, and stay */
	SPIPlanPtr	remove;
};

/* Raise unless the column can hold a time or "true". */
static void
check_mark(const DloadColumn *mark, Oid type)
{
	Oid			time = TIMESTAMPTZOID;

	if (type == BOOLOID || can_coerce_type(1, &time, &type,
										   COERCION_ASSIGNMENT))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of type %s cannot mark rows that are gone",
					mark->name, format_type_be(type)),
			 errhint("Name another column in the option \"deleted_column\", or make it one for times or of type boolean.")));
}

/*
 * A marked row loses its hash, so that it is written when its record comes
 * back as it was.
 */
static char *
mark_statement(const char *relation, const DloadColumn *mark, Oid type)
{
	const char *name = quote_identifier(mark->name);
	bool		is_bool = type == BOOLOID;

	return psprintf("UPDATE %s SET %s = %s, _dload_hash = 0 WHERE %s IS %s",
					relation, name, is_bool ? "true" : "pg_catalog.now()",
					name, is_bool ? "NOT TRUE" : "NULL");
}

/* A statement about the row with the key. */
static SPIPlanPtr
prepare(const DloadTable *root, TupleDesc desc, const char *statement,
		const char *end)
{
	const DloadShape *shape = root->shape;
	Oid		   *types = palloc(sizeof(Oid) * shape->nkeys);
	StringInfoData sql;
	SPIPlanPtr	plan;

	initStringInfo(&sql);
	appendStringInfoString(&sql, statement);
	for (int k = 0; k < shape->nkeys; k++)
	{
		const DloadColumn *key = shape->keys[k];

		types[k] = TupleDescAttr(desc, key->attnum - 1)->atttypid;
		appendStringInfoString(&sql, " AND ");
		dload_key_append_equal(&sql, quote_identifier(key->name),
							   psprintf("$%d", k + 1), types[k]);
	}
	appendStringInfoString(&sql, end);
	plan = SPI_prepare(sql.data, shape->nkeys, types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", sql.data);
	return plan;
}

DloadRemoval *
dload_removal_open(const DloadTable *root, TupleDesc desc)
{
	DloadRemoval *removal = palloc0(sizeof(DloadRemoval));
	const char *relation = dload_relation_name(root->relid);
	const DloadColumn *mark = root->shape->deleted;

	removal->nkeys = root->shape->nkeys;
	if (mark == NULL)
	{
		removal->hold = prepare(root, desc,
								psprintf("SELECT FROM %s WHERE true",
										 relation), " FOR UPDATE");
		removal->remove = prepare(root, desc,
								  psprintf("DELETE FROM %s WHERE true",
										   relation), "");
	}
	else
	{
		Oid			type = TupleDescAttr(desc, mark->attnum - 1)->atttypid;

		type = getBaseType(type);
		check_mark(mark, type);
		removal->remove = prepare(root, desc,
								  mark_statement(relation, mark, type), "");
	}
	return removal;
}

/* Was there a row that it could be done with? */
static bool
execute(const DloadRemoval *removal, SPIPlanPtr plan, Datum **keys, int n)
{
	Datum		key[INDEX_MAX_KEYS];

	for (int k = 0; k < removal->nkeys; k++)
		key[k] = keys[k][n];
	if (SPI_execute_plan(plan, key, NULL, false, 0) < 0)
		elog(ERROR, "could not remove a row");
	/* there may be many before SPI frees them */
	SPI_freetuptable(SPI_tuptable);
	return SPI_processed > 0;
}

bool
dload_removal_hold(DloadRemoval *removal, Datum **keys, int n)
{
	return removal->hold == NULL ||
		execute(removal, removal->hold, keys, n);
}

bool
dload_removal_remove(DloadRemoval *removal, Datum **keys, int n)
{
	return execute(removal, removal->remove, keys, n);
}
