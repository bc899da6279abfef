/*-------------------------------------------------------------------------
 *
 * http.h
 *	  One HTTP exchange: a request, and its response as it arrives.
 *
 * The only user of curl.h.  One libcurl multi handle per process; every wait
 * is on the process latch together with curl's descriptors and ends at once on
 * cancel, terminate or postmaster death (CHECK_FOR_INTERRUPTS is called
 * outside libcurl).  Several exchanges run at the same time; driving one
 * drives all.  No retries, no redirects and no authentication here: those are
 * decided above.  Redirect responses (3xx) are handed up like any other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_HTTP_H
#define DLOAD_HTTP_H

#include "base/dload.h"

typedef struct DloadHttpRequest
{
	char	   *method;
	char	   *url;			/* complete, may hold a secret parameter */
	char	   *shown_url;		/* redacted, for messages */
	List	   *headers;		/* of char * "Name: value" */
	char	   *username;		/* basic auth, or NULL */
	char	   *password;
	char	   *ca;				/* PEM, or NULL: the system's */
	char	   *client_cert;	/* PEM, or NULL */
	char	   *client_key;
	char	   *proxy;			/* or NULL: none at all */
	char	   *body;			/* or NULL */
	int64		connect_timeout;	/* ms */
	int64		request_timeout;	/* ms until the response's head is in */
	int64		idle_timeout;	/* ms */
	int64		max_response_bytes; /* after decompression */
	bool		guarded;		/* only to addresses that rest/guard permits */
	bool		stream;			/* true: hold at most
								 * DLOAD_STREAM_BUFFER_BYTES, then pause until
								 * taken */
} DloadHttpRequest;

typedef struct DloadExchange DloadExchange;

typedef enum DloadHttpState
{
	DLOAD_HTTP_RUNNING,			/* nothing new within the wait asked for */
	DLOAD_HTTP_DATA,			/* headers are in and body bytes wait */
	DLOAD_HTTP_DONE,			/* the response is complete, all bytes taken
								 * or waiting */
	DLOAD_HTTP_FAILED			/* see dload_http_error */
} DloadHttpState;

/* Why an exchange failed: decides whether a retry makes sense. */
typedef enum DloadHttpFailure
{
	DLOAD_HTTP_FAIL_NONE,
	DLOAD_HTTP_FAIL_CONNECT,	/* resolve, connect, TLS handshake, reset */
	DLOAD_HTTP_FAIL_TIMEOUT,
	DLOAD_HTTP_FAIL_TRUNCATED,	/* the body ended early */
	DLOAD_HTTP_FAIL_TOO_LARGE,	/* max_response_bytes or header limit */
	DLOAD_HTTP_FAIL_TLS_VERIFY, /* certificate not trusted: never retried */
	DLOAD_HTTP_FAIL_FORBIDDEN,	/* an address that is not permitted */
	DLOAD_HTTP_FAIL_OTHER
} DloadHttpFailure;

/*
 * Start an exchange.  It belongs to the current memory context: when that is
 * reset or deleted the transfer is stopped and everything freed.  The request
 * is copied as far as needed.
 */
extern DloadExchange *dload_http_start(const DloadHttpRequest *request);

/* Stop and free it now.  Its connection is kept for reuse when possible. */
extern void dload_http_close(DloadExchange *ex);

/*
 * Wait until the exchange has something new or "timeout_ms" is over; -1 waits
 * for ever, 0 only polls.  Honours interrupts (throws them).
 */
extern DloadHttpState dload_http_wait(DloadExchange *ex, long timeout_ms);

/* Let it fail as one that took too long; the words are not copied. */
extern void dload_http_give_up(DloadExchange *ex, const char *words);

/* Let all exchanges make progress without waiting.  Cheap when idle. */
extern void dload_http_poll(void);

/* Sleep, driving other exchanges meanwhile.  Honours interrupts. */
extern void dload_http_sleep(long ms);

/*
 * The body bytes received and not yet taken, owned by the exchange, valid
 * until the next call for it; consume says how many were used.
 */
extern DloadSpan dload_http_peek(DloadExchange *ex);
extern void dload_http_consume(DloadExchange *ex, size_t len);

/* 0 while headers are not complete. */
extern int	dload_http_status(const DloadExchange *ex);

/*
 * A response header's value (last final response only), NULL if absent;
 * several fields of one name are joined with ", ".  palloc'd.
 */
extern char *dload_http_header(const DloadExchange *ex, const char *name);

/* Failure class and words (no URL, no secret); for FAILED. */
extern DloadHttpFailure dload_http_failure(const DloadExchange *ex);
extern const char *dload_http_error(const DloadExchange *ex);

/* Bytes received on the wire so far (headers and compressed body). */
extern int64 dload_http_bytes(const DloadExchange *ex);

/* Total time this process has waited on the network, microseconds. */
extern int64 dload_http_waited(void);

#endif							/* DLOAD_HTTP_H */
