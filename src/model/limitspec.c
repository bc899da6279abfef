/*-------------------------------------------------------------------------
 *
 * limitspec.c
 *	  How much, how fast and how often: limits, timeouts and retries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/limitspec.h"

void
dload_limitspec_read(DloadLimitSpec *spec, const DloadOptionSet *set)
{
	const char *rates = dload_option_text(set, "rate_limit");
	DloadError	err = {0};

	if (rates != NULL && !dload_rate_parse(rates, &spec->rates, &err))
		dload_error_raise(&err);
	spec->limit_header = dload_spec_text(set, "limit_header");
	spec->remaining_header = dload_spec_text(set, "remaining_header");
	spec->reset_header = dload_spec_text(set, "reset_header");
	spec->used_header = dload_spec_text(set, "used_header");
	spec->used_limit = dload_option_number(set, "used_limit");
	spec->lockout = dload_option_number(set, "lockout");
	spec->max_wait = dload_option_number(set, "max_wait");
	spec->max_concurrency = dload_option_number(set, "max_concurrency");
	spec->connect_timeout = dload_option_number(set, "connect_timeout");
	spec->request_timeout = dload_option_number(set, "request_timeout");
	spec->idle_timeout = dload_option_number(set, "idle_timeout");
	spec->max_retries = dload_option_number(set, "max_retries");
	spec->max_response_bytes = dload_option_number(set, "max_response_bytes");
}

bool
dload_limitspec_check(List *options, DloadError *err)
{
	if (!dload_given_with(options, "used_limit", "used_header", err))
		return false;
	if (dload_given_text(options, "used_header") != NULL)
		return true;
	return dload_given_with(options, "limit_header", "remaining_header",
							err) &&
		dload_given_with(options, "reset_header", "remaining_header", err);
}
