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

typedef struct DloadLimitSpec
{
	List	   *rates;			/* of DloadRate */
	int			max_concurrency;
	int64		connect_timeout;	/* ms */
	int64		request_timeout;	/* ms, to the first byte */
	int64		idle_timeout;	/* ms without a byte */
	int			max_retries;
	int64		max_response_bytes;
} DloadLimitSpec;

extern void dload_limitspec_read(DloadLimitSpec *spec,
								 const DloadOptionSet *set);

/* Combinations of a server's options. */
extern bool dload_limitspec_check(List *options, DloadError *err);

#endif							/* DLOAD_LIMITSPEC_H */
