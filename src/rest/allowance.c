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
#include "rest/fields.h"
#include "rest/limiter.h"

#include "datatype/timestamp.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include <math.h>

#define MAX_RESET_US		(DLOAD_LONGEST_PAUSE_MS * 1000)

/* A number of requests beyond this means nothing. */
#define MAX_REQUESTS		1e15

/* More limits than a field has; what follows is not read. */
#define MAX_LIMITS			32

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

/* "6m0s", "1h30m", "250ms": microseconds; false if it is no such thing. */
static bool
parse_spelled_duration(const char *text, double *us)
{
	static const struct
	{
		const char *name;
		double		us;
	}			units[] = {
		{"ms", 1e3}, {"h", 3600e6}, {"m", 60e6}, {"s", 1e6}, {NULL, 0}
	};

	*us = 0;
	do
	{
		size_t		len = strspn(text, "0123456789.");
		double		number = strtod(text, NULL);
		int			i = 0;

		if (!isdigit((unsigned char) *text))
			return false;
		text += len;
		while (units[i].name != NULL &&
			   strncmp(text, units[i].name, strlen(units[i].name)) != 0)
			i++;
		if (units[i].name == NULL)
			return false;
		*us += number * units[i].us;
		text += strlen(units[i].name);
	} while (*text != '\0');
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

int64
dload_time_until(const DloadExchange *ex, const char *text)
{
	double		number;
	int64		us;

	if (parse_number(text, &number))
	{
		/* in milliseconds more than a date can be */
		if (number > 1e15)
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
	else if (parse_spelled_duration(text, &number))
		us = (int64) Min(number, MAX_RESET_US + 1.0);
	else
		return -1;
	return us > MAX_RESET_US ? -1 : Max(us, 0);
}

/* A text that begins with a number of something; -1 if it does not. */
static int64
requests(const char *text)
{
	double		number;

	if (text == NULL || !parse_number(text, &number) ||
		number >= MAX_REQUESTS)
		return -1;
	return (int64) number;
}

/* What Azure's services say more finely, or instead; -1 if it is not said. */
static int64
retry_after_ms(const DloadExchange *ex)
{
	static const char *const names[] = {
	"Retry-After-Ms", "X-Ms-Retry-After-Ms"};

	for (int i = 0; i < lengthof(names); i++)
	{
		int64		ms = requests(dload_http_header(ex, names[i]));

		if (ms >= 0)
			return Min(ms, DLOAD_LONGEST_PAUSE_MS);
	}
	return -1;
}

int64
dload_retry_after(const DloadExchange *ex)
{
	char	   *text = dload_http_header(ex, "Retry-After");
	double		seconds;
	int64		us;

	us = retry_after_ms(ex);
	if (us >= 0 || text == NULL)
		return us;
	if (parse_number(text, &seconds))
		return (int64) ceil(Min(seconds * 1e3, DLOAD_LONGEST_PAUSE_MS));
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
keep_worse(DloadAllowance *a, int64 quota, int64 remaining, int64 until)
{
	if (until <= 0 || until > MAX_RESET_US || remaining < 0)
		return;
	if (a->remaining >= 0 && remaining > a->remaining)
		return;
	if (remaining == a->remaining && until <= a->until)
		return;
	a->remaining = remaining;
	a->until = until;
	a->quota = quota >= remaining ? quota : -1;
}

/* A text that is a number of seconds -> microseconds; -1 if it is not. */
static int64
seconds_us(const char *text)
{
	double		number;

	if (text == NULL || !parse_number(text, &number) || number > 1e9)
		return -1;
	return (int64) ceil(number * 1e6);
}

/* The first of the names that the list of parts "name=value" has. */
static char *
named_part(const char *text, const char *const *names)
{
	while (*text != '\0')
	{
		size_t		len;

		text += strspn(text, ",; \t\"");
		len = strcspn(text, ",;");
		for (const char *const *name = names; *name != NULL; name++)
		{
			size_t		name_len = strlen(*name);

			if (name_len < len && text[name_len] == '=' &&
				pg_strncasecmp(text, *name, name_len) == 0)
				return pnstrdup(text + name_len + 1, len - name_len - 1);
		}
		text += len;
	}
	return NULL;
}

/* "total=100; remaining=99; resets=58", "limit=100, remaining=50, reset=30" */
static bool
read_parts(const char *text, DloadAllowance *a)
{
	static const char *const limits[] = {"limit", "total", NULL};
	static const char *const lefts[] = {"remaining", NULL};
	static const char *const resets[] = {"reset", "resets", NULL};
	char	   *left = named_part(text, lefts);

	if (left == NULL)
		return false;
	keep_worse(a, requests(named_part(text, limits)), requests(left),
			   seconds_us(named_part(text, resets)));
	return true;
}

/* Header names of one family; NULL: it has no such header. */
typedef struct Family
{
	const char *limit;
	const char *remaining;
	const char *reset;			/* time, in whatever unit */
	const char *also;			/* if that is not there */
	const char *window_ms;		/* length of a sliding window */
	int64		period;			/* of a window of which nothing is said: when
								 * to look again */
} Family;

/* Until the server's next full minute, or whatever the period is. */
static int64
time_to_next(const DloadExchange *ex, int64 period)
{
	return period - server_now(ex) % period;
}

/*
 * The window of a header whose name ends in its length, such as
 * X-MBX-USED-WEIGHT-1M: such windows begin with the server's minute, hour or
 * day.  Microseconds until this one ends; -1 if the name does not say.
 */
static int64
window_of_name(const DloadExchange *ex, const char *name)
{
	static const char letters[] = "smhd";
	static const int64 periods[] = {
	USECS_PER_SEC, USECS_PER_MINUTE, USECS_PER_HOUR, USECS_PER_DAY};
	const char *dash = strrchr(name, '-');
	const char *letter;
	char	   *end;
	long		count;

	if (dash == NULL)
		return -1;
	count = strtol(dash + 1, &end, 10);
	if (end == dash + 1 || count < 1 || count > 1000 || end[0] == '\0' ||
		end[1] != '\0')
		return -1;
	letter = strchr(letters, pg_tolower((unsigned char) *end));
	return letter ? time_to_next(ex, count * periods[letter - letters]) : -1;
}

/*
 * When to look again at a header that the options name, and that no other one
 * gives a time to.  Such counters leak or last a day, and do not say until
 * when: then a look now and then is all that can be done.
 */
static int64
look_again(const DloadExchange *ex, const char *name)
{
	int64		until = window_of_name(ex, name);

	return until >= 0 ? until : USECS_PER_SEC;
}

static void
read_family(const DloadExchange *ex, const Family *f, DloadAllowance *a)
{
	char	   *left = dload_http_header(ex, f->remaining);
	char	   *limit = f->limit ? dload_http_header(ex, f->limit) : NULL;
	char	   *text = NULL;
	int64		until = -1;

	if (left == NULL || read_parts(left, a))
		return;
	if (f->reset)
		text = dload_http_header(ex, f->reset);
	if (text == NULL && f->also)
		text = dload_http_header(ex, f->also);
	if (text != NULL)
		until = dload_time_until(ex, text);
	else if (f->window_ms && (text = dload_http_header(ex, f->window_ms)))
		until = requests(text) * 1000;
	else if (f->period > 0)
		until = time_to_next(ex, f->period);
	keep_worse(a, requests(limit), requests(left), until);
}

/*
 * A header that tells what was used: "12", "32/40", "api-usage=12/15000".  The
 * ceiling is in it, in the option, or in another header.
 */
static void
read_used(const DloadExchange *ex, const char *name, int64 ceiling,
		  int64 until, DloadAllowance *a)
{
	char	   *text = dload_http_header(ex, name);
	const char *number;
	const char *slash;
	int64		used;

	if (text == NULL)
		return;
	number = strchr(text, '=') ? strchr(text, '=') + 1 : text;
	slash = strchr(number, '/');
	if (slash != NULL)
	{
		ceiling = requests(slash + 1);
		number = pnstrdup(number, slash - number);
	}
	used = requests(number);
	if (used < 0 || ceiling < 0)
		return;
	keep_worse(a, ceiling, Max(ceiling - used, 0),
			   until > 0 ? until : look_again(ex, name));
}

/* The policy of that name in a RateLimit-Policy field; false: none. */
static bool
find_policy(const char *policies, const char *name, DloadFieldItem *policy)
{
	for (int i = 0; i < MAX_LIMITS && policies != NULL; i++)
	{
		if (!dload_field_next(&policies, policy))
			break;
		if (strcmp(policy->value, name) == 0)
			return true;
	}
	return false;
}

/*
 * "name";r=50;t=30, of which RateLimit-Policy may say more: the quota (q), the
 * window (w), and the unit (qu), which need not be requests.
 */
static void
read_structured(const DloadExchange *ex, const char *field,
				const char *policy_field, DloadAllowance *a)
{
	char	   *text = dload_http_header(ex, field);
	char	   *policies = dload_http_header(ex, policy_field);
	const char *at = text;
	DloadFieldItem item;

	if (text == NULL || read_parts(text, a))
		return;
	for (int i = 0; i < MAX_LIMITS && dload_field_next(&at, &item); i++)
	{
		DloadFieldItem policy = {0};
		bool		known = find_policy(policies, item.value, &policy);
		const char *unit = known ? dload_field_parameter(&policy, "qu") : NULL;
		int64		until = seconds_us(dload_field_parameter(&item, "t"));

		if (unit != NULL && strcmp(unit, "requests") != 0)
			continue;
		if (until < 0 && known)
			until = seconds_us(dload_field_parameter(&policy, "w"));
		keep_worse(a, known ?
				   requests(dload_field_parameter(&policy, "q")) : -1,
				   requests(dload_field_parameter(&item, "r")), until);
	}
}

/* What the headers of one window say that the server's options name. */
static void
read_named(const DloadLimitHeaders *h, const DloadExchange *ex,
		   DloadAllowance *a)
{
	char	   *limit = h->limit ? dload_http_header(ex, h->limit) : NULL;
	char	   *reset = h->reset ? dload_http_header(ex, h->reset) : NULL;
	char	   *left = NULL;
	int64		until = reset ? dload_time_until(ex, reset) : -1;

	if (h->remaining != NULL)
		left = dload_http_header(ex, h->remaining);
	if (left != NULL && !read_parts(left, a))
		keep_worse(a, requests(limit), requests(left),
				   until > 0 ? until : look_again(ex, h->remaining));
	if (h->used != NULL)
		read_used(ex, h->used, h->used_limit > 0 ? h->used_limit :
				  requests(limit), until, a);
}

/* What the headers say by which many APIs tell their limits. */
static void
read_customary(const DloadExchange *ex, DloadAllowance *a)
{
	static const Family families[] = {
		{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
		"X-RateLimit-Reset-After"},
		{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
		"RateLimit-ResetTime"},
		{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining",
		"X-Rate-Limit-Reset"},
		{"X-HubSpot-RateLimit-Max", "X-HubSpot-RateLimit-Remaining", NULL,
		NULL, "X-HubSpot-RateLimit-Interval-Milliseconds"},
		/* ends with the day of the account's own time zone */
		{"X-HubSpot-RateLimit-Daily", "X-HubSpot-RateLimit-Daily-Remaining",
		NULL, NULL, NULL, USECS_PER_HOUR},
	};

	for (int i = 0; i < lengthof(families); i++)
		read_family(ex, &families[i], a);
	read_structured(ex, "RateLimit", "RateLimit-Policy", a);
	read_structured(ex, "Beta-RateLimit", "Beta-RateLimit-Policy", a);
	read_used(ex, "X-Shopify-Shop-Api-Call-Limit", -1, -1, a);
	read_used(ex, "Sforce-Limit-Info", -1, -1, a);
}

void
dload_allowance_read(const DloadLimitSpec *spec, const DloadExchange *ex,
					 DloadAllowance *allowance)
{
	ListCell   *lc;

	allowance->quota = -1;
	allowance->remaining = -1;
	allowance->until = -1;
	if (spec->detects)
		read_customary(ex, allowance);
	foreach(lc, spec->headers)
		read_named(lfirst(lc), ex, allowance);
}

bool
dload_limit_exhausted(const DloadLimitSpec *spec, const DloadExchange *ex)
{
	static const char *const names[] = {
	"X-RateLimit-Remaining", "RateLimit-Remaining"};
	DloadAllowance allowance;

	dload_allowance_read(spec, ex, &allowance);
	if (allowance.remaining == 0)
		return true;
	/* without a time nothing can be planned by it, but a status explained */
	for (int i = 0; i < lengthof(names) && spec->detects; i++)
		if (requests(dload_http_header(ex, names[i])) == 0)
			return true;
	return false;
}

int64
dload_limit_pause(const DloadLimitSpec *spec, const DloadExchange *ex,
				  bool limited)
{
	int64		asked = dload_retry_after(ex);
	DloadAllowance said;

	if (asked >= 0 || !limited || spec->lockout == 0)
		return asked;
	/* a budget that is used up says by itself when there is a new one */
	dload_allowance_read(spec, ex, &said);
	return said.remaining == 0 && said.until > 0 ? asked : spec->lockout;
}
