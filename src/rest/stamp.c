/*-------------------------------------------------------------------------
 *
 * stamp.c
 *	  A value of its own for each request.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/stamp.h"

#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"

char *
dload_stamp_create(void)
{
	Datum		uuid = DirectFunctionCall1(gen_random_uuid, (Datum) 0);

	return DatumGetCString(DirectFunctionCall1(uuid_out, uuid));
}

char *
dload_stamp_fill(char *text, const char *value)
{
	char	   *stamp = strstr(text, DLOAD_STAMP);
	StringInfoData buf;

	initStringInfo(&buf);
	for (; stamp != NULL; stamp = strstr(text, DLOAD_STAMP))
	{
		appendBinaryStringInfo(&buf, text, (int) (stamp - text));
		appendStringInfoString(&buf, value);
		text = stamp + strlen(DLOAD_STAMP);
	}
	appendStringInfoString(&buf, text);
	return buf.data;
}
