/*-------------------------------------------------------------------------
 *
 * paginator_place.c
 *	  Values that lead from page to page: found in a response, put into a
 *	  request, remembered beside it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"

#include "data/json.h"
#include "data/jsonedit.h"
#include "rest/request.h"
#include "rest/url.h"

#include "utils/json.h"

DloadPagingValue
dload_paging_text(const char *text)
{
	DloadPagingValue value;
	StringInfoData json;

	initStringInfo(&json);
	escape_json(&json, text);
	value.text = pstrdup(text);
	value.json = json.data;
	return value;
}

DloadPagingValue
dload_paging_number(int64 number)
{
	DloadPagingValue value;

	value.text = psprintf(INT64_FORMAT, number);
	value.json = value.text;
	return value;
}

static bool
is_empty_object(DloadSpan object)
{
	const char *p = object.data + 1;

	while (strchr(" \t\r\n", *p) != NULL)
		p++;
	return *p == '}';
}

DloadFound
dload_paging_find(const DloadPath *path, DloadSpan json,
				  DloadPagingValue *value, DloadSpan *object)
{
	DloadToken	token;

	if (path == NULL || json.data == NULL || json.len == 0 ||
		!dload_path_lookup(path, json, &token))
		return DLOAD_FOUND_NOTHING;
	switch (token.type)
	{
		case DLOAD_TOKEN_STRING:
			if (token.text.len == 0)
				return DLOAD_FOUND_NOTHING;
			/* escapes stay as they came */
			value->text = dload_token_cstring(&token);
			value->json = psprintf("\"%.*s\"", (int) token.text.len,
								   token.text.data);
			return DLOAD_FOUND_VALUE;
		case DLOAD_TOKEN_NUMBER:
			value->text = dload_token_cstring(&token);
			value->json = value->text;
			return DLOAD_FOUND_VALUE;
		case DLOAD_TOKEN_ARRAY_START:
			value->text = NULL;
			value->json = pnstrdup(token.text.data, token.text.len);
			return DLOAD_FOUND_VALUE;
		case DLOAD_TOKEN_OBJECT_START:
			if (is_empty_object(token.text))
				return DLOAD_FOUND_NOTHING;
			if (object == NULL)
				return DLOAD_FOUND_OTHER;
			*object = token.text;
			return DLOAD_FOUND_OBJECT;
		case DLOAD_TOKEN_NULL:
		case DLOAD_TOKEN_FALSE:
			return DLOAD_FOUND_NOTHING;
		default:
			return DLOAD_FOUND_OTHER;
	}
}

static bool
put_body(DloadRequest *request, const DloadPath *path, const char *json,
		 DloadError *err)
{
	const char *body = request->body;
	DloadError	inner = {0};

	if (body == NULL || body[strspn(body, " \t\r\n")] == '\0')
		body = "{}";
	request->body = dload_json_put(body, path, json, false, &inner);
	if (request->body != NULL)
		return true;
	dload_error_set(err, inner.sqlstate,
					"cannot put \"%s\" into the body of a request",
					dload_path_text(path));
	dload_error_detail(err, "%s",
					   inner.detail ? inner.detail : inner.message);
	return dload_error_hint(err, "The option \"body\" must be a JSON object "
							"that has room for it.");
}

/* A form is written like a query. */
static char *
put_field(const char *body, const char *name, const char *value)
{
	return dload_url_set_query(psprintf("?%s", body ? body : ""), name,
							   value) + 1;
}

bool
dload_paging_put(const DloadPagePlace *place, DloadPagingValue value,
				 DloadRequest *request, DloadError *err)
{
	if (place->in == DLOAD_PLACE_BODY)
		return put_body(request, place->path, value.json, err);
	if (value.text == NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"a list cannot be the value of the parameter \"%s\"",
						place->name);
		return dload_error_hint(err, "Name one element of it, as in "
								"\"sort[0]\".");
	}
	if (place->in == DLOAD_PLACE_HEADER)
		request->headers = dload_headers_set(request->headers, place->name,
											 value.text);
	else if (place->in == DLOAD_PLACE_FORM)
		request->body = put_field(request->body, place->name, value.text);
	else
		request->url = dload_url_set_query(request->url, place->name,
										   value.text);
	return true;
}

/*
 * Dropping parameters
 */

/* The parameters in the query that the paginator fills. */
static List *
own_names(const DloadResource *res, List *own)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, lcons(unconstify(DloadPagePlace *, &res->page.size),
					  list_copy(own)))
	{
		const DloadPagePlace *place = lfirst(lc);

		if (place->in == DLOAD_PLACE_QUERY && place->name != NULL)
			names = lappend(names, place->name);
	}
	return names;
}

void
dload_paging_drop(const DloadResource *res, List *own, DloadRequest *next)
{
	next->url = dload_url_drop_params(next->url, res->page.drop_params,
									  res->page.drop_all,
									  res->page.drop_all ?
									  own_names(res, own) : NIL);
}

/*
 * State: a JSON object of strings
 */

static DloadJson *
state_document(const DloadRequest *request)
{
	DloadError	ignored = {0};
	DloadJson  *doc = NULL;

	if (request->state != NULL)
		doc = dload_json_parse(request->state, "state", &ignored);
	if (doc == NULL || !dload_json_is_object(doc))
		doc = dload_json_new_object();
	return doc;
}

char *
dload_paging_recall(const DloadRequest *request, const char *name)
{
	return request->state == NULL ? NULL :
		dload_json_get_string(state_document(request), name);
}

void
dload_paging_remember(DloadRequest *request, const char *name,
					  const char *value)
{
	DloadJson  *doc = state_document(request);

	dload_json_set_string(doc, name, value);
	request->state = dload_json_text(doc);
}
