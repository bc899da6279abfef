/*-------------------------------------------------------------------------
 *
 * fetch.h
 *	  Getting the answer to one request for a page, whatever it takes.
 *
 * A *fetch* sends a request within the rate limit, follows redirects to
 * trusted origins, and sends again after failures that may pass.  What comes
 * out is a good response whose body can be read, or an error.
 *
 * A *channel* is what all fetches of one read share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_FETCH_H
#define DLOAD_FETCH_H

#include "rest/extract.h"
#include "rest/http.h"
#include "rest/permit.h"
#include "rest/validator.h"

typedef struct DloadChannel
{
	const DloadResource *res;
	DloadExtractStats stats;
	DloadWaitHook on_wait;
	void	   *on_wait_arg;
	TimestampTz server_time;	/* start of the read; 0 before it */
	bool		dated;			/* server_time is the server's */
	TimestampTz come_back;		/* if not 0: the read failed, since only then
								 * will the API answer again */
	int64		poll_interval;	/* ms until the API wants to be asked again;
								 * -1: it did not say */
	bool		must_restart;	/* what the read went on from is gone */
	DloadPermitBudgets budgets;
} DloadChannel;

/* What an open fetch's response is to the read. */
typedef enum DloadFate
{
	DLOAD_FATE_PAGE,			/* the body is a page */
	DLOAD_FATE_UNCHANGED,		/* the page is as it was: no body */
	DLOAD_FATE_SKIP,			/* a page that is left out: no body */
	DLOAD_FATE_END				/* the list ends here; the body, if not taken
								 * yet, is of no interest */
} DloadFate;

typedef struct DloadFetch
{
	MemoryContext context;		/* owns the fetch; outlives an exchange */
	DloadChannel *channel;
	const DloadRequest *request;
	const DloadValidator *validator;	/* of the page wanted, or NULL */
	char	   *stamp;			/* of all its attempts, once one is needed */
	const char *method;
	const char *body;
	char	   *url;			/* of the last hop, without the api key */
	char	   *shown_url;		/* the same for messages */
	bool		trusted;		/* the url may be asked */
	int			redirects;
	int			retries;
	uint64		access;			/* serial of what it was sent with */
	bool		renewed;		/* which was then renewed, once */
	TimestampTz begun_at;		/* when it was sent first; 0: not yet */
	int64		waited_us;		/* for all its attempts */
	int64		speed_since;	/* waited_us when its speed was looked at */
	int64		speed_bytes;	/* of the exchange, then */
	bool		open;			/* a good response's headers are in */
	DloadFate	fate;			/* if so */
	bool		unjudged;		/* if so: rules wait for the body */
	bool		complete;		/* and its last byte too */
	DloadPermit permit;			/* its places in the budgets */
	MemoryContextCallback on_reset; /* gives that back */
	DloadExchange *exchange;	/* NULL when nothing is sent */
	MemoryContext exchange_context;
	int64		counted_bytes;	/* of the exchange, already in the stats */
} DloadFetch;

typedef enum DloadFetchState
{
	DLOAD_FETCH_WAITING,		/* nothing came within the time given */
	DLOAD_FETCH_DATA,			/* *piece is set */
	DLOAD_FETCH_COMPLETE,		/* the body is complete and consumed */
	DLOAD_FETCH_BROKEN			/* *err is set; see dload_fetch_again */
} DloadFetchState;

/* Make a fetch in a child of the current context.  Sends nothing. */
extern DloadFetch *dload_fetch_create(DloadChannel *channel,
									  const DloadRequest *request);

/* Send it if that is possible without waiting. */
extern void dload_fetch_start(DloadFetch *f);

/* Send if not done, and wait for a good response's headers. */
extern bool dload_fetch_open(DloadFetch *f, DloadError *err);

/*
 * All of the body that is there, taking none of it: COMPLETE when that is the
 * whole, DATA as soon as it is more than "enough" bytes.
 */
extern DloadFetchState dload_fetch_gather(DloadFetch *f, size_t enough,
										  DloadSpan *all, DloadError *err);

/*
 * The body's next bytes, valid until the next call for this fetch; waits up
 * to timeout ms, -1 = for ever.  dload_fetch_consume takes them.
 */
extern DloadFetchState dload_fetch_read(DloadFetch *f, long timeout,
										DloadSpan *piece, DloadError *err);
extern void dload_fetch_consume(DloadFetch *f, size_t len);

/* Has the last byte arrived (it may wait to be consumed)?  Never waits. */
extern bool dload_fetch_arrived(DloadFetch *f);

/* Let the body come in until then.  False when that time is over or no more
 * than one network buffer would fit. */
extern bool dload_fetch_linger(DloadFetch *f, TimestampTz until);

/*
 * The body turned out to be broken or invalid: wait and make ready to open
 * again.  False when no retry is left or allowed.
 */
extern bool dload_fetch_again(DloadFetch *f);

/* Stop the transfer and free the fetch. */
extern void dload_fetch_end(DloadFetch *f);

/* --- format.c --- */

/* The header that asks for the formats that can be read. */
extern char *dload_accept_header(const DloadResource *res);

/* --- response.c: what a response says --- */

/* Is it one of 2xx? */
extern bool dload_status_success(int status);

/* Is this status worth asking again? */
extern bool dload_status_transient(int status);

/* Does the response say that the rate limit is used up? */
extern bool dload_response_limited(const DloadLimitSpec *limits,
								   const DloadExchange *ex);

/* The instant of the response's Date header; 0 if there is none. */
extern TimestampTz dload_response_date(const DloadExchange *ex);

/* The error for a response of another status than 2xx. */
extern bool dload_response_error(const DloadFetch *f, int status,
								 DloadSpan body, DloadError *err);

/* Add what was asked and what the body says of the error. */
extern void dload_response_detail(const DloadFetch *f, int status,
								  DloadSpan body, DloadError *err);

/* What to do about an exchange that failed, to a URL that an option has, and
 * its SQLSTATE. */
extern const char *dload_transport_hint(const DloadExchange *ex,
										const char *url_option, int *sqlstate);

/* The error for an exchange that failed. */
extern bool dload_transport_error(const DloadFetch *f, DloadError *err);

/* A body's first bytes, redacted, on one line. */
extern char *dload_shown_body(const DloadResource *res, DloadSpan body);

/*
 * Does the envelope of a 2xx response report an error?  True when it is fine;
 * else *err is set.
 */
extern bool dload_envelope_check(const DloadFetch *f, DloadSpan envelope,
								 DloadError *err);

#endif							/* DLOAD_FETCH_H */
