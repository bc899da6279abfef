/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  The foreign scan at work: values of parameters, requests, rows.
 *
 * Everything hangs on memory contexts below the executor's, because after an
 * error or a cancel nobody calls EndForeignScan.
 *
 * A list of values makes one request for each.  If the API ignored the
 * parameter, each of them would bring every row; so a row counts only for the
 * request whose value it has, and never twice.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "fdw/fdw.h"
#include "fdw/memo.h"
#include "fdw/pushdown.h"
#include "fdw/row.h"

#include "catalog/pg_collation.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/typcache.h"

static const DloadResourceColumn *
find_column(const DloadResource *res, AttrNumber attnum)
{
	for (int i = 0; i < res->ncolumns; i++)
	{
		if (res->columns[i].attnum == attnum)
			return &res->columns[i];
	}
	elog(ERROR, "foreign table has no column %d", attnum);
	return NULL;
}

/* Take over from the plan what is pushed. */
static void
prepare_given(DloadScan *scan, ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *columns = list_nth(plan->fdw_private, DLOAD_SCAN_COLUMNS);
	List	   *arrays = list_nth(plan->fdw_private, DLOAD_SCAN_IS_ARRAY);
	List	   *equality = list_nth(plan->fdw_private, DLOAD_SCAN_EQUALITY);
	List	   *collation = list_nth(plan->fdw_private, DLOAD_SCAN_COLLATION);
	List	   *missing = list_nth(plan->fdw_private, DLOAD_SCAN_MISSING);
	List	   *parts = list_nth(plan->fdw_private, DLOAD_SCAN_PARTS);

	scan->ngiven = list_length(columns);
	scan->given = palloc0(sizeof(DloadGiven) * Max(scan->ngiven, 1));
	for (int i = 0; i < scan->ngiven; i++)
	{
		DloadGiven *g = &scan->given[i];
		Expr	   *value = list_nth(plan->fdw_exprs, i);

		g->column = find_column(scan->resource, list_nth_int(columns, i));
		g->part = list_nth_int(parts, i);
		g->value = ExecInitExpr(value, &node->ss.ps);
		g->typid = exprType((Node *) value);
		g->is_array = list_nth_int(arrays, i) != 0;
		if (g->is_array)
		{
			g->typid = get_base_element_type(g->typid);
			fmgr_info(list_nth_oid(equality, i), &g->equality);
			g->collation = list_nth_oid(collation, i);
		}
	}
	if (missing != NIL)
		scan->missing = find_column(scan->resource, linitial_int(missing));
}

void
dload_begin_scan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	Relation	rel = node->ss.ss_currentRelation;
	Oid			userid = dload_scan_user(plan, estate);
	DloadScan  *scan = palloc0(sizeof(DloadScan));
	Bitmapset  *attnums = NULL;
	MemoryContext old;
	ListCell   *lc;

	node->fdw_state = scan;
	scan->context = AllocSetContextCreate(estate->es_query_cxt, "dload scan",
										  ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scan->context);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
	{
		scan->resource = dload_resource_describe(RelationGetRelid(rel));
		MemoryContextSwitchTo(old);
		return;
	}

	scan->resource = dload_resource_create(RelationGetRelid(rel),
										   OidIsValid(userid) ?
										   userid : GetUserId());
	foreach(lc, list_nth(plan->fdw_private, DLOAD_SCAN_ATTNUMS))
		attnums = bms_add_member(attnums, lfirst_int(lc));
	scan->row = dload_row_create(scan->resource,
								 RelationGetNumberOfAttributes(rel), attnums);
	scan->max_window = scan->resource->limits.max_concurrency;
	scan->open = palloc0(sizeof(DloadScanRequest) * scan->max_window);
	if (plan->scan.plan.extParam != NULL || (eflags & EXEC_FLAG_REWIND))
		scan->memo = dload_memo_create();
	MemoryContextSwitchTo(old);

	/* expression states belong to the executor's context */
	prepare_given(scan, node);
}

typedef struct SortArg
{
	FmgrInfo   *compare;
	Oid			collation;
} SortArg;

static int
compare_values(const void *a, const void *b, void *arg)
{
	SortArg    *sort = arg;

	return DatumGetInt32(FunctionCall2Coll(sort->compare, sort->collation,
										   *(const Datum *) a,
										   *(const Datum *) b));
}

/*
 * The distinct non-null elements of an array.  Equal by the type's own order,
 * not as text: 1.0 and 1.00 are one value.
 */
static void
spread_array(DloadGiven *g, Datum array)
{
	TypeCacheEntry *type = lookup_type_cache(g->typid,
											 TYPECACHE_CMP_PROC_FINFO);
	SortArg		sort = {&type->cmp_proc_finfo, g->collation};
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			n = 0;

	deconstruct_array(DatumGetArrayTypePCopy(array), g->typid, type->typlen,
					  type->typbyval, type->typalign, &elements, &nulls,
					  &count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			elements[n++] = elements[i];
	}
	if (n > 1)
	{
		qsort_arg(elements, n, sizeof(Datum), compare_values, &sort);
		count = n;
		n = 1;
		for (int i = 1; i < count; i++)
		{
			if (compare_values(&elements[i], &elements[n - 1], &sort) != 0)
				elements[n++] = elements[i];
		}
	}
	g->values = elements;
	g->nvalues = n;
}

/* A header's value ends at a line break, and so would the header. */
static void
check_header_value(const DloadGiven *g, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value for column \"%s\" contains a control "
							"character, which a header cannot hold",
							g->column->name)));
	}
}

/* Evaluate the values of one parameter for this (re)scan. */
static void
evaluate_given(DloadGiven *g, ExprContext *econtext)
{
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(g->value, econtext, &isnull);
	Oid			input;
	Oid			ioparam;

	/* nothing equals null, so there is nothing to ask for */
	g->nvalues = 0;
	if (isnull)
		return;
	if (g->is_array)
		spread_array(g, value);
	else
	{
		g->values = palloc(sizeof(Datum));
		g->values[0] = datumCopy(value, get_typbyval(g->typid),
								 get_typlen(g->typid));
		g->nvalues = 1;
	}

	if (g->column->in == DLOAD_IN_HEADER)
	{
		for (int i = 0; i < g->nvalues; i++)
			check_header_value(g, dload_pushdown_text(g->typid, g->values[i]));
	}
	if (!g->column->echo)
		return;
	g->columns = g->values;
	if (getBaseType(g->column->typid) == getBaseType(g->typid))
		return;
	g->columns = palloc(sizeof(Datum) * Max(g->nvalues, 1));
	getTypeInputInfo(g->column->typid, &input, &ioparam);
	for (int i = 0; i < g->nvalues; i++)
	{
		char	   *text = dload_pushdown_text(g->typid, g->values[i]);

		g->columns[i] = OidInputFunctionCall(input, text, ioparam, -1);
	}
}

/* The subscript of a parameter's value in a combination. */
static int
chosen(const DloadScan *scan, int which, int ordinal)
{
	for (int i = scan->ngiven - 1; i > which; i--)
		ordinal /= scan->given[i].nvalues;
	return ordinal % scan->given[which].nvalues;
}

/*
 * Look for the answer to the one request of this (re)scan among those kept.
 */
static bool
recall(DloadScan *scan)
{
	StringInfoData key;

	if (scan->memo == NULL || scan->nrequests != 1)
		return false;
	initStringInfo(&key);
	for (int i = 0; i < scan->ngiven; i++)
	{
		DloadGiven *g = &scan->given[i];

		appendStringInfoString(&key, dload_pushdown_text(g->typid,
														 g->values[0]));
		appendStringInfoChar(&key, '\0');
	}
	return dload_memo_begin(scan->memo, key.data, key.len);
}

static void
raise_missing(const DloadScan *scan)
{
	const DloadResourceColumn *column = scan->missing;

	ereport(ERROR,
			(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
			 errmsg("column \"%s\" of foreign table \"%s\" needs a value",
					column->name, scan->resource->relname),
			 column->required && column->in == DLOAD_IN_PATH ?
			 errdetail("It fills \"{%s}\" in the path \"%s\".",
					   column->param, scan->resource->request.path) :
			 column->required ?
			 errdetail("It fills the placeholder \"{%s}\" of the request.",
					   column->param) :
			 errdetail("It has no other value than the one that is asked "
					   "for."),
			 errhint("Add WHERE %s = ... to the query, or join the column "
					 "with another table.", quote_identifier(column->name))));
}

static void
begin_read(DloadScan *scan, ForeignScanState *node)
{
	double		requests = 1;
	MemoryContext old;
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;

	if (scan->missing != NULL)
		raise_missing(scan);
	scan->read_context = AllocSetContextCreate(scan->context, "dload read",
											   ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scan->read_context);
	for (int i = 0; i < scan->ngiven; i++)
	{
		evaluate_given(&scan->given[i], node->ss.ps.ps_ExprContext);
		requests *= scan->given[i].nvalues;
	}
	MemoryContextSwitchTo(old);

	if (requests > DLOAD_MAX_SCAN_REQUESTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("conditions on foreign table \"%s\" ask for %.0f "
						"requests",
						scan->resource->relname, requests),
				 errdetail("At most %d are made for one scan.",
						   DLOAD_MAX_SCAN_REQUESTS),
				 errhint("Shorten the lists of values.")));
	scan->nrequests = (int) requests;
	scan->next = 0;
	scan->nopen = 0;
	/* under a LIMIT the first requests may be all that is needed */
	scan->window = intVal(list_nth(plan->fdw_private, DLOAD_SCAN_LIMIT)) > 0 ?
		1 : scan->max_window;
	scan->wanted = intVal(list_nth(plan->fdw_private, DLOAD_SCAN_WANTED));
	scan->replayed = recall(scan);
	scan->begun = true;
}

/* The elements of an array as one list. */
static List *
add_list(List *params, const DloadParam *like, Oid elemtype, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("value for parameter \"%s\" is an array of several "
						"dimensions", like->name),
				 errhint("Make the column jsonb, if the API takes JSON.")));
	get_typlenbyvalalign(elemtype, &typlen, &typbyval, &typalign);
	deconstruct_array(array, elemtype, typlen, typbyval, typalign,
					  &elements, &nulls, &count);
	for (int i = 0; i < Max(count, 1); i++)
	{
		DloadParam *param = palloc(sizeof(DloadParam));

		*param = *like;
		param->list = true;
		if (i < count && !nulls[i])
			param->value = dload_pushdown_text(elemtype, elements[i]);
		param->bare = i < count &&
			(nulls[i] || dload_pushdown_is_json(elemtype));
		params = lappend(params, param);
	}
	return params;
}

/* What one of a parameter's values gives to a request. */
static List *
add_given(List *params, const DloadScan *scan, const DloadGiven *g,
		  Datum value)
{
	DloadParam *param = palloc0(sizeof(DloadParam));
	Oid			elemtype = get_base_element_type(g->typid);

	param->name = dload_pushdown_param(scan->resource, g->column, g->part);
	param->in = g->column->in;
	if (OidIsValid(elemtype))
		return add_list(params, param, elemtype, value);
	param->value = g->part == DLOAD_PART_VALUE ?
		dload_pushdown_text(g->typid, value) :
		dload_pushdown_bound(scan->resource, g->typid, value, g->part);
	param->bare = dload_pushdown_is_json(g->typid);
	return lappend(params, param);
}

static void
open_request(DloadScan *scan)
{
	DloadScanRequest *request = &scan->open[scan->nopen++];
	List	   *params = NIL;
	MemoryContext old;

	request->ordinal = scan->next++;
	request->context = AllocSetContextCreate(scan->read_context,
											 "dload request",
											 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(request->context);
	for (int i = 0; i < scan->ngiven; i++)
	{
		DloadGiven *g = &scan->given[i];

		params = add_given(params, scan, g,
						   g->values[chosen(scan, i, request->ordinal)]);
	}
	request->extract = dload_extract_begin(scan->resource, params);
	dload_extract_want(request->extract, scan->wanted);
	MemoryContextSwitchTo(old);
}

/* Open what the window allows, and send what can be sent now. */
static void
fill_window(DloadScan *scan)
{
	while (scan->nopen < scan->window && scan->next < scan->nrequests)
		open_request(scan);
	for (int i = 0; scan->nopen > 1 && i < scan->nopen; i++)
		dload_extract_prefetch(scan->open[i].extract);
}

static void
add_stats(DloadExtractStats *total, const DloadExtractStats *part)
{
	total->requests += part->requests;
	total->pages += part->pages;
	total->bytes += part->bytes;
	total->retries += part->retries;
	total->skipped += part->skipped;
	total->limit_wait_us += part->limit_wait_us;
	total->backoff_wait_us += part->backoff_wait_us;
	total->network_wait_us += part->network_wait_us;
	if (part->paginator[0] != '\0')
		memcpy(total->paginator, part->paginator, sizeof(total->paginator));
}

/*
 * Say why records may be missing; once, though a scan may make many requests.
 * Who has seen enough before the end does not miss what the rest lacks.
 */
static void
warn_of_lack(DloadScan *scan, const DloadExtract *extract, bool ended)
{
	char	   *skipped = dload_extract_skipped(extract);
	char	   *lacks = ended ? dload_extract_lacks(extract, 0) : skipped;

	if (lacks == NULL || scan->warned)
		return;
	scan->warned = true;
	ereport(WARNING,
			(skipped != NULL ?
			 errmsg("foreign table %s was not read completely",
					scan->resource->relname) :
			 errmsg("foreign table %s may not have been read completely",
					scan->resource->relname),
			 errdetail_internal("%s", lacks)));
}

static void
close_request(DloadScan *scan, int which, bool ended)
{
	DloadScanRequest *request = &scan->open[which];

	warn_of_lack(scan, request->extract, ended);
	add_stats(&scan->stats, dload_extract_stats(request->extract));
	dload_extract_end(request->extract);
	MemoryContextDelete(request->context);
	scan->nopen--;
	memmove(request, request + 1,
			sizeof(DloadScanRequest) * (scan->nopen - which));
}

/*
 * Does a row have the values that its request asked for?  Columns that echo
 * the request are set on the way.
 */
static bool
answers(const DloadScan *scan, int ordinal, TupleTableSlot *slot)
{
	for (int i = 0; i < scan->ngiven; i++)
	{
		DloadGiven *g = &scan->given[i];
		int			which = chosen(scan, i, ordinal);
		int			att = g->column->attnum - 1;

		if (g->column->echo)
		{
			slot->tts_values[att] = g->columns[which];
			slot->tts_isnull[att] = false;
		}
		else if (g->is_array && g->nvalues > 1 &&
				 (slot->tts_isnull[att] ||
				  !DatumGetBool(FunctionCall2Coll(&g->equality, g->collation,
												  slot->tts_values[att],
												  g->values[which]))))
			return false;
	}
	return true;
}

/* The next record of the request being read; false at its end. */
static bool
next_record(DloadScan *scan, DloadSpan *record)
{
	DloadExtract *extract = scan->open[0].extract;
	DloadError	err = {0};

	switch (dload_extract_next_record(extract, record, &err))
	{
		case DLOAD_EXTRACT_ITEM:
			return true;
		case DLOAD_EXTRACT_END:
			return false;
		case DLOAD_EXTRACT_ERROR:
			dload_error_raise(&err);
	}
	return false;
}

/* Called in the per-tuple context, which the executor resets. */
TupleTableSlot *
dload_iterate_scan(ForeignScanState *node)
{
	DloadScan  *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	DloadSpan	record;

	if (!scan->begun)
		begin_read(scan, node);
	ExecClearTuple(slot);
	if (scan->replayed)
	{
		(void) dload_memo_next(scan->memo, slot);
		return slot;
	}
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		fill_window(scan);
		if (scan->nopen == 0)
			return slot;
		if (!next_record(scan, &record))
		{
			close_request(scan, 0, true);
			if (scan->memo != NULL)
				dload_memo_complete(scan->memo);
			scan->window = Min(scan->window * 2, scan->max_window);
			continue;
		}
		dload_row_fill(scan->row, record, scan->open[0].extract,
					   slot->tts_values, slot->tts_isnull);
		if (answers(scan, scan->open[0].ordinal, slot))
		{
			ExecStoreVirtualTuple(slot);
			if (scan->memo != NULL)
				dload_memo_add(scan->memo, slot);
			return slot;
		}
		ResetExprContext(node->ss.ps.ps_ExprContext);
	}
}

static void
end_read(DloadScan *scan)
{
	while (scan->nopen > 0)
		close_request(scan, scan->nopen - 1, false);
	if (scan->memo != NULL)
		dload_memo_forget(scan->memo);
	if (scan->read_context != NULL)
		MemoryContextDelete(scan->read_context);
	scan->read_context = NULL;
	scan->begun = false;
}

void
dload_rescan(ForeignScanState *node)
{
	end_read(node->fdw_state);
}

void
dload_end_scan(ForeignScanState *node)
{
	DloadScan  *scan = node->fdw_state;

	if (scan == NULL)
		return;
	end_read(scan);
	MemoryContextDelete(scan->context);
	node->fdw_state = NULL;
}

void
dload_scan_stats(const DloadScan *scan, DloadExtractStats *total)
{
	*total = scan->stats;
	for (int i = 0; i < scan->nopen; i++)
		add_stats(total, dload_extract_stats(scan->open[i].extract));
}
