/*-------------------------------------------------------------------------
 *
 * httprecv.c
 *	  The side of an exchange that libcurl calls: what arrives, and the end.
 *
 * The callbacks only append to malloc'd buffers of bounded size and set
 * fields.  They never call into PostgreSQL: an error would unwind libcurl.
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
#include "rest/guard.h"
#include "data/gunzip.h"
#include "rest/httprecv.h"

#include "storage/fd.h"

#include <fcntl.h>

#define FIRST_HEAD		2048
#define FIRST_BUFFER	(64 * 1024)

/* No coding needs more bytes for an empty body. */
#define MAX_ENCODED_NOTHING	32

/* Easy handles kept between exchanges; they hold the TLS sessions. */
#define MAX_SPARE_HANDLES	8

static CURL *spare[MAX_SPARE_HANDLES];
static int	nspare = 0;

/* -------------------------------------------------------------------------
 * libcurl's callbacks.  Nothing here may throw.
 * -------------------------------------------------------------------------
 */

/* "words" is not copied.  libcurl, when stopped, adds words of its own. */
void
dload_exchange_fail(DloadExchange *ex, DloadHttpFailure failure,
					const char *words)
{
	ex->failure = failure;
	ex->words = words;
}

/* Something came: restart the idle clock. */
void
dload_exchange_activity(DloadExchange *ex)
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
		size_t		cap = Max(ex->head_cap * 2, FIRST_HEAD);
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
const char *
dload_exchange_next_header(const DloadExchange *ex, const char *line)
{
	line = (line == NULL) ? ex->head : line + strlen(line) + 1;
	return (line != NULL && line < ex->head + ex->head_len) ? line : NULL;
}

/* The value if the line is the field "name", else NULL. */
const char *
dload_header_value(const char *line, const char *name)
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
	const char *line = NULL;

	ex->in_head = false;
	if (ex->next_status < 200)
		return;
	ex->status = ex->next_status;
	dload_exchange_activity(ex);
	while ((line = dload_exchange_next_header(ex, line)) != NULL)
	{
		if (dload_header_value(line, "Content-Encoding") != NULL)
			ex->encoded = true;
	}
}

/*
 * One line of a head, or of the trailer after a chunked body.  It does not
 * count as activity: a head that came line by line could take for ever.
 */
static size_t
on_header(char *data, size_t size, size_t nmemb, void *arg)
{
	DloadExchange *ex = arg;
	size_t		total = size * nmemb;
	size_t		len = total;

	ex->head_bytes += total;
	if (ex->head_bytes > DLOAD_MAX_HEADER_BYTES)
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_TOO_LARGE,
							"response headers are too large");
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
	dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
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

/* Bytes of the body, decoded. */
static bool
append_body(void *arg, const char *data, size_t len)
{
	DloadExchange *ex = arg;

	if (ex->max_bytes > 0 && len > (uint64) (ex->max_bytes - ex->received))
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_TOO_LARGE,
							"response is too large");
		return false;
	}
	if (!reserve_body(ex, len))
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
		return false;
	}
	memcpy(ex->buf + ex->start + ex->len, data, len);
	ex->len += len;
	ex->received += len;
	return true;
}

static bool
gunzip_body(DloadExchange *ex, const char *data, size_t len)
{
	switch (dload_gunzip_feed(ex->gunzip, data, len, append_body, ex))
	{
		case DLOAD_GUNZIP_OK:
			return true;
		case DLOAD_GUNZIP_DAMAGED:
			dload_exchange_fail(ex, DLOAD_HTTP_FAIL_TRUNCATED,
								"gzip file is damaged");
			return false;
		case DLOAD_GUNZIP_STOPPED:
			break;
	}
	if (ex->failure == DLOAD_HTTP_FAIL_NONE)
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
	return false;
}

/*
 * A gzip file is unpacked even if the response does not call it an encoding:
 * servers of files name it in Content-Type or not at all.
 */
static bool
take_body(DloadExchange *ex, const char *data, size_t len)
{
	static const char magic[] = DLOAD_GZIP_MAGIC;

	if (ex->gunzip != NULL)
		return gunzip_body(ex, data, len);
	if (ex->received > 0 || len == 0)
		return append_body(ex, data, len);
	if (!ex->held && data[0] == magic[0])
	{
		ex->first = *data++;
		ex->held = true;
		len--;
	}
	if (!ex->held)
		return append_body(ex, data, len);
	if (len == 0)
		return true;
	ex->held = false;
	if (data[0] != magic[1])
		return append_body(ex, &ex->first, 1) && append_body(ex, data, len);
	ex->gunzip = dload_gunzip_start();
	if (ex->gunzip == NULL)
	{
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_OTHER, "out of memory");
		return false;
	}
	return gunzip_body(ex, &ex->first, 1) && gunzip_body(ex, data, len);
}

static size_t
on_body(char *data, size_t size, size_t nmemb, void *arg)
{
	DloadExchange *ex = arg;
	size_t		len = size * nmemb;

	if (ex->stream && ex->received - ex->seen >= DLOAD_STREAM_LIMIT)
	{
		ex->paused = true;
		ex->transfer.deadline = 0;
		return CURL_WRITEFUNC_PAUSE;
	}
	dload_exchange_activity(ex);
	return take_body(ex, data, len) ? len : 0;
}

/* Remember why, for the case that no other address can be connected to. */
static void
forbid(DloadExchange *ex, const char *address)
{
	snprintf(ex->forbidden, sizeof(ex->forbidden),
			 "address %s is not public", address);
}

/* libcurl has resolved the name and tries one of the addresses. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	DloadExchange *ex = arg;
	char		shown[64];

	if (ex->guarded && !dload_guard_permits(&address->addr))
	{
		dload_guard_show(&address->addr, shown, sizeof(shown));
		forbid(ex, shown);
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype, address->protocol);
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

	/* the connection may be one that somebody else made */
	if (ex->guarded && !dload_guard_permits_text(remote_ip))
	{
		forbid(ex, remote_ip);
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_FORBIDDEN, ex->forbidden);
		return CURL_PREREQFUNC_ABORT;
	}
	ex->transfer.deadline = ex->request_timeout > 0 ?
		dload_mux_now() + ex->request_timeout * 1000 : 0;
	return CURL_PREREQFUNC_OK;
}
#endif

void
dload_exchange_listen(DloadExchange *ex)
{
	CURL	   *easy = ex->transfer.easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, ex);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, ex->errbuf);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, ex);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, ex);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, ex);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_new_socket);
#if !DLOAD_CURL_HAS_PREREQ
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, ex->guarded ? 1L : 0L);
#endif
#if DLOAD_CURL_HAS_PREREQ
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, ex);
#endif
}

/* -------------------------------------------------------------------------
 * The end of an exchange.  Nothing here may throw either.
 * -------------------------------------------------------------------------
 */

static DloadHttpFailure
classify(const DloadExchange *ex, CURLcode code)
{
	if (DLOAD_CURL_SAYS_TOO_LARGE(code))
		return DLOAD_HTTP_FAIL_TOO_LARGE;
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

/* The body's bytes before they were decoded, by libcurl's count. */
static int64
encoded_bytes(const DloadExchange *ex)
{
	curl_off_t	body = 0;

	curl_easy_getinfo(ex->transfer.easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
	return (int64) body;
}

/* Bytes on the wire by libcurl's count. */
int64
dload_exchange_wire_bytes(const DloadExchange *ex)
{
	long		head = 0;

	curl_easy_getinfo(ex->transfer.easy, CURLINFO_HEADER_SIZE, &head);
	return encoded_bytes(ex) + head;
}

CURL *
dload_exchange_easy(void)
{
	return nspare > 0 ? spare[--nspare] : curl_easy_init();
}

/* Give back what libcurl and the system lent.  The buffers stay. */
void
dload_exchange_finish(DloadExchange *ex)
{
	CURL	   *easy = ex->transfer.easy;
	bool		whole = ex->done && ex->failure == DLOAD_HTTP_FAIL_NONE;

	ex->paused = false;
	if (ex->gunzip != NULL)
		dload_gunzip_end(ex->gunzip);
	ex->gunzip = NULL;
	dload_mux_detach(&ex->transfer);
	if (easy != NULL)
	{
		ex->wire_bytes = dload_exchange_wire_bytes(ex);
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

void
dload_exchange_finished(DloadTransfer *transfer, CURLcode result)
{
	DloadExchange *ex = (DloadExchange *) transfer;

	/* a callback that stopped the transfer has said why */
	if (ex->failure == DLOAD_HTTP_FAIL_NONE)
		ex->failure = classify(ex, result);
	if (ex->failure == DLOAD_HTTP_FAIL_CONNECT && ex->forbidden[0] != '\0')
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_FORBIDDEN, ex->forbidden);
	if (ex->failure == DLOAD_HTTP_FAIL_NONE && ex->held)
	{
		ex->held = false;
		(void) append_body(ex, &ex->first, 1);
	}
	if (ex->failure == DLOAD_HTTP_FAIL_NONE && ex->gunzip != NULL &&
		!dload_gunzip_complete(ex->gunzip))
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_TRUNCATED,
							"gzip file ended early");
	/* libcurl does not mind a decoder that waits for more */
	if (ex->failure == DLOAD_HTTP_FAIL_NONE && ex->encoded &&
		ex->received == 0 && encoded_bytes(ex) > MAX_ENCODED_NOTHING)
		dload_exchange_fail(ex, DLOAD_HTTP_FAIL_TRUNCATED,
							"encoded body ended early");
	if (ex->failure != DLOAD_HTTP_FAIL_NONE && ex->words == NULL)
	{
		if (result == CURLE_OK)
			ex->words = "no HTTP response";
		else if (result == CURLE_LOGIN_DENIED)
			ex->words = "credentials inside a URL are not accepted";
		else if (DLOAD_CURL_SAYS_TOO_LARGE(result))
			ex->words = "response exceeds a limit of libcurl, or memory is "
				"used up";
		else if (ex->errbuf[0] == '\0')
			ex->words = curl_easy_strerror(result);
	}
	ex->done = true;
	dload_exchange_finish(ex);
}

void
dload_exchange_expired(DloadTransfer *transfer, int64 now)
{
	DloadExchange *ex = (DloadExchange *) transfer;

	if (ex->status == 0)
		snprintf(ex->errbuf, sizeof(ex->errbuf),
				 "no response within " INT64_FORMAT " ms",
				 ex->request_timeout);
	else
	{
		/* a decoder may take bytes for long before it gives any */
		if (ex->encoded)
		{
			int64		bytes = dload_exchange_wire_bytes(ex);
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
	dload_exchange_finish(ex);
}
