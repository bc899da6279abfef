/*-------------------------------------------------------------------------
 *
 * catalogsql.c
 *	  How SQL on dload.* tables is run.
 *
 * Every statement goes through here, which becomes the extension's owner for
 * its duration, and finds operators and functions in pg_catalog only: those in
 * the caller's search_path would run with the owner's rights.
 * Arguments are passed as text and cast in the statement: the catalog is small
 * and this keeps one way of calling.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/catalogsql.h"

#include "base/setting.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#define MAX_ARGS	16

/* The role that owns schema dload, and so the catalog. */
static Oid
catalog_owner(void)
{
	Oid			nspid = get_namespace_oid("dload", false);
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(nspid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for namespace %u", nspid);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* The plan of a statement that is run again and again. */
static SPIPlanPtr
kept_plan(SPIPlanPtr *kept, const char *sql, int nargs, Oid *types)
{
	if (*kept == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(sql, nargs, types,
											  CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare \"%s\"", sql);
		*kept = plan;
	}
	return *kept;
}

void
dload_catalog_repeat(SPIPlanPtr *plan, const char *sql, int nargs,
					 const char *const *args)
{
	Oid			types[MAX_ARGS];
	Datum		values[MAX_ARGS];
	char		nulls[MAX_ARGS];
	Oid			save_user;
	int			save_context;
	int			level;
	int			rc;

	Assert(nargs <= MAX_ARGS);
	SPI_connect();
	for (int i = 0; i < nargs; i++)
	{
		types[i] = TEXTOID;
		values[i] = args[i] ? CStringGetTextDatum(args[i]) : (Datum) 0;
		nulls[i] = args[i] ? ' ' : 'n';
	}

	GetUserIdAndSecContext(&save_user, &save_context);
	SetUserIdAndSecContext(catalog_owner(),
						   save_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	level = NewGUCNestLevel();
	dload_setting_pin_search_path();
	if (plan != NULL)
		rc = SPI_execute_plan(kept_plan(plan, sql, nargs, types), values,
							  nulls, false, 0);
	else
		rc = SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
	AtEOXact_GUC(true, level);
	SetUserIdAndSecContext(save_user, save_context);
	if (rc < 0)
		elog(ERROR, "catalog statement failed: %s",
			 SPI_result_code_string(rc));
}

void
dload_catalog_execute(const char *sql, int nargs, const char *const *args)
{
	dload_catalog_repeat(NULL, sql, nargs, args);
}

void
dload_catalog_done(void)
{
	SPI_finish();
}

void
dload_catalog_run(const char *sql, int nargs, const char *const *args)
{
	dload_catalog_execute(sql, nargs, args);
	dload_catalog_done();
}

const char *
dload_int64_text(int64 value)
{
	return psprintf(INT64_FORMAT, value);
}

char *
dload_result_text(uint64 row, int column, MemoryContext context)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[row],
									 SPI_tuptable->tupdesc, column);

	return value ? MemoryContextStrdup(context, value) : NULL;
}

static Datum
result_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

int64
dload_result_int64(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

Oid
dload_result_oid(uint64 row, int column)
{
	bool		isnull;
	Datum		value = result_datum(row, column, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}
