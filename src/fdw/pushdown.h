/*-------------------------------------------------------------------------
 *
 * pushdown.h
 *	  Conditions of a query -> values of request parameters.
 *
 * A condition is *pushed* when it says that a column with the option "param"
 * equals a value, or one of the values of an array, that is known before the
 * scan starts: a constant, a parameter, a column of an outer row; and when it
 * bounds the column of a window, which has the parameter of a slice's lower
 * bound.  Pushing
 * only decides what is asked for.  Every condition is still checked on the
 * rows that come, so an API that ignores the parameter costs time, never a
 * wrong row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PUSHDOWN_H
#define DLOAD_PUSHDOWN_H

#include "base/dload.h"
#include "model/resource.h"

#include "nodes/pathnodes.h"

/* What of the column a value is. */
typedef enum DloadPart
{
	DLOAD_PART_VALUE,
	DLOAD_PART_FROM,			/* its window's lower bound */
	DLOAD_PART_BEFORE,			/* its window's upper bound */
	DLOAD_PART_UNTIL			/* the same, itself included */
} DloadPart;

typedef struct DloadPushed
{
	const DloadResourceColumn *column;
	DloadPart	part;
	Expr	   *value;			/* or array of values */
	bool		is_array;
	Oid			equality;		/* function: column = value */
	Oid			collation;		/* of the comparison */
	Node	   *clause;			/* where it came from: a RestrictInfo or a
								 * bare expression */
} DloadPushed;

/*
 * What a clause (RestrictInfo or bare) pushes to the relation "relid"; NULL if
 * nothing.
 */
extern DloadPushed *dload_pushdown_clause(PlannerInfo *root, Index relid,
										  const DloadResource *res,
										  Node *clause);

/*
 * What a list of clauses pushes: at most one DloadPushed per column and part,
 * a single value preferred to a list.
 */
extern List *dload_pushdown_clauses(PlannerInfo *root, Index relid,
									const DloadResource *res, List *clauses);

/*
 * The attribute numbers of columns that must have a value and have none: those
 * in the path, and those in "joined".
 */
extern List *dload_pushdown_missing(const DloadResource *res, List *pushed,
									const Bitmapset *joined);

/* How many requests the values make, as far as the planner can tell. */
extern double dload_pushdown_requests(PlannerInfo *root, List *pushed);

/*
 * A value as a request carries it: true/false, ISO 8601 in UTC for dates and
 * times, else what the type's output function gives.  palloc'd.
 */
extern char *dload_pushdown_text(Oid typid, Datum value);

/* Is that text a JSON value, where a request has JSON? */
extern bool dload_pushdown_is_json(Oid typid);

/* The parameter that a part of a column fills. */
extern char *dload_pushdown_param(const DloadResource *res,
								  const DloadResourceColumn *column,
								  DloadPart part);

/* The same for the bound of a window; NULL for one that is no bound. */
extern char *dload_pushdown_bound(const DloadResource *res, Oid typid,
								  Datum value, DloadPart part);

#endif							/* DLOAD_PUSHDOWN_H */
