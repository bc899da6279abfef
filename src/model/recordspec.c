/*-------------------------------------------------------------------------
 *
 * recordspec.c
 *	  Where the records are in a response, and in which form.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/recordspec.h"

void
dload_recordspec_read(DloadRecordSpec *spec, const DloadOptionSet *set)
{
	spec->path = dload_spec_path(set, "records_path");
}

bool
dload_recordspec_check(List *options, DloadError *err)
{
	return true;
}
