/*-------------------------------------------------------------------------
 *
 * budgets.c
 *	  The functions on budgets: what the view dload.budgets shows, and
 *	  dload.ask_again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/dload.h"
#include "rest/breaker.h"
#include "rest/limiter.h"

#include "datatype/timestamp.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define NCOLUMNS 10

DLOAD_FUNCTION(dload_budget_lines);
DLOAD_FUNCTION(dload_ask_again);

/*
 * A budget is shown to whoever may use it, the mapping's role, and to who has
 * the server.
 */
static bool
may_see(const DloadBudgetLine *line, const ForeignServer *server)
{
	return has_privs_of_role(GetUserId(), line->userid) ||
		has_privs_of_role(GetUserId(), server->owner);
}

static Datum
period_interval(int64 period_ms)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = period_ms * 1000;
	return IntervalPGetDatum(interval);
}

static void
put_line(ReturnSetInfo *rsinfo, const DloadBudgetLine *line,
		 const ForeignServer *server)
{
	Datum		values[NCOLUMNS];
	bool		nulls[NCOLUMNS] = {0};

	values[0] = CStringGetTextDatum(server->servername);
	values[1] = ObjectIdGetDatum(line->userid);
	values[2] = Int64GetDatum(line->count);
	nulls[2] = line->count < 0;
	values[3] = period_interval(line->period_ms);
	nulls[3] = line->period_ms == 0;
	values[4] = Int64GetDatum(line->used);
	nulls[4] = line->used < 0;
	values[5] = Int64GetDatum(line->remaining);
	nulls[5] = line->remaining < 0;
	values[6] = TimestampTzGetDatum(line->resets_at);
	nulls[6] = TIMESTAMP_NOT_FINITE(line->resets_at);
	values[7] = Int32GetDatum(line->in_flight);
	values[8] = BoolGetDatum(line->shared);
	if (line->scope != NULL)
		values[9] = CStringGetTextDatum(line->scope);
	nulls[9] = line->scope == NULL;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* dload.budget_lines() */
Datum
dload_budget_lines(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, dload_limiter_lines())
	{
		const DloadBudgetLine *line = lfirst(lc);
		ForeignServer *server =
			GetForeignServerExtended(line->serverid, FSV_MISSING_OK);

		/* a dropped server's budget is forgotten after some time */
		if (server != NULL && may_see(line, server))
			put_line(rsinfo, line, server);
	}
	return (Datum) 0;
}

/* dload.ask_again(server text) */
Datum
dload_ask_again(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ForeignServer *server = GetForeignServerByName(name, false);

	if (!has_privs_of_role(GetUserId(), server->owner))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_FOREIGN_SERVER, name);
	dload_limiter_unlearn(server->serverid);
	dload_breaker_close(server->serverid);
	PG_RETURN_VOID();
}
