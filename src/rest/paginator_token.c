/*-------------------------------------------------------------------------
 *
 * paginator_token.c
 *	  Paging by a token that the server gives with each page.
 *
 * Two cases need the first request again, which the state then has: an object
 * of parameters that go back as they are, of which those of the page before
 * must not stay; and a token in the path, where the URL of a page does not
 * show any more which segment it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"

#include "rest/request.h"
#include "rest/url.h"

/* Stands for the token in a URL; not escaped, and unlikely as a value. */
#define TOKEN_MARK	"~dload.token~"

/* The state's members */
#define FIRST_URL	"url"
#define FIRST_BODY	"body"
#define FIRST_TOKEN "token"

/*
 * Tokens in the path
 */

static bool
goes_into_path(const DloadResource *res)
{
	return res->page.kind == DLOAD_PAGINATE_TOKEN &&
		res->page.token.in == DLOAD_PLACE_PATH &&
		res->page.token.name != NULL;
}

List *
dload_paginator_mark_path(const DloadResource *res, List *params,
						  DloadRequest *request)
{
	DloadParam *mark;
	List	   *marked = NIL;
	ListCell   *lc;

	if (!goes_into_path(res))
		return params;
	mark = palloc0(sizeof(DloadParam));
	mark->name = res->page.token.name;
	mark->value = TOKEN_MARK;
	mark->in = DLOAD_IN_TEMPLATE;
	foreach(lc, params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in != DLOAD_IN_TEMPLATE ||
			strcmp(param->name, mark->name) != 0)
			marked = lappend(marked, param);
		else if (param->value != NULL)
			dload_paging_remember(request, FIRST_TOKEN, param->value);
	}
	return lappend(marked, mark);
}

/* The URL with the token in place of the mark; NULL removes its segment. */
static char *
fill_mark(const char *url, const char *token)
{
	const char *mark = strstr(url, TOKEN_MARK);
	const char *end = mark;
	StringInfoData buf;

	if (mark == NULL)
		return pstrdup(url);
	end += strlen(TOKEN_MARK);
	if (token == NULL && mark[-1] == '/')
		mark--;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, url, (int) (mark - url));
	if (token != NULL)
		dload_url_encode(&buf, token);
	appendStringInfoString(&buf, end);
	return buf.data;
}

bool
dload_begin_token(const DloadResource *res, DloadRequest *request,
				  DloadError *err)
{
	char	   *first;

	if (!goes_into_path(res) || strstr(request->url, TOKEN_MARK) == NULL)
		return true;
	first = dload_paging_recall(request, FIRST_TOKEN);
	dload_paging_remember(request, FIRST_URL, request->url);
	request->url = fill_mark(request->url, first);
	return true;
}

static bool
put_into_path(const DloadResource *res, const DloadPageInfo *page,
			  DloadPagingValue value, DloadRequest *next, DloadError *err)
{
	char	   *url = dload_paging_recall(page->request, FIRST_URL);

	if (url == NULL || value.text == NULL || strcmp(value.text, ".") == 0 ||
		strcmp(value.text, "..") == 0)
		return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							   "the token of a page cannot stand in a path");
	next->url = url;
	dload_paging_drop(res, NIL, next);
	next->url = fill_mark(next->url, value.text);
	return true;
}

/*
 * Objects
 */

static bool
put_member(const DloadResource *res, const DloadToken *key,
		   const DloadToken *member, DloadRequest *next, DloadError *err)
{
	DloadPagePlace	place = {0};
	DloadPagingValue value;
	DloadSpan	name;

	switch (member->type)
	{
		case DLOAD_TOKEN_STRING:
			value.text = dload_token_cstring(member);
			value.json = psprintf("\"%.*s\"", (int) member->text.len,
								  member->text.data);
			break;
		case DLOAD_TOKEN_NUMBER:
		case DLOAD_TOKEN_TRUE:
		case DLOAD_TOKEN_FALSE:
			value.text = dload_token_cstring(member);
			value.json = value.text;
			break;
		default:
			return true;
	}
	place.in = res->page.token.in;
	place.name = dload_token_cstring(key);
	if (place.name[0] == '\0')
		return true;
	name = dload_span(place.name, strlen(place.name));
	place.path = dload_path_parse(dload_path_append_key(NULL, name), err);
	return place.path != NULL && dload_paging_put(&place, value, next, err);
}

/* Send all members back, with the first request. */
static bool
put_object(const DloadResource *res, const DloadPageInfo *page,
		   DloadSpan object, DloadRequest *next, DloadError *err)
{
	DloadScanner s;
	DloadToken	key;
	DloadToken	member;
	char	   *url = dload_paging_recall(page->request, FIRST_URL);

	if (res->page.token.in == DLOAD_PLACE_HEADER ||
		res->page.token.in == DLOAD_PLACE_PATH)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"the token of a page is an object, which does not go "
						"into a header or a path");
		return dload_error_hint(err, "Name one of its members in "
								"\"token_path\".");
	}
	if (url == NULL)
	{
		url = page->request->url;
		dload_paging_remember(next, FIRST_URL, url);
		if (page->request->body != NULL)
			dload_paging_remember(next, FIRST_BODY, page->request->body);
	}
	next->url = url;
	next->body = dload_paging_recall(next, FIRST_BODY);
	dload_paging_drop(res, list_make1(unconstify(DloadPagePlace *,
												 &res->page.token)), next);
	dload_scanner_init(&s, object.data, object.len, true);
	if (dload_scanner_next(&s, &key) != DLOAD_TOKEN_OBJECT_START)
		return true;
	while (dload_scanner_next(&s, &key) == DLOAD_TOKEN_KEY)
	{
		if (dload_scanner_value(&s, &member) == DLOAD_TOKEN_ERROR ||
			!put_member(res, &key, &member, next, err))
			return err->sqlstate == 0;
	}
	return true;
}

/*
 * The strategy
 */

static DloadFound
read_token(const DloadResource *res, const DloadPageInfo *page,
		   DloadPagingValue *value, DloadSpan *object)
{
	const DloadPageSpec *spec = &res->page;
	char	   *text = NULL;

	switch (spec->token_from)
	{
		case DLOAD_TOKEN_FROM_HEADER:
			if (page->exchange != NULL)
				text = dload_http_header(page->exchange, spec->token_header);
			if (text == NULL || text[0] == '\0')
				return DLOAD_FOUND_NOTHING;
			*value = dload_paging_text(text);
			return DLOAD_FOUND_VALUE;
		case DLOAD_TOKEN_FROM_LAST_RECORD:
			return dload_paging_find(spec->token_path, page->last_record,
									 value, NULL);
		default:
			return dload_paging_find(spec->token_path, page->envelope, value,
									 object);
	}
}

static char *
source_text(const DloadPageSpec *spec)
{
	if (spec->token_from == DLOAD_TOKEN_FROM_HEADER)
		return psprintf("header \"%s\"", spec->token_header);
	return psprintf("value at token_path \"%s\"",
					dload_path_text(spec->token_path));
}

/* What was found is no token that could be sent. */
static DloadNext
bad_token(const DloadPageSpec *spec, bool scalar, DloadError *err)
{
	if (scalar)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"paginate 'token' requires the option \"token_param\"");
		dload_error_detail(err, "The %s is no object that brings the names of "
						   "its parameters with it.", source_text(spec));
		return DLOAD_NEXT_ERROR;
	}
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"%s is neither a string nor a number", source_text(spec));
	dload_error_hint(err, "Name the place of the value itself.");
	return DLOAD_NEXT_ERROR;
}

DloadNext
dload_next_token(const DloadResource *res, const DloadPageInfo *page,
				 DloadRequest *next, DloadError *err)
{
	const DloadPageSpec *spec = &res->page;
	DloadStop	stop = dload_paging_stop(res, page, NULL);
	DloadPagingValue value = {0};
	DloadSpan	object = {0};
	bool		done;

	if (stop == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	switch (read_token(res, page, &value, &object))
	{
		case DLOAD_FOUND_NOTHING:
			return dload_paging_no_next(res, stop, source_text(spec), err);
		case DLOAD_FOUND_OBJECT:
			next->position = 0;
			return put_object(res, page, object, next, err) ?
				DLOAD_NEXT_PAGE : DLOAD_NEXT_ERROR;
		case DLOAD_FOUND_OTHER:
			return bad_token(spec, false, err);
		default:
			break;
	}
	if (spec->token_end != NULL && value.text != NULL &&
		strcmp(value.text, spec->token_end) == 0)
		return dload_paging_no_next(res, stop, source_text(spec), err);
	next->position = 0;
	if (!dload_request_follow(res, page->request,
							  value.text ? value.text : value.json,
							  value.text == NULL || value.json == value.text,
							  next, &done, err))
		return DLOAD_NEXT_ERROR;
	if (done)
		return DLOAD_NEXT_PAGE;
	if (spec->token.name == NULL ||
		(value.text == NULL && spec->token.in != DLOAD_PLACE_BODY))
		return bad_token(spec, value.text != NULL, err);
	if (spec->token.in == DLOAD_PLACE_PATH)
		done = put_into_path(res, page, value, next, err);
	else
	{
		dload_paging_drop(res, list_make1(unconstify(DloadPagePlace *,
													 &spec->token)), next);
		done = dload_paging_put(&spec->token, value, next, err);
	}
	return done ? DLOAD_NEXT_PAGE : DLOAD_NEXT_ERROR;
}
