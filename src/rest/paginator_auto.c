/*-------------------------------------------------------------------------
 *
 * paginator_auto.c
 *	  The paginator that looks in the first reply for the way to the next.
 *
 * It goes by what an API says and by nothing else: a Link header, a member
 * with a customary name that holds a URL or a token.  It never counts, since
 * a parameter that the server does not know gives the same page again or,
 * worse, another one.  What it found is in the request's state, so that all
 * later pages, also those of a resumed read, are asked for in the same way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"
#include "rest/total.h"

/* The state's members */
#define FOUND_KIND	"auto"
#define FOUND_PATH	"path"
#define FOUND_PARAM "param"

/* The kind of what says that there is more, but not how it is asked for */
#define FOUND_MORE	"more"

/* Places of the next page's URL, in this order. */
static const char *const url_paths[] = {
	"\"@odata.nextLink\"", "\"odata.nextLink\"",
	"links.next", "links.next.href", "links.next.url",
	"_links.next", "_links.next.href",
	"next", "next.href", "next.url", "next.link",
	"paging.next.link", "paging.next", "pages.next", "pages.next.link",
	"pagination.next", "pagination.next_url", "pagination.next_link",
	"meta.next", "meta.next_url", "meta.next_page_url", "meta.pagination.next",
	"metadata.next", "next_page_url", "next_page_uri", "next_page",
	"next_url", "next_link", "nextUrl", "nextLink", "nextPageUrl",
	"nextRecordsUrl",
	NULL
};

/* Places of a token, in this order, and the parameter that each implies. */
static const struct
{
	const char *path;
	const char *param;
}			token_paths[] =

{
	{"nextPageToken", "pageToken"},
	{"next_page_token", "page_token"},
	{"next_cursor", "cursor"},
	{"nextCursor", "cursor"},
	{"response_metadata.next_cursor", "cursor"},
	{"meta.next_cursor", "cursor"},
	{"meta.nextCursor", "cursor"},
	{"pagination.next_cursor", "cursor"},
	{"paging.next.after", "after"},
	{"pages.next.starting_after", "starting_after"},
	{"meta.after_cursor", "page[after]"},
	{"after_cursor", "cursor"},
	{"nextToken", "nextToken"},
	{"NextToken", "NextToken"},
	{"continuationToken", "continuationToken"},
	{NULL, NULL}
};

/* More places of a next page, by what we do not go on. */
static const char *const position_paths[] = {
	"next_page", "nextPage", "next_offset", "nextOffset", "meta.next_page",
	"pagination.next_page", "meta.pagination.next_page", "paging.next_page",
	NULL
};

/* Flags that say that there is more, and totals. */
static const char *const more_paths[] = {
	"has_more", "hasMore", "hasNextPage", "has_next_page", "has_next",
	"meta.has_more", "pagination.has_more", "pageInfo.hasNextPage",
	NULL
};

static const char *const total_paths[] = {
	"total", "total_count", "totalCount", "total_items", "totalItems",
	"total_results", "totalResults", "total_records", "totalRecords",
	"totalSize", "meta.total", "meta.total_count", "pagination.total",
	NULL
};

static DloadPath *
parse(const char *text)
{
	DloadError	ignored = {0};

	return dload_path_parse(text, &ignored);
}

/* What is there as text; NULL for nothing and for what is not a scalar. */
static char *
text_at(const char *path, DloadSpan envelope)
{
	DloadPagingValue value = {0};

	if (dload_paging_find(parse(path), envelope, &value, NULL) !=
		DLOAD_FOUND_VALUE)
		return NULL;
	return value.text;
}

static bool
is_url(const char *text)
{
	return text[0] == '/' || text[0] == '?' ||
		pg_strncasecmp(text, "http://", 7) == 0 ||
		pg_strncasecmp(text, "https://", 8) == 0;
}

static void
found(DloadRequest *next, const char *kind, const char *path,
	  const char *param)
{
	dload_paging_remember(next, FOUND_KIND, kind);
	if (path != NULL)
		dload_paging_remember(next, FOUND_PATH, path);
	if (param != NULL)
		dload_paging_remember(next, FOUND_PARAM, param);
}

static bool
find_link(const DloadPageInfo *page)
{
	char	   *header = page->exchange == NULL ? NULL :
		dload_http_header(page->exchange, "Link");

	return header != NULL &&
		dload_link_target(header, "next", page->final_url) != NULL;
}

bool
dload_paging_detect(const DloadPageInfo *page, DloadRequest *next)
{
	if (find_link(page))
	{
		found(next, "link", NULL, NULL);
		return true;
	}
	/* most lists of their own have nothing around them */
	if (page->envelope.len == 0 || page->envelope.data[0] == '[')
		return false;
	for (int i = 0; url_paths[i] != NULL; i++)
	{
		char	   *text = text_at(url_paths[i], page->envelope);

		if (text != NULL && is_url(text))
		{
			found(next, "next_url", url_paths[i], NULL);
			return true;
		}
	}
	for (int i = 0; token_paths[i].path != NULL; i++)
	{
		if (text_at(token_paths[i].path, page->envelope) != NULL)
		{
			found(next, "token", token_paths[i].path, token_paths[i].param);
			return true;
		}
	}
	return false;
}

/* Does a flag or a total say that this page is all? */
static bool
says_whole(const DloadPageInfo *page)
{
	DloadToken	token;

	for (int i = 0; more_paths[i] != NULL; i++)
	{
		if (dload_path_lookup(parse(more_paths[i]), page->envelope, &token) &&
			token.type == DLOAD_TOKEN_FALSE)
			return true;
	}
	for (int i = 0; total_paths[i] != NULL; i++)
	{
		if (dload_total_at(parse(total_paths[i]), page->envelope) ==
			page->nrecords)
			return true;
	}
	return false;
}

/* The first of these places that has a text or a number other than 0. */
static const char *
first_named(const char *const *paths, DloadSpan envelope)
{
	for (; *paths != NULL; paths++)
	{
		char	   *text = text_at(*paths, envelope);

		if (text != NULL && text[0] != '\0' && strcmp(text, "0") != 0)
			return *paths;
	}
	return NULL;
}

/*
 * Where the reply says that there are more, but not how they are asked for;
 * NULL: nowhere.  Totals, and what is called next, may be of anything, unless
 * this is known to be a list in pages.
 */
static const char *
says_more(const DloadPageInfo *page, bool listed)
{
	DloadPagingValue value;
	const char *path = NULL;

	if (page->nrecords == 0 || page->envelope.len == 0)
		return NULL;
	for (int i = 0; more_paths[i] != NULL; i++)
	{
		if (dload_paging_find(parse(more_paths[i]), page->envelope, &value,
							  NULL) == DLOAD_FOUND_OTHER)
			return more_paths[i];
	}
	for (int i = 0; listed && total_paths[i] != NULL; i++)
	{
		char	   *text = text_at(total_paths[i], page->envelope);

		if (text != NULL && strtoi64(text, NULL, 10) > page->nrecords)
			return total_paths[i];
	}
	if (says_whole(page))
		return NULL;
	if (listed)
		path = first_named(url_paths, page->envelope);
	return path ? path : first_named(position_paths, page->envelope);
}

bool
dload_paging_unread(const DloadPageInfo *page, DloadRequest *next)
{
	const char *path;

	if (dload_paging_detect(page, next))
		return true;
	path = says_more(page, false);
	if (path != NULL)
		found(next, FOUND_MORE, path, NULL);
	return path != NULL;
}

/* Is there anything, be it null, where the next page is looked for? */
static bool
has_place(const DloadResource *res, const DloadPageInfo *page)
{
	const DloadPageSpec *spec = &res->page;
	const char *header = "Link";
	const DloadPath *path = NULL;
	DloadSpan	json = page->envelope;
	DloadToken	ignored;

	if (spec->kind == DLOAD_PAGINATE_NEXT_URL)
		path = spec->next_path;
	if (spec->kind == DLOAD_PAGINATE_TOKEN)
	{
		header = spec->token_header;
		path = spec->token_path;
		if (spec->token_from == DLOAD_TOKEN_FROM_LAST_RECORD)
			json = page->last_record;
	}
	if (path == NULL)
		return page->exchange != NULL &&
			dload_http_header(page->exchange, header) != NULL;
	return json.len > 0 && dload_path_lookup(path, json, &ignored);
}

bool
dload_paginator_overlooks(const DloadResource *res, const DloadPageInfo *page,
						  DloadRequest *next)
{
	switch (res->page.kind)
	{
		case DLOAD_PAGINATE_LINK:
		case DLOAD_PAGINATE_NEXT_URL:
		case DLOAD_PAGINATE_TOKEN:
			break;
		default:
			return false;
	}
	if (page->nrecords == 0 || has_place(res, page) ||
		dload_paging_stop(res, page, NULL) == DLOAD_STOP_END ||
		dload_total_read(res, page->exchange, page->envelope) ==
		page->nrecords)
		return false;
	next->state = NULL;
	return dload_paging_unread(page, next);
}

/*
 * No way was found.  If the reply says that it is not all, then to stop here
 * would lose the rest in silence.
 */
static DloadNext
check_whole(const DloadResource *res, const DloadPageInfo *page,
			DloadError *err)
{
	const char *path = says_more(page, true);

	if (path == NULL)
		return DLOAD_NEXT_END;
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"paginate 'auto' did not find out how server \"%s\" is "
					"asked for the next page", res->servername);
	dload_error_detail(err, "The first reply has " INT64_FORMAT " records and "
					   "says at \"%s\" that there are more, but not where.",
					   page->nrecords, path);
	dload_error_hint(err, "Name the paginator: 'page', 'offset' and 'keyset' "
					 "are never guessed.");
	return DLOAD_NEXT_ERROR;
}

/* The resource as it would be defined with what was found. */
static DloadResource *
defined(const DloadResource *res, const DloadRequest *request,
		DloadPaginateKind kind)
{
	DloadResource *copy = palloc(sizeof(DloadResource));
	char	   *path = dload_paging_recall(request, FOUND_PATH);
	char	   *param = dload_paging_recall(request, FOUND_PARAM);
	DloadSpan	name;

	*copy = *res;
	copy->page.kind = kind;
	if (kind == DLOAD_PAGINATE_NEXT_URL)
		copy->page.next_path = parse(path ? path : "next");
	if (kind != DLOAD_PAGINATE_TOKEN)
		return copy;
	copy->page.token_path = parse(path ? path : "next");
	copy->page.token.name = param ? param : "cursor";
	name = dload_span(copy->page.token.name, strlen(copy->page.token.name));
	copy->page.token.path = parse(dload_path_append_key(NULL, name));
	/* who asks with a body is asked for the next page in it */
	copy->page.token.in = strcmp(request->method, "GET") == 0 ?
		DLOAD_PLACE_QUERY : DLOAD_PLACE_BODY;
	return copy;
}

DloadNext
dload_next_auto(const DloadResource *res, const DloadPageInfo *page,
				DloadRequest *next, DloadError *err)
{
	char	   *kind = dload_paging_recall(page->request, FOUND_KIND);
	bool		first = kind == NULL;

	if (first)
	{
		bool		end = dload_paging_stop(res, page, NULL) == DLOAD_STOP_END;

		if (end || !dload_paging_detect(page, next))
			found(next, "none", NULL, NULL);
		if (end)
			return DLOAD_NEXT_END;
		kind = dload_paging_recall(next, FOUND_KIND);
	}
	if (strcmp(kind, "link") == 0)
		return dload_next_link(defined(res, next, DLOAD_PAGINATE_LINK), page,
							   next, err);
	if (strcmp(kind, "next_url") == 0)
		return dload_next_next_url(defined(res, next,
										   DLOAD_PAGINATE_NEXT_URL),
								   page, next, err);
	if (strcmp(kind, "token") == 0)
		return dload_next_token(defined(res, next, DLOAD_PAGINATE_TOKEN),
								page, next, err);
	if (dload_paging_no_next(res, dload_paging_stop(res, page, NULL),
							 "link, URL or token that paginate 'auto' knows",
							 err) == DLOAD_NEXT_ERROR)
		return DLOAD_NEXT_ERROR;
	return first ? check_whole(res, page, err) : DLOAD_NEXT_END;
}

char *
dload_paginator_detected(const DloadRequest *request)
{
	char	   *kind;
	char	   *path;
	char	   *param;

	if (request->state == NULL)
		return NULL;
	kind = dload_paging_recall(request, FOUND_KIND);
	path = dload_paging_recall(request, FOUND_PATH);
	param = dload_paging_recall(request, FOUND_PARAM);
	if (kind == NULL || path == NULL)
		return kind;
	if (strcmp(kind, FOUND_MORE) == 0)
		return psprintf("%s says so", path);
	if (param == NULL)
		return psprintf("%s, next_path %s", kind, path);
	return psprintf("%s, token_path %s, token_param %s", kind, path, param);
}
