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

#include "miscadmin.h"
#include "rest/auth.h"
#include "rest/guard.h"
#include "rest/request.h"
#include "rest/url.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Hops from one request.  Browsers allow 20; APIs need one or two. */
#define MAX_REDIRECTS 5

/* How much of a bad response's body is read to explain it. */
#define MAX_ERROR_BODY_BYTES (16 * 1024)

static void drop_exchange(DloadFetch *f);

void
dload_error_move(DloadError *err, MemoryContext context)
{
	if (err->message)
		err->message = MemoryContextStrdup(context, err->message);
	if (err->detail)
		err->detail = MemoryContextStrdup(context, err->detail);
	if (err->hint)
		err->hint = MemoryContextStrdup(context, err->hint);
}

/* Where the fetch stands after a redirect, or at first. */
static void
set_url(DloadFetch *f, const char *url)
{
	const DloadResource *res = f->channel->res;
	MemoryContext old = MemoryContextSwitchTo(f->context);

	f->url = dload_auth_strip_url(res, url);
	f->shown_url = dload_auth_redact(res,
									 dload_url_redact(f->url,
													  res->auth.api_key_name));
	f->trusted = dload_auth_trusts(res, f->url);
	MemoryContextSwitchTo(old);
}

static void
set_first_hop(DloadFetch *f)
{
	f->method = f->request->method;
	f->body = f->request->body;
	f->redirects = 0;
	set_url(f, f->request->url);
}

/* The exchange is over, whichever way. */
static void
leave_budget(DloadFetch *f)
{
	dload_permit_release(&f->permit);
}

static void
on_context_reset(void *arg)
{
	leave_budget(arg);
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
	dload_permit_open(&f->permit, channel->res, request->method,
					  request->url);
	MemoryContextSwitchTo(old);
	set_first_hop(f);
	return f;
}

static const char *
find_header(List *headers, const char *name)
{
	size_t		len = strlen(name);
	ListCell   *lc;

	foreach(lc, headers)
	{
		const char *header = lfirst(lc);

		if (pg_strncasecmp(header, name, len) == 0 && header[len] == ':')
			return header;
	}
	return NULL;
}

/* A request's own header takes the place of the resource's of that name. */
static List *
collect_headers(const DloadFetch *f)
{
	List	   *headers = NIL;
	ListCell   *lc;

	foreach(lc, f->channel->res->request.headers)
	{
		char	   *header = lfirst(lc);
		char	   *name = pnstrdup(header, strcspn(header, ":"));

		if (find_header(f->request->headers, name) == NULL)
			headers = lappend(headers, header);
	}
	headers = list_concat(headers, f->request->headers);
	if (find_header(headers, "Accept") == NULL)
		headers = lappend(headers, dload_accept_header(f->channel->res));
	if (f->body != NULL && find_header(headers, "Content-Type") == NULL)
		headers = lappend(headers, "Content-Type: application/json");
	return headers;
}

/* A line break in a header would let a value write headers of its own. */
static bool
headers_are_clean(List *headers, DloadError *err)
{
	ListCell   *lc;

	foreach(lc, headers)
	{
		const char *header = lfirst(lc);

		for (const unsigned char *p = (const unsigned char *) header; *p; p++)
		{
			if ((*p < ' ' && *p != '\t') || *p == 0x7f)
				return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
									   "value of request header \"%s\" "
									   "contains a control character",
									   pnstrdup(header, strcspn(header, ":")));
		}
	}
	return true;
}

/*
 * Where credentials may go is decided for every hop, before it is sent.
 */
static bool
check_origin(const DloadFetch *f, DloadError *err)
{
	const DloadResource *res = f->channel->res;
	char	   *origin;

	if (f->trusted)
		return true;
	origin = dload_url_origin(f->url);
	if (origin == NULL)
	{
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"API of server \"%s\" named an address that is not "
						"an HTTP URL", res->servername);
		return dload_error_detail(err, "The address is \"%s\".",
								  f->shown_url);
	}
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"API of server \"%s\" led to another origin: %s",
					res->servername, origin);
	dload_error_detail(err, "The address is \"%s\"; it was not asked, so "
					   "that credentials stay with %s.", f->shown_url,
					   dload_url_origin(res->base_url));
	return dload_error_hint(err, "If this origin may have the credentials, "
							"add it to the server's option "
							"\"allowed_origins\".");
}

/* Send now.  The limiter has agreed. */
static bool
send_request(DloadFetch *f, DloadError *err)
{
	const DloadResource *res = f->channel->res;
	DloadHttpRequest request = {0};
	MemoryContext old;

	if (!check_origin(f, err))
		return false;
	f->exchange_context = AllocSetContextCreate(f->context, "dload exchange",
												ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(f->exchange_context);
	request.method = unconstify(char *, f->method);
	request.url = f->url;
	request.shown_url = f->shown_url;
	request.headers = collect_headers(f);
	request.body = unconstify(char *, f->body);
	request.connect_timeout = res->limits.connect_timeout;
	request.request_timeout = res->limits.request_timeout;
	request.idle_timeout = res->limits.idle_timeout;
	request.max_response_bytes = res->limits.max_response_bytes;
	request.guarded = dload_guard_applies(res, f->url);
	request.stream = true;
	if (!dload_auth_apply(res, &request, err) ||
		!headers_are_clean(request.headers, err))
	{
		MemoryContextSwitchTo(old);
		dload_error_move(err, old);
		drop_exchange(f);
		return false;
	}
	if (f->channel->server_time == 0)
		f->channel->server_time = GetCurrentTimestamp();
	f->exchange = dload_http_start(&request);
	f->counted_bytes = 0;
	f->complete = false;
	f->channel->stats.requests++;
	MemoryContextSwitchTo(old);
	return true;
}

void
dload_fetch_start(DloadFetch *f)
{
	DloadError	err = {0};

	/* an address that is refused is reported when the page is wanted */
	if (f->exchange != NULL || !f->trusted)
		return;
	if (dload_permit_acquire(&f->permit, false) == 0 &&
		!send_request(f, &err))
		leave_budget(f);
}

static void
announce(const DloadChannel *channel, const char *what, int64 ms)
{
	if (channel->on_wait)
		channel->on_wait(what, ms, channel->on_wait_arg);
}

static void
wait_for(const DloadChannel *channel, const char *what, int64 ms,
		 int64 *counter)
{
	TimestampTz start = GetCurrentTimestamp();

	announce(channel, what, ms);
	dload_http_sleep((long) ms);
	announce(channel, "", 0);
	*counter += GetCurrentTimestamp() - start;
}

/* The error for a wait too long to sit through. */
static bool
come_back_later(const DloadFetch *f, bool limited, int64 ms, DloadError *err)
{
	const char *servername = f->channel->res->servername;
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													ms);

	f->channel->come_back = until;
	if (limited)
		dload_error_set(err, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
						"rate limit of server \"%s\" is used up until %s",
						servername, timestamptz_to_str(until));
	else
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"server \"%s\" is not available until %s",
						servername, timestamptz_to_str(until));
	dload_error_detail(err, "%s %s has to wait for " INT64_FORMAT " seconds.",
					   f->method, f->shown_url, (ms + 999) / 1000);
	return dload_error_hint(err, "Try again after that time.");
}

/* Wait for the budget and send. */
static bool
ensure_sent(DloadFetch *f, DloadError *err)
{
	DloadChannel *channel = f->channel;
	long		ms;

	if (f->exchange != NULL)
		return true;
	if (!check_origin(f, err))
		return false;
	while ((ms = dload_permit_acquire(&f->permit, true)) > 0)
	{
		if (ms > channel->res->limits.max_wait)
			return come_back_later(f, true, ms, err);
		wait_for(channel, "rate limit", ms, &channel->stats.limit_wait_us);
	}
	return send_request(f, err);
}

static void
count_bytes(DloadFetch *f)
{
	int64		now = dload_http_bytes(f->exchange);

	f->channel->stats.bytes += now - f->counted_bytes;
	f->counted_bytes = now;
}

static void
drop_exchange(DloadFetch *f)
{
	if (f->exchange != NULL)
	{
		count_bytes(f);
		dload_http_close(f->exchange);
		f->exchange = NULL;
	}
	if (f->exchange_context != NULL)
		MemoryContextDelete(f->exchange_context);
	leave_budget(f);
	f->exchange_context = NULL;
	f->open = false;
	f->complete = false;
}

/* The last byte is here, though perhaps not read. */
static void
note_complete(DloadFetch *f)
{
	f->complete = true;
	leave_budget(f);
}

static DloadHttpState
wait_exchange(DloadFetch *f, long timeout)
{
	int64		before = dload_http_waited();
	DloadHttpState state = dload_http_wait(f->exchange, timeout);

	f->channel->stats.network_wait_us += dload_http_waited() - before;
	dload_permit_touch(&f->permit);
	count_bytes(f);
	return state;
}

/*
 * May the request be sent again?  A POST that may have been carried out is
 * not: only one that never reached the server or was turned away unread.
 */
static bool
may_retry(const DloadFetch *f)
{
	int			status;

	if (f->retries >= f->channel->res->limits.max_retries)
		return false;
	if (strcmp(f->request->method, "POST") != 0 &&
		!dload_paginator_get(f->channel->res->page.kind)->consumes)
		return true;
	/* a redirect may be its answer */
	if (f->redirects > 0)
		return false;
	if ((status = dload_http_status(f->exchange)) == 0)
		return dload_http_failure(f->exchange) == DLOAD_HTTP_FAIL_CONNECT;
	return status == 429 || status == 503;
}

/* Wait before the next attempt; asked_ms is what the server asked for. */
static void
back_off(DloadFetch *f, int64 asked_ms)
{
	DloadChannel *channel = f->channel;

	f->retries++;
	channel->stats.retries++;
	drop_exchange(f);
	set_first_hop(f);
	if (asked_ms >= 0)
		wait_for(channel, "Retry-After", asked_ms,
				 &channel->stats.limit_wait_us);
	else
		wait_for(channel, "retry", dload_backoff(f->retries),
				 &channel->stats.backoff_wait_us);
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
	if (f->exchange == NULL || !may_pass(f->exchange) || !may_retry(f))
		return false;
	back_off(f, -1);
	return true;
}

/* Read what explains a bad response. */
static void
read_error_body(DloadFetch *f, StringInfo body)
{
	initStringInfo(body);
	while (body->len < MAX_ERROR_BODY_BYTES)
	{
		DloadHttpState state = wait_exchange(f, -1);
		DloadSpan	piece = dload_http_peek(f->exchange);

		appendBinaryStringInfo(body, piece.data,
							   (int) Min(piece.len, MAX_ERROR_BODY_BYTES));
		dload_http_consume(f->exchange, piece.len);
		if (state == DLOAD_HTTP_DONE || state == DLOAD_HTTP_FAILED)
			break;
	}
}

static bool
redirect(DloadFetch *f, int status, DloadError *err)
{
	char	   *location = dload_http_header(f->exchange, "Location");
	const char *servername = f->channel->res->servername;
	char	   *from = f->shown_url;
	char	   *url;

	if (location == NULL)
		return dload_error_set(err, ERRCODE_FDW_ERROR,
							   "API of server \"%s\" answered with a "
							   "redirect (status %d) to nowhere",
							   servername, status);
	if (++f->redirects > MAX_REDIRECTS)
	{
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"too many redirects from server \"%s\"", servername);
		dload_error_detail(err, "The last of them came from %s.", from);
		return dload_error_hint(err, "Give the final address in \"base_url\" "
								"and \"path\".");
	}
	/* without its body a POST would ask for something else */
	if (f->method[0] == 'P' && (status == 301 || status == 302))
	{
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"API of server \"%s\" has moved (status %d)",
						servername, status);
		dload_error_detail(err, "%s %s is redirected.", f->method, from);
		return dload_error_hint(err, "Give the new address in \"base_url\" "
								"or \"path\".");
	}
	url = dload_url_resolve(f->url, location, err);
	if (url == NULL)
		return dload_error_detail(err, "It is the target of a redirect from "
								  "%s.", from);
	url[strcspn(url, "#")] = '\0';
	if (status == 303)
	{
		f->method = "GET";
		f->body = NULL;
	}
	drop_exchange(f);
	set_url(f, url);
	return true;
}

/* The first response tells what the server's clock says. */
static void
note_date(DloadChannel *channel, const DloadExchange *ex)
{
	TimestampTz date;

	if (channel->dated)
		return;
	channel->dated = true;
	date = dload_response_date(ex);
	if (date != 0)
		channel->server_time = date;
}

/*
 * Headers are in.  Decide: a good response (true), another attempt or hop
 * (*again), or an error.
 */
static bool
check_status(DloadFetch *f, bool *again, DloadError *err)
{
	DloadChannel *channel = f->channel;
	int			status = dload_http_status(f->exchange);
	bool		limited = dload_response_limited(f->exchange);
	int64		asked;
	StringInfoData body;

	*again = false;
	note_date(channel, f->exchange);
	dload_permit_learn(&f->permit, f->exchange, limited);
	if (status >= 200 && status < 300)
		return true;
	if (status == 301 || status == 302 || status == 303 ||
		status == 307 || status == 308)
	{
		*again = redirect(f, status, err);
		return false;
	}
	if (limited || dload_status_transient(status))
	{
		asked = dload_limit_pause(&channel->res->limits, f->exchange, limited);
		if (asked > channel->res->limits.max_wait)
			return come_back_later(f, limited, asked, err);
		if (may_retry(f))
		{
			back_off(f, asked);
			*again = true;
			return false;
		}
	}
	read_error_body(f, &body);
	return dload_response_error(f, status,
								dload_span(body.data, body.len), err);
}

bool
dload_fetch_open(DloadFetch *f, DloadError *err)
{
	while (!f->open)
	{
		DloadHttpState state;
		bool		again;

		if (!ensure_sent(f, err))
			return false;
		state = wait_exchange(f, -1);
		if (state == DLOAD_HTTP_RUNNING)
			continue;
		if (state == DLOAD_HTTP_FAILED)
		{
			if (dload_fetch_again(f))
				continue;
			return dload_transport_error(f, err);
		}
		if (check_status(f, &again, err))
			f->open = true;
		else if (!again)
			return false;
		/* DONE is said once more by the next wait */
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
		state = wait_exchange(f, timeout);
		*piece = dload_http_peek(f->exchange);
	}
	if (state == DLOAD_HTTP_FAILED)
	{
		dload_transport_error(f, err);
		return DLOAD_FETCH_BROKEN;
	}
	if (state == DLOAD_HTTP_DONE)
		note_complete(f);
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
		state = wait_exchange(f, -1);
		if (state == DLOAD_HTTP_DONE)
			note_complete(f);
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
	if (!f->complete && wait_exchange(f, 0) == DLOAD_HTTP_DONE)
		note_complete(f);
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
	state = wait_exchange(f, ms);
	if (state == DLOAD_HTTP_DONE)
		note_complete(f);
	return state != DLOAD_HTTP_FAILED;
}

void
dload_fetch_end(DloadFetch *f)
{
	drop_exchange(f);
	MemoryContextDelete(f->context);
}
