/*-------------------------------------------------------------------------
 *
 * fdw.c
 *	  The foreign data wrapper: handler and planning.
 *
 * Planning touches no network and no secret.  A table whose path has
 * parameters can be read only where each of them gets a value: from a
 * condition on the table itself, or from rows of other tables in a
 * parameterized path.  Without them there is still a path, so that a query
 * never fails to be planned, but one so dear that it is taken only when there
 * is no other; it raises when it runs.
 *
 * The same goes for any column that echoes the request and is joined: read
 * without a value it would be null and join with nothing, and the result must
 * not depend on the plan.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "fdw/fdw.h"
#include "fdw/pushdown.h"

#include <math.h>

#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"

/* In the planner's unit, the cost of reading a page from disk. */
#define REQUEST_COST		100.0
#define RECORD_COST			(10 * cpu_tuple_cost)

/* Beyond what any real plan costs (disable_cost is 1e10). */
#define IMPOSSIBLE_COST		1.0e13

/*
 * Costs do not count against paths with more disabled nodes, so an impossible
 * path has more than any plan may have by enable_nestloop and the like.
 */
#define IMPOSSIBLE_DISABLED	10000

/* Of a table that was never analyzed. */
#define DEFAULT_PAGES		10.0
#define DEFAULT_PAGE_SIZE	100.0

/* Sets of outer relations for which a parameterized path is made. */
#define MAX_OUTER_SETS		16

/* What planning one table needs. */
typedef struct RelPlan
{
	DloadResource *resource;
	List	   *pushed;			/* by the table's own conditions */
	Bitmapset  *joined;			/* columns that echo the request and that a
								 * join could give a value to */
} RelPlan;

DLOAD_FUNCTION(dload_fdw_handler);

/*
 * The clauses that rows may fail.  One that is pushed to a column whose value
 * comes from the request holds for every row.
 */
static List *
filtering_clauses(List *clauses, List *pushed)
{
	List	   *filters = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		ListCell   *other;

		foreach(other, pushed)
		{
			DloadPushed *p = lfirst(other);

			if (p->clause == lfirst(lc) && p->column->echo)
				break;
		}
		if (other == NULL)
			filters = lappend(filters, lfirst(lc));
	}
	return filters;
}

static void
get_rel_size(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid)
{
	RelPlan    *plan = palloc0(sizeof(RelPlan));
	List	   *filters;
	double		requests;

	plan->resource = dload_resource_describe(foreigntableid);
	plan->pushed = dload_pushdown_clauses(root, baserel->relid,
										  plan->resource,
										  baserel->baserestrictinfo);
	baserel->fdw_private = plan;

	/*
	 * reltuples is of the whole table, if that could be analyzed.
	 */
	if (baserel->tuples <= 0)
	{
		baserel->tuples = DEFAULT_PAGE_SIZE;
		if (plan->resource->page.kind != DLOAD_PAGINATE_NONE)
			baserel->tuples *= DEFAULT_PAGES;
	}
	filters = filtering_clauses(baserel->baserestrictinfo, plan->pushed);
	set_baserel_size_estimates(root, baserel);
	requests = dload_pushdown_requests(root, plan->pushed);
	baserel->rows = clamp_row_est(baserel->tuples * requests *
								  clauselist_selectivity(root, filters, 0,
														 JOIN_INNER, NULL));
}

/* Cost and add a path for the given outer relations (NULL: none). */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *baserel, Relids outer)
{
	RelPlan    *plan = baserel->fdw_private;
	List	   *pushed = plan->pushed;
	double		rows = baserel->rows;
	double		page_size = plan->resource->page.page_size;
	double		pages;
	Cost		startup;
	Cost		run;
	bool		complete;

	if (outer != NULL)
	{
		ParamPathInfo *info = get_baserel_parampathinfo(root, baserel, outer);
		List	   *clauses = list_concat_copy(baserel->baserestrictinfo,
											   info->ppi_clauses);

		pushed = dload_pushdown_clauses(root, baserel->relid, plan->resource,
										clauses);
		rows = info->ppi_rows;
	}
	complete = dload_pushdown_missing(plan->resource, pushed,
									  plan->joined) == NIL;
	/* a lateral reference makes even the only path a parameterized one */
	if (!complete && !bms_equal(outer, baserel->lateral_relids))
		return;

	if (page_size <= 0)
		page_size = DEFAULT_PAGE_SIZE;
	pages = dload_pushdown_requests(root, pushed) + floor(rows / page_size);
	startup = REQUEST_COST + baserel->reltarget->cost.startup +
		baserel->baserestrictcost.startup;
	run = (pages - 1) * REQUEST_COST +
		rows * (RECORD_COST + baserel->baserestrictcost.per_tuple +
				baserel->reltarget->cost.per_tuple);
	if (!complete)
		startup += IMPOSSIBLE_COST;
	add_path(baserel, (Path *)
			 dload_foreign_path(root, baserel, rows,
								complete ? 0 : IMPOSSIBLE_DISABLED,
								startup, startup + run, outer));
}

/* Used through generate_implied_equalities_for_column. */
static bool
member_is_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
				 EquivalenceMember *em, void *arg)
{
	const DloadResourceColumn *column = arg;
	Node	   *node = (Node *) em->em_expr;

	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node != NULL && IsA(node, Var) &&
		((Var *) node)->varno == rel->relid &&
		((Var *) node)->varattno == column->attnum;
}

/* Join clauses that could give a value to a parameter. */
static List *
join_clauses(PlannerInfo *root, RelOptInfo *baserel)
{
	RelPlan    *plan = baserel->fdw_private;
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, baserel->joininfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (join_clause_is_movable_to(rinfo, baserel) &&
			dload_pushdown_clause(root, baserel->relid, plan->resource,
								  (Node *) rinfo) != NULL)
			clauses = lappend(clauses, rinfo);
	}
	if (!baserel->has_eclass_joins)
		return clauses;
	for (int i = 0; i < plan->resource->ncolumns; i++)
	{
		DloadResourceColumn *column = &plan->resource->columns[i];
		Relids		prohibited = baserel->lateral_referencers;
		List	   *equalities;

		if (column->param == NULL)
			continue;
		equalities = generate_implied_equalities_for_column(root, baserel,
															member_is_column,
															column,
															prohibited);
		foreach(lc, equalities)
		{
			RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

			if (join_clause_is_movable_to(rinfo, baserel) &&
				dload_pushdown_clause(root, baserel->relid, plan->resource,
									  (Node *) rinfo) != NULL)
				clauses = lappend(clauses, rinfo);
		}
	}
	return clauses;
}

/* The columns that these join clauses give a value to, if they echo it. */
static Bitmapset *
joined_columns(PlannerInfo *root, RelOptInfo *baserel, List *clauses)
{
	RelPlan    *plan = baserel->fdw_private;
	Bitmapset  *joined = NULL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		DloadPushed *pushed = dload_pushdown_clause(root, baserel->relid,
													plan->resource,
													lfirst(lc));

		if (pushed->column->echo)
			joined = bms_add_member(joined, pushed->column->attnum);
	}
	return joined;
}

static List *
add_outer_set(List *sets, Relids outer)
{
	ListCell   *lc;

	foreach(lc, sets)
	{
		if (bms_equal(lfirst(lc), outer))
			return sets;
	}
	return lappend(sets, outer);
}

static void
get_paths(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid)
{
	RelPlan    *plan = baserel->fdw_private;
	List	   *clauses = join_clauses(root, baserel);
	List	   *sets = NIL;
	Relids		all = NULL;
	ListCell   *lc;

	plan->joined = joined_columns(root, baserel, clauses);
	add_scan_path(root, baserel, baserel->lateral_relids);

	/*
	 * One set per clause, and unions of them: the parameters of one path may
	 * come from different relations.
	 */
	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Relids		outer = bms_union(rinfo->clause_relids,
									  baserel->lateral_relids);
		List	   *larger = NIL;
		ListCell   *other;

		outer = bms_del_member(outer, baserel->relid);
		if (bms_is_empty(outer))
			continue;
		all = bms_add_members(all, outer);
		foreach(other, sets)
			larger = lappend(larger, bms_union(lfirst(other), outer));
		sets = add_outer_set(sets, outer);
		foreach(other, larger)
		{
			if (list_length(sets) < MAX_OUTER_SETS)
				sets = add_outer_set(sets, lfirst(other));
		}
	}
	if (!bms_is_empty(all))
		sets = add_outer_set(sets, all);
	foreach(lc, sets)
	{
		if (!bms_equal(lfirst(lc), baserel->lateral_relids))
			add_scan_path(root, baserel, lfirst(lc));
	}
}

/*
 * The columns whose values the plan needs: of the target list and of every
 * condition, all of which are checked locally.
 */
static List *
needed_attnums(RelOptInfo *baserel, const DloadResource *res, List *clauses)
{
	Bitmapset  *used = NULL;
	List	   *attnums = NIL;

	pull_varattnos((Node *) baserel->reltarget->exprs, baserel->relid, &used);
	pull_varattnos((Node *) clauses, baserel->relid, &used);
	for (int i = 0; i < res->ncolumns; i++)
	{
		AttrNumber	attnum = res->columns[i].attnum;

		if (bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, used) ||
			bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used))
			attnums = lappend_int(attnums, attnum);
	}
	return attnums;
}

/*
 * After how many rows a LIMIT ends the scan; 0 if none is known to.  It is a
 * hint for what to fetch ahead and how much at a time, nothing else.
 */
static int
known_limit(PlannerInfo *root, RelOptInfo *baserel)
{
	if (root->limit_tuples <= 0 || root->limit_tuples > PG_INT32_MAX ||
		root->parse->sortClause != NIL || root->parse->distinctClause != NIL ||
		root->parse->hasWindowFuncs || root->parse->hasTargetSRFs ||
		!bms_equal(root->all_baserels, baserel->relids))
		return 0;
	return (int) root->limit_tuples;
}

static ForeignScan *
get_plan(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid,
		 ForeignPath *best_path, List *tlist, List *scan_clauses,
		 Plan *outer_plan)
{
	RelPlan    *plan = baserel->fdw_private;
	List	   *pushed = dload_pushdown_clauses(root, baserel->relid,
												plan->resource, scan_clauses);
	List	   *quals = extract_actual_clauses(scan_clauses, false);
	List	   *columns = NIL;
	List	   *is_array = NIL;
	List	   *equality = NIL;
	List	   *collation = NIL;
	List	   *values = NIL;
	List	   *parts = NIL;
	List	   *attnums = needed_attnums(baserel, plan->resource, quals);
	int			limit = known_limit(root, baserel);
	int			wanted = limit;
	List	   *private;
	ListCell   *lc;

	if (filtering_clauses(scan_clauses, pushed) != NIL)
		wanted = 0;

	foreach(lc, pushed)
	{
		DloadPushed *p = lfirst(lc);

		columns = lappend_int(columns, p->column->attnum);
		is_array = lappend_int(is_array, p->is_array);
		equality = lappend_oid(equality, p->equality);
		collation = lappend_oid(collation, p->collation);
		values = lappend(values, p->value);
		parts = lappend_int(parts, p->part);
	}
	private = list_make5(columns, is_array, equality, collation, attnums);
	private = lappend(private, makeInteger(limit));
	private = lappend(private, dload_pushdown_missing(plan->resource, pushed,
													  plan->joined));
	private = lappend(private, makeInteger(wanted));
	private = lappend(private, parts);
	return make_foreignscan(tlist, quals, baserel->relid, values, private,
							NIL, NIL, outer_plan);
}

static bool
is_parallel_safe(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	/* each worker would send every request */
	return false;
}

Datum
dload_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = get_rel_size;
	routine->GetForeignPaths = get_paths;
	routine->GetForeignPlan = get_plan;
	routine->BeginForeignScan = dload_begin_scan;
	routine->IterateForeignScan = dload_iterate_scan;
	routine->ReScanForeignScan = dload_rescan;
	routine->EndForeignScan = dload_end_scan;
	routine->ExplainForeignScan = dload_explain_scan;
	routine->AnalyzeForeignTable = dload_analyze_table;
	routine->IsForeignScanParallelSafe = is_parallel_safe;

	PG_RETURN_POINTER(routine);
}
