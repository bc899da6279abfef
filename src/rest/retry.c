/*-------------------------------------------------------------------------
 *
 * retry.c
 *	  Asking again, and the waits before that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/retry.h"

#include "common/pg_prng.h"
#include "rest/hop.h"
#include "utils/timestamp.h"

static void
announce(const DloadChannel *channel, const char *what, int64 ms)
{
	if (channel->on_wait)
		channel->on_wait(what, ms, channel->on_wait_arg);
}

void
dload_retry_wait(const DloadChannel *channel, const char *what, int64 ms,
				 int64 *counter)
{
	TimestampTz start = GetCurrentTimestamp();

	announce(channel, what, ms);
	dload_http_sleep((long) ms);
	announce(channel, "", 0);
	*counter += GetCurrentTimestamp() - start;
}

bool
dload_later_error(const DloadResource *res, const char *method,
				  const char *shown_url, bool limited, int64 ms,
				  TimestampTz *until, DloadError *err)
{
	*until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
	if (limited)
		dload_error_set(err, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
						"rate limit of server \"%s\" is used up until %s",
						res->servername, timestamptz_to_str(*until));
	else
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"server \"%s\" is not available until %s",
						res->servername, timestamptz_to_str(*until));
	dload_error_detail(err, "%s %s has to wait for " INT64_FORMAT
					   " seconds.", method, shown_url, (ms + 999) / 1000);
	return dload_error_hint(err, "Try again after that time.");
}

bool
dload_retry_later(const DloadFetch *f, bool limited, int64 ms, DloadError *err)
{
	return dload_later_error(f->channel->res, f->method, f->shown_url,
							 limited, ms, &f->channel->come_back, err);
}

/*
 * May the request be sent again, as far as it alone is concerned?  One that
 * must not be carried out twice may, if it never reached the server or was
 * turned away unread.
 */
static bool
is_repeatable(const DloadFetch *f)
{
	const DloadResource *res = f->channel->res;
	int			status;

	if (dload_method_repeatable(&res->request, f->request->method,
								dload_paginator_get(res->page.kind)->consumes))
		return true;
	/* a redirect may be its answer */
	if (f->redirects > 0)
		return false;
	status = dload_http_status(f->exchange);
	if (status == 0)
		return dload_http_failure(f->exchange) == DLOAD_HTTP_FAIL_CONNECT;
	return status == 429 || status == 503;
}

/* Full jitter: any part of a time that doubles, up to a cap. */
int64
dload_retry_backoff(const DloadLimitSpec *limits, int retry)
{
	int64		top = limits->retry_cap;

	if (retry < 20)
		top = Min(top, limits->retry_base << retry);
	return (int64) (pg_prng_double(&pg_global_prng_state) * top);
}

static bool
in_time(const DloadFetch *f, int64 ms)
{
	int64		deadline = f->channel->res->limits.retry_deadline;

	return deadline == 0 || f->begun_at == 0 ||
		GetCurrentTimestamp() + ms * 1000 <= f->begun_at + deadline * 1000;
}

bool
dload_retry(DloadFetch *f, int64 asked_ms, bool told)
{
	DloadChannel *channel = f->channel;
	const DloadLimitSpec *limits = &channel->res->limits;
	int64		ms = asked_ms >= 0 ? asked_ms :
		dload_retry_backoff(limits, f->retries);

	if (f->retries >= limits->max_retries || !(told || is_repeatable(f)) ||
		!in_time(f, ms))
		return false;
	f->retries++;
	channel->stats.retries++;
	dload_hop_drop(f);
	dload_hop_first(f);
	if (asked_ms >= 0)
		dload_retry_wait(channel, told ? "response rule" : "Retry-After", ms,
						 &channel->stats.limit_wait_us);
	else
		dload_retry_wait(channel, "retry", ms,
						 &channel->stats.backoff_wait_us);
	return true;
}

char *
dload_retry_words(const DloadFetch *f)
{
	if (f->retries >= f->channel->res->limits.max_retries || in_time(f, 0))
		return f->retries == 0 ? NULL :
			psprintf("The request was sent %d times.", f->retries + 1);
	return psprintf("The request was sent %d %s within the server's "
					"\"retry_deadline\".", f->retries + 1,
					f->retries == 0 ? "time" : "times");
}

/* Failures of an exchange that may pass, and what is no failure. */
static bool
may_pass(const DloadExchange *ex)
{
	switch (dload_http_failure(ex))
	{
		case DLOAD_HTTP_FAIL_NONE:
		case DLOAD_HTTP_FAIL_CONNECT:
		case DLOAD_HTTP_FAIL_TIMEOUT:
		case DLOAD_HTTP_FAIL_TRUNCATED:
			return true;
		default:
			return false;
	}
}

bool
dload_fetch_again(DloadFetch *f)
{
	return f->exchange != NULL && may_pass(f->exchange) &&
		dload_retry(f, -1, false);
}
