/*-------------------------------------------------------------------------
 *
 * breaker.h
 *	  The circuit breaker of a server: after so many failures in a row nobody
 *	  asks it for a while.
 *
 * All sessions of a database share it.  It is *closed* while requests go
 * through, *open* during the pause, and then *half-open*: one request tries,
 * and by its end the breaker closes or opens again.  A failure is a request
 * without an answer, or with one of 5xx.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_BREAKER_H
#define DLOAD_BREAKER_H

#include "base/shmem.h"
#include "rest/fetch.h"

/* May the fetch's request be sent?  Else *err is set. */
extern bool dload_breaker_ask(const DloadFetch *f, DloadError *err);

/* It was answered, or it failed. */
extern void dload_breaker_worked(const DloadFetch *f);
extern void dload_breaker_failed(const DloadFetch *f);

/* Ask again, whatever failed. */
extern void dload_breaker_close(Oid serverid);

/* The breakers of this database: list of DloadSharedBreaker copies. */
extern List *dload_breaker_list(void);

#endif							/* DLOAD_BREAKER_H */
