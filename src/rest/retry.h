/*-------------------------------------------------------------------------
 *
 * retry.h
 *	  Asking again, and the waits before that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RETRY_H
#define DLOAD_RETRY_H

#include "rest/fetch.h"

/* Sleep, with an announcement, and add the time to a counter. */
extern void dload_retry_wait(const DloadChannel *channel, const char *what,
							 int64 ms, int64 *counter);

/* The error for a wait too long to sit through, which ends at "until". */
extern bool dload_later_error(const DloadResource *res, const char *method,
							  const char *shown_url, bool limited, int64 ms,
							  TimestampTz *until, DloadError *err);

/* The same for a fetch, whose read fails. */
extern bool dload_retry_later(const DloadFetch *f, bool limited, int64 ms,
							  DloadError *err);

/*
 * Wait and make the fetch ready to be sent again; false if it may not be.
 * asked_ms is what the API or a rule asked for, -1 = nothing.  "told": a rule
 * says so, whatever the method and the status.
 */
extern bool dload_retry(DloadFetch *f, int64 asked_ms, bool told);

/* How long to wait before retry number n, from 1, in ms. */
extern int64 dload_retry_backoff(const DloadLimitSpec *limits, int retry);

/* "The request was sent 3 times." and why not more often; NULL for once. */
extern char *dload_retry_words(const DloadFetch *f);

#endif							/* DLOAD_RETRY_H */
