/*-------------------------------------------------------------------------
 *
 * keyless.c
 *	  Are a pipeline's tables still without their keys?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/keyless.h"

#include "model/catalogsql.h"

#include "executor/spi.h"

static bool
exists(const char *sql, int nargs, const char *const *args)
{
	bool		result;

	dload_catalog_execute(sql, nargs, args);
	result = SPI_processed > 0;
	dload_catalog_done();
	return result;
}

bool
dload_catalog_is_keyless(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	return exists("SELECT FROM dload.pipeline_cursor"
				  " WHERE pipeline_id = $1::bigint AND keyless", 1, args);
}

void
dload_catalog_set_keyless(int64 pipeline_id, bool keyless)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), keyless ? "true" : "false"
	};

	dload_catalog_run("UPDATE dload.pipeline_cursor SET keyless = $2::boolean"
					  " WHERE pipeline_id = $1::bigint", 2, args);
}

bool
dload_catalog_has_publications(void)
{
	return exists("SELECT FROM pg_catalog.pg_publication", 0, NULL);
}
