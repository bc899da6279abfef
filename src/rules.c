/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  SQL-callable functions about the rules for responses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "data/json.h"
#include "data/record.h"
#include "model/condition.h"
#include "rest/breaker.h"

#include "foreign/foreign.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* Headers given as a JSON object. */
typedef struct GivenHeaders
{
	const char *name;
	char	   *value;
} GivenHeaders;

static void
pick_header(const char *key, const char *value, void *arg)
{
	GivenHeaders *wanted = arg;

	if (value != NULL && pg_strcasecmp(key, wanted->name) == 0)
		wanted->value = pstrdup(value);
}

static char *
given_header(const void *arg, const char *name)
{
	GivenHeaders wanted = {name};
	DloadError	err = {0};

	if (!dload_json_each(arg, pick_header, &wanted, &err))
		dload_error_raise(&err);
	return wanted.value;
}

static char *
utf8_argument(const text *value)
{
	char	   *s = text_to_cstring(value);

	return pg_server_to_any(s, strlen(s), PG_UTF8);
}

#define NCOLUMNS 7

/* A breaker is shown to whoever may use the server. */
static bool
may_see(Oid serverid)
{
	return DatumGetBool(DirectFunctionCall2(has_server_privilege_id,
											ObjectIdGetDatum(serverid),
											CStringGetTextDatum("USAGE")));
}

static const char *
breaker_state(const DloadSharedBreaker *b, TimestampTz now)
{
	if (b->open_until == 0)
		return "closed";
	return b->trying == 0 && now < b->open_until ? "open" : "half-open";
}

/* dload.breaker_list() */
DLOAD_FUNCTION(dload_breaker_rows);
Datum
dload_breaker_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz now = GetCurrentTimestamp();
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, dload_breaker_list())
	{
		const DloadSharedBreaker *b = lfirst(lc);
		Datum		values[NCOLUMNS] = {0};
		bool		nulls[NCOLUMNS] = {0};
		ForeignServer *server =
			GetForeignServerExtended(b->key.serverid, FSV_MISSING_OK);

		if (server == NULL || !may_see(b->key.serverid))
			continue;
		values[0] = CStringGetTextDatum(server->servername);
		values[1] = CStringGetTextDatum(breaker_state(b, now));
		values[2] = Int32GetDatum(b->failures);
		values[3] = TimestampTzGetDatum(b->failed_at);
		nulls[3] = b->failed_at == 0;
		values[4] = CStringGetTextDatum(b->reason);
		nulls[4] = b->failed_at == 0;
		values[5] = TimestampTzGetDatum(b->open_until);
		nulls[5] = b->open_until == 0;
		values[6] = BoolGetDatum(dload_shmem_breakers() != NULL);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

/*
 * dload.preview_condition(condition, status, headers, body)
 */
DLOAD_FUNCTION(dload_preview_condition);
Datum
dload_preview_condition(PG_FUNCTION_ARGS)
{
	DloadError	err = {0};
	DloadFacts	facts = {0};
	DloadCondition *condition;
	DloadJson  *headers;
	char	   *body;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	condition = dload_condition_parse(utf8_argument(PG_GETARG_TEXT_PP(0)),
									  &err);
	if (condition == NULL)
		dload_error_raise(&err);
	facts.status = PG_ARGISNULL(1) ? 200 : PG_GETARG_INT32(1);
	if (!PG_ARGISNULL(2))
	{
		headers = dload_json_parse(text_to_cstring(PG_GETARG_TEXT_PP(2)),
								   "headers", &err);
		if (headers == NULL)
			dload_error_raise(&err);
		facts.header = given_header;
		facts.header_arg = headers;
	}
	if (!PG_ARGISNULL(3))
	{
		body = utf8_argument(PG_GETARG_TEXT_PP(3));
		facts.body = dload_span(body, strlen(body));
		if (!dload_json_validate(facts.body, &err))
			dload_error_raise(&err);
	}
	PG_RETURN_BOOL(dload_condition_holds(condition, &facts));
}
