/*-------------------------------------------------------------------------
 *
 * widen.c
 *	  A column that cannot hold the values that came.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/widen.h"

#include "base/subxact.h"
#include "load/shape.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

static bool
execute(void *arg)
{
	const char *sql = arg;

	SPI_connect();
	SPI_execute(sql, false, 0);
	SPI_finish();
	return true;
}

/* Run a statement; if it fails, as if it had not been run, and say why. */
static bool
try_execute(char *sql, char **reason)
{
	ErrorData  *error = dload_subxact(execute, sql);

	if (error == NULL)
		return true;
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	*reason = error->message;
	return false;
}

/* What stands in the way of rewriting a column, or NULL. */
static char *
dependent_objects(Oid relid, AttrNumber attnum)
{
	char	   *result = NULL;
	MemoryContext caller = CurrentMemoryContext;

	SPI_connect();
	SPI_execute(psprintf("SELECT pg_catalog.string_agg(DISTINCT"
						 " pg_catalog.pg_describe_object(d.classid, d.objid,"
						 " d.objsubid), ', ')"
						 " FROM pg_catalog.pg_depend d"
						 " LEFT JOIN pg_catalog.pg_attrdef a"
						 " ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass"
						 " AND a.oid = d.objid"
						 " LEFT JOIN pg_catalog.pg_constraint c"
						 " ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass"
						 " AND c.oid = d.objid"
						 " WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
						 " AND d.refobjid = %u AND d.refobjsubid = %d"
						 " AND (d.classid IN"
						 " ('pg_catalog.pg_rewrite'::pg_catalog.regclass,"
						 " 'pg_catalog.pg_policy'::pg_catalog.regclass,"
						 " 'pg_catalog.pg_trigger'::pg_catalog.regclass,"
						 " 'pg_catalog.pg_publication_rel'::pg_catalog.regclass)"
						 " OR a.adnum <> %d"
						 " OR c.contype IN ('f', 'c', 'x'))",
						 relid, attnum, attnum), false, 0);
	if (SPI_processed == 1)
	{
		char	   *value = SPI_getvalue(SPI_tuptable->vals[0],
										 SPI_tuptable->tupdesc, 1);

		result = value ? MemoryContextStrdup(caller, value) : NULL;
	}
	SPI_finish();
	return result;
}

static char *
widen_blocker(const DloadTable *table, const DloadColumn *column)
{
	Oid			relid = OidIsValid(table->target) ? table->target :
	table->relid;
	Relation	rel = table_open(relid, AccessShareLock);
	bool		partitioned =
	rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
	uint64		bytes = partitioned ? 0 :
	(uint64) RelationGetNumberOfBlocks(rel) * BLCKSZ;
	AttrNumber	attnum;

	table_close(rel, AccessShareLock);
	if (partitioned)
		return "the table is partitioned";
	if (bytes > (uint64) dload_rewrite_limit_kb * 1024 &&
		relid == table->relid)
		return "the table is larger than dload.rewrite_limit";
	attnum = get_attnum(relid, column->name);
	return attnum == InvalidAttrNumber ? NULL :
		dependent_objects(relid, attnum);
}

char *
dload_widen_using(const char *column, DloadType from, DloadType to)
{
	const char *c = quote_identifier(column);

	if (to == DLOAD_TYPE_JSONB)
		return from == DLOAD_TYPE_DATE || from == DLOAD_TYPE_TIMESTAMPTZ ?
			psprintf("pg_catalog.to_jsonb(%s)",
					 dload_widen_using(column, from, DLOAD_TYPE_TEXT)) :
			psprintf("pg_catalog.to_jsonb(%s)", c);
	if (from == DLOAD_TYPE_DATE && to == DLOAD_TYPE_TIMESTAMPTZ)
		return psprintf("%s::timestamp AT TIME ZONE 'UTC'", c);
	if (from == DLOAD_TYPE_DATE && to == DLOAD_TYPE_TEXT)
		return psprintf("pg_catalog.to_char(%s, 'YYYY-MM-DD')", c);
	if (from == DLOAD_TYPE_TIMESTAMPTZ && to == DLOAD_TYPE_TEXT)
		return psprintf("(pg_catalog.to_json(%s AT TIME ZONE 'UTC')"
						" #>> '{}') || 'Z'", c);
	return psprintf("%s::%s", c, dload_type_name(to));
}

/*
 * Values came that the column cannot hold: widen it, or give it a variant
 * column.  A key cannot have a variant: what does not fit is rejected.
 */
void
dload_widen(DloadEvolution *ev, DloadTable *table, DloadColumn *column)
{
	char	   *blocker = widen_blocker(table, column);
	const char *old_type = dload_type_name(column->type);
	const char *new_type = dload_type_name(column->wanted);

	if (blocker == NULL &&
		try_execute(psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s",
							 dload_relation_name(table->relid),
							 quote_identifier(column->name), new_type,
							 dload_widen_using(column->name, column->type,
												column->wanted)), &blocker))
	{
		dload_evolve_log(ev, table, column->name, column->path, "widen column",
						 old_type, new_type, NULL);
		return;
	}
	column->wanted = column->type;
	column->fixed = true;
	if (column->key)
	{
		dload_evolve_log(ev, table, column->name, column->path,
				   "keep type of key", old_type, new_type, blocker);
		return;
	}
	dload_shape_name_variant(column);
	column->saved = false;
	if (get_attnum(table->relid, column->variant_name) == InvalidAttrNumber)
		dload_evolve_add_column(ev, table, column, column->variant_name,
								"text", "add variant column", blocker);
}
