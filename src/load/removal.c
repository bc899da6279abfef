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

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

struct DloadRemoval
{
	SPIPlanPtr	plan;			/* its parameters are the key */
};

/*
 * A marked row loses its hash, so that it is written when its record comes
 * back as it was.
 */
static void
append_command(StringInfo sql, const DloadTable *root, TupleDesc desc)
{
	const char *relation = dload_relation_name(root->relid);
	const DloadColumn *mark = root->shape->deleted;
	bool		is_bool;

	if (mark == NULL)
	{
		appendStringInfo(sql, "DELETE FROM %s WHERE true", relation);
		return;
	}
	is_bool = TupleDescAttr(desc, mark->attnum - 1)->atttypid == BOOLOID;
	appendStringInfo(sql, "UPDATE %s SET %s = %s, _dload_hash = 0"
					 " WHERE %s IS %s", relation, quote_identifier(mark->name),
					 is_bool ? "true" : "pg_catalog.now()",
					 quote_identifier(mark->name),
					 is_bool ? "NOT TRUE" : "NULL");
}

DloadRemoval *
dload_removal_open(const DloadTable *root, TupleDesc desc)
{
	DloadRemoval *removal = palloc(sizeof(DloadRemoval));
	const DloadShape *shape = root->shape;
	Oid		   *types = palloc(sizeof(Oid) * shape->nkeys);
	StringInfoData sql;

	initStringInfo(&sql);
	append_command(&sql, root, desc);
	for (int k = 0; k < shape->nkeys; k++)
	{
		const DloadColumn *key = shape->keys[k];

		types[k] = TupleDescAttr(desc, key->attnum - 1)->atttypid;
		appendStringInfo(&sql, " AND %s = $%d", quote_identifier(key->name),
						 k + 1);
	}
	removal->plan = SPI_prepare(sql.data, shape->nkeys, types);
	if (removal->plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", sql.data);
	return removal;
}

bool
dload_removal_remove(DloadRemoval *removal, Datum *keys)
{
	if (SPI_execute_plan(removal->plan, keys, NULL, false, 0) < 0)
		elog(ERROR, "could not remove a row");
	return SPI_processed > 0;
}
