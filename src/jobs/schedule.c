/*-------------------------------------------------------------------------
 *
 * schedule.c
 *	  Cron expressions and intervals: what they mean, when they are next due.
 *
 * The search walks the stretches of constant UTC offset of the time zone.  In
 * each, local time is the instant plus the offset, so the fields can be
 * matched without regard to the zone; what a change of offset does is decided
 * where two stretches meet:
 *
 *	  - A fixed time of day that a change forward leaves out is due at the
 *		change.  One that a change back repeats is due the first time only.
 *	  - A schedule with a star in minutes or hours goes by elapsed time:
 *		nothing is made up for, nothing is left out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/schedule.h"

#include "base/shmem.h"

#include <ctype.h>

#include "utils/datetime.h"
#include "utils/timestamp.h"

#define MINUTES_PER_DAY		(24 * 60)

/* February 29 on a given weekday comes every 28 years, 40 across 2100. */
#define SEARCH_DAYS			(41 * 366)

/* How far back the stretch before a change of offset may matter. */
#define LOOK_BACK_SECS		(2 * SECS_PER_DAY)

/* Seconds from 1970 (pg_time_t) to 2000 (TimestampTz). */
#define EPOCH_SECS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

typedef struct Field
{
	const char *name;
	int			low;
	int			high;
	const char *const *names;	/* of low, low + 1, ...; or NULL */
} Field;

static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
	"nov", "dec", NULL
};

static const char *const weekday_names[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
};

static const Field fields[] = {
	{"minute", 0, 59, NULL},
	{"hour", 0, 23, NULL},
	{"day of month", 1, 31, NULL},
	{"month", 1, 12, month_names},
	{"day of week", 0, 7, weekday_names}
};

static const struct
{
	const char *name;
	const char *meaning;
}			macros[] = {
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"}
};

/*
 * Parsing
 */

static bool
invalid(DloadError *err, const char *text, const char *detail)
{
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"invalid schedule \"%s\"", text);
	if (detail)
		dload_error_detail(err, "%s", detail);
	return dload_error_hint(err, "A schedule is a cron expression of five fields such as '*/15 * * * *', one of @hourly, @daily, @weekly, @monthly, @yearly, or an interval such as '15 minutes'.");
}

/* A number or name at *p; -1 if there is none. */
static int
parse_value(const char **p, const Field *field)
{
	const char *s = *p;
	int			value = 0;

	if (isdigit((unsigned char) *s))
	{
		while (isdigit((unsigned char) *s) && s - *p < 4)
			value = value * 10 + (*s++ - '0');
		*p = s;
		return value;
	}
	if (field->names == NULL)
		return -1;
	for (int i = 0; field->names[i] != NULL; i++)
		if (pg_strncasecmp(s, field->names[i], 3) == 0)
		{
			*p = s + 3;
			return field->low + i;
		}
	return -1;
}

/* One of the elements between commas: star, value or range, and step. */
static const char *
parse_element(const char **p, const Field *field, uint64 *bits)
{
	int			low = field->low;
	int			high = field->high;
	int			step = 1;

	if (**p == '*')
	{
		(*p)++;
		/* Sunday is in a star once */
		if (field->names == weekday_names)
			high = 6;
	}
	else
	{
		low = high = parse_value(p, field);
		if (low < 0)
			return "a value is missing or is not one";
		if (**p == '-')
		{
			(*p)++;
			high = parse_value(p, field);
			/* Fri-Sun */
			if (high == 0 && field->names == weekday_names && low > 0)
				high = 7;
			if (high < 0)
				return "a range has no end";
		}
		else if (**p == '/')
			high = field->high;
	}
	if (**p == '/')
	{
		(*p)++;
		if (!isdigit((unsigned char) **p))
			return "a step is missing";
		step = parse_value(p, field);
		if (step < 1)
			return "a step must be positive";
	}
	if (low < field->low || high > field->high)
		return "a value is out of range";
	if (low > high)
		return "a range ends before it begins";
	for (int i = low; i <= high; i += step)
		*bits |= UINT64CONST(1) << i;
	return NULL;
}

static bool
parse_field(const char *text, const char **p, int n, uint64 *bits, bool *star,
			DloadError *err)
{
	const char *fault = NULL;

	*bits = 0;
	*star = **p == '*';
	for (;;)
	{
		fault = parse_element(p, &fields[n], bits);
		if (fault != NULL || **p != ',')
			break;
		(*p)++;
	}
	if (fault == NULL && **p != '\0' && !isspace((unsigned char) **p))
		fault = "something follows that does not belong there";
	if (fault != NULL)
		return invalid(err, text, psprintf("In the field for %s, %s.",
										   fields[n].name, fault));
	while (isspace((unsigned char) **p))
		(*p)++;
	return true;
}

/* No month has all these days: would never be due. */
static bool
never_due(const DloadSchedule *s)
{
	static const int longest[] = {
		31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	if (!s->any_day && !s->any_weekday)
		return false;			/* either will do */
	for (int month = 1; month <= 12; month++)
		for (int day = 1; day <= longest[month - 1]; day++)
			if ((s->months & (1U << month)) && (s->days & (1U << day)))
				return false;
	return true;
}

static bool
parse_cron(const char *text, const char *expression, DloadSchedule *s,
		   DloadError *err)
{
	const char *p = expression;
	uint64		bits[5];
	bool		star[5];

	for (int i = 0; i < 5; i++)
		if (!parse_field(text, &p, i, &bits[i], &star[i], err))
			return false;
	if (*p != '\0')
		return invalid(err, text, "There are more than five fields.");
	s->minutes = bits[0];
	s->hours = bits[1];
	s->days = bits[2];
	s->months = bits[3];
	s->weekdays = bits[4];
	if (s->weekdays & (1 << 7))
		s->weekdays = (s->weekdays | 1) & 0x7f;
	s->any_day = star[2];
	s->any_weekday = star[4];
	s->by_hour = !star[0] && !star[1];
	if (never_due(s))
		return invalid(err, text, "No month has such a day.");
	return true;
}

/* Five words, of which the first two hold no letters. */
static bool
looks_like_cron(const char *text)
{
	int			words = 0;

	for (const char *p = text; *p;)
	{
		size_t		len = strcspn(p, " \t\n\r\f\v");

		if (len > 0)
			words++;
		if (words <= 2 && strspn(p, "0123456789*,-/") < len)
			return false;
		p += len;
		p += strspn(p, " \t\n\r\f\v");
	}
	return words == 5 || text[0] == '*';
}

static bool
parse_interval(const char *text, DloadSchedule *s, DloadError *err)
{
	char		buffer[MAXDATELEN + MAXDATEFIELDS];
	char	   *parts[MAXDATEFIELDS];
	int			types[MAXDATEFIELDS];
	int			nparts;
	int			dtype;
	struct pg_itm_in itm = {0};

	s->is_interval = true;
	if (((ParseDateTime(text, buffer, sizeof(buffer), parts, types,
						MAXDATEFIELDS, &nparts) != 0 ||
		  DecodeInterval(parts, types, nparts, INTERVAL_FULL_RANGE, &dtype,
						 &itm) != 0) &&
		 DecodeISO8601Interval(pstrdup(text), &dtype, &itm) != 0) ||
		dtype != DTK_DELTA || itmin2interval(&itm, &s->interval) != 0)
		return invalid(err, text, NULL);
	if (s->interval.month < 0 || s->interval.day < 0 ||
		s->interval.time < 0 ||
		(s->interval.month == 0 && s->interval.day == 0 &&
		 s->interval.time < USECS_PER_SEC))
		return invalid(err, text, "An interval must be at least one second.");
	return true;
}

bool
dload_schedule_parse(const char *text, DloadSchedule *s, DloadError *err)
{
	const char *start = text + strspn(text, " \t\n\r\f\v");

	memset(s, 0, sizeof(DloadSchedule));
	if (strlen(text) >= DLOAD_SHARED_SCHEDULE_LEN)
		return invalid(err, text, "It is too long.");
	if (*start == '@')
	{
		for (int i = 0; i < lengthof(macros); i++)
			if (pg_strcasecmp(start, macros[i].name) == 0)
				return parse_cron(text, macros[i].meaning, s, err);
		return invalid(err, text, NULL);
	}
	if (looks_like_cron(start))
		return parse_cron(text, start, s, err);
	return parse_interval(text, s, err);
}

pg_tz *
dload_schedule_zone(const char *name, DloadError *err)
{
	pg_tz	   *zone = name ? pg_tzset(name) : session_timezone;

	if (zone == NULL || !pg_tz_acceptable(zone))
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"time zone \"%s\" not recognized", name ? name : "");
		dload_error_hint(err, "The names are in pg_timezone_names.");
		return NULL;
	}
	return zone;
}

/*
 * Matching local time
 */

static bool
day_matches(const DloadSchedule *s, int64 day)
{
	int			year;
	int			month;
	int			mday;
	int			jd = (int) day + UNIX_EPOCH_JDATE;
	bool		by_day;
	bool		by_weekday;

	j2date(jd, &year, &month, &mday);
	if (!(s->months & (1U << month)))
		return false;
	by_day = (s->days & (1U << mday)) != 0;
	by_weekday = (s->weekdays & (1U << j2day(jd))) != 0;
	/* cron(5): where both are restricted, either will do */
	if (s->any_day || s->any_weekday)
		return by_day && by_weekday;
	return by_day || by_weekday;
}

/*
 * The first match in [from, to) of local minutes since 1970; -1 if none.
 */
static int64
match_minute(const DloadSchedule *s, int64 from, int64 to)
{
	while (from < to)
	{
		int64		day = from / MINUTES_PER_DAY;
		int			minute = (int) (from % MINUTES_PER_DAY);

		if (day_matches(s, day))
			for (; minute < MINUTES_PER_DAY; minute++)
			{
				int64		found = day * MINUTES_PER_DAY + minute;

				if (!(s->hours & (1U << (minute / 60))))
					minute = minute / 60 * 60 + 59;
				else if (s->minutes & (UINT64CONST(1) << (minute % 60)))
					return found < to ? found : -1;
			}
		from = (day + 1) * MINUTES_PER_DAY;
	}
	return -1;
}

/*
 * Walking the time zone
 */

static int64
minutes_up(int64 seconds)
{
	return (seconds + 59) / 60;
}

/*
 * The first due instant at or after "from" (seconds since 1970); -1 if none.
 */
static int64
next_cron(const DloadSchedule *s, int64 from, pg_tz *zone)
{
	int64		limit = from + (int64) SEARCH_DAYS * SECS_PER_DAY;
	int64		start = Max(from - LOOK_BACK_SECS, 0);
	int64		done = PG_INT64_MIN;	/* local seconds that were covered */

	while (start < limit)
	{
		pg_time_t	at = (pg_time_t) start;
		pg_time_t	boundary = 0;
		long		offset = 0;
		long		next_offset = 0;
		int			isdst;
		int			next_isdst;
		int			rc = pg_next_dst_boundary(&at, &offset, &isdst, &boundary,
											  &next_offset, &next_isdst, zone);
		int64		end = rc == 1 && boundary < limit ? boundary : limit;
		int64		local_from = Max(start, from) + offset;
		int64		found;

		if (rc < 0)
			return -1;
		/* what a change back repeats */
		if (s->by_hour && local_from < done)
			local_from = done;
		found = match_minute(s, minutes_up(local_from),
							 minutes_up(end + offset));
		if (found >= 0)
			return found * 60 - offset;
		/* what a change forward leaves out */
		if (rc == 1 && end == boundary && s->by_hour && end >= from &&
			match_minute(s, minutes_up(end + offset),
						 minutes_up(end + next_offset)) >= 0)
			return end;
		done = end + offset;
		start = end;
	}
	return -1;
}

/*
 * Intervals
 */

/* "after" plus the interval: months and days by the calendar of the zone. */
static TimestampTz
next_interval(const Interval *span, TimestampTz after, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;

	if (span->month != 0 || span->day != 0)
	{
		int			jd;

		if (timestamp2tm(after, &tz, &tm, &fsec, NULL, zone) != 0)
			return DT_NOEND;
		tm.tm_year += (tm.tm_mon - 1 + span->month) / MONTHS_PER_YEAR;
		tm.tm_mon = (tm.tm_mon - 1 + span->month) % MONTHS_PER_YEAR + 1;
		tm.tm_mday = Min(tm.tm_mday,
						 day_tab[isleap(tm.tm_year)][tm.tm_mon - 1]);
		if (!IS_VALID_JULIAN(tm.tm_year, tm.tm_mon, tm.tm_mday))
			return DT_NOEND;
		jd = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
		if (span->day > INT_MAX / 2 - jd)
			return DT_NOEND;
		j2date(jd + span->day, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		tz = DetermineTimeZoneOffset(&tm, zone);
		if (tm2timestamp(&tm, fsec, &tz, &after) != 0)
			return DT_NOEND;
	}
	if (span->time > END_TIMESTAMP - after - 1)
		return DT_NOEND;
	return after + span->time;
}

TimestampTz
dload_schedule_next(const DloadSchedule *s, TimestampTz after, pg_tz *zone)
{
	int64		seconds;

	if (TIMESTAMP_NOT_FINITE(after))
		return DT_NOEND;
	if (s->is_interval)
		return next_interval(&s->interval, after, zone);

	/* the first whole second after it; nothing is due before 1970 */
	seconds = after >= 0 ? after / USECS_PER_SEC + 1 :
		-((-after - 1) / USECS_PER_SEC);
	seconds = next_cron(s, Max(seconds + EPOCH_SECS, 0), zone);
	if (seconds < 0 ||
		seconds - EPOCH_SECS >= END_TIMESTAMP / USECS_PER_SEC)
		return DT_NOEND;
	return (seconds - EPOCH_SECS) * USECS_PER_SEC;
}

TimestampTz
dload_schedule_next_jittered(const DloadSchedule *s, TimestampTz after,
							 pg_tz *zone, int64 offset)
{
	TimestampTz next;

	/* an interval goes on from the time itself, which has its offset */
	if (s->is_interval || TIMESTAMP_NOT_FINITE(after))
		return dload_schedule_next(s, after, zone);
	next = dload_schedule_next(s, after - offset, zone);
	return TIMESTAMP_NOT_FINITE(next) ? next : next + offset;
}

int64
dload_schedule_jitter(const char *pipeline, int64 jitter_us)
{
	uint64		hash;

	if (jitter_us <= 0)
		return 0;
	hash = dload_hash_bytes(pipeline, strlen(pipeline), 0);
	return (int64) (hash % (uint64) jitter_us);
}
