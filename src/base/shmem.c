/*-------------------------------------------------------------------------
 *
 * shmem.c
 *	  The one shared segment.
 *
 * The fixed part holds a lock and the handles of the dynamic area and its
 * tables, which the first process that wants them makes.  Whatever of this
 * cannot be had is not an error: dload then works with what it keeps per
 * process, and says so in the server log.
 *
 * None of these functions may be called with an LWLock held.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/shmem.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define SEGMENT_NAME	"dload"

/*
 * Most that the area may take.  A budget takes 8 kB and the starts that it
 * remembers, at most 80 kB for each rate; a run or a schedule takes less than
 * 1 kB.  So there is room for hundreds of the largest budgets, and a mistake
 * cannot use up the machine's memory.
 */
#define AREA_LIMIT		((size_t) 64 * 1024 * 1024)

/* After a failure, how long this process does without. */
#define RETRY_SECONDS	60

typedef enum Table
{
	BUDGETS,
	RUNS,
	SCHEDULES,
	BREAKERS,
	NTABLES
} Table;

static DloadShared *shared = NULL;
static dsa_area *area = NULL;
static dshash_table *tables[NTABLES];
static TimestampTz failed_at = 0;
static shmem_request_hook_type next_request_hook = NULL;

static void
request_space(void)
{
	if (next_request_hook)
		next_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(DloadShared)));
}

void
dload_shmem_request(void)
{
	next_request_hook = shmem_request_hook;
	shmem_request_hook = request_space;
}

static const struct
{
	size_t		key;
	size_t		entry;
}			sizes[NTABLES] = {
	{sizeof(DloadSharedBudgetKey), sizeof(DloadSharedBudget)},
	{sizeof(DloadSharedRunKey), sizeof(DloadSharedRun)},
	{sizeof(DloadSharedScheduleKey), sizeof(DloadSharedSchedule)},
	{sizeof(DloadSharedBreakerKey), sizeof(DloadSharedBreaker)},
};

/*
 * The fixed part, made if this is the first process that asks.  Its name
 * tells what is kept in it, and by whom: a library that was installed while
 * the server runs must not read what another one has left.
 */
static void
open_fixed(void)
{
	DloadShared *s;
	char		segment[NAMEDATALEN];
	bool		found;

	snprintf(segment, sizeof(segment), "%s " DLOAD_VERSION " %zx.%x",
			 SEGMENT_NAME, sizeof(DloadShared),
			 hash_bytes((const unsigned char *) sizes, sizeof(sizes)));
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	s = ShmemInitStruct(segment, sizeof(DloadShared), &found);
	if (!found)
	{
		memset(s, 0, sizeof(DloadShared));
		LWLockInitialize(&s->lock, LWLockNewTrancheId());
		s->area = DSM_HANDLE_INVALID;
		s->started_at = GetCurrentTimestamp();
	}
	LWLockRelease(AddinShmemInitLock);
	LWLockRegisterTranche(s->lock.tranche, SEGMENT_NAME);
	shared = s;
}

static void
table_parameters(Table which, dshash_parameters *params)
{
	memset(params, 0, sizeof(*params));
	params->key_size = sizes[which].key;
	params->entry_size = sizes[which].entry;
	params->compare_function = dshash_memcmp;
	params->hash_function = dshash_memhash;
	dload_dshash_copy_function(params);
	params->tranche_id = shared->lock.tranche;
}

/* Make the area; the handles are set when all of it is there. */
static void
create_area(void)
{
	dsa_area   *a = dsa_create(shared->lock.tranche);
	dshash_table *t[NTABLES];

	dsa_set_size_limit(a, AREA_LIMIT);
	for (int i = 0; i < NTABLES; i++)
	{
		dshash_parameters params;

		table_parameters(i, &params);
		t[i] = dshash_create(a, &params, NULL);
	}
	dsa_pin_mapping(a);
	/* from here on it stays until the server stops */
	dsa_pin(a);
	shared->budgets = dshash_get_hash_table_handle(t[BUDGETS]);
	shared->runs = dshash_get_hash_table_handle(t[RUNS]);
	shared->schedules = dshash_get_hash_table_handle(t[SCHEDULES]);
	shared->breakers = dshash_get_hash_table_handle(t[BREAKERS]);
	shared->area = dsa_get_handle(a);
	memcpy(tables, t, sizeof(tables));
	area = a;
}

static void
attach_area(void)
{
	const dshash_table_handle handles[NTABLES] = {
		shared->budgets, shared->runs, shared->schedules,
		shared->breakers
	};
	dsa_area   *a = dsa_attach(shared->area);

	dsa_pin_mapping(a);
	for (int i = 0; i < NTABLES; i++)
	{
		dshash_parameters params;

		table_parameters(i, &params);
		tables[i] = dshash_attach(a, &params, handles[i], NULL);
	}
	area = a;
}

static void
open_area(void)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (shared->area == DSM_HANDLE_INVALID)
		create_area();
	else
		attach_area();
	LWLockRelease(&shared->lock);
}

bool
dload_shmem_try(void (*action) (void *), void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool done = false;

	PG_TRY();
	{
		action(arg);
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		/*
		 * What raised may hold locks of the area or its tables.  The caller
		 * holds none, so they may all go.
		 */
		LWLockReleaseAll();
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		ereport(LOG,
				(errcode(error->sqlerrcode),
				 errmsg("dload works without shared memory for now: %s",
						error->message),
				 error->detail ? errdetail_internal("%s", error->detail) : 0));
		FreeErrorData(error);
	}
	PG_END_TRY();
	return done;
}

static void
open_segment(void *arg)
{
	/* what lives as long as the process must not go with a transaction */
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	if (shared == NULL)
		open_fixed();
	if (arg != NULL && area == NULL)
		open_area();
	MemoryContextSwitchTo(old);
}

/* Open the fixed part and, if asked, the area. */
static bool
open_shared(bool with_area)
{
	if (shared != NULL && (area != NULL || !with_area))
		return true;
	/* no other process in single-user mode, and none to share with */
	if (!IsUnderPostmaster || MyProc == NULL)
		return false;
	if (failed_at != 0 &&
		!TimestampDifferenceExceeds(failed_at, GetCurrentTimestamp(),
									RETRY_SECONDS * 1000))
		return false;
	if (dload_shmem_try(open_segment, with_area ? &area : NULL))
		return true;
	failed_at = GetCurrentTimestamp();
	return false;
}

DloadShared *
dload_shmem(void)
{
	return open_shared(false) ? shared : NULL;
}

dsa_area *
dload_shmem_area(void)
{
	return open_shared(true) ? area : NULL;
}

dshash_table *
dload_shmem_budgets(void)
{
	return open_shared(true) ? tables[BUDGETS] : NULL;
}

dshash_table *
dload_shmem_runs(void)
{
	return open_shared(true) ? tables[RUNS] : NULL;
}

dshash_table *
dload_shmem_schedules(void)
{
	return open_shared(true) ? tables[SCHEDULES] : NULL;
}

dshash_table *
dload_shmem_breakers(void)
{
	return open_shared(true) ? tables[BREAKERS] : NULL;
}
