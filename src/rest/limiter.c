/*-------------------------------------------------------------------------
 *
 * limiter.c
 *	  The budget of requests of one server and user.
 *
 * A rate 'n/period' is kept as a sliding window: no period of that length,
 * wherever it begins, sees more than n starts.  (A token bucket allows up to
 * twice as many.)  The starts are remembered in a ring, for large n in groups.
 *
 * What the API says comes on top: a budget of "remaining" requests until a
 * reset, in any of the common header families, and Retry-After with 429.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/dload.h"
#include "model/option.h"
#include "rest/limiter.h"

#include "common/pg_prng.h"
#include "datatype/timestamp.h"
#include "portability/instr_time.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include <math.h>

/* Starts remembered one by one for a rate; above that, groups of starts. */
#define MAX_RING			10000

/* What an API may ask for at most; longer is taken for a mistake. */
#define MAX_RESET_US		(INT64CONST(7) * USECS_PER_DAY)

/* Resets this near to each other are of the same window. */
#define SAME_WINDOW_US		(INT64CONST(1500) * 1000)

#define BACKOFF_FIRST_MS	500
#define BACKOFF_MAX_MS		30000

/* One rate of the rate_limit option. */
typedef struct Window
{
	DloadRate	rate;
	int			ngroups;		/* size of the ring */
	int64		group_size;		/* starts in each */
	int64	   *last;			/* ring: when the group's last one started */
	int			current;		/* the group that is being filled */
	int64		filled;			/* starts in it */
} Window;

typedef struct LimiterKey
{
	Oid			serverid;
	Oid			userid;
} LimiterKey;

struct DloadLimiter
{
	LimiterKey	key;			/* hash key, first */
	MemoryContext context;		/* owns the windows */
	int			nwindows;
	Window	   *windows;

	/* what the API said; times as of now_us() */
	int64		remaining;		/* -1 = not known */
	int64		reset_at;		/* when that budget is renewed */
	int64		blocked_until;	/* Retry-After of a 429 */
};

static HTAB *limiters = NULL;

static int64
now_us(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

/* -------------------------------------------------------------------------
 * The rates of the option.
 * -------------------------------------------------------------------------
 */

static void
init_windows(DloadLimiter *limiter, List *rates)
{
	ListCell   *lc;
	MemoryContext old;

	MemoryContextReset(limiter->context);
	limiter->nwindows = 0;
	old = MemoryContextSwitchTo(limiter->context);
	limiter->windows = palloc0(sizeof(Window) * Max(list_length(rates), 1));
	foreach(lc, rates)
	{
		Window	   *window = &limiter->windows[limiter->nwindows];
		int64		count;

		window->rate = *(DloadRate *) lfirst(lc);
		count = Max(window->rate.count, 1);
		window->group_size = (count + MAX_RING - 1) / MAX_RING;
		window->ngroups = (int) (count / window->group_size);
		window->last = palloc(sizeof(int64) * window->ngroups);
		for (int i = 0; i < window->ngroups; i++)
			window->last[i] = PG_INT64_MIN;
		limiter->nwindows++;
	}
	MemoryContextSwitchTo(old);
}

static bool
same_rates(const DloadLimiter *limiter, List *rates)
{
	ListCell   *lc;

	if (limiter->nwindows != list_length(rates))
		return false;
	foreach(lc, rates)
	{
		const DloadRate *rate = lfirst(lc);
		const Window *window = &limiter->windows[foreach_current_index(lc)];

		if (rate->count != window->rate.count ||
			rate->period_ms != window->rate.period_ms)
			return false;
	}
	return true;
}

/*
 * When the next start is allowed.  Within a group it always is, because the
 * group was opened only when the ring's oldest had left the window.
 */
static int64
window_allows_at(const Window *window)
{
	int64		oldest;

	if (window->filled > 0 && window->filled < window->group_size)
		return PG_INT64_MIN;
	oldest = window->filled == 0 ? window->last[window->current] :
		window->last[(window->current + 1) % window->ngroups];
	return oldest == PG_INT64_MIN ? PG_INT64_MIN :
		oldest + window->rate.period_ms * 1000;
}

static void
window_charge(Window *window, int64 now)
{
	if (window->filled == window->group_size)
	{
		window->current = (window->current + 1) % window->ngroups;
		window->filled = 0;
	}
	window->last[window->current] = now;
	window->filled++;
}

DloadLimiter *
dload_limiter_get(const DloadResource *res)
{
	LimiterKey	key = {res->serverid, res->userid};
	DloadLimiter *limiter;
	bool		found;

	if (limiters == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(LimiterKey);
		ctl.entrysize = sizeof(DloadLimiter);
		ctl.hcxt = TopMemoryContext;
		limiters = hash_create("dload limiters", 16, &ctl,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}

	limiter = hash_search(limiters, &key, HASH_ENTER, &found);
	if (!found)
	{
		limiter->context = NULL;
		limiter->nwindows = 0;
		limiter->remaining = -1;
		limiter->reset_at = 0;
		limiter->blocked_until = 0;
	}
	/* apart, so that an entry whose making failed is completed here */
	if (limiter->context == NULL)
		limiter->context = AllocSetContextCreate(TopMemoryContext,
												 "dload limiter",
												 ALLOCSET_SMALL_SIZES);
	if (!same_rates(limiter, res->rates))
		init_windows(limiter, res->rates);
	return limiter;
}

long
dload_limiter_acquire(DloadLimiter *limiter)
{
	int64		now = now_us();
	int64		at = limiter->blocked_until;

	if (limiter->remaining >= 0 && now >= limiter->reset_at)
		limiter->remaining = -1;	/* renewed, to how much is not known */
	if (limiter->remaining == 0)
		at = Max(at, limiter->reset_at);
	for (int i = 0; i < limiter->nwindows; i++)
		at = Max(at, window_allows_at(&limiter->windows[i]));
	if (at > now)
		return (long) ((at - now + 999) / 1000);

	if (limiter->remaining > 0)
		limiter->remaining--;
	for (int i = 0; i < limiter->nwindows; i++)
		window_charge(&limiter->windows[i], now);
	return 0;
}

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
 * What the API says of its limits.
 * -------------------------------------------------------------------------
 */

/* Take over a budget; "until" in microseconds from now. */
static void
note_budget(DloadLimiter *limiter, int64 remaining, int64 until, int64 now)
{
	int64		reset_at = now + until;

	/*
	 * Responses overtake each other and do not count what is still on its
	 * way, so within one window the smaller number is the truer one.
	 */
	if (limiter->remaining >= 0 &&
		llabs(reset_at - limiter->reset_at) <= SAME_WINDOW_US)
	{
		limiter->remaining = Min(limiter->remaining, remaining);
		limiter->reset_at = Max(limiter->reset_at, reset_at);
		return;
	}
	limiter->remaining = remaining;
	limiter->reset_at = reset_at;
}

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
		if (left < 1e15 && seconds < 1e9)
			keep_worse(remaining, until, (int64) left,
					   (int64) (seconds * 1e6));
		return;
	}
	while (*text != '\0')
	{
		size_t		len = strcspn(text, ",");

		if (field_parameter(text, len, "r", &left) && left < 1e15 &&
			field_parameter(text, len, "t", &seconds) && seconds < 1e9)
			keep_worse(remaining, until, (int64) left,
					   (int64) (seconds * 1e6));
		text += len;
		if (*text == ',')
			text++;
	}
}

void
dload_limiter_learn(DloadLimiter *limiter, const DloadExchange *ex)
{
	static const struct
	{
		const char *remaining;
		const char *reset;
	}			families[] = {
		{"X-RateLimit-Remaining", "X-RateLimit-Reset"},
		{"RateLimit-Remaining", "RateLimit-Reset"},
		{"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	};
	int64		now = now_us();
	int64		remaining = -1;
	int64		until = -1;
	char	   *text;

	for (int i = 0; i < lengthof(families); i++)
	{
		char	   *left = dload_http_header(ex, families[i].remaining);
		char	   *reset = left == NULL ? NULL :
			dload_http_header(ex, families[i].reset);
		double		number;

		if (reset != NULL && parse_number(left, &number) && number < 1e15)
			keep_worse(&remaining, &until, (int64) number,
					   time_until(ex, reset));
	}
	text = dload_http_header(ex, "RateLimit");
	if (text != NULL)
		read_ratelimit_field(text, &remaining, &until);
	if (remaining >= 0 && until > 0 && until <= MAX_RESET_US)
		note_budget(limiter, remaining, until, now);

	if (dload_http_status(ex) == 429)
	{
		int64		retry_after = dload_retry_after(ex);

		if (retry_after > 0)
			limiter->blocked_until = Max(limiter->blocked_until,
										 now + retry_after * 1000);
	}
}

int64
dload_backoff(int attempt)
{
	int64		top = BACKOFF_MAX_MS;

	if (attempt < 1)
		attempt = 1;
	if (attempt < 16)
		top = Min(top, (int64) BACKOFF_FIRST_MS << (attempt - 1));
	return (int64) (pg_prng_double(&pg_global_prng_state) * top);
}
