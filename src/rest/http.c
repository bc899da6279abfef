/*-------------------------------------------------------------------------
 *
 * http.c
 *	  One HTTP exchange.
 *
 * An exchange has a memory context of its own, below the caller's, whose
 * reset callback is registered before anything of libcurl is made; so close,
 * error and cancel all take the same way out.  libcurl's callbacks only append
 * to malloc'd buffers of bounded size and set fields: they never call into
 * PostgreSQL.
 *
 * Bytes handed out by dload_http_peek() must not move until the next call for
 * the exchange, though driving another one may bring more of them: a buffer
 * that is *pinned* is not moved but retired, and freed at that next call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/dload.h"
#include "rest/http.h"
#include "rest/httpwait.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include <fcntl.h>

/*
 * What libcurl reads at a time.  A decoder's output per read is bounded by
 * about a thousand times this, whatever a hostile server sends.
 */
#define READ_BYTES		(32 * 1024)

#define FIRST_BUFFER	(64 * 1024)

/* Idle connections older than this are not reused: servers drop them. */
#define MAX_IDLE_SECONDS	60L

/* Easy handles kept between exchanges; they hold the TLS sessions. */
#define MAX_SPARE_HANDLES	8

/* Bytes that a caller has not been told of before a stream is paused. */
#define STREAM_LIMIT	DLOAD_STREAM_BUFFER_BYTES

struct DloadExchange
{
	DloadTransfer transfer;		/* first: libcurl's private pointer is both */
	MemoryContext context;
	MemoryContextCallback on_reset;
	struct curl_slist *request_headers;
	bool		holds_fd;		/* counted with AcquireExternalFD */

	int64		request_timeout;
	int64		idle_timeout;
	int64		max_bytes;
	bool		stream;

	bool		done;
	DloadHttpFailure failure;
	const char *words;			/* ours, or NULL: see errbuf */
	char		errbuf[CURL_ERROR_SIZE];	/* libcurl's */

	/* response head: "Name: value" lines, each ended by NUL */
	int			status;			/* 0 until the final head is complete */
	int			next_status;	/* of the head that is being received */
	bool		in_head;
	bool		encoded;		/* has a Content-Encoding */
	char	   *head;
	size_t		head_len;
	size_t		head_cap;
	size_t		head_bytes;		/* received in all, interim heads included */

	/* response body: buf[start .. start + len) is not yet taken */
	char	   *buf;
	char	   *retired;		/* what a caller looks at, if not buf */
	bool		pinned;			/* a caller looks at buf */
	size_t		start;
	size_t		len;
	size_t		cap;
	int64		received;		/* in all, after decompression */
	int64		seen;			/* of these, what the caller was told of */
	bool		paused;
	int64		wire_bytes;		/* final count, or at the last look */
};

static CURL *spare[MAX_SPARE_HANDLES];
static int	nspare = 0;
static int64 waited_us = 0;

/* an exchange's end */
static void finish(DloadExchange *ex);
static void on_finished(DloadTransfer *transfer, CURLcode result);
static void on_expired(DloadTransfer *transfer, int64 now);
static void on_context_reset(void *arg);

/* -------------------------------------------------------------------------
 * libcurl's callbacks.  Nothing here may throw.
 * -------------------------------------------------------------------------
 */

/* "words" is not copied.  libcurl, when stopped, adds words of its own. */
static void
fail(DloadExchange *ex, DloadHttpFailure failure, const char *words)
{
	ex->failure = failure;
	ex->words = words;
}

/* Something came: restart the idle clock. */
static void
note_activity(DloadExchange *ex)
{
	ex->transfer.deadline = ex->idle_timeout > 0 ?
		dload_mux_now() + ex->idle_timeout * 1000 : 0;
}

/* Append to the head, within its bound. */
static bool
append_head(DloadExchange *ex, const char *data, size_t len)
{
	if (ex->head_cap - ex->head_len < len)
	{
		size_t		cap = Max(ex->head_cap * 2, 2048);
		char	   *head;

		while (cap - ex->head_len < len)
			cap *= 2;
		head = realloc(ex->head, cap);
		if (head == NULL)
			return false;
		ex->head = head;
		ex->head_cap = cap;
	}
	memcpy(ex->head + ex->head_len, data, len);
	ex->head_len += len;
	return true;
}

/* The status code of "HTTP/1.1 200 OK"; 0 if that is not what the line is. */
static int
parse_status(const char *line, size_t len)
{
	const char *space;

	if (len < 5 || memcmp(line, "HTTP/", 5) != 0)
		return 0;
	space = memchr(line, ' ', len);
	if (space == NULL || len - (space - line) < 4)
		return 0;
	for (int i = 1; i <= 3; i++)
	{
		if (space[i] < '0' || space[i] > '9')
			return 0;
	}
	return (space[1] - '0') * 100 + (space[2] - '0') * 10 + space[3] - '0';
}

/* The next of the NUL-ended header lines, NULL after the last. */
static const char *
next_header(const DloadExchange *ex, const char *line)
{
	line = (line == NULL) ? ex->head : line + strlen(line) + 1;
	return (line != NULL && line < ex->head + ex->head_len) ? line : NULL;
}

/* The value if the line is the field "name", else NULL. */
static const char *
header_value(const char *line, const char *name)
{
	size_t		len = strlen(name);

	if (pg_strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	while (*line == ' ' || *line == '\t')
		line++;
	return line;
}

/* An empty line: the head is complete, and final unless its status is 1xx. */
static void
end_head(DloadExchange *ex)
{
	ex->in_head = false;
	if (ex->next_status < 200)
		return;
	ex->status = ex->next_status;
	for (const char *line = next_header(ex, NULL); line != NULL;
		 line = next_header(ex, line))
	{
		if (header_value(line, "Content-Encoding") != NULL)
			ex->encoded = true;
	}
}

/* One line of a head, or of the trailer after a chunked body. */
static size_t
on_header(char *data, size_t size, size_t nmemb, void *arg)
{
	DloadExchange *ex = arg;
	size_t		total = size * nmemb;
	size_t		len = total;

	note_activity(ex);
	ex->head_bytes += total;
	if (ex->head_bytes > DLOAD_MAX_HEADER_BYTES)
	{
		fail(ex, DLOAD_HTTP_FAIL_TOO_LARGE, "response headers are too large");
		return 0;
	}
	while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r' ||
					   data[len - 1] == ' ' || data[len - 1] == '\t'))
		len--;

	if (!ex->in_head)
	{
		int			status = parse_status(data, len);

		/* a trailer is not wanted, and a second final head cannot be */
		if (status == 0 || ex->status != 0)
			return total;
		ex->in_head = true;
		ex->next_status = status;
		ex->head_len = 0;
		return total;
	}
	if (len == 0)
	{
		end_head(ex);
		return total;
	}

	/* an obsolete folded line continues the one before */
	if ((data[0] == ' ' || data[0] == '\t') && ex->head_len > 0)
		ex->head_len--;
	else if (memchr(data, '\0', len) != NULL)
		return total;
	if (append_head(ex, data, len) && append_head(ex, "", 1))
		return total;
	fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
	return 0;
}

/* Make room for more body bytes without moving what a caller looks at. */
static bool
reserve_body(DloadExchange *ex, size_t extra)
{
	size_t		cap = Max(ex->cap, FIRST_BUFFER);
	char	   *buf;

	if (ex->cap - ex->start - ex->len >= extra)
		return true;
	if (!ex->pinned && ex->start > 0)
	{
		memmove(ex->buf, ex->buf + ex->start, ex->len);
		ex->start = 0;
		if (ex->cap - ex->len >= extra)
			return true;
	}

	while (cap - ex->len < extra)
	{
		if (cap > SIZE_MAX / 4)
			return false;
		cap *= 2;
	}
	if (!ex->pinned)
		buf = realloc(ex->buf, cap);
	else
	{
		buf = malloc(cap);
		if (buf != NULL)
		{
			memcpy(buf, ex->buf + ex->start, ex->len);
			ex->retired = ex->buf;
			ex->pinned = false;
			ex->start = 0;
		}
	}
	if (buf == NULL)
		return false;
	ex->buf = buf;
	ex->cap = cap;
	return true;
}

static size_t
on_body(char *data, size_t size, size_t nmemb, void *arg)
{
	DloadExchange *ex = arg;
	size_t		len = size * nmemb;

	if (ex->stream && ex->received - ex->seen >= STREAM_LIMIT)
	{
		ex->paused = true;
		ex->transfer.deadline = 0;
		return CURL_WRITEFUNC_PAUSE;
	}
	note_activity(ex);
	if (ex->max_bytes > 0 && len > (uint64) (ex->max_bytes - ex->received))
	{
		fail(ex, DLOAD_HTTP_FAIL_TOO_LARGE, "response is too large");
		return 0;
	}
	if (!reserve_body(ex, len))
	{
		fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
		return 0;
	}
	memcpy(ex->buf + ex->start + ex->len, data, len);
	ex->len += len;
	ex->received += len;
	return len;
}

/* A program that the server runs must not inherit the connection. */
static int
on_new_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void) fcntl(fd, F_SETFD, FD_CLOEXEC);
	return CURL_SOCKOPT_OK;
}

#if DLOAD_CURL_HAS_PREREQ
/* The connection is up and the request is about to go out. */
static int
on_connected(void *arg, char *remote_ip, char *local_ip, int remote_port,
			 int local_port)
{
	DloadExchange *ex = arg;

	ex->transfer.deadline = ex->request_timeout > 0 ?
		dload_mux_now() + ex->request_timeout * 1000 : 0;
	return CURL_PREREQFUNC_OK;
}
#endif

/* -------------------------------------------------------------------------
 * The end of an exchange.  Nothing here may throw either.
 * -------------------------------------------------------------------------
 */

static DloadHttpFailure
classify(const DloadExchange *ex, CURLcode code)
{
	switch (code)
	{
		case CURLE_OK:
			return ex->status != 0 ? DLOAD_HTTP_FAIL_NONE :
				DLOAD_HTTP_FAIL_OTHER;
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_CONNECT:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_GOT_NOTHING:
			return DLOAD_HTTP_FAIL_CONNECT;
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
			return ex->status != 0 ? DLOAD_HTTP_FAIL_TRUNCATED :
				DLOAD_HTTP_FAIL_CONNECT;
		case CURLE_OPERATION_TIMEDOUT:
			return DLOAD_HTTP_FAIL_TIMEOUT;
		case CURLE_PARTIAL_FILE:
		case CURLE_BAD_CONTENT_ENCODING:
			return DLOAD_HTTP_FAIL_TRUNCATED;
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
			return DLOAD_HTTP_FAIL_TLS_VERIFY;
		default:
			return DLOAD_HTTP_FAIL_OTHER;
	}
}

/* Bytes on the wire by libcurl's count. */
static int64
count_wire_bytes(const DloadExchange *ex)
{
	curl_off_t	body = 0;
	long		head = 0;

	curl_easy_getinfo(ex->transfer.easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
	curl_easy_getinfo(ex->transfer.easy, CURLINFO_HEADER_SIZE, &head);
	return (int64) body + head;
}

/* Give back what libcurl and the system lent.  The buffers stay. */
static void
finish(DloadExchange *ex)
{
	CURL	   *easy = ex->transfer.easy;
	bool		whole = ex->done && ex->failure == DLOAD_HTTP_FAIL_NONE;

	ex->paused = false;
	dload_mux_detach(&ex->transfer);
	if (easy != NULL)
	{
		ex->wire_bytes = count_wire_bytes(ex);
		ex->transfer.easy = NULL;
		if (whole && nspare < MAX_SPARE_HANDLES)
		{
			curl_easy_reset(easy);
			spare[nspare++] = easy;
		}
		else
			curl_easy_cleanup(easy);
	}
	curl_slist_free_all(ex->request_headers);
	ex->request_headers = NULL;
	if (ex->holds_fd)
		ReleaseExternalFD();
	ex->holds_fd = false;
}

static void
on_finished(DloadTransfer *transfer, CURLcode result)
{
	DloadExchange *ex = (DloadExchange *) transfer;

	/* a callback that stopped the transfer has said why */
	if (ex->failure == DLOAD_HTTP_FAIL_NONE)
		ex->failure = classify(ex, result);
	if (ex->failure != DLOAD_HTTP_FAIL_NONE && ex->words == NULL)
	{
		if (result == CURLE_OK)
			ex->words = "no HTTP response";
		else if (result == CURLE_LOGIN_DENIED)
			ex->words = "credentials inside a URL are not accepted";
		else if (ex->errbuf[0] == '\0')
			ex->words = curl_easy_strerror(result);
	}
	ex->done = true;
	finish(ex);
}

static void
on_expired(DloadTransfer *transfer, int64 now)
{
	DloadExchange *ex = (DloadExchange *) transfer;

	if (ex->head_bytes == 0)
		snprintf(ex->errbuf, sizeof(ex->errbuf),
				 "no response within " INT64_FORMAT " ms",
				 ex->request_timeout);
	else
	{
		/* a decoder may take bytes for long before it gives any */
		if (ex->encoded)
		{
			int64		bytes = count_wire_bytes(ex);
			bool		moved = bytes > ex->wire_bytes;

			ex->wire_bytes = bytes;
			if (moved)
			{
				transfer->deadline = now + ex->idle_timeout * 1000;
				return;
			}
		}
		snprintf(ex->errbuf, sizeof(ex->errbuf),
				 "no data received for " INT64_FORMAT " ms",
				 ex->idle_timeout);
	}
	ex->failure = DLOAD_HTTP_FAIL_TIMEOUT;
	finish(ex);
}

static void
on_context_reset(void *arg)
{
	DloadExchange *ex = arg;

	finish(ex);
	free(ex->head);
	free(ex->buf);
	free(ex->retired);
}

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
		fail(ex, DLOAD_HTTP_FAIL_OTHER, "invalid request header");
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
		fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
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

		has_type |= header_value(line, "Content-Type") != NULL;
		has_expect |= header_value(line, "Expect") != NULL;
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
		char	   *body = MemoryContextStrdup(ex->context,
											   request->body ? request->body : "");

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
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);

	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, MAX_IDLE_SECONDS);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long) READ_BYTES);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "dload/" DLOAD_VERSION);

	curl_easy_setopt(easy, CURLOPT_PRIVATE, ex);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, ex->errbuf);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, ex);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, ex);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_new_socket);
#if DLOAD_CURL_HAS_PREREQ
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, ex);
#endif
}

/* Make the handle and hand it to the multiplexer; false after fail(). */
static bool
launch(DloadExchange *ex, const DloadHttpRequest *request)
{
	CURL	   *easy;
	const char *words = dload_mux_open();

	if (words == NULL && !(ex->holds_fd = AcquireExternalFD()))
		words = "too many open files in this process";
	if (words == NULL)
	{
		ex->transfer.easy = nspare > 0 ? spare[--nspare] : curl_easy_init();
		if (ex->transfer.easy == NULL)
			words = "out of memory";
	}
	if (words != NULL)
	{
		fail(ex, DLOAD_HTTP_FAIL_OTHER, words);
		return false;
	}

	easy = ex->transfer.easy;
	set_policy(ex);
	if (curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK)
	{
		fail(ex, DLOAD_HTTP_FAIL_OTHER, "could not use the URL");
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
	if (!add_headers(ex, request))
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
		fail(ex, DLOAD_HTTP_FAIL_OTHER, words);
		return false;
	}
	return true;
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
	ex->transfer.finished = on_finished;
	ex->transfer.expired = on_expired;
	ex->request_timeout = request->request_timeout;
	ex->idle_timeout = request->idle_timeout;
	ex->max_bytes = request->max_response_bytes;
	ex->stream = request->stream;
	ex->on_reset.func = on_context_reset;
	ex->on_reset.arg = ex;
	MemoryContextRegisterResetCallback(context, &ex->on_reset);

	if (launch(ex, request))
		dload_mux_drive();		/* let it go out now */
	else
		finish(ex);
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
	note_activity(ex);
	code = curl_easy_pause(ex->transfer.easy, CURLPAUSE_CONT);
	if (code != CURLE_OK && ex->transfer.attached)
	{
		dload_mux_detach(&ex->transfer);
		on_finished(&ex->transfer, code);
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
	if (ex->paused && ex->len < STREAM_LIMIT / 2)
		resume(ex);
}

char *
dload_http_take_body(DloadExchange *ex, size_t *len)
{
	char	   *body = palloc_extended(ex->len + 1, MCXT_ALLOC_HUGE);

	unpin(ex);
	if (ex->len > 0)
		memcpy(body, ex->buf + ex->start, ex->len);
	body[ex->len] = '\0';
	*len = ex->len;
	free(ex->buf);
	ex->buf = NULL;
	ex->start = ex->len = ex->cap = 0;
	return body;
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

	if (ex->status == 0)
		return NULL;
	for (const char *line = next_header(ex, NULL); line != NULL;
		 line = next_header(ex, line))
	{
		const char *value = header_value(line, name);

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
	return ex->transfer.easy != NULL ? count_wire_bytes(ex) : ex->wire_bytes;
}

int64
dload_http_waited(void)
{
	return waited_us;
}

const char *
dload_http_version(void)
{
	return curl_version();
}
