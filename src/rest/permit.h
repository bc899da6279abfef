/*-------------------------------------------------------------------------
 *
 * permit.h
 *	  All that a request needs to be sent: a place in each budget it falls
 *	  under.
 *
 * These are the budget of the server and user, and those of the paths that
 * rate_limit counts apart.  What the API says on such a path is taken to be
 * about that path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PERMIT_H
#define DLOAD_PERMIT_H

#include "rest/limiter.h"

/* A rate_limit has no more rates than this, so no more scopes either. */
#define DLOAD_PERMIT_BUDGETS	(DLOAD_BUDGET_RATES + 1)

/* The budgets of a resource, each looked up once, when it is first needed. */
typedef struct DloadPermitBudgets
{
	int			n;				/* 0: not listed yet */
	const char *scopes[DLOAD_PERMIT_BUDGETS];	/* NULL: the server's, last */
	DloadLimiter *limiters[DLOAD_PERMIT_BUDGETS];	/* NULL: not yet needed */
} DloadPermitBudgets;

typedef struct DloadPermit
{
	const DloadLimitSpec *spec;
	bool		aside;			/* it waits for none that is in flight */
	int			n;
	DloadLimiter *limiters[DLOAD_PERMIT_BUDGETS];	/* the server's is last */
	DloadTicket tickets[DLOAD_PERMIT_BUDGETS];
} DloadPermit;

/*
 * Find those of the resource's budgets that a request to this URL falls under,
 * and what it weighs in the server's rates.
 */
extern void dload_permit_open(DloadPermit *permit,
							  DloadPermitBudgets *budgets,
							  const DloadResource *res, const char *method,
							  const char *url);

/* As dload_limiter_acquire, learn, touch and release, for all of them. */
extern long dload_permit_acquire(DloadPermit *permit, bool needed);
extern void dload_permit_learn(DloadPermit *permit, const DloadExchange *ex,
							   bool limited);

/* Nothing more may be sent for so long: what a response says otherwise than by
 * its headers. */
extern void dload_permit_block(DloadPermit *permit, int64 ms);

extern void dload_permit_touch(DloadPermit *permit);
extern void dload_permit_release(DloadPermit *permit);

/* --- scope.c --- */

/* Is this request one that the scope "/path" or "POST /path" is for? */
extern bool dload_scope_covers(const char *scope, const char *base_url,
							   const char *method, const char *url);

#endif							/* DLOAD_PERMIT_H */
