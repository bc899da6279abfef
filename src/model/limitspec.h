/*-------------------------------------------------------------------------
 *
 * limitspec.h
 *	  How much, how fast and how often: limits, timeouts and retries.
 *
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_LIMITSPEC_H
#define DLOAD_LIMITSPEC_H

#include "model/spec.h"

/* The headers that tell of one window; NULL: there is none. */
typedef struct DloadLimitHeaders
{
	const char *limit;
	const char *remaining;
	const char *reset;
	const char *used;
	int64		used_limit;		/* what that counts up to; 0: not given */
} DloadLimitHeaders;

typedef struct DloadLimitSpec
{
	List	   *rates;			/* of DloadRate */
	bool		detects;		/* heeds headers of which nobody told */
	List	   *headers;		/* of DloadLimitHeaders: an unusual API's */
	DloadPath  *cost_path;		/* in bodies: points that a request costs */
	DloadPath  *available_path; /* ... that are left */
	DloadPath  *restore_path;	/* ... that come back in a second */
	int64		lockout;		/* ms after a limit was hit; 0 = none */
	int64		max_wait;		/* ms: a longer wait ends the read */
	int			max_concurrency;
	int64		connect_timeout;	/* ms */
	int64		request_timeout;	/* ms, to the first byte */
	int64		idle_timeout;	/* ms without a byte */
	int64		min_speed;		/* bytes a second, in the long run */
	int			max_retries;
	int64		retry_base;		/* ms: longest wait before the first retry */
	int64		retry_cap;		/* ms: before any */
	int64		retry_deadline; /* ms for all attempts; 0 = none */
	int			breaker_failures;	/* in a row that open it; 0 = none */
	int64		breaker_pause;	/* ms */
	int64		max_response_bytes;
} DloadLimitSpec;

extern void dload_limitspec_read(DloadLimitSpec *spec,
								 const DloadOptionSet *set);

/* 'n/pause' -> both, which may be NULL; false and *err. */
extern bool dload_breaker_parse(const char *text, int *failures,
								int64 *pause, DloadError *err);

/* Combinations of a server's options. */
extern bool dload_limitspec_check(List *options, DloadError *err);

#endif							/* DLOAD_LIMITSPEC_H */
