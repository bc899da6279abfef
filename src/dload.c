/*-------------------------------------------------------------------------
 *
 * dload.c
 *	  Module start: magic, settings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "base/compat.h"
#include "base/dload.h"
#include "jobs/launcher.h"
#include "jobs/renew.h"
#include "rest/guard.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"

extern DLOAD_EXPORT const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);
extern DLOAD_EXPORT void _PG_init(void);

PG_MODULE_MAGIC;

int			dload_package_kb;
int			dload_rewrite_limit_kb;
int			dload_max_record_kb;

void
_PG_init(void)
{
	if (IsBinaryUpgrade)
		return;

	DefineCustomIntVariable("dload.package_bytes",
							"Memory for the pages that one transaction loads.",
							"A page larger than this is spooled to a temporary "
							"file and loaded in a transaction of its own.",
							&dload_package_kb,
							8 * 1024, 64, 1024 * 1024,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);

	DefineCustomIntVariable("dload.rewrite_limit",
							"Largest table that is rewritten to widen a column.",
							"Above it the values that do not fit go to a "
							"variant column.",
							&dload_rewrite_limit_kb,
							64 * 1024, 0, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);

	DefineCustomIntVariable("dload.max_record_bytes",
							"Largest record that is accepted from an API.",
							NULL,
							&dload_max_record_kb,
							256 * 1024, 64, 1023 * 1024,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);

	dload_guard_init();
	dload_launcher_init();
	dload_renew_init();

	MarkGUCPrefixReserved("dload");
}
