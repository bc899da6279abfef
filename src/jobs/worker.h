/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  The worker: a process that the launcher starts in a database, to look at
 *	  its pipelines or to run one of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_WORKER_H
#define DLOAD_WORKER_H

#include "base/compat.h"

extern DLOAD_EXPORT void dload_worker_main(Datum arg);

/* A transaction with a snapshot, in a process without a client. */
extern void dload_worker_begin(void);
extern void dload_worker_commit(void);

#endif							/* DLOAD_WORKER_H */
