/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  The arithmetic of a budget of requests.
 *
 * A budget is changed by one process at a time; limiter.c sees to that.
 * Nothing here allocates, waits or raises.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_BUDGET_H
#define DLOAD_BUDGET_H

#include "base/dload.h"
#include "base/shmem.h"
#include "model/option.h"
#include "rest/limiter.h"

/* Starts remembered one by one for a rate; above that, groups of starts. */
#define DLOAD_BUDGET_RING	10000

/* When to look again for what ends at no known time. */
#define DLOAD_BUDGET_POLL_US	(5 * 1000)

/* A budget as somebody may change it: with the rings at hand. */
typedef struct DloadBudget
{
	DloadSharedBudget *state;
	int64	   *rings[DLOAD_BUDGET_RATES];
	int64		now;
	int64		patience;		/* longest wait that is sat through, us */
	pid_t		pid;
} DloadBudget;

/* Everything but key and rates as for a budget never used. */
extern void dload_budget_init(DloadSharedBudget *state, int64 now);

/* What the API said is forgotten. */
extern void dload_budget_unlearn(DloadSharedBudget *state, int64 now);

/* A rate as given -> what is kept of it; the ring has ngroups members. */
extern void dload_budget_rate(const DloadRate *given, DloadSharedRate *rate);

/* The starts are forgotten, since the rates have changed. */
extern void dload_budget_forget(DloadSharedBudget *state);

/* Microseconds to wait before asking again, or 0: the request goes. */
extern int64 dload_budget_ask(DloadBudget *b, DloadTicket *ticket,
							  bool needed, int max_concurrency);

/* Headers came in. */
extern void dload_budget_answered(DloadBudget *b, DloadTicket *ticket,
								  const DloadAllowance *allowance,
								  int64 blocked_for);

/* The response is being read. */
extern void dload_budget_touch(DloadBudget *b, DloadTicket *ticket);

/* What was allowed will not be done now. */
extern void dload_budget_undo(DloadBudget *b, DloadTicket *ticket);

/* The exchange is over, or nothing was sent. */
extern void dload_budget_release(DloadBudget *b, DloadTicket *ticket);

/* No request of this process is on its way. */
extern void dload_budget_leave(DloadBudget *b);

/* Free the places of processes that are gone. */
extern void dload_budget_reclaim(DloadBudget *b, bool (*alive) (pid_t pid));

extern int	dload_budget_in_flight(const DloadBudget *b);

/* Starts of the window that ends now or is still to come; *until is when
 * none of them counts any more. */
extern int64 dload_budget_used(const DloadBudget *b, int rate, int64 *until);

/* Requests that the API would still take; -1 if it did not say. */
extern int64 dload_budget_left(DloadBudget *b);

/* May it be forgotten that this budget ever was used? */
extern bool dload_budget_is_idle(const DloadBudget *b);

/* --- inflight.c, for budget.c --- */

/* May another request be on its way, this one?  If not it stays in line. */
extern bool dload_budget_has_place(DloadBudget *b, DloadTicket *ticket,
								   bool needed, int max_concurrency);
extern void dload_budget_leave_line(DloadBudget *b, DloadTicket *ticket);

/* It goes.  One that finds no free place goes uncounted. */
extern void dload_budget_depart(DloadBudget *b, DloadTicket *ticket);

/* Its place, unless it has none or somebody else has it by now. */
extern DloadSharedSlot *dload_budget_slot(DloadBudget *b,
										  const DloadTicket *ticket);

/* Units of those on their way without an answer. */
extern int64 dload_budget_unanswered(const DloadBudget *b);

/* The most units that the request is in any rate. */
extern int	dload_budget_weight(const DloadTicket *ticket);

#endif							/* DLOAD_BUDGET_H */
