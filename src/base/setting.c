/*-------------------------------------------------------------------------
 *
 * setting.c
 *	  Settings of the server: changed for a while, or taken over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/setting.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/rel.h"

void
dload_setting_change(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
dload_setting_pin_search_path(void)
{
	dload_setting_change("search_path", "pg_catalog, pg_temp");
}

/* What ALTER ROLE took was checked then. */
static void
apply(Datum settings)
{
	Datum	   *lines;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(settings), TEXTOID, -1, false,
					  TYPALIGN_INT, &lines, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *name;
		char	   *value;

		ParseLongOption(TextDatumGetCString(lines[i]), &name, &value);
		if (value != NULL && pg_strncasecmp(name, "dload.", 6) == 0)
			(void) set_config_option(name, value, PGC_SUSET,
									 PGC_S_DATABASE_USER, GUC_ACTION_SET,
									 true, WARNING, false);
	}
}

static void
apply_of(Relation rel, Oid dbid, Oid roleid)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(dbid));
	ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(roleid));
	scan = systable_beginscan(rel, DbRoleSettingDatidRolidIndexId, true, NULL,
							  lengthof(keys), keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		settings = heap_getattr(tuple,
											Anum_pg_db_role_setting_setconfig,
											RelationGetDescr(rel), &isnull);

		if (!isnull)
			apply(settings);
	}
	systable_endscan(scan);
}

void
dload_setting_of_role(Oid roleid)
{
	Relation	rel = table_open(DbRoleSettingRelationId, AccessShareLock);

	/* the later one counts */
	apply_of(rel, InvalidOid, roleid);
	apply_of(rel, MyDatabaseId, roleid);
	table_close(rel, AccessShareLock);
}
