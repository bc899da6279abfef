/*-------------------------------------------------------------------------
 *
 * paginator.c
 *	  From one page to the request for the next: a strategy per kind.
 *
 * What ends a list depends on who knows that it ends.  Where the server says
 * what comes next (link, next_url, token), only its silence is an end: an
 * empty page is not.  Where we count (page, offset), an empty page is the end,
 * or the declared total reached; a short page is not, because servers lower
 * the page size asked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paginator.h"

#include "data/record.h"
#include "rest/auth.h"
#include "rest/slices.h"
#include "rest/total.h"
#include "rest/url.h"

static void
begin_nothing(const DloadResource *res, DloadRequest *request)
{
}

static DloadNext
next_none(const DloadResource *res, const DloadPageInfo *page,
		  DloadRequest *next, DloadError *err)
{
	return DLOAD_NEXT_END;
}

/*
 * Follow a target that the server named.  Header parameters stay; the query
 * does not, since such a target carries all that is needed.
 */
static DloadNext
follow(const DloadResource *res, const DloadPageInfo *page,
	   const char *target, DloadRequest *next, DloadError *err)
{
	char	   *url = dload_url_resolve(page->final_url, target, err);
	char	   *fragment;

	if (url == NULL)
		return DLOAD_NEXT_ERROR;
	fragment = strchr(url, '#');
	if (fragment != NULL)
		*fragment = '\0';
	next->url = dload_auth_strip_url(res, url);
	next->position = 0;
	return DLOAD_NEXT_PAGE;
}

static DloadNext
next_link(const DloadResource *res, const DloadPageInfo *page,
		  DloadRequest *next, DloadError *err)
{
	char	   *header = NULL;
	char	   *target;

	if (page->exchange != NULL)
		header = dload_http_header(page->exchange, "Link");
	target = header ? dload_link_next(header) : NULL;
	if (target == NULL)
		return DLOAD_NEXT_END;
	return follow(res, page, target, next, err);
}

/*
 * The text of what the path leads to in the envelope; NULL where an API means
 * "no more": nothing there, null, false or an empty string.
 */
static char *
envelope_text(const DloadPath *path, const DloadPageInfo *page,
			  const char *option, DloadError *err)
{
	DloadToken	token;
	char	   *text;

	if (path == NULL || page->envelope.len == 0 ||
		!dload_path_lookup(path, page->envelope, &token))
		return NULL;
	switch (token.type)
	{
		case DLOAD_TOKEN_STRING:
		case DLOAD_TOKEN_NUMBER:
			text = dload_token_cstring(&token);
			return text[0] != '\0' ? text : NULL;
		case DLOAD_TOKEN_NULL:
		case DLOAD_TOKEN_FALSE:
			return NULL;
		default:
			dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							"value at %s \"%s\" is neither a string nor a "
							"number", option, dload_path_text(path));
			dload_error_hint(err, "Name the place of the value itself.");
			return NULL;
	}
}

static DloadNext
next_next_url(const DloadResource *res, const DloadPageInfo *page,
			  DloadRequest *next, DloadError *err)
{
	char	   *target = envelope_text(res->page.next_path, page, "next_path",
									   err);

	if (err->sqlstate != 0)
		return DLOAD_NEXT_ERROR;
	if (target == NULL)
		return DLOAD_NEXT_END;
	return follow(res, page, target, next, err);
}

static DloadNext
next_token(const DloadResource *res, const DloadPageInfo *page,
		   DloadRequest *next, DloadError *err)
{
	char	   *token = envelope_text(res->page.token_path, page, "token_path",
									  err);

	if (err->sqlstate != 0)
		return DLOAD_NEXT_ERROR;
	if (token == NULL)
		return DLOAD_NEXT_END;
	next->url = dload_url_set_query(page->request->url, res->page.token_param,
									token);
	next->position = 0;
	return DLOAD_NEXT_PAGE;
}

static DloadNext
ask_position(const DloadPageInfo *page, const char *param, int64 position,
			 DloadRequest *next)
{
	next->url = dload_url_set_query(page->request->url, param,
									psprintf(INT64_FORMAT, position));
	next->position = position;
	return DLOAD_NEXT_PAGE;
}

static void
begin_page(const DloadResource *res, DloadRequest *request)
{
	request->position = res->page.first_page;
	request->url = dload_url_set_query(request->url, res->page.page_param,
									   psprintf(INT64_FORMAT,
												request->position));
}

static DloadNext
next_page(const DloadResource *res, const DloadPageInfo *page,
		  DloadRequest *next, DloadError *err)
{
	int64		total = dload_total_read(res, page->envelope);

	if (page->nrecords == 0)
		return DLOAD_NEXT_END;
	if (total >= 0)
	{
		int64		reached = dload_total_is_pages(res) ?
		page->request->position - res->page.first_page + 1 :
		page->total_records;

		if (reached >= total)
			return DLOAD_NEXT_END;
	}
	return ask_position(page, res->page.page_param,
						page->request->position + 1, next);
}

static void
begin_offset(const DloadResource *res, DloadRequest *request)
{
	request->position = 0;
	request->url = dload_url_set_query(request->url, res->page.offset_param, "0");
}

static DloadNext
next_offset(const DloadResource *res, const DloadPageInfo *page,
			DloadRequest *next, DloadError *err)
{
	int64		total = dload_total_read(res, page->envelope);
	int64		position = page->request->position + page->nrecords;

	if (page->nrecords == 0)
		return DLOAD_NEXT_END;
	if (total >= 0 && !dload_total_is_pages(res) && position >= total)
		return DLOAD_NEXT_END;
	return ask_position(page, res->page.offset_param, position, next);
}

static const DloadPaginator paginators[] = {
	[DLOAD_PAGINATE_NONE] = {"none", false, begin_nothing, next_none},
	[DLOAD_PAGINATE_LINK] = {"link", false, begin_nothing, next_link},
	[DLOAD_PAGINATE_NEXT_URL] = {"next_url", false, begin_nothing,
	next_next_url},
	[DLOAD_PAGINATE_PAGE] = {"page", true, begin_page, next_page},
	[DLOAD_PAGINATE_OFFSET] = {"offset", true, begin_offset, next_offset},
	[DLOAD_PAGINATE_TOKEN] = {"token", false, begin_nothing, next_token},
	[DLOAD_PAGINATE_WINDOW] = {"window", false, begin_nothing,
	dload_window_next},
	[DLOAD_PAGINATE_LIST] = {"list", false, begin_nothing, dload_list_next},
	[DLOAD_PAGINATE_SCROLL] = {"scroll", false, begin_nothing,
	dload_scroll_next, true},
	[DLOAD_PAGINATE_DRAIN] = {"drain", false, begin_nothing,
	dload_drain_next, true},
};

const DloadPaginator *
dload_paginator_get(DloadPaginateKind kind)
{
	return &paginators[kind];
}

/* The total that total_path leads to; -1 if it is not a whole number. */
int64
dload_total_read(const DloadResource *res, DloadSpan envelope)
{
	DloadToken	token;
	char	   *text;
	char	   *end;
	int64		total;

	if (res->page.total_path == NULL || envelope.len == 0 ||
		!dload_path_lookup(res->page.total_path, envelope, &token) ||
		(token.type != DLOAD_TOKEN_NUMBER && token.type != DLOAD_TOKEN_STRING))
		return -1;
	text = dload_token_cstring(&token);
	errno = 0;
	total = strtoi64(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || total < 0)
		return -1;
	return total;
}

/*
 * "total_pages", "pageCount": a number of pages, which taken for a number of
 * records would end the read too early.
 */
bool
dload_total_is_pages(const DloadResource *res)
{
	const DloadPath *path = res->page.total_path;
	const DloadStep *last;

	if (path == NULL || path->nsteps == 0)
		return false;
	last = &path->steps[path->nsteps - 1];
	if (last->kind != DLOAD_STEP_KEY)
		return false;
	for (const char *p = last->key; *p; p++)
	{
		if (pg_strncasecmp(p, "page", 4) == 0)
			return true;
	}
	return false;
}
