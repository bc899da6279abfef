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

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

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
