/*-------------------------------------------------------------------------
 *
 * setting.c
 *	  Settings of the server changed for a while.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/setting.h"

#include "utils/guc.h"

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
