/*-------------------------------------------------------------------------
 *
 * fetch.c
 *	  Sending one request for a page: rate limit, redirects, retries.
 *
 * Every exchange is streamed, so a page asked for in advance occupies one
 * network buffer until somebody reads it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/fetch.h"

#include "rest/auth.h"
#include "rest/breaker.h"
#include "rest/hop.h"
#include "rest/judge.h"
#include "rest/request.h"
#include "rest/retry.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static void
on_context_reset(void *arg)
{
	dload_hop_leave(arg);
}

DloadFetch *
dload_fetch_create(DloadChannel *channel, const DloadRequest *request)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dload fetch",
												  ALLOCSET_SMALL_SIZES);
	DloadFetch *f = MemoryContextAllocZero(context, sizeof(DloadFetch));
	MemoryContext old;

	f->context = context;
	f->channel = channel;
	f->on_reset.func = on_context_reset;
	f->on_reset.arg = f;
	MemoryContextRegisterResetCallback(context, &f->on_reset);
	old = MemoryContextSwitchTo(context);
	f->request = dload_request_copy(request);
	dload_permit_open(&f->permit, &channel->budgets, channel->res,
					  request->method, request->url);
	MemoryContextSwitchTo(old);
	dload_hop_first(f);
	return f;
}

void
dload_fetch_start(DloadFetch *f)
{
	DloadError	err = {0};

	/* an address that is refused is reported when the page is wanted */
	if (f->exchange != NULL || !f->trusted ||
		!dload_auth_ready(f->channel->res) || !dload_breaker_ask(f, &err))
		return;
	if (dload_permit_acquire(&f->permit, false) == 0 &&
		!dload_hop_send(f, &err))
		dload_hop_leave(f);
}

/* Wait for the budget and send. */
static bool
ensure_sent(DloadFetch *f, DloadError *err)
{
	DloadChannel *channel = f->channel;
	long		ms;

	if (f->exchange != NULL)
		return true;
	if (!dload_auth_obtain(channel->res, err))
	{
		channel->come_back = channel->res->auth.access->come_back;
		return false;
	}
	if (!dload_hop_allowed(f, err) || !dload_breaker_ask(f, err))
		return false;
	while ((ms = dload_permit_acquire(&f->permit, true)) > 0)
	{
		if (ms > channel->res->limits.max_wait)
			return dload_retry_later(f, true, ms, err);
		dload_retry_wait(channel, "rate limit", ms,
						 &channel->stats.limit_wait_us);
	}
	return dload_hop_send(f, err);
}

bool
dload_fetch_open(DloadFetch *f, DloadError *err)
{
	while (!f->open)
	{
		DloadHttpState state;

		if (!ensure_sent(f, err))
			return false;
		state = dload_hop_wait(f, -1);
		if (state == DLOAD_HTTP_RUNNING)
			continue;
		if (state == DLOAD_HTTP_FAILED)
		{
			dload_breaker_failed(f);
			if (dload_fetch_again(f))
				continue;
			return dload_transport_error(f, err);
		}
		switch (dload_judge_head(f, err))
		{
			case DLOAD_JUDGED_GOOD:
				/* DONE is said once more by the next wait */
				f->open = true;
				break;
			case DLOAD_JUDGED_AGAIN:
				break;
			case DLOAD_JUDGED_ERROR:
				return false;
		}
	}
	return true;
}

DloadFetchState
dload_fetch_read(DloadFetch *f, long timeout, DloadSpan *piece,
				 DloadError *err)
{
	DloadHttpState state = DLOAD_HTTP_DATA;

	*piece = dload_http_peek(f->exchange);
	if (piece->len == 0 && !f->complete)
	{
		state = dload_hop_wait(f, timeout);
		*piece = dload_http_peek(f->exchange);
	}
	if (state == DLOAD_HTTP_FAILED)
	{
		dload_transport_error(f, err);
		return DLOAD_FETCH_BROKEN;
	}
	if (state == DLOAD_HTTP_DONE)
		dload_hop_complete(f);
	if (piece->len > 0)
		return DLOAD_FETCH_DATA;
	return f->complete ? DLOAD_FETCH_COMPLETE : DLOAD_FETCH_WAITING;
}

DloadFetchState
dload_fetch_gather(DloadFetch *f, size_t enough, DloadSpan *all,
				   DloadError *err)
{
	for (;;)
	{
		DloadHttpState state;

		*all = dload_http_peek(f->exchange);
		if (f->complete)
			return DLOAD_FETCH_COMPLETE;
		if (all->len > enough)
			return DLOAD_FETCH_DATA;
		state = dload_hop_wait(f, -1);
		if (state == DLOAD_HTTP_DONE)
			dload_hop_complete(f);
		if (state != DLOAD_HTTP_FAILED)
			continue;
		dload_transport_error(f, err);
		return DLOAD_FETCH_BROKEN;
	}
}

void
dload_fetch_consume(DloadFetch *f, size_t len)
{
	dload_http_consume(f->exchange, len);
}

bool
dload_fetch_arrived(DloadFetch *f)
{
	if (!f->complete && dload_hop_wait(f, 0) == DLOAD_HTTP_DONE)
		dload_hop_complete(f);
	return f->complete;
}

bool
dload_fetch_linger(DloadFetch *f, TimestampTz until)
{
	long		ms = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
													 until);
	DloadHttpState state;

	if (ms <= 0 || dload_http_peek(f->exchange).len >=
		DLOAD_STREAM_BUFFER_BYTES / 2)
		return false;
	state = dload_hop_wait(f, ms);
	if (state == DLOAD_HTTP_DONE)
		dload_hop_complete(f);
	return state != DLOAD_HTTP_FAILED;
}

void
dload_fetch_end(DloadFetch *f)
{
	dload_hop_drop(f);
	MemoryContextDelete(f->context);
}
