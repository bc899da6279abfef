/*-------------------------------------------------------------------------
 *
 * request.c
 *	  Requests for pages: the first one, and their storable form.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/request.h"

#include "data/json.h"
#include "rest/auth.h"
#include "rest/extract.h"
#include "rest/slices.h"
#include "rest/url.h"

/* What is being put together from a resource and parameters. */
typedef struct Building
{
	const DloadResource *res;
	List	   *params;			/* of DloadParam, each where it goes */
	StringInfoData url;
} Building;

static bool
is_placeholder(const DloadResource *res, const char *name)
{
	ListCell   *lc;

	if (res->request.path == NULL)
		return false;
	foreach(lc, dload_url_placeholders(res->request.path))
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/*
 * Where a parameter goes: what the path asks for goes into the path, what a
 * column declares goes where it says, anything else where the caller says.
 */
static DloadParam *
place_param(const DloadResource *res, const DloadParam *given)
{
	DloadParam *param = palloc(sizeof(DloadParam));

	*param = *given;
	if (is_placeholder(res, param->name))
	{
		param->in = DLOAD_IN_PATH;
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
add_json_param(const char *key, const char *value, void *arg)
{
	Building   *b = arg;
	DloadParam	given = {0};

	/* null is how a caller says "without it" */
	if (value == NULL)
		return;
	given.name = pstrdup(param_name(b->res, key));
	given.value = pstrdup(value);
	given.in = DLOAD_IN_QUERY;
	b->params = lappend(b->params, place_param(b->res, &given));
}

bool
dload_params_from_json(const DloadResource *res, const DloadJson *doc,
					   List **params, DloadError *err)
{
	Building	b = {0};

	b.res = res;
	if (!dload_json_is_object(doc))
		return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							   "parameters must be a JSON object");
	if (!dload_json_each(doc, add_json_param, &b, err))
		return false;
	*params = b.params;
	return true;
}

static bool
has_query_param(const Building *b, const char *name)
{
	ListCell   *lc;

	foreach(lc, b->params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in == DLOAD_IN_QUERY && strcmp(param->name, name) == 0)
			return true;
	}
	return false;
}

/* A member of query_params, unless a parameter of the read replaces it. */
static void
add_static_query(const char *key, const char *value, void *arg)
{
	Building   *b = arg;

	if (value != NULL && !has_query_param(b, key))
		dload_url_add_query(&b->url, key, value);
}

bool
dload_request_base(const DloadResource *res, List *params,
				   DloadRequest *request, DloadError *err)
{
	Building	b = {0};
	char	   *url;
	ListCell   *lc;

	memset(request, 0, sizeof(*request));
	b.res = res;
	foreach(lc, params)
		b.params = lappend(b.params, place_param(res, lfirst(lc)));
	b.params = dload_paginator_mark_path(res, b.params, request);
	url = dload_url_expand(res->base_url, res->request.path, b.params, err);
	if (url == NULL)
		return false;
	initStringInfo(&b.url);
	appendStringInfoString(&b.url, url);
	if (res->request.query_params != NULL &&
		!dload_json_each(res->request.query_params, add_static_query, &b, err))
		return false;
	foreach(lc, b.params)
	{
		DloadParam *param = lfirst(lc);

		if (param->value == NULL)
			continue;
		if (param->in == DLOAD_IN_QUERY)
			dload_url_add_query(&b.url, param->name, param->value);
		else if (param->in == DLOAD_IN_HEADER)
			request->headers = lappend(request->headers,
									   psprintf("%s: %s", param->name,
												param->value));
	}
	request->method = res->request.method;
	request->body = res->request.body;
	request->url = b.url.data;
	return true;
}

bool
dload_request_first(const DloadResource *res, List *params,
					DloadRequest *request, DloadError *err)
{
	if (!dload_request_base(res, params, request, err))
		return false;
	if (res->page.kind == DLOAD_PAGINATE_WINDOW)
		return dload_window_begin(res, request, err);
	return dload_paginator_begin(res, request, err);
}

DloadRequest *
dload_request_copy(const DloadRequest *request)
{
	DloadRequest *copy = palloc0(sizeof(DloadRequest));
	ListCell   *lc;

	copy->method = pstrdup(request->method);
	copy->url = pstrdup(request->url);
	copy->position = request->position;
	if (request->body != NULL)
		copy->body = pstrdup(request->body);
	if (request->state != NULL)
		copy->state = pstrdup(request->state);
	foreach(lc, request->headers)
		copy->headers = lappend(copy->headers, pstrdup(lfirst(lc)));
	return copy;
}

static uint64
hash_text(const char *text, uint64 seed)
{
	return dload_hash_bytes(text, strlen(text), seed);
}

uint64
dload_request_hash(const DloadRequest *request)
{
	uint64		hash = hash_text(request->url, 0);
	ListCell   *lc;

	hash = hash_text(request->method, hash);
	if (request->body != NULL)
		hash = hash_text(request->body, hash);
	foreach(lc, request->headers)
		hash = hash_text(lfirst(lc), hash);
	return hash;
}

char *
dload_request_text(const DloadRequest *request)
{
	DloadJson  *doc = dload_json_new_object();
	StringInfoData headers;
	ListCell   *lc;

	dload_json_set_string(doc, "method", request->method);
	dload_json_set_string(doc, "url", request->url);
	if (request->body != NULL)
		dload_json_set_string(doc, "body", request->body);
	if (request->state != NULL)
		dload_json_set_string(doc, "state", request->state);
	initStringInfo(&headers);
	foreach(lc, request->headers)
		appendStringInfo(&headers, "%s\n", (char *) lfirst(lc));
	if (headers.len > 0)
		dload_json_set_string(doc, "headers", headers.data);
	dload_json_set_int(doc, "position", request->position);
	return dload_json_text(doc);
}

DloadRequest *
dload_request_parse(const char *text, DloadError *err)
{
	DloadJson  *doc = dload_json_parse(text, "saved request", err);
	DloadRequest *request = palloc0(sizeof(DloadRequest));
	char	   *headers;

	if (doc == NULL)
		return NULL;
	request->url = dload_json_get_string(doc, "url");
	if (request->url == NULL || dload_url_origin(request->url) == NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"saved request has no valid URL");
		return NULL;
	}
	request->method = dload_json_get_string(doc, "method");
	if (request->method == NULL)
		request->method = pstrdup("GET");
	request->body = dload_json_get_string(doc, "body");
	request->state = dload_json_get_string(doc, "state");
	(void) dload_json_get_int(doc, "position", &request->position);
	headers = dload_json_get_string(doc, "headers");
	while (headers != NULL && *headers != '\0')
	{
		size_t		len = strcspn(headers, "\n");

		request->headers = lappend(request->headers,
								   pnstrdup(headers, len));
		headers += len + (headers[len] == '\n');
	}
	return request;
}
