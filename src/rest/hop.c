/*-------------------------------------------------------------------------
 *
 * hop.c
 *	  One sending of a fetch's request: to which address, with which headers,
 *	  and where a redirect leads.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/hop.h"

#include "rest/auth.h"
#include "rest/guard.h"
#include "rest/request.h"
#include "rest/stamp.h"
#include "rest/url.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Hops from one request.  Browsers allow 20; APIs need one or two. */
#define MAX_REDIRECTS 5

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

/* The text with the fetch's own stamp, which few requests need. */
static char *
stamped(DloadFetch *f, char *text)
{
	if (strstr(text, DLOAD_STAMP) == NULL)
		return text;
	if (f->stamp == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(f->context);

		f->stamp = dload_stamp_create();
		MemoryContextSwitchTo(old);
	}
	return dload_stamp_fill(text, f->stamp);
}

void
dload_hop_first(DloadFetch *f)
{
	MemoryContext old = MemoryContextSwitchTo(f->context);

	f->method = f->request->method;
	f->body = f->request->body ?
		stamped(f, f->request->body) : NULL;
	f->redirects = 0;
	set_url(f, stamped(f, f->request->url));
	MemoryContextSwitchTo(old);
}

/* The exchange is over, whichever way. */
void
dload_hop_leave(DloadFetch *f)
{
	dload_permit_release(&f->permit);
}

/*
 * Where credentials may go is decided for every hop, before it is sent.
 */
bool
dload_hop_allowed(const DloadFetch *f, DloadError *err)
{
	const DloadResource *res = f->channel->res;
	char	   *origin;

	/* a token may have come that says where the API is */
	if (f->trusted || dload_auth_trusts(res, f->url))
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

/* Send now.  The budgets have agreed. */
bool
dload_hop_send(DloadFetch *f, DloadError *err)
{
	const DloadResource *res = f->channel->res;
	DloadHttpRequest request = {0};
	MemoryContext old;
	ListCell   *lc;

	if (!dload_hop_allowed(f, err))
		return false;
	f->exchange_context = AllocSetContextCreate(f->context, "dload exchange",
												ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(f->exchange_context);
	request.method = unconstify(char *, f->method);
	request.url = dload_auth_rebase(res, f->url);
	request.shown_url = f->shown_url;
	dload_request_headers(res, f->request, f->body != NULL, &request.headers);
	foreach(lc, request.headers)
		lfirst(lc) = stamped(f, lfirst(lc));
	if (f->validator != NULL)
		request.headers = lappend(request.headers,
								  dload_validator_header(f->validator));
	if (f->body != NULL)
		request.body = unconstify(char *, dload_url_utf8(f->body));
	request.connect_timeout = res->limits.connect_timeout;
	request.request_timeout = res->limits.request_timeout;
	request.idle_timeout = res->limits.idle_timeout;
	request.max_response_bytes = res->limits.max_response_bytes;
	request.guarded = dload_guard_applies(res, request.url);
	request.proxy = res->proxy;
	request.stream = true;
	if (!dload_auth_apply(res, &request, err) ||
		!dload_headers_are_clean(request.headers, err))
	{
		MemoryContextSwitchTo(old);
		dload_error_move(err, old);
		dload_hop_drop(f);
		return false;
	}
	if (f->channel->server_time == 0)
		f->channel->server_time = GetCurrentTimestamp();
	f->access = dload_auth_serial(res);
	f->exchange = dload_http_start(&request);
	f->counted_bytes = 0;
	f->speed_since = f->waited_us;
	f->speed_bytes = 0;
	f->complete = false;
	if (f->begun_at == 0)
		f->begun_at = GetCurrentTimestamp();
	f->channel->stats.requests++;
	MemoryContextSwitchTo(old);
	return true;
}

static void
count_bytes(DloadFetch *f)
{
	int64		now = dload_http_bytes(f->exchange);

	f->channel->stats.bytes += now - f->counted_bytes;
	f->counted_bytes = now;
}

void
dload_hop_drop(DloadFetch *f)
{
	if (f->exchange != NULL)
	{
		count_bytes(f);
		dload_http_close(f->exchange);
		f->exchange = NULL;
	}
	if (f->exchange_context != NULL)
		MemoryContextDelete(f->exchange_context);
	dload_hop_leave(f);
	f->exchange_context = NULL;
	f->open = false;
	f->fate = DLOAD_FATE_PAGE;
	f->complete = false;
}

bool
dload_hop_renew(DloadFetch *f)
{
	if (f->renewed)
		return false;
	dload_hop_drop(f);
	dload_hop_first(f);
	f->renewed = true;
	return true;
}

/* The last byte is here, though perhaps not read. */
void
dload_hop_complete(DloadFetch *f)
{
	f->complete = true;
	dload_hop_leave(f);
}

/*
 * A body that keeps coming, but a byte at a time, would take for ever.  Its
 * speed is looked at over ten times the longest pause, since a pause may be
 * all that is the matter.  Only what was waited for counts, as a reader that
 * takes its time makes a response slow.
 */
static bool
is_too_slow(DloadFetch *f)
{
	const DloadLimitSpec *limits = &f->channel->res->limits;
	int64		bytes = dload_http_bytes(f->exchange);
	int64		ms = (f->waited_us - f->speed_since) / 1000;
	bool		slow;

	/* the head has its own time */
	if (dload_http_status(f->exchange) != 0 && ms < 10 * limits->idle_timeout)
		return false;
	slow = dload_http_status(f->exchange) != 0 &&
		bytes - f->speed_bytes < (double) limits->min_speed * ms / 1000;
	f->speed_since = f->waited_us;
	f->speed_bytes = bytes;
	return slow;
}

DloadHttpState
dload_hop_wait(DloadFetch *f, long timeout)
{
	int64		before = dload_http_waited();
	int64		bound = f->channel->res->limits.retry_deadline;
	DloadHttpState state;

	/* what a reader takes its time for does not count */
	if (bound > 0 && timeout < 0)
		timeout = (long) Max(bound - f->waited_us / 1000, 1);
	state = dload_http_wait(f->exchange, timeout);
	f->waited_us += dload_http_waited() - before;
	f->channel->stats.network_wait_us += dload_http_waited() - before;
	if (state == DLOAD_HTTP_RUNNING || state == DLOAD_HTTP_DATA)
	{
		const char *words = NULL;

		if (bound > 0 && f->waited_us / 1000 >= bound)
			words = "response was not complete within \"retry_deadline\"";
		else if (is_too_slow(f))
			words = "response is slower than \"min_speed\"";
		if (words != NULL)
		{
			dload_http_give_up(f->exchange, words);
			state = DLOAD_HTTP_FAILED;
		}
	}
	dload_permit_touch(&f->permit);
	count_bytes(f);
	return state;
}

bool
dload_hop_redirect(DloadFetch *f, int status, DloadError *err)
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
	/* clients make a GET of it, which would ask for something else */
	if (strcmp(f->method, "GET") != 0 && (status == 301 || status == 302))
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
	dload_hop_drop(f);
	set_url(f, url);
	return true;
}
