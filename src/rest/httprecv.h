/*-------------------------------------------------------------------------
 *
 * httprecv.h
 *	  What an exchange is made of, and the side of it that libcurl calls.
 *
 * Private to http.c and httprecv.c.  None of these functions throws.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_HTTPRECV_H
#define DLOAD_HTTPRECV_H

#include "rest/http.h"
#include "rest/httpwait.h"

/* Bytes that a caller has not been told of before a stream is paused. */
#define DLOAD_STREAM_LIMIT	DLOAD_STREAM_BUFFER_BYTES

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
	bool		guarded;

	bool		done;
	DloadHttpFailure failure;
	const char *words;			/* ours, or NULL: see errbuf */
	char		errbuf[CURL_ERROR_SIZE];	/* libcurl's */
	char		forbidden[80];	/* an address was not permitted, in words */

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
	struct DloadGunzip *gunzip; /* the body is a gzip file */
	char		first;			/* of its first byte, which came alone */
	bool		held;			/* "first" has it */
	int64		received;		/* in all, after decompression */
	int64		seen;			/* of these, what the caller was told of */
	bool		paused;
	int64		wire_bytes;		/* final count, or at the last look */
};

/* A handle with libcurl's defaults, perhaps one used before; NULL if none. */
extern CURL *dload_exchange_easy(void);

/* Set the handle's callbacks. */
extern void dload_exchange_listen(DloadExchange *ex);

/* Note a failure of our own making; the words are not copied. */
extern void dload_exchange_fail(DloadExchange *ex, DloadHttpFailure failure,
								const char *words);

/* Something came or was let through: restart the idle clock. */
extern void dload_exchange_activity(DloadExchange *ex);

/* Give back what libcurl and the system lent.  The buffers stay. */
extern void dload_exchange_finish(DloadExchange *ex);

/* See DloadTransfer. */
extern void dload_exchange_finished(DloadTransfer *transfer, CURLcode result);
extern void dload_exchange_expired(DloadTransfer *transfer, int64 now);

/* Header lines: the first (line = NULL) or next one, NULL after the last. */
extern const char *dload_exchange_next_header(const DloadExchange *ex,
											  const char *line);

/* The value if the line is the field "name", else NULL. */
extern const char *dload_header_value(const char *line, const char *name);

/* Bytes on the wire by libcurl's count, while there is a handle. */
extern int64 dload_exchange_wire_bytes(const DloadExchange *ex);

#endif							/* DLOAD_HTTPRECV_H */
