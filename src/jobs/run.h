/*-------------------------------------------------------------------------
 *
 * run.h
 *	  A run: one pipeline read from where it stands to the end.
 *
 * Pages are fetched outside any work on tables; a *package* of pages is then
 * loaded by one transaction together with DDL, cursor, checkpoint and
 * counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RUN_H
#define DLOAD_RUN_H

#include "base/dload.h"

#include "datatype/timestamp.h"

typedef enum DloadRunMode
{
	DLOAD_RUN_PROCEDURE,		/* commits, through SPI */
	DLOAD_RUN_ATOMIC,			/* inside the caller's transaction */
	DLOAD_RUN_WORKER			/* commits, in a process of its own */
} DloadRunMode;

/*
 * Run a pipeline; returns the run's id.  Needs an SPI connection (one that
 * may commit, for PROCEDURE).  max_pages 0: no limit.  A run that fails
 * raises, after its row is committed where the mode commits.
 */
extern int64 dload_run_pipeline(const char *name, int64 max_pages,
								bool full_refresh, DloadRunMode mode);

/*
 * The same by a worker, in a transaction it has begun, which is another one
 * when this returns; "due" 0: not by time.  False if it is run already.
 */
extern bool dload_run_worker(const char *name, TimestampTz due);

/* End the worker's run as cancelled; from a signal handler. */
extern bool dload_run_stop(void);

#endif							/* DLOAD_RUN_H */
