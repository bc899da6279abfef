/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  What EXPLAIN says of a foreign scan.
 *
 * The request is shown as a template, without the host: what would be asked
 * for can be seen without asking, and without a secret.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "fdw/fdw.h"
#include "fdw/memo.h"
#include "fdw/pushdown.h"
#include "rest/paginator.h"
#include "rest/url.h"

#include "commands/explain.h"
#include "utils/builtins.h"
#include "utils/ruleutils.h"

/* Stands for the server while the request is put together. */
#define NO_HOST		"http://x"

static void
add_query_param(const DloadJsonItem *item, void *arg)
{
	dload_url_add_query(arg, item->key, item->value ? item->value : "");
}

/*
 * "GET /repos/{owner}/events?per_page=100": method, path template and the
 * parameters that the definition and the paginator add.
 */
static char *
request_text(const DloadResource *res)
{
	StringInfoData url;
	DloadRequest request = {0};
	DloadError	ignored = {0};
	const char *path = res->request.path;
	const char *base = strstr(res->base_url, "://") + 3;
	size_t		baselen;

	/* the path of base_url is part of the request, its host is not shown */
	base += strcspn(base, "/");
	baselen = strlen(base);
	while (baselen > 0 && base[baselen - 1] == '/')
		baselen--;
	initStringInfo(&url);
	appendStringInfo(&url, "%s%.*s%s%s", NO_HOST, (int) baselen, base,
					 *path != '\0' && *path != '/' && *path != '?' ? "/" : "",
					 path);
	if (url.len == strlen(NO_HOST))
		appendStringInfoChar(&url, '/');
	if (res->request.query_params != NULL)
		dload_json_items(res->request.query_params, add_query_param, &url);
	request.url = url.data;
	request.body = res->request.body;
	(void) dload_paginator_begin(res, &request, &ignored);
	return psprintf("%s %s", res->request.method,
					dload_url_redact(request.url, NULL) + strlen(NO_HOST));
}

static char *
param_name(const DloadResource *res, AttrNumber attnum)
{
	for (int i = 0; i < res->ncolumns; i++)
	{
		if (res->columns[i].attnum == attnum)
			return res->columns[i].param;
	}
	return NULL;
}

/* By DloadPart. */
static const char *const operators[] = {"=", ">=", "<", "<="};

/* "owner = 'x', since = $1": what conditions give to the parameters. */
static char *
parameters_text(ForeignScanState *node, const DloadScan *scan,
				List *context)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *columns = list_nth(plan->fdw_private, DLOAD_SCAN_COLUMNS);
	List	   *arrays = list_nth(plan->fdw_private, DLOAD_SCAN_IS_ARRAY);
	List	   *parts = list_nth(plan->fdw_private, DLOAD_SCAN_PARTS);
	StringInfoData buf;
	ListCell   *column;
	ListCell   *value;
	ListCell   *is_array;
	ListCell   *part;

	initStringInfo(&buf);
	forfour(column, columns, value, plan->fdw_exprs, is_array, arrays,
			part, parts)
	{
		const char *text = deparse_expression(lfirst(value), context, true,
											  false);
		const char *name = param_name(scan->resource, lfirst_int(column));

		if (lfirst_int(part) == DLOAD_PART_BEFORE ||
			lfirst_int(part) == DLOAD_PART_UNTIL)
			name = scan->resource->slice.window_to;
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", name);
		if (lfirst_int(is_array))
			appendStringInfo(&buf, " = ANY (%s)", text);
		else
			appendStringInfo(&buf, " %s %s", operators[lfirst_int(part)],
							 text);
	}
	return buf.data;
}

static void
explain_request(ForeignScanState *node, const DloadScan *scan,
				ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt,
												   (Plan *) plan, NIL);
	List	   *columns = list_nth(plan->fdw_private, DLOAD_SCAN_COLUMNS);
	List	   *missing = NIL;
	ListCell   *lc;

	ExplainPropertyText("Request", request_text(scan->resource), es);
	if (scan->resource->request.body != NULL)
	{
		const char *body = scan->resource->request.body;

		ExplainPropertyText("Body", dload_trim_body(dload_span(body,
															   strlen(body))),
							es);
	}
	if (columns != NIL)
		ExplainPropertyText("Parameters",
							parameters_text(node, scan, context), es);
	foreach(lc, list_nth(plan->fdw_private, DLOAD_SCAN_MISSING))
		missing = lappend(missing, param_name(scan->resource, lfirst_int(lc)));
	if (missing != NIL)
		ExplainPropertyList("Missing Parameters", missing, es);
	ExplainPropertyText("Paginator",
						dload_paginator_get(scan->resource->page.kind)->name,
						es);
}

/* Zeros are left out of the text format. */
static void
explain_count(const char *label, int64 count, ExplainState *es)
{
	if (count != 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger(label, NULL, count, es);
}

static void
explain_wait(const char *label, int64 us, ExplainState *es)
{
	if (es->timing && (us != 0 || es->format != EXPLAIN_FORMAT_TEXT))
		ExplainPropertyFloat(label, "ms", us / 1000.0, 3, es);
}

void
dload_explain_scan(ForeignScanState *node, ExplainState *es)
{
	const DloadScan *scan = node->fdw_state;
	DloadExtractStats stats;

	if (scan == NULL || scan->resource == NULL)
		return;
	if (es->verbose)
		explain_request(node, scan, es);
	if (!es->analyze)
		return;
	dload_scan_stats(scan, &stats);
	if (stats.paginator[0] != '\0')
		ExplainPropertyText(scan->resource->page.kind == DLOAD_PAGINATE_AUTO ?
							"Paginator Detected" : "Next Page Not Read",
							stats.paginator, es);
	ExplainPropertyInteger("Requests", NULL, stats.requests, es);
	ExplainPropertyInteger("Pages", NULL, stats.pages, es);
	ExplainPropertyInteger("Bytes", NULL, stats.bytes, es);
	explain_count("Retries", stats.retries, es);
	explain_count("Skipped Pages", stats.skipped, es);
	if (scan->memo != NULL)
		explain_count("Requests Saved", dload_memo_hits(scan->memo), es);
	explain_wait("Rate Limit Wait", stats.limit_wait_us, es);
	explain_wait("Backoff Wait", stats.backoff_wait_us, es);
	explain_wait("Network Wait", stats.network_wait_us, es);
}
