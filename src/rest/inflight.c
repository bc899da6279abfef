/*-------------------------------------------------------------------------
 *
 * inflight.c
 *	  The part of a budget that counts requests on their way.
 *
 * max_concurrency bounds them over all processes.  Who finds no place stays in
 * line by asking again; a place goes to those who came first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/budget.h"

/* Who has not asked for so long does not wait any more. */
#define IN_LINE_US			(20 * DLOAD_BUDGET_POLL_US)

/*
 * A request does not count as on its way when no answer came for a minute, or
 * when its answer has not been read for five seconds: an open cursor's reader
 * has stopped, or the process is gone.  Such a one must not hold up
 * everybody, which would be worse than one too many.
 */
#define UNANSWERED_US		(INT64CONST(60) * 1000 * 1000)
#define UNREAD_US			(INT64CONST(5) * 1000 * 1000)

static bool
is_live(const DloadBudget *b, const DloadSharedSlot *slot)
{
	return slot->pid != 0 &&
		b->now - slot->seen < (slot->answered ? UNREAD_US : UNANSWERED_US);
}

int
dload_budget_in_flight(const DloadBudget *b)
{
	int			n = 0;

	for (int i = 0; i < DLOAD_BUDGET_SLOTS; i++)
		n += is_live(b, &b->state->slots[i]);
	return n;
}

int64
dload_budget_unanswered(const DloadBudget *b)
{
	int64		n = 0;

	for (int i = 0; i < DLOAD_BUDGET_SLOTS; i++)
	{
		const DloadSharedSlot *slot = &b->state->slots[i];

		if (is_live(b, slot) && !slot->answered)
			n += slot->weight;
	}
	return n;
}

static bool
has_own(const DloadBudget *b)
{
	for (int i = 0; i < DLOAD_BUDGET_SLOTS; i++)
		if (is_live(b, &b->state->slots[i]) &&
			b->state->slots[i].pid == b->pid)
			return true;
	return false;
}

/* A request that finds no free place goes uncounted. */
void
dload_budget_depart(DloadBudget *b, DloadTicket *ticket)
{
	ticket->sent = true;
	ticket->answered = false;
	ticket->since = b->now;
	ticket->slot = -1;
	for (int i = 0; i < DLOAD_BUDGET_SLOTS; i++)
	{
		DloadSharedSlot *slot = &b->state->slots[i];

		if (is_live(b, slot))
			continue;
		slot->pid = b->pid;
		slot->since = slot->seen = b->now;
		slot->answered = false;
		slot->weight = dload_budget_weight(ticket);
		ticket->slot = i;
		return;
	}
}

/* The ticket's place, unless somebody else has it by now. */
DloadSharedSlot *
dload_budget_slot(DloadBudget *b, const DloadTicket *ticket)
{
	DloadSharedSlot *slot;

	if (!ticket->sent || ticket->slot < 0)
		return NULL;
	slot = &b->state->slots[ticket->slot];
	return slot->pid == b->pid && slot->since == ticket->since ? slot : NULL;
}

void
dload_budget_touch(DloadBudget *b, DloadTicket *ticket)
{
	DloadSharedSlot *slot = dload_budget_slot(b, ticket);

	if (slot)
		slot->seen = b->now;
}

/* The ticket's place in line; NULL if it has none. */
static DloadSharedWaiter *
own_waiter(DloadBudget *b, const DloadTicket *ticket)
{
	for (int i = 0; i < DLOAD_BUDGET_LINE; i++)
	{
		DloadSharedWaiter *w = &b->state->line[i];

		if (ticket->asked_at != 0 && w->pid == b->pid &&
			w->since == ticket->asked_at)
			return w;
	}
	return NULL;
}

void
dload_budget_leave_line(DloadBudget *b, DloadTicket *ticket)
{
	DloadSharedWaiter *w = own_waiter(b, ticket);

	if (w)
		w->pid = 0;
	ticket->asked_at = 0;
}

/* Take a place in line, or show that one is still there. */
static void
stay_in_line(DloadBudget *b, DloadTicket *ticket)
{
	DloadSharedWaiter *w = own_waiter(b, ticket);

	if (w == NULL && ticket->asked_at == 0)
		ticket->asked_at = b->now;
	for (int i = 0; w == NULL && i < DLOAD_BUDGET_LINE; i++)
	{
		DloadSharedWaiter *free = &b->state->line[i];

		if (free->pid == 0 || b->now - free->seen > IN_LINE_US)
			w = free;
	}
	if (w == NULL)
		return;					/* then others go first */
	w->pid = b->pid;
	w->since = ticket->asked_at;
	w->seen = b->now;
}

/* How many wait that came before this one? */
static int
ahead(const DloadBudget *b, const DloadTicket *ticket)
{
	int64		since = ticket->asked_at != 0 ? ticket->asked_at : b->now;
	int			n = 0;

	for (int i = 0; i < DLOAD_BUDGET_LINE; i++)
	{
		const DloadSharedWaiter *w = &b->state->line[i];

		n += w->pid != 0 && w->since < since &&
			b->now - w->seen <= IN_LINE_US;
	}
	return n;
}

/* May another request be on its way, this one? */
bool
dload_budget_has_place(DloadBudget *b, DloadTicket *ticket, bool needed,
					   int max_concurrency)
{
	if (dload_budget_in_flight(b) + ahead(b, ticket) < max_concurrency)
		return true;

	/*
	 * Who has requests on their way may be the one that must read them, so
	 * waiting for them could last for ever.
	 */
	if (needed && has_own(b))
		return true;
	if (needed)
		stay_in_line(b, ticket);
	return false;
}

void
dload_budget_leave(DloadBudget *b)
{
	for (int i = 0; i < DLOAD_BUDGET_SLOTS; i++)
		if (b->state->slots[i].pid == b->pid)
			b->state->slots[i].pid = 0;
}

void
dload_budget_reclaim(DloadBudget *b, bool (*alive) (pid_t pid))
{
	for (int i = 0; i < DLOAD_BUDGET_SLOTS; i++)
	{
		DloadSharedSlot *slot = &b->state->slots[i];

		if (slot->pid != 0 && slot->pid != b->pid && !alive(slot->pid))
			slot->pid = 0;
	}
}
