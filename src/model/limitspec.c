/*-------------------------------------------------------------------------
 *
 * limitspec.c
 *	  How much, how fast and how often: limits, timeouts and retries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/limitspec.h"

/* A server that is not asked for longer would be forgotten. */
#define MAX_PAUSE_MS INT64CONST(86400000)

bool
dload_breaker_parse(const char *text, int *failures, int64 *pause,
					DloadError *err)
{
	DloadError	inner = {0};
	int64		ms = 0;
	char	   *end;
	long		n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '/' || n < 1 || n > 1000 ||
		!dload_duration_parse(end + 1, &ms, &inner) || ms < 1 ||
		ms > MAX_PAUSE_MS)
	{
		dload_error_set(err, BAD_VALUE,
						"invalid value for option \"breaker\": \"%s\"", text);
		return dload_error_hint(err, "It is a number of failures, up to 1000, "
								"and a pause of at most a day, such as "
								"\"5/1min\".");
	}
	if (failures != NULL)
		*failures = (int) n;
	if (pause != NULL)
		*pause = ms;
	return true;
}

/* The nth member of a list; NULL: it has fewer. */
static const char *
nth(const List *list, int n)
{
	return n < list_length(list) ? list_nth(list, n) : NULL;
}

/* A list that an option gives; NIL if it is not given. */
static List *
split(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);

	return text ? dload_option_split(text) : NIL;
}

/* What stands at the same place in the lists belongs together. */
static List *
read_headers(const DloadOptionSet *set)
{
	List	   *limits = split(set, "limit_header");
	List	   *remaining = split(set, "remaining_header");
	List	   *resets = split(set, "reset_header");
	List	   *used = split(set, "used_header");
	List	   *ceilings = split(set, "used_limit");
	List	   *result = NIL;

	for (int i = 0; i < Max(list_length(remaining), list_length(used)); i++)
	{
		DloadLimitHeaders *h = palloc0(sizeof(DloadLimitHeaders));
		const char *ceiling = nth(ceilings, i);

		h->limit = nth(limits, i);
		h->remaining = nth(remaining, i);
		h->reset = nth(resets, i);
		h->used = nth(used, i);
		h->used_limit = ceiling ? strtoll(ceiling, NULL, 10) : 0;
		result = lappend(result, h);
	}
	return result;
}

void
dload_limitspec_read(DloadLimitSpec *spec, const DloadOptionSet *set)
{
	const char *rates = dload_option_text(set, "rate_limit");
	const char *breaker = dload_option_text(set, "breaker");
	DloadError	err = {0};

	if (rates != NULL && !dload_rate_parse(rates, &spec->rates, &err))
		dload_error_raise(&err);
	spec->detects = dload_option_bool(set, "detect_limits");
	spec->headers = read_headers(set);
	spec->cost_path = dload_spec_path(set, "cost_path");
	spec->available_path = dload_spec_path(set, "available_path");
	spec->restore_path = dload_spec_path(set, "restore_path");
	spec->lockout = dload_option_number(set, "lockout");
	spec->max_wait = dload_option_number(set, "max_wait");
	spec->max_concurrency = dload_option_number(set, "max_concurrency");
	spec->connect_timeout = dload_option_number(set, "connect_timeout");
	spec->request_timeout = dload_option_number(set, "request_timeout");
	spec->idle_timeout = dload_option_number(set, "idle_timeout");
	spec->min_speed = dload_option_number(set, "min_speed");
	spec->max_retries = dload_option_number(set, "max_retries");
	spec->retry_base = dload_option_number(set, "retry_base");
	spec->retry_cap = dload_option_number(set, "retry_cap");
	spec->retry_deadline = dload_option_number(set, "retry_deadline");
	if (breaker != NULL &&
		!dload_breaker_parse(breaker, &spec->breaker_failures,
							 &spec->breaker_pause, &err))
		dload_error_raise(&err);
	spec->max_response_bytes = dload_option_number(set, "max_response_bytes");
}

static int
given_length(List *options, const char *name)
{
	const char *text = dload_given_text(options, name);

	return text ? list_length(dload_option_split(text)) : 0;
}

/* What is more than the list it belongs to has no effect. */
static bool
check_lengths(List *options, DloadError *err)
{
	static const char *const names[] = {
	"limit_header", "reset_header", "used_limit"};
	int			used = given_length(options, "used_header");
	int			most = Max(used, given_length(options, "remaining_header"));

	for (int i = 0; i < lengthof(names); i++)
	{
		bool		of_used = strcmp(names[i], "used_limit") == 0;

		if (given_length(options, names[i]) <= (of_used ? used : most))
			continue;
		dload_error_set(err, BAD_COMBINATION,
						"option \"%s\" has more members than %s", names[i],
						of_used ? "\"used_header\"" :
						"\"remaining_header\" or \"used_header\"");
		return dload_error_hint(err, "What stands at the same place in these "
								"lists belongs together.");
	}
	return true;
}

bool
dload_limitspec_check(List *options, DloadError *err)
{
	if (!dload_given_with(options, "used_limit", "used_header", err) ||
		!dload_given_with(options, "cost_path", "available_path", err) ||
		!dload_given_with(options, "available_path", "restore_path", err) ||
		!dload_given_with(options, "restore_path", "cost_path", err))
		return false;
	if (dload_given_text(options, "used_header") == NULL &&
		(!dload_given_with(options, "limit_header", "remaining_header", err) ||
		 !dload_given_with(options, "reset_header", "remaining_header", err)))
		return false;
	return check_lengths(options, err);
}
