/*-------------------------------------------------------------------------
 *
 * standing.h
 *	  What decides when a pipeline runs: its schedule, failures, pause, and
 *	  the runs that are queued.  The catalog's half; see catalog.h.
 *
 * Times of schedules are by the launcher's clock and given by the caller.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_STANDING_H
#define DLOAD_STANDING_H

#include "base/dload.h"

#include "datatype/timestamp.h"

typedef struct DloadStanding
{
	int64		pipeline_id;
	char	   *pipeline;
	char	   *schedule;		/* or NULL */
	char	   *time_zone;		/* or NULL */
	int64		jitter_us;
	int			max_failures;	/* 0: never pauses */
	int			failures;		/* runs begun since one last succeeded */
	TimestampTz changed_at;		/* when the schedule was set */
	TimestampTz last_due;		/* 0: none */
	TimestampTz retry_at;		/* when a run that failed, or could not go on,
								 * is tried again; 0: none */
	TimestampTz poll_at;		/* the API wants no run before; 0: any time */
	bool		paused;
	bool		queued;			/* a run waits */
	Oid			owner;			/* InvalidOid: it does not exist any more */
} DloadStanding;

/* What create and alter set; NULL: leave, empty: take away. */
typedef struct DloadScheduleArgs
{
	char	   *schedule;
	char	   *time_zone;
	char	   *jitter;
	char	   *after;			/* a pipeline's name */
	bool		has_max_failures;
	int			max_failures;
} DloadScheduleArgs;

/* All pipelines of the database, or one (NULL when it is gone). */
extern List *dload_standing_list(void);
extern DloadStanding *dload_standing_get(int64 pipeline_id);

extern void dload_standing_set(int64 pipeline_id,
							   const DloadScheduleArgs *args);

/* Does it run after the other, or is it the same one? */
extern bool dload_standing_follows(int64 pipeline_id, int64 other_id);
extern bool dload_standing_has_zone(int64 pipeline_id);

extern void dload_standing_pause(int64 pipeline_id, const char *reason);
extern void dload_standing_resume(int64 pipeline_id);

/*
 * Queue a run, or find the one that is queued; returns its id.  "trigger":
 * request, after.
 */
extern int64 dload_standing_queue(int64 pipeline_id, bool full_refresh,
								  const char *trigger);

/* Queue the pipelines that follow this one; how many there are. */
extern int	dload_standing_queue_followers(int64 pipeline_id);

/* Names of the pipelines that read from a foreign server. */
extern List *dload_standing_of_server(const char *server);

/*
 * Lock the row of a pipeline's schedule, which comes after the one of its
 * cursor and before those of its definition and runs.  False if the pipeline
 * is gone.
 */
extern bool dload_standing_lock(int64 pipeline_id);

/*
 * A worker begins a run: takes the queued one or makes one, and counts it as
 * a failure until it has ended otherwise.  due 0: not by time; then 0 is
 * returned if there is no queued run, because it was cancelled.
 */
extern int64 dload_standing_begin(int64 pipeline_id, TimestampTz now,
								  TimestampTz due, bool *full_refresh);

/*
 * A run has ended.  "worker": as begun by dload_standing_begin.  resume_at: 0,
 * or when it is to go on, not before and not later.
 */
extern void dload_standing_end(int64 pipeline_id, int64 run_id,
							   const char *outcome, const char *reason,
							   TimestampTz now, bool worker,
							   TimestampTz resume_at);

/* The API wants no run before; 0: it does not say. */
extern void dload_standing_poll(int64 pipeline_id, TimestampTz poll_at);

/* A due time that found the pipeline running. */
extern void dload_standing_skip(int64 pipeline_id, TimestampTz due,
								const char *reason);

/* Cancel a run that is only queued; false if it is not. */
extern bool dload_standing_unqueue(int64 run_id);

/* Cancel the queued run of a pipeline that cannot run. */
extern void dload_standing_unqueue_pipeline(int64 pipeline_id);

/* The pipeline of a run that has not ended; NULL if there is no such run. */
extern char *dload_standing_run_pipeline(int64 run_id);

/* Forget runs that ended before "days, microseconds" ago, but the last. */
extern void dload_standing_prune(int64 pipeline_id, const char *keep);

#endif							/* DLOAD_STANDING_H */
