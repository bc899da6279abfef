/*-------------------------------------------------------------------------
 *
 * allowance.c
 *	  What a response's headers say of the API's limits.
 *
 * How many requests are left until when, in any of the common header families,
 * and Retry-After.  The unit of a reset time is worked out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/dload.h"
#include "rest/limiter.h"

#include "datatype/timestamp.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include <math.h>

/* What an API may ask for at most; longer is taken for a mistake. */
#define MAX_RESET_US		(INT64CONST(7) * USECS_PER_DAY)

/* A number of requests beyond this means nothing. */
#define MAX_REQUESTS		1e15

/* -------------------------------------------------------------------------
 * Times in headers.
 * -------------------------------------------------------------------------
 */

static int
month_number(const char *name)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++)
	{
		if (pg_strncasecmp(name, names + 3 * i, 3) == 0)
			return i + 1;
	}
	return 0;
}

/* Microseconds since 1970 of a date and time in UTC; false if out of range. */
static bool
make_epoch(int year, int month, int day, int hour, int minute, int second,
		   int64 *us)
{
	if (year < 1970 || year > 9999 || month < 1 || month > 12 ||
		day < 1 || day > day_tab[isleap(year)][month - 1] ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
		second < 0 || second > 60)
		return false;
	*us = (int64) (date2j(year, month, day) - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	*us += hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second;
	*us *= USECS_PER_SEC;
	return true;
}

/*
 * The three forms of RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT",
 * "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
 */
bool
dload_http_date(const char *text, int64 *us)
{
	char		month[4];
	int			year;
	int			day;
	int			hour;
	int			minute;
	int			second;

	if (sscanf(text, "%*9[A-Za-z], %2d%*1[ -]%3[A-Za-z]%*1[ -]%4d %2d:%2d:%2d",
			   &day, month, &year, &hour, &minute, &second) != 6 &&
		sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d",
			   month, &day, &hour, &minute, &second, &year) != 6)
		return false;
	if (year >= 0 && year < 100)
		year += year < 70 ? 2000 : 1900;
	return make_epoch(year, month_number(month), day, hour, minute, second,
					  us);
}

/* "2024-01-01T10:00[:00[.000]][Z|+hh[:mm]]" */
static bool
parse_iso_date(const char *text, int64 *us)
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second = 0;
	int			zone_hour;
	int			zone_minute = 0;
	int			used = 0;

	if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d%n",
			   &year, &month, &day, &hour, &minute, &used) != 5 || used == 0)
		return false;
	text += used;
	if (*text == ':')
	{
		used = 0;
		if (sscanf(text, ":%2d%n", &second, &used) != 1)
			return false;
		text += used;
		if (*text == '.')
			text += 1 + strspn(text + 1, "0123456789");
	}
	if (!make_epoch(year, month, day, hour, minute, second, us))
		return false;
	if (*text != '+' && *text != '-')
		return true;			/* Z, or nothing: UTC */
	if (sscanf(text + 1, "%2d:%2d", &zone_hour, &zone_minute) < 1 ||
		zone_hour < 0 || zone_minute < 0)
		return false;
	*us -= (*text == '-' ? -1 : 1) * USECS_PER_SEC *
		((int64) zone_hour * SECS_PER_HOUR + zone_minute * SECS_PER_MINUTE);
	return true;
}

/* A plain non-negative decimal, not followed by what makes it a date. */
static bool
parse_number(const char *text, double *value)
{
	size_t		len = strspn(text, "0123456789");

	if (len == 0)
		return false;
	if (text[len] == '.')
		len += 1 + strspn(text + len + 1, "0123456789");
	if (text[len] != '\0' && text[len] != ',' && text[len] != ';' &&
		text[len] != ' ' && text[len] != 's')
		return false;
	*value = strtod(text, NULL);
	return true;
}

/* Now by the server's clock, microseconds since 1970; ours if it has none. */
static int64
server_now(const DloadExchange *ex)
{
	char	   *date = dload_http_header(ex, "Date");
	int64		us;

	if (date != NULL && dload_http_date(date, &us))
		return us;
	return GetCurrentTimestamp() +
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

/*
 * Microseconds until the moment that a reset header names, its unit worked
 * out: a date, an epoch in ms or s, or else seconds from now.  -1 if it
 * cannot be read, is past, or is too far to be meant.
 */
static int64
time_until(const DloadExchange *ex, const char *text)
{
	double		number;
	int64		us;

	if (parse_number(text, &number))
	{
		if (number > 1e17)
			return -1;
		if (number > 1e11)
			us = (int64) (number * 1e3) - server_now(ex);
		else if (number > 1e9)
			us = (int64) (number * 1e6) - server_now(ex);
		else
			us = (int64) ceil(number * 1e6);
	}
	else if (dload_http_date(text, &us) || parse_iso_date(text, &us))
		us -= server_now(ex);
	else
		return -1;
	return (us < 0 || us > MAX_RESET_US) ? -1 : us;
}

int64
dload_retry_after(const DloadExchange *ex)
{
	char	   *text = dload_http_header(ex, "Retry-After");
	double		seconds;
	int64		us;

	if (text == NULL)
		return -1;
	if (parse_number(text, &seconds))
		return (int64) ceil(Min(seconds * 1e3, MAX_RESET_US / 1e3));
	if (!dload_http_date(text, &us))
		return -1;
	us = Min(us - server_now(ex), MAX_RESET_US);
	return us <= 0 ? 0 : (us + 999) / 1000;
}

/* -------------------------------------------------------------------------
 * Numbers of requests.
 * -------------------------------------------------------------------------
 */

/* Prefer what stops sooner, and of what stops now, for longer. */
static void
keep_worse(int64 *remaining, int64 *until, int64 new_remaining,
		   int64 new_until)
{
	if (new_until < 0 || new_remaining < 0)
		return;
	if (*remaining < 0 || new_remaining < *remaining ||
		(new_remaining == *remaining && new_until > *until))
	{
		*remaining = new_remaining;
		*until = new_until;
	}
}

/*
 * A parameter of an item of the RateLimit field: "default";r=50;t=30 or, in
 * older drafts, limit=100, remaining=50, reset=30.
 */
static bool
field_parameter(const char *item, size_t len, const char *name, double *value)
{
	size_t		name_len = strlen(name);

	for (size_t i = 0; i + name_len + 1 < len; i++)
	{
		bool		starts = i == 0 || item[i - 1] == ';' ||
			item[i - 1] == ' ' || item[i - 1] == ',';

		if (starts && pg_strncasecmp(item + i, name, name_len) == 0 &&
			item[i + name_len] == '=')
			return parse_number(item + i + name_len + 1, value);
	}
	return false;
}

static void
read_ratelimit_field(const char *text, int64 *remaining, int64 *until)
{
	double		left;
	double		seconds;

	if (field_parameter(text, strlen(text), "remaining", &left) &&
		field_parameter(text, strlen(text), "reset", &seconds))
	{
		if (left < MAX_REQUESTS && seconds < 1e9)
			keep_worse(remaining, until, (int64) left,
					   (int64) (seconds * 1e6));
		return;
	}
	while (*text != '\0')
	{
		size_t		len = strcspn(text, ",");

		if (field_parameter(text, len, "r", &left) && left < MAX_REQUESTS &&
			field_parameter(text, len, "t", &seconds) && seconds < 1e9)
			keep_worse(remaining, until, (int64) left,
					   (int64) (seconds * 1e6));
		text += len;
		if (*text == ',')
			text++;
	}
}

/* A header that begins with a number of requests; -1 if it does not. */
static int64
requests_header(const DloadExchange *ex, const char *name)
{
	char	   *text = dload_http_header(ex, name);
	double		number;

	if (text == NULL || !parse_number(text, &number) ||
		number >= MAX_REQUESTS)
		return -1;
	return (int64) number;
}

void
dload_allowance_read(const DloadExchange *ex, DloadAllowance *allowance)
{
	static const struct
	{
		const char *limit;
		const char *remaining;
		const char *reset;
	}			families[] = {
		{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"},
		{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"},
		{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	};
	int64		remaining = -1;
	int64		until = -1;
	char	   *text;

	allowance->quota = -1;
	for (int i = 0; i < lengthof(families); i++)
	{
		int64		left = requests_header(ex, families[i].remaining);
		char	   *reset = left < 0 ? NULL :
			dload_http_header(ex, families[i].reset);

		if (reset == NULL)
			continue;
		keep_worse(&remaining, &until, left, time_until(ex, reset));
		allowance->quota = Max(allowance->quota,
							   requests_header(ex, families[i].limit));
	}
	text = dload_http_header(ex, "RateLimit");
	if (text != NULL)
		read_ratelimit_field(text, &remaining, &until);
	if (until <= 0 || until > MAX_RESET_US)
		remaining = -1;
	allowance->remaining = remaining;
	allowance->until = until;
	if (allowance->quota < remaining)
		allowance->quota = -1;
}
