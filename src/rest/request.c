/*-------------------------------------------------------------------------
 *
 * request.c
 *	  Requests for pages: making them from a resource and parameters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/request.h"

#include "data/json.h"
#include "data/jsonedit.h"
#include "rest/extract.h"
#include "rest/fill.h"
#include "rest/slices.h"
#include "rest/url.h"
#include "utils/json.h"

/* What is being put together from a resource and parameters. */
typedef struct Building
{
	const DloadResource *res;
	List	   *params;			/* of DloadParam, each where it goes */
	StringInfoData url;
	DloadError *err;
	/* a query parameter of the definition, while its values come */
	char	   *name;
	List	   *values;
	bool		list;
} Building;

/*
 * Where a parameter goes: into the placeholders of its name if there are any,
 * else where a column says that declares it, else where the caller says.
 */
static DloadParam *
place_param(const DloadResource *res, const DloadParam *given)
{
	DloadParam *param = palloc(sizeof(DloadParam));

	*param = *given;
	if (dload_requestspec_has_place(&res->request, param->name))
	{
		param->in = DLOAD_IN_TEMPLATE;
		return param;
	}
	for (int i = 0; i < res->ncolumns; i++)
	{
		const DloadResourceColumn *column = &res->columns[i];

		if (column->param == NULL)
			continue;
		if (strcmp(column->param, given->name) == 0)
		{
			param->in = column->in;
			return param;
		}
	}
	return param;
}

/* A name may be that of a parameter or that of the column that declares it. */
static const char *
param_name(const DloadResource *res, const char *name)
{
	if (dload_requestspec_has_place(&res->request, name))
		return name;
	for (int i = 0; i < res->ncolumns; i++)
	{
		if (res->columns[i].param != NULL &&
			strcmp(res->columns[i].param, name) == 0)
			return name;
	}
	for (int i = 0; i < res->ncolumns; i++)
	{
		if (res->columns[i].param != NULL &&
			strcmp(res->columns[i].name, name) == 0)
			return res->columns[i].param;
	}
	return name;
}

static void
add_json_param(const DloadJsonItem *item, void *arg)
{
	Building   *b = arg;
	DloadParam	given = {0};
	DloadParam *param;

	if (b->err->sqlstate != 0)
		return;
	given.name = pstrdup(param_name(b->res, item->key));
	given.value = item->value ? pstrdup(item->value) : NULL;
	given.in = DLOAD_IN_QUERY;
	given.bare = item->bare;
	given.nested = item->nested;
	given.list = item->list;
	param = place_param(b->res, &given);
	/* null is how a caller says "without it", but where JSON needs a value */
	if (given.value == NULL && !given.list && param->in != DLOAD_IN_TEMPLATE)
		return;
	if (given.nested && param->in != DLOAD_IN_BODY &&
		param->in != DLOAD_IN_TEMPLATE)
	{
		dload_error_set(b->err, ERRCODE_INVALID_PARAMETER_VALUE,
						given.list ?
						"list \"%s\" contains an object or a list" :
						"value of \"%s\" is an object", item->key);
		dload_error_hint(b->err, "Only a JSON body can hold it: give the "
						 "foreign table a column with param '%s', in "
						 "'body'.", item->key);
	}
	b->params = lappend(b->params, param);
}

bool
dload_params_from_json(const DloadResource *res, const DloadJson *doc,
					   List **params, DloadError *err)
{
	Building	b = {0};

	b.res = res;
	b.err = err;
	if (!dload_json_items(doc, add_json_param, &b))
		return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							   "parameters must be a JSON object");
	*params = b.params;
	return err->sqlstate == 0;
}

/*
 * Query
 */

static bool
has_param(List *params, DloadParamIn in, const char *name)
{
	ListCell   *lc;

	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in == in && strcmp(param->name, name) == 0)
			return true;
	}
	return false;
}

/* All values of a definition's parameter are there. */
static void
flush_static(Building *b)
{
	if (b->name == NULL)
		return;
	if (b->list)
		dload_url_add_list(&b->url, b->name, b->values,
						   b->res->request.array_style);
	else
		dload_url_add_query(&b->url, b->name, linitial(b->values));
	b->name = NULL;
	b->values = NIL;
}

/* A member of query_params, unless a parameter of the read replaces it. */
static void
add_static_query(const DloadJsonItem *item, void *arg)
{
	Building   *b = arg;
	char	   *value;

	if (b->name != NULL && strcmp(b->name, item->key) != 0)
		flush_static(b);
	if (b->err->sqlstate != 0 || item->value == NULL ||
		has_param(b->params, DLOAD_IN_QUERY, item->key))
		return;
	value = dload_fill(item->value, DLOAD_FILL_QUERY,
					   psprintf("query parameter \"%s\"", item->key),
					   b->params, b->err);
	if (value == NULL)
		return;
	b->name = pstrdup(item->key);
	b->list = item->list;
	b->values = lappend(b->values, value);
}

/* The values, char *, of all parameters of this name that go there. */
static List *
values_of(List *params, DloadParamIn in, const char *name)
{
	List	   *values = NIL;
	ListCell   *lc;

	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in == in && param->value != NULL &&
			strcmp(param->name, name) == 0)
			values = lappend(values, param->value);
	}
	return values;
}

bool
dload_param_is_first(List *params, const DloadParam *param)
{
	ListCell   *lc;

	foreach(lc, params)
	{
		DloadParam *other = lfirst(lc);

		if (other->in == param->in && strcmp(other->name, param->name) == 0)
			return other == param;
	}
	return false;
}

/* Append the parameters that go to the query or to a form. */
static void
add_pairs(const DloadResource *res, List *params, DloadParamIn in,
		  StringInfo buf)
{
	ListCell   *lc;

	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in != in)
			continue;
		if (!param->list)
		{
			if (param->value != NULL)
				dload_url_add_query(buf, param->name, param->value);
		}
		else if (dload_param_is_first(params, param))
			dload_url_add_list(buf, param->name,
							   values_of(params, in, param->name),
							   res->request.array_style);
	}
}

static bool
build_url(Building *b)
{
	const DloadResource *res = b->res;
	char	   *path;
	char	   *url;

	path = dload_fill(res->request.path, DLOAD_FILL_PATH, "path", b->params,
					  b->err);
	url = path ? dload_url_expand(res->base_url, path, b->err) : NULL;
	if (url == NULL)
		return false;
	initStringInfo(&b->url);
	appendStringInfoString(&b->url, url);
	if (res->request.query_params != NULL)
	{
		dload_json_items(res->request.query_params, add_static_query, b);
		flush_static(b);
	}
	add_pairs(res, b->params, DLOAD_IN_QUERY, &b->url);
	return b->err->sqlstate == 0;
}

/*
 * Headers
 */

/* A header's several values are one list. */
static char *
joined(List *values)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, values)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 (char *) lfirst(lc));
	return buf.data;
}

/* Those that differ from request to request; the others come when sending. */
static bool
build_headers(const DloadResource *res, List *params, List **headers,
			  DloadError *err)
{
	ListCell   *lc;

	foreach(lc, res->request.headers)
	{
		char	   *line = lfirst(lc);
		char	   *name = pnstrdup(line, strcspn(line, ":"));
		char	   *filled;

		if (dload_template_names(NIL, line) == NIL ||
			has_param(params, DLOAD_IN_HEADER, name))
			continue;
		filled = dload_fill(line, DLOAD_FILL_HEADER,
							psprintf("header \"%s\"", name), params, err);
		if (filled == NULL)
			return false;
		*headers = lappend(*headers, filled);
	}
	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in != DLOAD_IN_HEADER || param->value == NULL ||
			!dload_param_is_first(params, param))
			continue;
		/* columns were checked, a pipeline's cursor_param was not */
		if (!dload_header_name_valid(param->name) ||
			dload_header_is_reserved(param->name) ||
			dload_header_is_secret(param->name))
			return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
								   "a parameter does not name a header that "
								   "can be set");
		*headers = lappend(*headers,
						   psprintf("%s: %s", param->name,
									joined(values_of(params, DLOAD_IN_HEADER,
													 param->name))));
	}
	return true;
}

/*
 * Body
 */

/* The values of a parameter as one JSON value. */
static char *
json_value(List *params, const DloadParam *first)
{
	StringInfoData buf;
	bool		any = false;
	ListCell   *lc;

	initStringInfo(&buf);
	if (!first->list)
	{
		dload_append_json_value(&buf, first);
		return buf.data;
	}
	appendStringInfoChar(&buf, '[');
	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in != first->in ||
			(param->value == NULL && !param->bare) ||
			strcmp(param->name, first->name) != 0)
			continue;
		if (any)
			appendStringInfoString(&buf, ", ");
		any = true;
		dload_append_json_value(&buf, param);
	}
	appendStringInfoChar(&buf, ']');
	return buf.data;
}

/* Put the parameters that go to the body into a JSON text. */
static char *
put_params(char *body, List *params, DloadError *err)
{
	ListCell   *lc;

	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);
		DloadPath  *path;

		if (param->in != DLOAD_IN_BODY ||
			!dload_param_is_first(params, param) ||
			(param->value == NULL && !param->list))
			continue;
		path = dload_path_parse(param->name, err);
		if (path == NULL)
			return NULL;
		if (body == NULL)
			body = pstrdup("{}");
		body = dload_json_put(body, path, json_value(params, param), false,
							  err);
		if (body == NULL)
			return NULL;
	}
	return body;
}

/* The query and its variables as one object. */
static char *
graphql_body(const DloadResource *res, List *params, DloadError *err)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "{\"query\": ");
	escape_json(&buf, res->request.body);
	if (res->request.operation_name != NULL)
	{
		appendStringInfoString(&buf, ", \"operationName\": ");
		escape_json(&buf, res->request.operation_name);
	}
	if (res->request.variables != NULL)
	{
		char	   *variables = dload_fill(res->request.variables,
										   DLOAD_FILL_JSON, "variables",
										   params, err);

		if (variables == NULL)
			return NULL;
		appendStringInfo(&buf, ", \"variables\": %s", variables);
	}
	appendStringInfoChar(&buf, '}');
	return put_params(buf.data, params, err);
}

static char *
form_body(const DloadResource *res, char *body, List *params)
{
	StringInfoData buf;
	ListCell   *lc;
	char	   *form = psprintf("?%s", body ? body : "");

	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in == DLOAD_IN_BODY)
			form = dload_url_drop_query(form, param->name);
	}
	initStringInfo(&buf);
	appendStringInfoString(&buf, form[0] != '\0' ? form : "?");
	add_pairs(res, params, DLOAD_IN_BODY, &buf);
	return buf.len > 1 ? buf.data + 1 : body;
}

/* In a raw body only placeholders can be filled. */
static bool
check_raw(List *params, DloadError *err)
{
	ListCell   *lc;

	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in == DLOAD_IN_BODY)
			return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
								   "parameter \"%s\" cannot be set in a raw "
								   "body", param->name);
	}
	return true;
}

bool
dload_request_body(const DloadResource *res, const char *template,
				   List *params, char **body, DloadError *err)
{
	static const DloadFillKind kinds[] = {
		[DLOAD_BODY_JSON] = DLOAD_FILL_JSON,
		[DLOAD_BODY_FORM] = DLOAD_FILL_FORM,
		[DLOAD_BODY_RAW] = DLOAD_FILL_RAW,
		[DLOAD_BODY_GRAPHQL] = DLOAD_FILL_JSON
	};

	*body = NULL;
	if (template != NULL)
	{
		*body = dload_fill(template, kinds[res->request.body_type], "body",
						   params, err);
		if (*body == NULL)
			return false;
	}
	if (res->request.body_type == DLOAD_BODY_FORM)
		*body = form_body(res, *body, params);
	else if (res->request.body_type != DLOAD_BODY_RAW)
		*body = put_params(*body, params, err);
	else
		(void) check_raw(params, err);
	return err->sqlstate == 0;
}

bool
dload_request_base(const DloadResource *res, List *params,
				   DloadRequest *request, DloadError *err)
{
	Building	b = {0};
	ListCell   *lc;

	memset(request, 0, sizeof(*request));
	b.res = res;
	b.err = err;
	foreach(lc, params)
	{
		const DloadParam *param = lfirst(lc);

		if (param->in != DLOAD_IN_URL)
			b.params = lappend(b.params, place_param(res, param));
	}
	request->given = dload_request_given(res, b.params);
	b.params = dload_paginator_mark_path(res, b.params, request);
	b.params = dload_window_mark_bounds(res, b.params);
	if (!build_url(&b) ||
		!build_headers(res, b.params, &request->headers, err))
		return false;
	request->method = res->request.method;
	if (res->request.body_type == DLOAD_BODY_GRAPHQL)
		request->body = graphql_body(res, b.params, err);
	else
		(void) dload_request_body(res, res->request.body, b.params,
								  &request->body, err);
	if (err->sqlstate != 0)
		return false;
	request->url = b.url.data;
	dload_request_drop_first(res, b.params, request);
	return true;
}

bool
dload_request_first(const DloadResource *res, List *params,
					DloadRequest *request, DloadError *err)
{
	const char *url = dload_request_cursor_url(params);

	if (!dload_request_base(res, params, request, err))
		return false;
	if (url != NULL)
	{
		/* it holds all that is needed */
		request->url = dload_link_resolve(res, request->url, url, err);
		return request->url != NULL;
	}
	if (res->page.kind == DLOAD_PAGINATE_WINDOW)
		return dload_window_begin(res, request, err);
	return dload_paginator_begin(res, request, err);
}
