/*-------------------------------------------------------------------------
 *
 * paginator.c
 *	  From one page to the request for the next: a strategy per kind.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"
#include "rest/slices.h"

static bool
begin_nothing(const DloadResource *res, DloadRequest *request,
			  DloadError *err)
{
	return true;
}

/*
 * Who has not said that there is one page only may not know that there are
 * more, so what the reply says of them is noted.
 */
static DloadNext
next_none(const DloadResource *res, const DloadPageInfo *page,
		  DloadRequest *next, DloadError *err)
{
	if (!res->page.given)
		(void) dload_paging_unread(page, next);
	return DLOAD_NEXT_END;
}

static const DloadPaginator paginators[] = {
	[DLOAD_PAGINATE_NONE] = {"none", false, NULL, begin_nothing, next_none},
	[DLOAD_PAGINATE_LINK] = {"link", false, "link_rel", begin_nothing,
	dload_next_link},
	[DLOAD_PAGINATE_NEXT_URL] = {"next_url", false, "next_path", begin_nothing,
	dload_next_next_url},
	[DLOAD_PAGINATE_PAGE] = {"page", true, "page_param", dload_begin_page,
	dload_next_page},
	[DLOAD_PAGINATE_OFFSET] = {"offset", true, "offset_param",
	dload_begin_offset, dload_next_offset},
	[DLOAD_PAGINATE_TOKEN] = {"token", false, "token_param",
	dload_begin_token, dload_next_token},
	[DLOAD_PAGINATE_KEYSET] = {"keyset", false, "keyset_param",
	dload_begin_keyset, dload_next_keyset},
	[DLOAD_PAGINATE_AUTO] = {"auto", false, "paginate", begin_nothing,
	dload_next_auto},
	[DLOAD_PAGINATE_WINDOW] = {"window", false, "window_from_param",
	begin_nothing, dload_window_next},
	[DLOAD_PAGINATE_LIST] = {"list", false, "list_param", begin_nothing,
	dload_list_next},
	[DLOAD_PAGINATE_SCROLL] = {"scroll", false, "scroll_path", begin_nothing,
	dload_scroll_next, true},
	[DLOAD_PAGINATE_DRAIN] = {"drain", false, NULL, begin_nothing,
	dload_drain_next, true},
};

const DloadPaginator *
dload_paginator_get(DloadPaginateKind kind)
{
	return &paginators[kind];
}

bool
dload_paginator_begin(const DloadResource *res, DloadRequest *request,
					  DloadError *err)
{
	const DloadPageSpec *spec = &res->page;

	if (spec->page_size > 0 && spec->size.name != NULL &&
		!dload_paging_put(&spec->size, dload_paging_number(spec->page_size),
						  request, err))
		return false;
	return paginators[spec->kind].begin(res, request, err);
}
