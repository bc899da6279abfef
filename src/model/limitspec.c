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
	return true;
}
