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

typedef enum DloadRunMode
{
	DLOAD_RUN_PROCEDURE,		/* commits, through SPI */
	DLOAD_RUN_ATOMIC			/* inside the caller's transaction */
} DloadRunMode;

/*
 * Run a pipeline; returns the run's id.  Needs an SPI connection (one that
 * may commit, for PROCEDURE).  max_pages 0: no limit.  A run that fails
 * raises, after its row is committed where the mode commits.
 */
extern int64 dload_run_pipeline(const char *name, int64 max_pages,
								bool full_refresh, DloadRunMode mode);

#endif							/* DLOAD_RUN_H */
