/*-------------------------------------------------------------------------
 *
 * limiter.h
 *	  The budget of requests of one server and user.
 *
 * Before a request is sent its *ticket* is asked for a start: it says when
 * the rates of the rate_limit option, what the API said in its headers, and
 * max_concurrency allow one.  Budgets are shared by all processes of the
 * cluster, or kept per process where there is no shared memory for them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_LIMITER_H
#define DLOAD_LIMITER_H

#include "base/dload.h"
#include "base/shmem.h"
#include "model/resource.h"
#include "rest/http.h"

#include "datatype/timestamp.h"

/* What an API may ask for at most; longer is taken for a mistake. */
#define DLOAD_LONGEST_PAUSE_MS	(INT64CONST(7) * SECS_PER_DAY * 1000)

typedef struct DloadLimiter DloadLimiter;

/*
 * One request's place in the budget.  All zero at first and after release, but
 * for the weights, which the request has.
 */
typedef struct DloadTicket
{
	uint64		epoch;			/* 0: no start is reserved or used */
	DloadSharedUnits units;		/* which of this epoch */
	int64		start;
	int64		asked_at;		/* its place in line; 0: in none */
	bool		sent;			/* it may be on its way */
	bool		answered;
	int			slot;			/* if sent: its place in flight; -1 = none */
	int64		since;			/* if sent: when */
	int64		seen;			/* when that its body is read was last told */
} DloadTicket;

/* What a response says of the API's limits. */
typedef struct DloadAllowance
{
	int64		quota;			/* requests of a window; -1 = not said */
	int64		remaining;		/* requests left; -1 = not said */
	int64		until;			/* microseconds until the window ends */
} DloadAllowance;

/*
 * The process's limiter for this resource's server and user: of the requests
 * that a scope of rate_limit counts apart, or with NULL of all of them.  From
 * here on the budget goes by this resource's rates.
 */
extern DloadLimiter *dload_limiter_get(const DloadResource *res,
									   const char *scope);

/*
 * Milliseconds to wait before asking again; 0 = the request may be sent, and
 * is charged.  A request that is needed has a start reserved for it; one that
 * goes aside does not wait for those that are in flight.
 */
extern long dload_limiter_acquire(DloadLimiter *limiter, DloadTicket *ticket,
								  bool needed, bool aside);

/* A request that may be sent will not be, for now: it counts for nothing. */
extern void dload_limiter_undo(DloadLimiter *limiter, DloadTicket *ticket);

/* Learn what a response said, or that there was one (allowance is NULL): how
 * many requests are left, and for how many ms none may be sent. */
extern void dload_limiter_learn(DloadLimiter *limiter, DloadTicket *ticket,
								const DloadAllowance *allowance,
								int64 blocked_for);

/* The response's body is being read.  Cheap. */
extern void dload_limiter_touch(DloadLimiter *limiter, DloadTicket *ticket);

/*
 * The exchange is over, or the request will not be sent: a start that was
 * reserved is given back.  Never raises; does nothing the second time.
 */
extern void dload_limiter_release(DloadLimiter *limiter, DloadTicket *ticket);

/* A line of dload.budgets. */
typedef struct DloadBudgetLine
{
	Oid			serverid;
	Oid			userid;
	char	   *scope;			/* requests that it is for; NULL: all */
	int64		count;			/* requests of the rate; -1: not known */
	int64		period_ms;		/* 0: what the API itself said */
	int64		used;			/* -1: not known */
	int64		remaining;
	TimestampTz resets_at;		/* DT_NOBEGIN: not known, or nothing used */
	int			in_flight;
	bool		shared;
} DloadBudgetLine;

/* The budgets of this database: list of DloadBudgetLine. */
extern List *dload_limiter_lines(void);

/* Forget what a server's API said: in all its budgets in this database. */
extern void dload_limiter_unlearn(Oid serverid);

/* --- allowance.c: what a response says --- */

/* What the headers say; those that the options name come on top. */
extern void dload_allowance_read(const DloadLimitSpec *spec,
								 const DloadExchange *ex,
								 DloadAllowance *allowance);

/* Do the headers say that nothing is left? */
extern bool dload_limit_exhausted(const DloadLimitSpec *spec,
								  const DloadExchange *ex);

/*
 * Milliseconds that a response asks to wait before the next request: by its
 * Retry-After, or when the limit is used up and it does not say how long, by
 * the option lockout; -1 if neither.
 */
extern int64 dload_limit_pause(const DloadLimitSpec *spec,
							   const DloadExchange *ex, bool limited);

/* --- cost.c: what it says of points --- */

/*
 * Milliseconds until there are points for one more request like the one that
 * this is the reply to; 0 if there are, -1 if it does not tell.
 */
extern int64 dload_cost_pause(const DloadLimitSpec *spec, DloadSpan body);

/* --- and allowance.c again --- */

/*
 * Milliseconds that Retry-After asks for (seconds, also fractional, or an
 * HTTP date compared with the response's own Date); -1 if it does not.
 */
extern int64 dload_retry_after(const DloadExchange *ex);

/*
 * Microseconds until the moment that a text names, its unit worked out: a
 * date, an epoch in ms or s, or else a time from now, in words or in seconds.
 * 0 if it is past; -1 if it cannot be read, or is too far to be meant.
 */
extern int64 dload_time_until(const DloadExchange *ex, const char *text);

/* Read a date as HTTP writes it: microseconds since 1970. */
extern bool dload_http_date(const char *text, int64 *us);

#endif							/* DLOAD_LIMITER_H */
