/*-------------------------------------------------------------------------
 *
 * http.c
 *	  One HTTP exchange: starting it, waiting for it, looking at it.
 *
 * An exchange has a memory context of its own, below the caller's, whose
 * reset callback is registered before anything of libcurl is made; so close,
 * error and cancel all take the same way out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/dload.h"
#include "rest/http.h"
#include "rest/httprecv.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

/*
 * What libcurl reads at a time.  A stream that is paused leaves to libcurl
 * what the decoder makes of one read, up to a thousand times as much.
 */
#define READ_BYTES			(64 * 1024)
#define STREAM_READ_BYTES	(32 * 1024)

/* Idle connections older than this are not reused: servers drop them. */
#define MAX_IDLE_SECONDS	60L

static int64 waited_us = 0;

/* -------------------------------------------------------------------------
 * Starting an exchange.
 * -------------------------------------------------------------------------
 */

/*
 * Add a header line for libcurl, or with suppress the name of one that it must
 * not add by itself; false when it cannot be sent.
 */
static bool
add_header(DloadExchange *ex, const char *line, bool suppress)
{
	const char *colon = strchr(line, ':');
	struct curl_slist *list;
	char	   *copy = NULL;

	if (colon == NULL || colon == line || strpbrk(line, "\r\n") != NULL)
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER,
							"invalid request header");
		return false;
	}
	/* "Name:" tells libcurl to leave a header out, "Name;" to send it empty */
	if (colon[1 + strspn(colon + 1, " \t")] == '\0' && !suppress)
	{
		copy = pnstrdup(line, colon - line + 1);
		copy[colon - line] = ';';
	}
	list = curl_slist_append(ex->request_headers, copy ? copy : line);
	if (list == NULL)
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
		return false;
	}
	ex->request_headers = list;
	return true;
}

/* The request's headers, and what libcurl would otherwise add by itself. */
static bool
add_headers(DloadExchange *ex, const DloadHttpRequest *request)
{
	bool		has_type = false;
	bool		has_expect = false;
	ListCell   *lc;

	foreach(lc, request->headers)
	{
		const char *line = lfirst(lc);

		has_type |= dload_header_value(line, "Content-Type") != NULL;
		has_expect |= dload_header_value(line, "Expect") != NULL;
		if (!add_header(ex, line, false))
			return false;
	}
	if (!has_type && request->body != NULL &&
		!add_header(ex, "Content-Type: application/json", false))
		return false;
	if (!has_type && request->body == NULL &&
		!add_header(ex, "Content-Type:", true))
		return false;
	if (!has_expect && !add_header(ex, "Expect:", true))
		return false;
	curl_easy_setopt(ex->transfer.easy, CURLOPT_HTTPHEADER,
					 ex->request_headers);
	return true;
}

/* Method and body. */
static void
set_method(DloadExchange *ex, const DloadHttpRequest *request)
{
	CURL	   *easy = ex->transfer.easy;
	const char *method = request->method ? request->method : "GET";

	if (request->body != NULL || strcmp(method, "POST") == 0)
	{
		const char *text = request->body ? request->body : "";
		char	   *body = MemoryContextStrdup(ex->context, text);

		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
						 (curl_off_t) strlen(body));
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
		if (strcmp(method, "POST") != 0)
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	}
	else if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(method, "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

/* What is the same for all exchanges. */
static void
set_policy(DloadExchange *ex)
{
	CURL	   *easy = ex->transfer.easy;

	/* no signal handlers, no waiting for a resolver that hangs */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if DLOAD_CURL_HAS_QUICK_EXIT
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif

	/* only where we were told to go, and nothing from the environment */
#if DLOAD_CURL_HAS_PROTOCOLS_STR
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
					 (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);

	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, MAX_IDLE_SECONDS);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
					 (long) (ex->stream ? STREAM_READ_BYTES : READ_BYTES));
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "dload/" DLOAD_VERSION);
}

/* A proxy, or none: not what the environment names. */
static void
set_proxy(DloadExchange *ex, const DloadHttpRequest *request)
{
	CURL	   *easy = ex->transfer.easy;
	const char *proxy = request->proxy;

	curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, proxy ? "" : "*");
	/* what it answers for itself is no response of the API's */
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
}

#if DLOAD_CURL_HAS_BLOBS
/* libcurl keeps a copy. */
static bool
set_blob(CURL *easy, CURLoption option, char *pem)
{
	struct curl_blob blob;

	if (pem == NULL)
		return true;
	blob.data = pem;
	blob.len = strlen(pem);
	blob.flags = CURL_BLOB_COPY;
	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}
#endif

/* Whom to trust, and who we are.  All are PEM, which is libcurl's default. */
static bool
set_certificates(DloadExchange *ex, const DloadHttpRequest *request)
{
#if DLOAD_CURL_HAS_BLOBS
	CURL	   *easy = ex->transfer.easy;
	char	   *cert = request->client_cert;

	/*
	 * libcurl takes a connection for the right one by the certificate, which
	 * is no secret, and not by the key.  What stands after the certificates
	 * is not read, but compared.
	 */
	if (cert != NULL && request->client_key != NULL)
		cert = psprintf("%s\n%s", cert, request->client_key);
	if (set_blob(easy, CURLOPT_CAINFO_BLOB, request->ca) &&
		set_blob(easy, CURLOPT_SSLCERT_BLOB, cert) &&
		set_blob(easy, CURLOPT_SSLKEY_BLOB, request->client_key))
		return true;
#else
	if (request->ca == NULL && request->client_cert == NULL)
		return true;
#endif
	dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER,
						"libcurl takes no certificates from memory");
	return false;
}

/*
 * Make the handle and hand it to the multiplexer; false after
 * dload_exchange_fail().
 */
static bool
launch(DloadExchange *ex, const DloadHttpRequest *request)
{
	CURL	   *easy;
	const char *words = dload_mux_open();

	if (words == NULL && !(ex->holds_fd = AcquireExternalFD()))
		words = "too many open files in this process";
	if (words == NULL)
	{
		ex->transfer.easy = dload_exchange_easy();
		if (ex->transfer.easy == NULL)
			words = "out of memory";
	}
	if (words != NULL)
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER, words);
		return false;
	}

	easy = ex->transfer.easy;
	set_policy(ex);
	set_proxy(ex, request);
	dload_exchange_listen(ex);
	if (curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK)
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER,
							"could not use the URL");
		return false;
	}
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
					 (long) Min(request->connect_timeout, PG_INT32_MAX));
	if (request->username != NULL || request->password != NULL)
	{
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME,
						 request->username ? request->username : "");
		curl_easy_setopt(easy, CURLOPT_PASSWORD,
						 request->password ? request->password : "");
	}
	set_method(ex, request);
	if (!add_headers(ex, request) || !set_certificates(ex, request))
		return false;

#if !DLOAD_CURL_HAS_PREREQ
	/* when the connection came up is not told, so allow for all of it */
	if (ex->request_timeout > 0)
		ex->transfer.deadline = dload_mux_now() +
			(ex->request_timeout + request->connect_timeout) * 1000;
#endif
	words = dload_mux_attach(&ex->transfer);
	if (words != NULL)
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER, words);
		return false;
	}
	return true;
}

static void
on_context_reset(void *arg)
{
	DloadExchange *ex = arg;

	dload_exchange_finish(ex);
	free(ex->head);
	free(ex->buf);
	free(ex->retired);
}

DloadExchange *
dload_http_start(const DloadHttpRequest *request)
{
	MemoryContext context;
	DloadExchange *ex;

	context = AllocSetContextCreate(CurrentMemoryContext, "dload exchange",
									ALLOCSET_SMALL_SIZES);
	ex = MemoryContextAllocZero(context, sizeof(DloadExchange));
	ex->context = context;
	ex->transfer.finished = dload_exchange_finished;
	ex->transfer.expired = dload_exchange_expired;
	ex->request_timeout = request->request_timeout;
	ex->idle_timeout = request->idle_timeout;
	ex->max_bytes = request->max_response_bytes;
	ex->stream = request->stream;
	ex->guarded = request->guarded;
	ex->on_reset.func = on_context_reset;
	ex->on_reset.arg = ex;
	MemoryContextRegisterResetCallback(context, &ex->on_reset);

	if (launch(ex, request))
		dload_mux_drive();		/* let it go out now */
	else
		dload_exchange_finish(ex);
	return ex;
}

void
dload_http_close(DloadExchange *ex)
{
	if (ex != NULL)
		MemoryContextDelete(ex->context);	/* see on_context_reset */
}

/* -------------------------------------------------------------------------
 * Waiting.
 * -------------------------------------------------------------------------
 */

/* The caller no longer looks at what dload_http_peek() gave. */
static void
unpin(DloadExchange *ex)
{
	ex->pinned = false;
	free(ex->retired);
	ex->retired = NULL;
}

/* Let a paused stream go on.  May deliver bytes at once. */
static void
resume(DloadExchange *ex)
{
	CURLcode	code;

	ex->paused = false;
	dload_exchange_activity(ex);
	code = curl_easy_pause(ex->transfer.easy, CURLPAUSE_CONT);
	if (code != CURLE_OK && ex->transfer.attached)
	{
		dload_mux_detach(&ex->transfer);
		dload_exchange_finished(&ex->transfer, code);
	}
}

static DloadHttpState
current_state(const DloadExchange *ex)
{
	if (ex->failure != DLOAD_HTTP_FAIL_NONE && ex->transfer.easy == NULL)
		return DLOAD_HTTP_FAILED;
	if (ex->done)
		return DLOAD_HTTP_DONE;
	if (ex->status != 0 && ex->received > ex->seen)
		return DLOAD_HTTP_DATA;
	return DLOAD_HTTP_RUNNING;
}

/*
 * "New" are bytes beyond those that a wait or a peek has told of.  So a caller
 * that needs more than it was given just waits again: a stream paused for
 * want of room then goes on, however much the caller holds.
 */
DloadHttpState
dload_http_wait(DloadExchange *ex, long timeout_ms)
{
	int64		until = PG_INT64_MAX;
	DloadHttpState state;

	if (timeout_ms >= 0)
		until = dload_mux_now() + (int64) timeout_ms * 1000;
	unpin(ex);
	CHECK_FOR_INTERRUPTS();
	dload_mux_drive();

	for (;;)
	{
		state = current_state(ex);
		if (state == DLOAD_HTTP_RUNNING && ex->paused)
		{
			resume(ex);
			continue;
		}
		if (state != DLOAD_HTTP_RUNNING || timeout_ms == 0 ||
			(timeout_ms > 0 && dload_mux_now() >= until))
			break;
		waited_us += dload_mux_wait(until);
		dload_mux_drive();
	}
	ex->seen = ex->received;
	return state;
}

void
dload_http_give_up(DloadExchange *ex, const char *words)
{
	dload_exchange_fail(ex, DLOAD_HTTP_FAIL_TIMEOUT, words);
	dload_exchange_finish(ex);
}

void
dload_http_poll(void)
{
	dload_mux_drive();
}

void
dload_http_sleep(long ms)
{
	int64		until = dload_mux_now() + (int64) Max(ms, 0) * 1000;

	CHECK_FOR_INTERRUPTS();
	for (;;)
	{
		dload_mux_drive();
		if (dload_mux_now() >= until)
			break;
		(void) dload_mux_wait(until);
	}
}

/* -------------------------------------------------------------------------
 * Looking at an exchange.
 * -------------------------------------------------------------------------
 */

DloadSpan
dload_http_peek(DloadExchange *ex)
{
	DloadSpan	span;

	unpin(ex);
	ex->pinned = ex->buf != NULL;
	ex->seen = ex->received;
	span.data = ex->buf != NULL ? ex->buf + ex->start : "";
	span.len = ex->len;
	return span;
}

void
dload_http_consume(DloadExchange *ex, size_t len)
{
	Assert(len <= ex->len);
	unpin(ex);
	ex->len -= len;
	ex->start = ex->len == 0 ? 0 : ex->start + len;
	if (ex->paused && ex->len < DLOAD_STREAM_LIMIT / 2)
		resume(ex);
}

int
dload_http_status(const DloadExchange *ex)
{
	return ex->status;
}

char *
dload_http_header(const DloadExchange *ex, const char *name)
{
	StringInfoData buf;
	bool		found = false;
	const char *line = NULL;

	if (ex->status == 0)
		return NULL;
	while ((line = dload_exchange_next_header(ex, line)) != NULL)
	{
		const char *value = dload_header_value(line, name);

		if (value == NULL)
			continue;
		if (!found)
			initStringInfo(&buf);
		else
			appendStringInfoString(&buf, ", ");
		appendStringInfoString(&buf, value);
		found = true;
	}
	return found ? buf.data : NULL;
}

DloadHttpFailure
dload_http_failure(const DloadExchange *ex)
{
	return ex->failure;
}

const char *
dload_http_error(const DloadExchange *ex)
{
	return ex->words != NULL ? ex->words : ex->errbuf;
}

int64
dload_http_bytes(const DloadExchange *ex)
{
	return ex->transfer.easy != NULL ?
		dload_exchange_wire_bytes(ex) : ex->wire_bytes;
}

int64
dload_http_waited(void)
{
	return waited_us;
}
