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

void
dload_limitspec_read(DloadLimitSpec *spec, const DloadOptionSet *set)
{
	const char *rates = dload_option_text(set, "rate_limit");
	const char *breaker = dload_option_text(set, "breaker");
	DloadError	err = {0};

	if (rates != NULL && !dload_rate_parse(rates, &spec->rates, &err))
		dload_error_raise(&err);
	spec->limit_header = dload_spec_text(set, "limit_header");
	spec->remaining_header = dload_spec_text(set, "remaining_header");
	spec->reset_header = dload_spec_text(set, "reset_header");
	spec->used_header = dload_spec_text(set, "used_header");
	spec->used_limit = dload_option_number(set, "used_limit");
	spec->cost_path = dload_spec_path(set, "cost_path");
	spec->available_path = dload_spec_path(set, "available_path");
	spec->restore_path = dload_spec_path(set, "restore_path");
	spec->lockout = dload_option_number(set, "lockout");
	spec->max_wait = dload_option_number(set, "max_wait");
	spec->max_concurrency = dload_option_number(set, "max_concurrency");
	spec->connect_timeout = dload_option_number(set, "connect_timeout");
	spec->request_timeout = dload_option_number(set, "request_timeout");
	spec->idle_timeout = dload_option_number(set, "idle_timeout");
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

bool
dload_limitspec_check(List *options, DloadError *err)
{
	if (!dload_given_with(options, "used_limit", "used_header", err) ||
		!dload_given_with(options, "cost_path", "available_path", err) ||
		!dload_given_with(options, "available_path", "restore_path", err) ||
		!dload_given_with(options, "restore_path", "cost_path", err))
		return false;
	if (dload_given_text(options, "used_header") != NULL)
		return true;
	return dload_given_with(options, "limit_header", "remaining_header",
							err) &&
		dload_given_with(options, "reset_header", "remaining_header", err);
}
