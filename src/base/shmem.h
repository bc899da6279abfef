/*-------------------------------------------------------------------------
 *
 * shmem.h
 *	  The one shared segment: budgets, runs under way, schedules.
 *
 * A small fixed part holds the handles of a dynamic area in which hash tables
 * keep what grows.  It is reserved at server start when the library is
 * preloaded; otherwise the first process that needs it takes it from what
 * PostgreSQL keeps spare, as core's autoprewarm does.  So there is one code
 * path with and without shared_preload_libraries.  Nothing in it points into
 * a process, and everything in it may vanish with a crash restart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SHMEM_H
#define DLOAD_SHMEM_H

#include "base/dload.h"

#include "datatype/timestamp.h"
#include "lib/dshash.h"
#include "pgtime.h"
#include "storage/lwlock.h"
#include "utils/dsa.h"

/* How many changed databases are told apart. */
#define DLOAD_MAX_CHANGED	16

/* Longest text of a schedule, with its end. */
#define DLOAD_SHARED_SCHEDULE_LEN	128

/* The fixed part. */
typedef struct DloadShared
{
	LWLock		lock;			/* protects all of this struct */
	dsa_handle	area;
	dshash_table_handle budgets;
	dshash_table_handle runs;
	dshash_table_handle schedules;
	dshash_table_handle breakers;
	pid_t		launcher_pid;	/* 0: no launcher */
	int			launcher_pgprocno;	/* whose latch wakes it */
	bool		launcher_stopping;
	uint64		probe_generation;	/* raised when some database's pipelines
									 * changed */
	TimestampTz started_at;
	bool		slots_exhausted;	/* no worker could be registered */

	/* Databases whose pipelines changed since the launcher last looked; -1:
	 * more than fit, so all are to be probed. */
	int			nchanged;
	Oid			changed[DLOAD_MAX_CHANGED];

	/* The clock of schedules (dload.clock_rate): simulated time goes on from
	 * clock_base since clock_start at clock_rate; 0: it is the real one. */
	double		clock_rate;
	TimestampTz clock_start;
	TimestampTz clock_base;
} DloadShared;

/*
 * The segment, attached for the life of this process; NULL when there is no
 * room for it (dload then works with per-process state).  Never raises for
 * lack of shared memory.
 */
extern DloadShared *dload_shmem(void);

/* for _PG_init under shared_preload_libraries */
extern void dload_shmem_request(void);

/* The area and tables, attached on first use; NULL like dload_shmem. */
extern dsa_area *dload_shmem_area(void);
extern dshash_table *dload_shmem_budgets(void);
extern dshash_table *dload_shmem_runs(void);
extern dshash_table *dload_shmem_schedules(void);
extern dshash_table *dload_shmem_breakers(void);

/* --- entries; each begins with its key --- */

/* A run under way (dload.progress).  Removed when it ends; its owner's pid is
 * checked by readers, since a killed process leaves it behind. */
typedef struct DloadSharedRunKey
{
	Oid			dbid;
	int64		run_id;
} DloadSharedRunKey;

typedef struct DloadSharedRun
{
	DloadSharedRunKey key;
	int64		pipeline_id;
	Oid			owner;
	char		pipeline[NAMEDATALEN];
	pid_t		pid;
	TimestampTz started_at;
	TimestampTz updated_at;
	TimestampTz process_started_at; /* pid may be reused */
	char		phase[16];		/* fetching, loading, waiting, swapping */
	char		wait_reason[32];	/* rate limit, retry ... */
	TimestampTz wait_until;
	int64		pages;
	int64		rows;
	int64		bytes;
	int64		total_rows;		/* declared by the API; -1 unknown */
	int64		packages;
	int64		budget_left;	/* requests; -1 unknown */
	bool		cancel_requested;
} DloadSharedRun;

/* When a pipeline is due (filled by probes, used by the launcher). */
typedef struct DloadSharedScheduleKey
{
	Oid			dbid;
	int64		pipeline_id;
} DloadSharedScheduleKey;

typedef struct DloadSharedSchedule
{
	DloadSharedScheduleKey key;
	char		pipeline[NAMEDATALEN];
	char		schedule[DLOAD_SHARED_SCHEDULE_LEN];	/* '': none */
	char		time_zone[TZ_STRLEN_MAX + 1];
	int64		jitter_us;		/* this pipeline's own offset */
	TimestampTz next_due;		/* DT_NOEND: not by time */
	TimestampTz due;			/* the due time that waits for a worker or is
								 * being run; 0: none */
	TimestampTz missed_from;	/* due times meanwhile, to be recorded */
	int			missed;
	bool		running;		/* a worker has been asked for or runs it */
	bool		wanted;			/* a run is queued (run_background, after) */
	TimestampTz not_before;		/* real time; a worker was lost or in vain */
	uint64		probe_generation;	/* of the probe that saw it last */
} DloadSharedSchedule;

/* A budget of requests, as rest/budget keeps it; times are monotonic
 * microseconds, which processes of one machine share. */
typedef struct DloadSharedBudgetKey
{
	Oid			dbid;
	Oid			serverid;
	Oid			userid;			/* whose user mapping */
	uint32		padding;		/* the key is compared byte by byte: 0 */
	uint64		scope;			/* hash of the requests that it is for; 0:
								 * all of the server's */
} DloadSharedBudgetKey;

/* More rates than any API documents. */
#define DLOAD_BUDGET_RATES		8

/* Longest text of the requests that a budget is for, with its end. */
#define DLOAD_BUDGET_SCOPE_LEN	128

/* Requests on their way that are counted: max_concurrency's largest, and room
 * for some beyond it. */
#define DLOAD_BUDGET_SLOTS		128

/* Starts given back that somebody else can have. */
#define DLOAD_BUDGET_RETURNS	16

typedef struct DloadSharedRate
{
	int64		count;			/* units ... */
	int64		period;			/* ... in so many microseconds */
	uint64		charged;		/* units given a start in this epoch */
	int64		group_size;		/* units in each member of the ring */
	int64		ngroups;		/* members of the ring */
	uint64		ring;			/* dsa_pointer, or the address if per process:
								 * when each may have reached the server */
} DloadSharedRate;

/* Processes that can wait in line for a request to end. */
#define DLOAD_BUDGET_LINE		64

/* A request on its way. */
typedef struct DloadSharedSlot
{
	pid_t		pid;			/* 0: free */
	bool		answered;		/* its headers were read */
	int			weight;			/* the most units that it is in any rate */
	int64		since;
	int64		seen;			/* when its reader last read */
} DloadSharedSlot;

/* Somebody who waits for one of them to end. */
typedef struct DloadSharedWaiter
{
	pid_t		pid;
	int64		since;
	int64		seen;			/* when it last asked */
} DloadSharedWaiter;

/* A request's units in each rate: the first one's number, and how many. */
typedef struct DloadSharedUnits
{
	uint64		first[DLOAD_BUDGET_RATES];
	int			weight[DLOAD_BUDGET_RATES];	/* 0 is 1 */
} DloadSharedUnits;

typedef struct DloadSharedReturn
{
	DloadSharedUnits units;
	int64		start;			/* 0: none */
} DloadSharedReturn;

typedef struct DloadSharedBudget
{
	DloadSharedBudgetKey key;
	char		scope[DLOAD_BUDGET_SCOPE_LEN];	/* '': all of the server's */
	uint64		epoch;			/* of the numbers below; never 0 */
	int64		last_start;		/* the latest of these starts */
	int64		used_at;		/* when somebody last looked */
	int			nrates;
	DloadSharedRate rates[DLOAD_BUDGET_RATES];
	DloadSharedReturn returns[DLOAD_BUDGET_RETURNS];

	/* what the API said */
	int64		quota;			/* requests of a window; -1: not known */
	int64		reported;		/* least number left in this one; -1 */
	int64		reported_at;	/* when that was said; 0: not yet, a guess */
	int64		reset_at;		/* when the window ends; 0: not known */
	int64		window_since;	/* answers to older requests say nothing */
	int64		blocked_until;	/* Retry-After of a 429 */

	DloadSharedSlot slots[DLOAD_BUDGET_SLOTS];
	DloadSharedWaiter line[DLOAD_BUDGET_LINE];
} DloadSharedBudget;

/* The circuit breaker of a server, as rest/breaker keeps it. */
typedef struct DloadSharedBreakerKey
{
	Oid			dbid;
	Oid			serverid;
} DloadSharedBreakerKey;

typedef struct DloadSharedBreaker
{
	DloadSharedBreakerKey key;
	int			failures;		/* in a row */
	TimestampTz failed_at;		/* the last of them */
	TimestampTz open_until;		/* 0: closed */
	pid_t		trying;			/* whose request may close it; 0: nobody's */
	char		reason[128];	/* of the last failure */
} DloadSharedBreaker;

/*
 * Do something on the area or its tables that may raise for lack of memory;
 * false when it did, which is written to the server log.
 */
extern bool dload_shmem_try(void (*action) (void *), void *arg);

#endif							/* DLOAD_SHMEM_H */
