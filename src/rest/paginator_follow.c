/*-------------------------------------------------------------------------
 *
 * paginator_follow.c
 *	  Paging where the server gives the address of the next page.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"

#include "rest/auth.h"
#include "rest/request.h"
#include "rest/url.h"

char *
dload_link_resolve(const DloadResource *res, const char *base,
				   const char *target, DloadError *err)
{
	char	   *url = dload_url_resolve(base, target, err);
	char	   *fragment = url ? strchr(url, '#') : NULL;

	if (fragment != NULL)
		*fragment = '\0';
	return url ? dload_auth_strip_link(res, url) : NULL;
}

/*
 * Header parameters and the body stay; the query does not, since such a
 * target carries all that is needed.
 */
DloadNext
dload_paging_follow(const DloadResource *res, const DloadPageInfo *page,
					const char *target, DloadRequest *next, DloadError *err)
{
	char	   *url = dload_link_resolve(res, page->final_url, target, err);
	bool		ignored;

	if (url == NULL ||
		!dload_request_follow(res, page->request, NULL, false, next, &ignored,
							  err))
		return DLOAD_NEXT_ERROR;
	next->url = url;
	next->position = 0;
	return DLOAD_NEXT_PAGE;
}

DloadNext
dload_next_link(const DloadResource *res, const DloadPageInfo *page,
				DloadRequest *next, DloadError *err)
{
	DloadStop	stop = dload_paging_stop(res, page, NULL);
	const char *rel = res->page.link_rel ? res->page.link_rel : "next";
	char	   *header = NULL;
	char	   *target;

	if (stop == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	if (page->exchange != NULL)
		header = dload_http_header(page->exchange, "Link");
	target = header ? dload_link_target(header, rel, page->final_url) : NULL;
	if (target == NULL)
		return dload_paging_no_next(res, stop,
									psprintf("Link header with rel \"%s\"",
											 rel), err);
	return dload_paging_follow(res, page, target, next, err);
}

DloadNext
dload_next_next_url(const DloadResource *res, const DloadPageInfo *page,
					DloadRequest *next, DloadError *err)
{
	DloadStop	stop = dload_paging_stop(res, page, NULL);
	const DloadPath *path = res->page.next_path;
	DloadPagingValue value;

	if (stop == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	switch (dload_paging_find(path, page->envelope, &value, NULL))
	{
		case DLOAD_FOUND_NOTHING:
			return dload_paging_no_next(res, stop,
										psprintf("URL at next_path \"%s\"",
												 dload_path_text(path)), err);
		case DLOAD_FOUND_VALUE:
			if (value.text != NULL)
				return dload_paging_follow(res, page, value.text, next, err);
			break;
		default:
			break;
	}
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"value at next_path \"%s\" is neither a string nor a "
					"number", dload_path_text(path));
	dload_error_hint(err, "Name the place of the value itself.");
	return DLOAD_NEXT_ERROR;
}
