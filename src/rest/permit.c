/*-------------------------------------------------------------------------
 *
 * permit.c
 *	  All that a request needs to be sent: a place in each budget it falls
 *	  under.
 *
 * The budgets are asked one after the other, the server's last.  What one of
 * them granted is given back when a later one refuses, so that nobody waits in
 * one while holding a place in another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/permit.h"

/* List the budgets that any request of the resource may fall under. */
static void
list_budgets(DloadPermitBudgets *budgets, const DloadResource *res)
{
	ListCell   *lc;

	memset(budgets, 0, sizeof(*budgets));
	foreach(lc, res->limits.rates)
	{
		const DloadRate *rate = lfirst(lc);
		bool		known = rate->scope == NULL || dload_rate_is_weight(rate);

		for (int i = 0; i < budgets->n && !known; i++)
			known = strcmp(budgets->scopes[i], rate->scope) == 0;
		if (!known)
			budgets->scopes[budgets->n++] = rate->scope;
	}
	budgets->scopes[budgets->n++] = NULL;
}

/* What a request weighs in a rate of the server: the first weight counts. */
static int64
weigh(const DloadRate *rate, const DloadResource *res, const char *method,
	  const char *url)
{
	ListCell   *lc;

	foreach(lc, res->limits.rates)
	{
		const DloadRate *weight = lfirst(lc);

		if (dload_rate_weighs_in(weight, rate) &&
			dload_scope_covers(weight->scope, res->base_url, method, url))
			return weight->weight;
	}
	return Max(rate->weight, 1);
}

void
dload_permit_open(DloadPermit *permit, DloadPermitBudgets *budgets,
				  const DloadResource *res, const char *method,
				  const char *url)
{
	DloadTicket *ticket;
	ListCell   *lc;
	int			n = 0;

	memset(permit, 0, sizeof(*permit));
	permit->spec = &res->limits;
	if (budgets->n == 0)
		list_budgets(budgets, res);
	for (int i = 0; i < budgets->n; i++)
	{
		const char *scope = budgets->scopes[i];

		if (scope != NULL &&
			!dload_scope_covers(scope, res->base_url, method, url))
			continue;
		if (budgets->limiters[i] == NULL)
			budgets->limiters[i] = dload_limiter_get(res, scope);
		permit->limiters[permit->n++] = budgets->limiters[i];
	}
	ticket = &permit->tickets[permit->n - 1];
	foreach(lc, res->limits.rates)
	{
		const DloadRate *rate = lfirst(lc);

		if (rate->scope == NULL)
			ticket->units.weight[n++] = weigh(rate, res, method, url);
	}
}

long
dload_permit_acquire(DloadPermit *permit, bool needed)
{
	for (int i = 0; i < permit->n; i++)
	{
		long		wait = dload_limiter_acquire(permit->limiters[i],
												 &permit->tickets[i], needed,
												 permit->aside);

		if (wait <= 0)
			continue;
		while (--i >= 0)
			dload_limiter_undo(permit->limiters[i], &permit->tickets[i]);
		return wait;
	}
	return 0;
}

void
dload_permit_learn(DloadPermit *permit, const DloadExchange *ex, bool limited)
{
	DloadAllowance allowance;
	int64		blocked_for = 0;

	dload_allowance_read(permit->spec, ex, &allowance);
	if (limited)
		blocked_for = Max(dload_limit_pause(permit->spec, ex, true), 0);
	dload_limiter_learn(permit->limiters[0], &permit->tickets[0], &allowance,
						blocked_for);
	for (int i = 1; i < permit->n; i++)
		dload_limiter_learn(permit->limiters[i], &permit->tickets[i], NULL, 0);
}

void
dload_permit_block(DloadPermit *permit, int64 ms)
{
	dload_limiter_learn(permit->limiters[0], &permit->tickets[0], NULL, ms);
}

void
dload_permit_touch(DloadPermit *permit)
{
	for (int i = 0; i < permit->n; i++)
		dload_limiter_touch(permit->limiters[i], &permit->tickets[i]);
}

void
dload_permit_release(DloadPermit *permit)
{
	for (int i = 0; i < permit->n; i++)
		dload_limiter_release(permit->limiters[i], &permit->tickets[i]);
}
