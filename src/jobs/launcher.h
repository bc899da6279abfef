/*-------------------------------------------------------------------------
 *
 * launcher.h
 *	  The launcher: one process of the cluster, attached to no database,
 *	  that starts a worker when a pipeline is due.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_LAUNCHER_H
#define DLOAD_LAUNCHER_H

#include "base/compat.h"
#include "base/shmem.h"

/* settings */
extern int	dload_max_workers;
extern char *dload_databases;
extern bool dload_launcher_enabled;
extern char *dload_keep_runs;
extern double dload_clock_rate;

/* What a worker is started for; in bgw_extra. */
typedef struct DloadTask
{
	Oid			dbid;
	int64		pipeline_id;	/* 0: probe */
	TimestampTz due;			/* 0: not by time */
	uint64		generation;		/* of a probe */
} DloadTask;

/* The clock of schedules; the real one unless dload.clock_rate is set. */
extern TimestampTz dload_clock_now(void);

/* The same clock at a moment of the real one. */
extern TimestampTz dload_clock_at(TimestampTz now);

/* for _PG_init */
extern void dload_launcher_init(void);

/* from SQL; both wait until it is done */
extern void dload_launcher_start(void);
extern bool dload_launcher_stop(void);
extern bool dload_launcher_is_running(void);
extern const char *dload_launcher_state(void);

/*
 * The pipelines of this database change in this transaction: the launcher is
 * told when it has committed.
 */
extern void dload_launcher_tell_at_commit(void);

/* Next due time of a pipeline of this database; 0 if not known. */
extern TimestampTz dload_launcher_next_due(int64 pipeline_id);

/* in due.c: entries of the table of schedules */

/* When an entry is next due, after "now". */
extern TimestampTz dload_due_next(const DloadSharedSchedule *entry,
								  TimestampTz now);

/* Count what has become due; the time of the next event of the entry. */
extern TimestampTz dload_due_advance(DloadSharedSchedule *entry,
									 TimestampTz now);

extern DLOAD_EXPORT void dload_launcher_main(Datum arg);

#endif							/* DLOAD_LAUNCHER_H */
