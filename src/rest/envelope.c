/*-------------------------------------------------------------------------
 *
 * envelope.c
 *	  Errors that an API reports beside its records in a 2xx response.
 *
 * Such a page looks complete and is not, so it must not pass for one.  The
 * rule is meant to have no false alarms.  A member of the envelope's top
 * level reports an error if it is
 *
 *	  "ok" or "success" with the value false;
 *	  "error" that is true, a non-zero number, a string other than the
 *	  customary words for "none", or a non-empty object whose "code" or
 *	  "status" does not mean success;
 *	  "error" or "errors" that is a non-empty list, or an "errors" object.
 *
 * What records_path leads through is data and never counts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/fetch.h"

#include "data/record.h"

/* Texts that mean that there is no error. */
static bool
is_success_word(const char *text)
{
	static const char *const words[] = {
		"", "0", "200", "ok", "none", "null", "false", "no", "success", NULL
	};

	for (int i = 0; words[i] != NULL; i++)
	{
		if (pg_strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/* {"code": 0, "message": ""} is how some say that all went well. */
static bool
object_reports_error(DloadSpan object)
{
	DloadScanner s;
	DloadToken	key;
	DloadToken	value;
	bool		any = false;

	dload_scanner_init(&s, object.data, object.len, true);
	if (dload_scanner_next(&s, &key) != DLOAD_TOKEN_OBJECT_START)
		return false;
	while (dload_scanner_next(&s, &key) == DLOAD_TOKEN_KEY)
	{
		DloadTokenType type = dload_scanner_value(&s, &value);

		if ((type == DLOAD_TOKEN_NUMBER || type == DLOAD_TOKEN_STRING) &&
			(dload_token_equals(&key, "code", 4) ||
			 dload_token_equals(&key, "status", 6)))
			return !is_success_word(dload_token_cstring(&value));
		if (type != DLOAD_TOKEN_NULL && type != DLOAD_TOKEN_FALSE &&
			!(type == DLOAD_TOKEN_STRING && value.text.len == 0))
			any = true;
	}
	return any;
}

static bool
array_has_elements(DloadSpan array)
{
	DloadScanner s;
	DloadToken	token;

	dload_scanner_init(&s, array.data, array.len, true);
	return dload_scanner_next(&s, &token) == DLOAD_TOKEN_ARRAY_START &&
		dload_scanner_next(&s, &token) != DLOAD_TOKEN_ARRAY_END;
}

/* Does this member of the top level report an error? */
static bool
member_reports_error(const DloadToken *key, const DloadToken *value)
{
	bool		plural = dload_token_equals(key, "errors", 6);

	if (dload_token_equals(key, "ok", 2) ||
		dload_token_equals(key, "success", 7))
		return value->type == DLOAD_TOKEN_FALSE;
	if (!plural && !dload_token_equals(key, "error", 5))
		return false;
	switch (value->type)
	{
		case DLOAD_TOKEN_OBJECT_START:
			return object_reports_error(value->text);
		case DLOAD_TOKEN_ARRAY_START:
			return array_has_elements(value->text);
		case DLOAD_TOKEN_STRING:
		case DLOAD_TOKEN_NUMBER:
			/* "errors": 3 may well be a counter */
			return !plural && !is_success_word(dload_token_cstring(value));
		case DLOAD_TOKEN_TRUE:
			return !plural;
		default:
			return false;
	}
}

static bool
leads_to_records(const DloadPath *path, const DloadToken *key)
{
	return path != NULL && path->nsteps > 0 &&
		path->steps[0].kind == DLOAD_STEP_KEY &&
		dload_token_equals(key, path->steps[0].key, path->steps[0].keylen);
}

bool
dload_envelope_check(const DloadFetch *f, DloadSpan envelope,
					 DloadError *err)
{
	const DloadResource *res = f->channel->res;
	DloadScanner s;
	DloadToken	key;
	DloadToken	value;

	dload_scanner_init(&s, envelope.data, envelope.len, true);
	if (envelope.len == 0 ||
		dload_scanner_next(&s, &key) != DLOAD_TOKEN_OBJECT_START)
		return true;
	while (dload_scanner_next(&s, &key) == DLOAD_TOKEN_KEY)
	{
		if (dload_scanner_value(&s, &value) == DLOAD_TOKEN_ERROR)
			break;
		if (leads_to_records(res->records.path, &key) ||
			!member_reports_error(&key, &value))
			continue;
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"API of server \"%s\" reported an error in a "
						"response of status %d",
						res->servername, dload_http_status(f->exchange));
		dload_error_detail(err, "%s %s returned: %s", f->method,
						   f->shown_url, dload_shown_body(res, envelope));
		return dload_error_hint(err, "The records beside it were left alone, "
								"since they may not be all.");
	}
	return true;
}
