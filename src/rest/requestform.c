/*-------------------------------------------------------------------------
 *
 * requestform.c
 *	  Requests for pages whose form differs from the first one's.
 *
 * They are made from templates of their own, and from the parameters of the
 * first request, which therefore go along with each request.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/request.h"

#include "data/json.h"
#include "rest/fill.h"
#include "rest/slices.h"
#include "rest/url.h"
#include "utils/json.h"

/* Are later requests made from templates, or from parameters anew? */
static bool
keeps_params(const DloadResource *res)
{
	return dload_request_follows(res) || res->slice.list_url != NULL ||
		res->slice.scroll_path != NULL || res->slice.close_path != NULL ||
		dload_window_fills(res);
}

/*
 * The parameters as they are kept for later requests: {"name": ["0svalue"]},
 * with the place (DloadParamIn), "c" if it is the cursor, and "s", "j" for
 * JSON, "n" for null, or capitals and "E" for lists.
 */
char *
dload_request_given(const DloadResource *res, List *params)
{
	StringInfoData buf;
	ListCell   *lc;
	ListCell   *other;

	if (!keeps_params(res))
		return NULL;
	initStringInfo(&buf);
	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);
		bool		any = false;

		if (!dload_param_is_first(params, param))
			continue;
		appendStringInfoString(&buf, buf.len > 0 ? ", " : "{");
		escape_json(&buf, param->name);
		appendStringInfoString(&buf, ": [");
		foreach(other, params)
		{
			DloadParam *p = lfirst(other);
			char		kind = p->value ? (p->bare ? 'j' : 's') :
			(p->bare ? 'n' : 'e');

			if (strcmp(p->name, param->name) != 0)
				continue;
			if (any)
				appendStringInfoString(&buf, ", ");
			any = true;
			escape_json(&buf, psprintf("%d%s%c%s", p->in, p->cursor ? "c" : "",
									   p->list ? pg_ascii_toupper(kind) : kind,
									   p->value ? p->value : ""));
		}
		appendStringInfoChar(&buf, ']');
	}
	if (buf.len == 0)
		return NULL;
	appendStringInfoChar(&buf, '}');
	return buf.data;
}

static void
take_given(const char *key, const char *value, void *arg)
{
	List	  **params = arg;
	DloadParam *param = palloc0(sizeof(DloadParam));
	char		kind;

	if (value == NULL || strlen(value) < 2)
		return;
	param->name = pstrdup(key);
	param->in = *value++ - '0';
	param->cursor = *value == 'c';
	if (param->cursor)
		value++;
	kind = pg_ascii_tolower(*value);
	param->bare = kind == 'j' || kind == 'n';
	param->list = kind != *value;
	param->value = kind == 'j' || kind == 's' ? pstrdup(value + 1) : NULL;
	*params = lappend(*params, param);
}

bool
dload_request_params(const DloadRequest *request, List **params,
					 DloadError *err)
{
	DloadJson  *doc;

	*params = NIL;
	if (request->given == NULL)
		return true;
	doc = dload_json_parse(request->given, "saved request", err);
	return doc != NULL && dload_json_each(doc, take_given, params, err);
}

bool
dload_request_fill(const DloadResource *res, const DloadRequestForm *form,
				   const DloadRequest *from, List *more, DloadRequest *next,
				   DloadError *err)
{
	List	   *params;
	ListCell   *lc;

	if (!dload_request_params(from, &params, err))
		return false;
	params = list_concat(more, params);
	foreach(lc, params)
		((DloadParam *) lfirst(lc))->in = DLOAD_IN_TEMPLATE;
	if (form->method != NULL)
	{
		next->method = pstrdup(form->method);
		if (!dload_method_has_body(form->method))
			next->body = NULL;
	}
	if (form->path != NULL)
	{
		char	   *path = dload_fill(form->path, DLOAD_FILL_PATH, "path",
									  params, err);

		next->url = path ? dload_url_expand(res->base_url, path, err) : NULL;
		if (next->url == NULL)
			return false;
	}
	if (form->body == NULL)
		return true;
	return dload_request_body(res, form->body, params, &next->body, err);
}

/*
 * Requests that go on from a cursor
 */

const char *
dload_request_cursor_url(List *params)
{
	ListCell   *lc;

	foreach(lc, params)
	{
		const DloadParam *param = lfirst(lc);

		if (param->in == DLOAD_IN_URL)
			return param->value;
	}
	return NULL;
}

void
dload_request_drop_first(const DloadResource *res, List *params,
						 DloadRequest *request)
{
	List	   *cursors = NIL;
	ListCell   *lc;

	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->cursor)
			cursors = lappend(cursors, param->name);
	}
	if (cursors != NIL)
		request->url = dload_url_drop_params(request->url,
											 res->request.cursor_drop,
											 res->request.cursor_drop_all,
											 cursors);
}

/*
 * Requests after the first
 */

bool
dload_request_follows(const DloadResource *res)
{
	return res->request.follow_method != NULL ||
		res->request.follow_path != NULL || res->request.follow_body != NULL;
}

static bool
has_token(const char *template)
{
	return dload_list_has(dload_template_names(NIL, template), "token");
}

bool
dload_request_follow(const DloadResource *res, const DloadRequest *from,
					 const char *token, bool bare, DloadRequest *next,
					 bool *used, DloadError *err)
{
	const DloadRequestSpec *spec = &res->request;
	DloadRequestForm form = {spec->follow_method, spec->follow_path,
	spec->follow_body};
	DloadParam	param = {0};

	*used = has_token(form.path) || has_token(form.body);
	if (!dload_request_follows(res))
		return true;
	param.name = "token";
	param.value = token ? pstrdup(token) : NULL;
	param.bare = bare;
	return dload_request_fill(res, &form, from, list_make1(&param), next, err);
}
