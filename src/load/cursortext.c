/*-------------------------------------------------------------------------
 *
 * cursortext.c
 *	  The incremental cursor as requests carry it.
 *
 * Formats coarser than the value round down: what is asked for again is
 * skipped, what is not asked for would be lost.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/cursor.h"

#include <math.h>

#include "data/type.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/formatting.h"
#include "utils/json.h"
#include "utils/timestamp.h"

/* Numbers above this count milliseconds since 1970, others seconds. */
#define MAX_EPOCH_SECONDS	1e11

#define EPOCH_OFFSET_US \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* The whole text as a number of decimal digits. */
static bool
parse_number(const char *text, double *number)
{
	char	   *end;

	if (strspn(text, "-.0123456789") != strlen(text) || *text == '\0')
		return false;
	*number = strtod(text, &end);
	return *end == '\0';
}

/* Does the value read as an instant: a time, a day, or a time since 1970? */
static bool
read_instant(const char *value, TimestampTz *t)
{
	double		number;

	if (parse_number(value, &number))
	{
		if (fabs(number) > MAX_EPOCH_SECONDS)
			number /= 1000;
		/* the years 1 to 9999 */
		if (number < -62135596800.0 || number > 253402300799.0)
			return false;
		*t = (int64) floor(number * USECS_PER_SEC + 0.5) - EPOCH_OFFSET_US;
		return true;
	}
	if (dload_parse_instant(value, strlen(value), t))
		return true;
	value = psprintf("%sT00:00:00Z", value);
	return dload_parse_timestamp(value, strlen(value), t);
}

static int64
floor_divide(int64 a, int64 b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

static char *
iso_text(TimestampTz t, int offset)
{
	char		buf[MAXDATELEN + 1];

	JsonEncodeDateTime(buf, TimestampTzGetDatum(t), TIMESTAMPTZOID, &offset);
	if (offset == 0)
		strcpy(strrchr(buf, '+'), "Z");
	return pstrdup(buf);
}

/* By a pattern of to_char, of the wall clock's time. */
static char *
pattern_text(struct pg_tm *tm, fsec_t fsec, const char *pattern)
{
	Timestamp	local;
	Datum		result;

	if (tm2timestamp(tm, fsec, NULL, &local) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	result = DirectFunctionCall2Coll(timestamp_to_char, C_COLLATION_OID,
									 TimestampGetDatum(local),
									 CStringGetTextDatum(pattern));
	return TextDatumGetCString(result);
}

char *
dload_cursor_text(const char *value, bool string,
				  const DloadRequestSpec *spec, bool *bare)
{
	const char *format = spec->cursor_format;
	TimestampTz t;
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;
	double		ignored;
	pg_tz	   *zone;

	*bare = !string && parse_number(value, &ignored);
	if (format == NULL || !read_instant(value, &t))
		return pstrdup(value);
	*bare = strncmp(format, "epoch", 5) == 0;
	if (strcmp(format, "epoch") == 0)
		return psprintf(INT64_FORMAT, floor_divide(t + EPOCH_OFFSET_US,
												   USECS_PER_SEC));
	if (strcmp(format, "epoch_ms") == 0)
		return psprintf(INT64_FORMAT, floor_divide(t + EPOCH_OFFSET_US, 1000));
	zone = pg_tzset(spec->cursor_zone ? spec->cursor_zone : "UTC");
	if (zone == NULL || timestamp2tm(t, &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cursor cannot be written in time zone \"%s\"",
						spec->cursor_zone ? spec->cursor_zone : "UTC")));
	if (strcmp(format, "iso") == 0)
		return iso_text(t, offset);
	if (strcmp(format, "date") == 0)
		return psprintf("%04d-%02d-%02d", tm.tm_year, tm.tm_mon, tm.tm_mday);
	return pattern_text(&tm, fsec, format);
}
