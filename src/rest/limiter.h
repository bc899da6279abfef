/*-------------------------------------------------------------------------
 *
 * limiter.h
 *	  The budget of requests of one server and user.
 *
 * A token bucket for each rate of the rate_limit option, together with what
 * the API itself says in X-RateLimit-Remaining / -Reset (and RateLimit-*).
 * Budgets are kept per process.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_LIMITER_H
#define DLOAD_LIMITER_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/http.h"

typedef struct DloadLimiter DloadLimiter;

/* The process's limiter for this resource's server and user. */
extern DloadLimiter *dload_limiter_get(const DloadResource *res);

/*
 * Milliseconds to wait before the next request may start; 0 = it may start
 * now and is charged to the budget.
 */
extern long dload_limiter_acquire(DloadLimiter *limiter);

/* Learn from a response's headers. */
extern void dload_limiter_learn(DloadLimiter *limiter,
								const DloadExchange *ex);

/*
 * Milliseconds that Retry-After asks for (seconds, also fractional, or an
 * HTTP date compared with the response's own Date); -1 if it does not.
 */
extern int64 dload_retry_after(const DloadExchange *ex);

/* A date as HTTP writes them, in microseconds since 1970. */
extern bool dload_http_date(const char *text, int64 *us);

/* Backoff before retry number "attempt" (from 1): full jitter, capped. */
extern int64 dload_backoff(int attempt);

#endif							/* DLOAD_LIMITER_H */
