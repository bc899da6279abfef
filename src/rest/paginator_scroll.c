/*-------------------------------------------------------------------------
 *
 * paginator_scroll.c
 *	  What each request takes away: queues, and lists that the server holds
 *	  open.
 *
 * drain asks the same until nothing is left.  Its state is when it began.
 *
 * scroll asks for the rest of what the first request opened, by the token of
 * the last response.  Its state is that token.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/slices.h"

#include "data/path.h"
#include "rest/paging.h"
#include "rest/request.h"
#include "rest/total.h"
#include "rest/url.h"

#include "utils/timestamp.h"

/*
 * What is left in the queue, if the response says so; -1 if not.  Where each
 * message says how many there are behind it, total_path goes on from the
 * records by [-1].
 */
static int64
left_in_queue(const DloadResource *res, const DloadPageInfo *page)
{
	const DloadPath *path = res->page.total_path;
	int			n = res->records.path != NULL ? res->records.path->nsteps : 0;
	DloadPath  *rest;

	if (path == NULL || path->nsteps <= n + 1 ||
		path->steps[n].kind != DLOAD_STEP_INDEX ||
		path->steps[n].index != -1 || page->last_record.data == NULL)
		return dload_total_read(res, page->exchange, page->envelope);
	rest = palloc(offsetof(DloadPath, steps) +
				  (path->nsteps - n - 1) * sizeof(DloadStep));
	rest->nsteps = path->nsteps - n - 1;
	memcpy(rest->steps, path->steps + n + 1,
		   rest->nsteps * sizeof(DloadStep));
	return dload_total_at(rest, page->last_record);
}

DloadNext
dload_drain_next(const DloadResource *res, const DloadPageInfo *page,
				 DloadRequest *next, DloadError *err)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz began = now;

	if (page->nrecords == 0 ||
		left_in_queue(res, page) == 0 ||
		dload_paging_stop(res, page, NULL) == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	if (page->request->state != NULL)
		began = strtoi64(page->request->state, NULL, 10);
	if (now >= TimestampTzPlusMilliseconds(began, res->slice.drain_for))
		return DLOAD_NEXT_END;
	next->state = psprintf(INT64_FORMAT, began);
	return DLOAD_NEXT_PAGE;
}

char *
dload_scroll_token(const DloadResource *res, DloadSpan envelope)
{
	DloadPagingValue value = {0};

	return envelope.len > 0 &&
		dload_paging_find(res->page.token_path, envelope, &value,
						  NULL) == DLOAD_FOUND_VALUE ? value.text : NULL;
}

static bool
fill_request(const DloadResource *res, const DloadRequest *from,
			 const char *method, const char *path, const char *body,
			 const char *token, DloadRequest *request, DloadError *err)
{
	DloadRequestForm form = {method, path, body};
	DloadParam	param = {0};

	param.name = "token";
	param.value = unconstify(char *, token);
	request->body = NULL;
	return dload_request_fill(res, &form, from, list_make1(&param), request,
							  err);
}

DloadNext
dload_scroll_next(const DloadResource *res, const DloadPageInfo *page,
				  DloadRequest *next, DloadError *err)
{
	const DloadSliceSpec *spec = &res->slice;
	char	   *token = dload_scroll_token(res, page->envelope);

	if (page->nrecords == 0 || token == NULL ||
		dload_paging_stop(res, page, NULL) == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	if (!fill_request(res, page->request, spec->scroll_method,
					  spec->scroll_path, spec->scroll_body, token, next, err))
		return DLOAD_NEXT_ERROR;
	next->position = 0;
	next->state = token;
	return DLOAD_NEXT_PAGE;
}

bool
dload_scroll_close(const DloadResource *res, const char *token,
				   const DloadRequest *like, DloadRequest *request)
{
	DloadError	ignored = {0};

	*request = *like;
	request->state = NULL;
	return fill_request(res, like, res->slice.close_method,
						res->slice.close_path, res->slice.close_body, token,
						request, &ignored);
}
