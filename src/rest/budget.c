/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  The arithmetic of a budget of requests.
 *
 * A rate 'n/period' is a sliding window: no period of that length, wherever
 * it begins, sees more than n requests, at the API and not only here.  (A
 * token bucket allows up to twice as many.)  Each request is given a start.
 * Starts are numbered, never go back, and one that is in the future is a
 * reservation: so many that wait do not all wake for the same place.  The API
 * sees a request some time between its start and its answer.  So start number
 * k + n is a period after the moment at which number k had certainly arrived:
 * its answer, or before that, and at the latest, a twentieth of the period
 * after its start.  This margin costs at most 5 % of the budget, and hides
 * what connections and schedulers make of the intervals.
 *
 * What the API says comes on top: "reported" is the least number of requests
 * left that any answer in this window has named.  Only requests not yet
 * answered can be missing in it, so with those taken off it is a lower bound.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/budget.h"

/* How long after its start a request may reach the API, at the latest. */
#define MARGIN_PART			20
#define MAX_MARGIN_US		(INT64CONST(5) * 1000 * 1000)

/*
 * How far ahead a start is reserved, at most.  Who must wait longer asks again
 * then: such a wait is likely to be given up.
 */
#define RESERVE_US			(INT64CONST(600) * 1000 * 1000)

/*
 * After the end of the API's window: its clock and ours tick at the same
 * pace, but not so the scheduler.
 */
#define RESET_MARGIN_US		(5 * 1000)

/* A budget not used for this long, and longer than all its periods. */
#define IDLE_US				(INT64CONST(3600) * 1000 * 1000)

static int64
margin(const DloadSharedRate *rate)
{
	return Min(rate->period / MARGIN_PART, MAX_MARGIN_US);
}

/* The shortest margin: how late a start may be used without a thought. */
static int64
tolerance(const DloadSharedBudget *s)
{
	int64		least = MAX_MARGIN_US;

	for (int i = 0; i < s->nrates; i++)
		least = Min(least, margin(&s->rates[i]));
	return least / 2;
}

void
dload_budget_init(DloadSharedBudget *s, int64 now)
{
	s->epoch = (uint64) now;	/* no ticket of an earlier one fits */
	s->used_at = now;
	dload_budget_unlearn(s, now);
	memset(s->slots, 0, sizeof(s->slots));
	memset(s->line, 0, sizeof(s->line));
	dload_budget_forget(s);
}

void
dload_budget_unlearn(DloadSharedBudget *s, int64 now)
{
	s->quota = -1;
	s->reported = -1;
	s->reported_at = 0;
	s->reset_at = 0;
	s->window_since = now;
	s->blocked_until = now;
}

void
dload_budget_rate(const DloadRate *given, DloadSharedRate *rate)
{
	rate->count = Max(given->count, 1);
	rate->period = given->period_ms * 1000;
	rate->charged = 0;
	rate->group_size = (rate->count + DLOAD_BUDGET_RING - 1) /
		DLOAD_BUDGET_RING;
	rate->ngroups = rate->count / rate->group_size;
	rate->ring = 0;
}

void
dload_budget_forget(DloadSharedBudget *s)
{
	s->epoch++;
	s->last_start = 0;
	memset(s->returns, 0, sizeof(s->returns));
}

/* -------------------------------------------------------------------------
 * Starts.
 * -------------------------------------------------------------------------
 */

/* The number after a request's last unit in a rate; "first" is its first. */
static uint64
end_of_units(const DloadTicket *ticket, int i, uint64 first)
{
	return first + Max(ticket->units.weight[i], 1);
}

int
dload_budget_weight(const DloadTicket *ticket)
{
	int			most = 1;

	for (int i = 0; i < DLOAD_BUDGET_RATES; i++)
		most = Max(most, ticket->units.weight[i]);
	return most;
}

/* The ring's member for a unit; NULL if a later one has it by now. */
static int64 *
member(DloadBudget *b, int i, uint64 number)
{
	const DloadSharedRate *rate = &b->state->rates[i];
	uint64		group = number / rate->group_size;

	if (rate->charged > number &&
		(rate->charged - 1) / rate->group_size - group >= rate->ngroups)
		return NULL;
	return &b->rings[i][group % rate->ngroups];
}

/*
 * Is it too late for this start?  Once a later one has its place in a ring,
 * that one relies on its having been used in time.
 */
static bool
is_void(DloadBudget *b, const DloadSharedUnits *units, int64 start)
{
	if (start + tolerance(b->state) >= b->now)
		return false;
	for (int i = 0; i < b->state->nrates; i++)
		if (member(b, i, units->first[i]) == NULL)
			return true;
	return false;
}

/* This start is used now, or will be then. */
static void
stamp(DloadBudget *b, const DloadTicket *ticket, int64 start, bool first)
{
	for (int i = 0; i < b->state->nrates; i++)
	{
		const DloadSharedRate *rate = &b->state->rates[i];
		int64		arrival = start + margin(rate);
		uint64		number = ticket->units.first[i];
		uint64		end = end_of_units(ticket, i, number);

		for (; number < end; number++)
		{
			int64	   *when = member(b, i, number);

			if (when == NULL)
				continue;
			if (first && number % rate->group_size == 0)
				*when = arrival;
			else
				*when = Max(*when, arrival);
		}
	}
}

/* When the next start may be.  Within a group it always may, because its
 * first waited until all of the group before it had left the window. */
static int64
next_start(const DloadBudget *b, const DloadTicket *ticket)
{
	const DloadSharedBudget *s = b->state;
	int64		at = Max(b->now, s->last_start);

	for (int i = 0; i < s->nrates; i++)
	{
		const DloadSharedRate *rate = &s->rates[i];
		uint64		number = rate->charged;
		uint64		end = end_of_units(ticket, i, number);

		for (; number < end; number++)
		{
			uint64		group = number / rate->group_size;

			if (number % rate->group_size == 0 && group >= rate->ngroups)
				at = Max(at, b->rings[i][group % rate->ngroups] +
						 rate->period);
		}
	}
	return at;
}

static void
charge(DloadBudget *b, DloadTicket *ticket, int64 start)
{
	DloadSharedBudget *s = b->state;

	ticket->epoch = s->epoch;
	ticket->start = start;
	for (int i = 0; i < s->nrates; i++)
	{
		DloadSharedRate *rate = &s->rates[i];

		ticket->units.first[i] = rate->charged;
		rate->charged = end_of_units(ticket, i, rate->charged);
	}
	s->last_start = start;
	stamp(b, ticket, start, true);
}

/* Has the start that was given back enough units for this request? */
static bool
suffices(const DloadSharedReturn *r, const DloadTicket *ticket)
{
	for (int i = 0; i < DLOAD_BUDGET_RATES; i++)
		if (Max(r->units.weight[i], 1) < ticket->units.weight[i])
			return false;
	return true;
}

/* The earliest start that somebody gave back, if before "limit". */
static bool
take_returned(DloadBudget *b, DloadTicket *ticket, int64 limit)
{
	DloadSharedReturn *best = NULL;

	for (int i = 0; i < DLOAD_BUDGET_RETURNS; i++)
	{
		DloadSharedReturn *r = &b->state->returns[i];

		if (r->start != 0 && is_void(b, &r->units, r->start))
			r->start = 0;
		if (r->start != 0 && r->start < limit &&
			suffices(r, ticket) &&
			(best == NULL || r->start < best->start))
			best = r;
	}
	if (best == NULL)
		return false;
	ticket->epoch = b->state->epoch;
	memcpy(ticket->units.first, best->units.first,
		   sizeof(ticket->units.first));
	ticket->start = best->start;
	best->start = 0;
	return true;
}

static void
give_back(DloadBudget *b, const DloadTicket *ticket)
{
	if (is_void(b, &ticket->units, ticket->start))
		return;
	for (int i = 0; i < DLOAD_BUDGET_RETURNS; i++)
	{
		DloadSharedReturn *r = &b->state->returns[i];

		if (r->start == 0)
		{
			r->units = ticket->units;
			r->start = ticket->start;
			return;
		}
	}
}

/* Microseconds until the ticket's start; 0 = it is used now. */
static int64
wait_for_start(DloadBudget *b, const DloadTicket *ticket)
{
	if (ticket->start > b->now)
		return ticket->start - b->now;
	stamp(b, ticket, b->now, false);
	return 0;
}

/*
 * Microseconds until this request may start by the rates; 0 = now, and it is
 * charged.
 */
static int64
wait_for_rates(DloadBudget *b, DloadTicket *ticket, bool needed)
{
	int64		at;

	if (b->state->nrates == 0)
		return 0;
	if (ticket->epoch == b->state->epoch &&
		!is_void(b, &ticket->units, ticket->start))
		return wait_for_start(b, ticket);

	ticket->epoch = 0;
	at = next_start(b, ticket);
	if (take_returned(b, ticket, needed ? at : Min(at, b->now + 1)))
		return wait_for_start(b, ticket);
	if (at <= b->now ||
		(needed && at - b->now <= Min(RESERVE_US, b->patience)))
		charge(b, ticket, at);
	return at - b->now;
}

/* -------------------------------------------------------------------------
 * What the API said.
 * -------------------------------------------------------------------------
 */

/* A window of the API's has ended: the next one has what this one had. */
static void
renew(DloadBudget *b)
{
	DloadSharedBudget *s = b->state;

	if (s->reset_at == 0 || b->now < s->reset_at)
		return;
	s->window_since = s->reset_at;
	s->reset_at = 0;
	s->reported = s->quota;
	s->reported_at = 0;
}

int64
dload_budget_left(DloadBudget *b)
{
	renew(b);
	if (b->state->reported < 0)
		return -1;
	return Max(b->state->reported - dload_budget_unanswered(b), 0);
}

/*
 * Microseconds to wait by what the API said.  It is taken to count what
 * weighs most.
 */
static int64
wait_for_window(DloadBudget *b, const DloadTicket *ticket)
{
	const DloadSharedBudget *s = b->state;
	int64		left = dload_budget_left(b);

	if (left < 0 || left >= dload_budget_weight(ticket))
		return 0;
	/* an answer to come may show that more is left */
	if (dload_budget_unanswered(b) > 0 && s->reported > 0)
		return DLOAD_BUDGET_POLL_US;
	if (s->reset_at != 0)
		return s->reset_at - b->now;
	/* a guess, and no answer to come that would better it */
	return dload_budget_unanswered(b) > 0 ? DLOAD_BUDGET_POLL_US : 0;
}

/* Take over what an answer says of the window. */
static void
note_allowance(DloadBudget *b, const DloadTicket *ticket,
			   const DloadAllowance *allowance)
{
	DloadSharedBudget *s = b->state;
	int64		reset_at = b->now + allowance->until + RESET_MARGIN_US;

	/* it may be of the window before */
	if (ticket->since < s->window_since)
		return;
	if (allowance->quota > 0)
		s->quota = allowance->quota;
	else
		s->quota = Max(s->quota, allowance->remaining + 1);

	/* sent after we knew of fewer, it would have been told of fewer still */
	if (s->reported_at != 0 && ticket->since > s->reported_at &&
		allowance->remaining > s->reported)
	{
		s->window_since = s->reported_at;
		s->reported_at = 0;
		s->reset_at = 0;
	}

	/*
	 * A time to wait is rounded up, to a second in most headers, so within
	 * one window the earliest end is the truest.
	 */
	s->reset_at = s->reset_at == 0 ? reset_at : Min(s->reset_at, reset_at);
	if (s->reported_at != 0 && s->reported <= allowance->remaining)
		return;
	s->reported = allowance->remaining;
	s->reported_at = b->now;
}

/* -------------------------------------------------------------------------
 * A request's way through the budget.
 * -------------------------------------------------------------------------
 */

int64
dload_budget_ask(DloadBudget *b, DloadTicket *ticket, bool needed,
				 int max_concurrency)
{
	DloadSharedBudget *s = b->state;
	int64		wait;

	s->used_at = b->now;

	if (!dload_budget_has_place(b, ticket, needed, max_concurrency))
		return DLOAD_BUDGET_POLL_US;
	dload_budget_leave_line(b, ticket);
	if (s->blocked_until > b->now)
		return s->blocked_until - b->now;
	wait = wait_for_window(b, ticket);
	if (wait <= 0)
		wait = wait_for_rates(b, ticket, needed);
	if (wait <= 0)
	{
		dload_budget_depart(b, ticket);
		return 0;
	}
	return wait;
}

void
dload_budget_answered(DloadBudget *b, DloadTicket *ticket,
					  const DloadAllowance *allowance, int64 blocked_for)
{
	DloadSharedBudget *s = b->state;
	DloadSharedSlot *slot = dload_budget_slot(b, ticket);

	if (slot)
	{
		slot->answered = true;
		slot->seen = b->now;
	}
	ticket->answered = true;
	ticket->seen = b->now;
	for (int i = 0; i < s->nrates && ticket->epoch == s->epoch; i++)
	{
		uint64		number = ticket->units.first[i];
		uint64		end = end_of_units(ticket, i, number);

		/* of a group's members only the last one's arrival matters */
		for (; s->rates[i].group_size == 1 && number < end; number++)
		{
			int64	   *when = member(b, i, number);

			if (when != NULL)
				*when = Min(*when, b->now);
		}
	}
	if (allowance->remaining >= 0)
		note_allowance(b, ticket, allowance);
	if (blocked_for > 0)
		s->blocked_until = Max(s->blocked_until, b->now + blocked_for);
}

void
dload_budget_undo(DloadBudget *b, DloadTicket *ticket)
{
	DloadSharedSlot *slot = dload_budget_slot(b, ticket);

	if (slot)
		slot->pid = 0;
	if (ticket->epoch != 0 && ticket->epoch == b->state->epoch)
		give_back(b, ticket);
}

void
dload_budget_release(DloadBudget *b, DloadTicket *ticket)
{
	DloadSharedBudget *s = b->state;
	DloadSharedSlot *slot = dload_budget_slot(b, ticket);

	if (slot)
		slot->pid = 0;
	dload_budget_leave_line(b, ticket);
	if (!ticket->sent)
	{
		if (ticket->epoch != 0 && ticket->epoch == s->epoch)
			give_back(b, ticket);
	}
	else if (!ticket->answered && s->reported > 0 &&
			 ticket->since >= s->window_since)
		/* it may have been counted */
		s->reported = Max(s->reported - dload_budget_weight(ticket), 0);
}

bool
dload_budget_is_idle(const DloadBudget *b)
{
	const DloadSharedBudget *s = b->state;
	int64		until = Max(Max(s->reset_at, s->blocked_until),
							s->last_start);

	for (int i = 0; i < s->nrates; i++)
		until = Max(until, s->last_start + s->rates[i].period);
	until = Max(until, s->used_at + IDLE_US);
	return b->now > until && dload_budget_in_flight(b) == 0;
}

int64
dload_budget_used(const DloadBudget *b, int i, int64 *until)
{
	const DloadSharedBudget *s = b->state;
	const DloadSharedRate *rate = &s->rates[i];
	int64		groups = (rate->charged + rate->group_size - 1) /
		rate->group_size;
	int64		used = 0;

	*until = 0;
	for (int64 g = 0; g < Min(groups, rate->ngroups); g++)
	{
		int64		leaves = b->rings[i][g] + rate->period;

		if (leaves <= b->now)
			continue;
		used += rate->group_size;
		*until = Max(*until, leaves);
	}
	/* the group being filled */
	if (used > 0 && rate->charged % rate->group_size != 0)
		used -= rate->group_size - rate->charged % rate->group_size;
	return Max(used, 0);
}
