/*-------------------------------------------------------------------------
 *
 * limiter.c
 *	  The budget of requests of one server and user: where it is kept.
 *
 * A budget is an entry of the shared segment, changed under the lock that the
 * table has for it, and found anew each time, since an entry that nobody uses
 * is removed.  Where there is no segment, or no room in it, the same struct
 * is kept in this process.  What is done with it is budget.c's.
 *
 * A *limiter* is this process's handle: the key, and what the server's options
 * say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/shmem.h"
#include "rest/budget.h"

#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* How often the others are told that a response is still being read. */
#define TOUCH_US			(1000 * 1000)

struct DloadLimiter
{
	DloadSharedBudgetKey key;	/* hash key, first */
	char		scope[DLOAD_BUDGET_SCOPE_LEN];	/* '': all requests */
	DloadSharedBudget *local;	/* NULL: in the segment */
	int			max_concurrency;
	int64		max_wait;
	int			nrates;
	DloadRate	rates[DLOAD_BUDGET_RATES];
};

static HTAB *limiters = NULL;

static int64
now_us(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

/* -------------------------------------------------------------------------
 * Finding a budget.
 * -------------------------------------------------------------------------
 */

static bool
same_rates(const DloadSharedBudget *s, const DloadLimiter *limiter)
{
	if (s->nrates != limiter->nrates)
		return false;
	for (int i = 0; i < s->nrates; i++)
		if (s->rates[i].count != limiter->rates[i].count ||
			s->rates[i].period != limiter->rates[i].period_ms * 1000)
			return false;
	return true;
}

static void
free_ring(DloadSharedRate *rate, dsa_area *area)
{
	if (rate->ring == 0)
		return;
	if (area != NULL)
		dsa_free(area, (dsa_pointer) rate->ring);
	else
		pfree((void *) (uintptr_t) rate->ring);
	rate->ring = 0;
}

static void
drop_rates(DloadSharedBudget *s, dsa_area *area)
{
	for (int i = 0; i < s->nrates; i++)
		free_ring(&s->rates[i], area);
	s->nrates = 0;
}

/* Give a budget its rates; area is NULL in a process of its own. */
static void
set_rates(DloadSharedBudget *s, const DloadLimiter *limiter, dsa_area *area)
{
	drop_rates(s, area);
	dload_budget_forget(s);
	for (int i = 0; i < limiter->nrates; i++)
	{
		DloadSharedRate rate;
		size_t		size;

		dload_budget_rate(&limiter->rates[i], &rate);
		size = sizeof(int64) * rate.ngroups;
		rate.ring = area != NULL ? (uint64) dsa_allocate(area, size) :
			(uint64) (uintptr_t) MemoryContextAlloc(TopMemoryContext, size);
		s->rates[i] = rate;
		s->nrates = i + 1;
	}
}

/* Prepare a budget for use by budget.c. */
static void
fill_budget(DloadBudget *b, DloadSharedBudget *s, dsa_area *area)
{
	b->state = s;
	for (int i = 0; i < s->nrates; i++)
		b->rings[i] = area != NULL ?
			dsa_get_address(area, (dsa_pointer) s->rates[i].ring) :
			(int64 *) (uintptr_t) s->rates[i].ring;
	b->pid = MyProcPid;
	b->now = now_us();
}

static bool
process_exists(pid_t pid)
{
	return BackendPidGetProc(pid) != NULL;
}

/* What enter_shared() is to do, and what it found. */
typedef struct SharedLookup
{
	const DloadLimiter *limiter;
	bool		make;			/* if it is not there */
	bool		configure;		/* if its rates are others */
	DloadBudget *budget;
	bool		found;
} SharedLookup;

/* Budgets that nobody has used for long make place. */
static void
sweep(dshash_table *table, dsa_area *area)
{
	dshash_seq_status seq;
	DloadSharedBudget *s;

	dshash_seq_init(&seq, table, true);
	while ((s = dshash_seq_next(&seq)) != NULL)
	{
		DloadBudget b;

		fill_budget(&b, s, area);
		if (!dload_budget_is_idle(&b))
			continue;
		drop_rates(s, area);
		dshash_delete_current(&seq);
	}
	dshash_seq_term(&seq);
}

/*
 * Find the entry and leave it locked.  Whatever raises here does so with the
 * entry complete, or as one that never had rates.
 */
static void
enter_shared(void *arg)
{
	SharedLookup *lookup = arg;
	const DloadLimiter *limiter = lookup->limiter;
	dshash_table *table = dload_shmem_budgets();
	dsa_area   *area = dload_shmem_area();
	DloadSharedBudget *s = dshash_find(table, &limiter->key, true);

	if (s == NULL && lookup->make)
	{
		bool		found;

		sweep(table, area);
		s = dshash_find_or_insert(table, &limiter->key, &found);
		if (!found)
		{
			s->nrates = 0;
			strlcpy(s->scope, limiter->scope, sizeof(s->scope));
			dload_budget_init(s, now_us());
		}
		lookup->configure |= !found;
	}
	lookup->found = s != NULL;
	if (s == NULL)
		return;
	if (lookup->configure && !same_rates(s, limiter))
		set_rates(s, limiter, area);
	fill_budget(lookup->budget, s, area);
}

/* Go on without the segment. */
static void
make_local(DloadLimiter *limiter)
{
	DloadSharedBudget *s = MemoryContextAllocZero(TopMemoryContext,
												  sizeof(DloadSharedBudget));

	s->key = limiter->key;
	strlcpy(s->scope, limiter->scope, sizeof(s->scope));
	dload_budget_init(s, now_us());
	limiter->local = s;
}

/*
 * Begin to change a budget; leave_budget() must follow, with nothing between
 * them that may raise.  False only when "make" is: it is not there.
 */
static bool
enter_budget(DloadLimiter *limiter, DloadBudget *b, bool make, bool configure)
{
	SharedLookup lookup = {limiter, make, configure, b, false};

	if (limiter->local == NULL)
	{
		if (dload_shmem_try(enter_shared, &lookup) && lookup.found)
			return true;
		if (!make)
			return false;
		make_local(limiter);
		configure = true;
	}
	if (configure && !same_rates(limiter->local, limiter))
		set_rates(limiter->local, limiter, NULL);
	fill_budget(b, limiter->local, NULL);
	return true;
}

static void
leave_budget(DloadLimiter *limiter, DloadBudget *b)
{
	if (limiter->local == NULL)
		dshash_release_lock(dload_shmem_budgets(), b->state);
}

/* This process's requests are no longer on their way. */
static void
forget_own(DloadLimiter *limiter)
{
	DloadBudget b;

	if (limiter->local != NULL || !enter_budget(limiter, &b, false, false))
		return;
	dload_budget_leave(&b);
	leave_budget(limiter, &b);
}

static void
before_exit(int code, Datum arg)
{
	HASH_SEQ_STATUS seq;
	DloadLimiter *limiter;

	/* whatever was being done will not be completed */
	LWLockReleaseAll();
	hash_seq_init(&seq, limiters);
	while ((limiter = hash_seq_search(&seq)) != NULL)
		forget_own(limiter);
}

static void
open_limiters(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(DloadSharedBudgetKey);
	ctl.entrysize = sizeof(DloadLimiter);
	ctl.hcxt = TopMemoryContext;
	limiters = hash_create("dload limiters", 16, &ctl,
						   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	before_shmem_exit(before_exit, 0);
}

DloadLimiter *
dload_limiter_get(const DloadResource *res, const char *scope)
{
	DloadSharedBudgetKey key = {MyDatabaseId, res->serverid, res->userid};
	DloadLimiter *limiter;
	DloadBudget b;
	bool		found;
	ListCell   *lc;

	if (limiters == NULL)
		open_limiters();
	if (scope != NULL)
		key.scope = dload_hash_bytes(scope, strlen(scope), 0) | 1;
	limiter = hash_search(limiters, &key, HASH_ENTER, &found);
	if (!found)
		limiter->local = NULL;
	strlcpy(limiter->scope, scope ? scope : "", sizeof(limiter->scope));
	/* requests on their way are counted once, with all the server's */
	limiter->max_concurrency = scope ? PG_INT32_MAX :
		Max(res->limits.max_concurrency, 1);
	limiter->max_wait = res->limits.max_wait;
	limiter->nrates = 0;
	foreach(lc, res->limits.rates)
	{
		const DloadRate *rate = lfirst(lc);

		if (!dload_rate_is_weight(rate) &&
			strcmp(rate->scope ? rate->scope : "", limiter->scope) == 0 &&
			limiter->nrates < DLOAD_BUDGET_RATES)
			limiter->rates[limiter->nrates++] = *rate;
	}
	if (!found && dload_shmem_budgets() == NULL)
		make_local(limiter);
	/* a process before this one may have had its pid */
	if (!found)
		forget_own(limiter);
	if (enter_budget(limiter, &b, true, true))
		leave_budget(limiter, &b);
	return limiter;
}

/* -------------------------------------------------------------------------
 * What fetches ask for.
 * -------------------------------------------------------------------------
 */

long
dload_limiter_acquire(DloadLimiter *limiter, DloadTicket *ticket, bool needed,
					  bool aside)
{
	int			most = aside ? PG_INT32_MAX : limiter->max_concurrency;
	DloadBudget b;
	int64		wait;

	(void) enter_budget(limiter, &b, true, false);
	if (dload_budget_in_flight(&b) >= most)
		dload_budget_reclaim(&b, process_exists);
	b.patience = limiter->max_wait * 1000;
	wait = dload_budget_ask(&b, ticket, needed, most);
	leave_budget(limiter, &b);
	return (long) ((wait + 999) / 1000);
}

static void
clear_ticket(DloadTicket *ticket)
{
	DloadTicket empty = {0};

	memcpy(empty.units.weight, ticket->units.weight,
		   sizeof(empty.units.weight));
	*ticket = empty;
}

void
dload_limiter_undo(DloadLimiter *limiter, DloadTicket *ticket)
{
	DloadBudget b;

	if (!enter_budget(limiter, &b, false, false))
		return;
	dload_budget_undo(&b, ticket);
	leave_budget(limiter, &b);
	clear_ticket(ticket);
}

void
dload_limiter_learn(DloadLimiter *limiter, DloadTicket *ticket,
					const DloadAllowance *allowance, int64 blocked_for)
{
	static const DloadAllowance nothing = {-1, -1, -1};
	DloadBudget b;

	(void) enter_budget(limiter, &b, true, false);
	dload_budget_answered(&b, ticket, allowance ? allowance : &nothing,
						  blocked_for * 1000);
	leave_budget(limiter, &b);
}

void
dload_limiter_touch(DloadLimiter *limiter, DloadTicket *ticket)
{
	int64		now;
	DloadBudget b;

	if (!ticket->answered)
		return;
	now = now_us();
	if (now - ticket->seen < TOUCH_US)
		return;
	ticket->seen = now;
	if (!enter_budget(limiter, &b, false, false))
		return;
	dload_budget_touch(&b, ticket);
	leave_budget(limiter, &b);
}

void
dload_limiter_release(DloadLimiter *limiter, DloadTicket *ticket)
{
	DloadBudget b;

	if ((ticket->sent || ticket->epoch != 0 || ticket->asked_at != 0) &&
		enter_budget(limiter, &b, false, false))
	{
		dload_budget_release(&b, ticket);
		leave_budget(limiter, &b);
	}
	clear_ticket(ticket);
}

/* -------------------------------------------------------------------------
 * All budgets: what dload.budgets shows, and what dload.ask_again forgets.
 * -------------------------------------------------------------------------
 */

/* When that moment is by the calendar. */
static TimestampTz
calendar_time(const DloadBudget *b, int64 when)
{
	if (when <= b->now)
		return DT_NOBEGIN;
	return GetCurrentTimestamp() + (when - b->now);
}

static void
add_line(List **lines, DloadBudget *b, bool shared, int rate)
{
	const DloadSharedBudget *s = b->state;
	DloadBudgetLine *line = palloc0(sizeof(DloadBudgetLine));
	int64		until;

	line->serverid = s->key.serverid;
	line->userid = s->key.userid;
	line->scope = s->scope[0] != '\0' ? pstrdup(s->scope) : NULL;
	line->in_flight = dload_budget_in_flight(b);
	line->shared = shared;
	if (rate >= 0)
	{
		line->count = s->rates[rate].count;
		line->period_ms = s->rates[rate].period / 1000;
		line->used = dload_budget_used(b, rate, &until);
		line->remaining = Max(line->count - line->used, 0);
	}
	else
	{
		line->remaining = dload_budget_left(b);
		line->count = s->quota;
		line->used = s->quota < 0 ? -1 :
			Max(s->quota - line->remaining, 0);
		until = Max(s->reset_at, s->blocked_until);
		if (s->blocked_until > b->now)
			line->remaining = 0;
	}
	line->resets_at = calendar_time(b, until);
	*lines = lappend(*lines, line);
}

static void
add_lines(DloadSharedBudget *s, dsa_area *area, void *arg)
{
	List	  **lines = arg;
	DloadBudget b;

	fill_budget(&b, s, area);
	for (int i = 0; i < s->nrates; i++)
		add_line(lines, &b, area != NULL, i);
	/* what the API said, or that nothing is known but the requests made */
	if (s->nrates == 0 || dload_budget_left(&b) >= 0 ||
		s->blocked_until > b.now)
		add_line(lines, &b, area != NULL, -1);
}

static void
unlearn(DloadSharedBudget *s, dsa_area *area, void *arg)
{
	Oid		   *serverid = arg;

	if (s->key.serverid == *serverid)
		dload_budget_unlearn(s, now_us());
}

/* Visit this database's budgets, each locked meanwhile; area is NULL for those
 * of this process. */
static void
visit_budgets(void (*visit) (DloadSharedBudget *s, dsa_area *area, void *arg),
			  void *arg)
{
	dshash_table *table = dload_shmem_budgets();

	if (table != NULL)
	{
		dshash_seq_status seq;
		DloadSharedBudget *s;

		/* exclusive: a window that is over is closed by whoever looks */
		dshash_seq_init(&seq, table, true);
		while ((s = dshash_seq_next(&seq)) != NULL)
			if (s->key.dbid == MyDatabaseId)
				visit(s, dload_shmem_area(), arg);
		dshash_seq_term(&seq);
	}
	if (limiters != NULL)
	{
		HASH_SEQ_STATUS seq;
		DloadLimiter *limiter;

		hash_seq_init(&seq, limiters);
		while ((limiter = hash_seq_search(&seq)) != NULL)
			if (limiter->local != NULL)
				visit(limiter->local, NULL, arg);
	}
}

List *
dload_limiter_lines(void)
{
	List	   *lines = NIL;

	visit_budgets(add_lines, &lines);
	return lines;
}

void
dload_limiter_unlearn(Oid serverid)
{
	visit_budgets(unlearn, &serverid);
}
