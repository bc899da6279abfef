/*-------------------------------------------------------------------------
 *
 * paginate_scroll.c
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
#include "rest/total.h"
#include "rest/url.h"

#include "utils/json.h"
#include "utils/timestamp.h"

DloadNext
dload_drain_next(const DloadResource *res, const DloadPageInfo *page,
				 DloadRequest *next, DloadError *err)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz began = now;

	if (page->nrecords == 0 ||
		dload_total_read(res, page->exchange, page->envelope) == 0 ||
		dload_paging_stop(res, page, NULL) == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	if (page->request->state != NULL)
		began = strtoi64(page->request->state, NULL, 10);
	if (res->slice.drain_for > 0 &&
		now >= TimestampTzPlusMilliseconds(began, res->slice.drain_for))
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

/* The template of a body with the token, as in a JSON string. */
static char *
fill_body(const char *template, const char *token)
{
	const char *place = template ? strstr(template, "{token}") : NULL;
	StringInfoData json;
	StringInfoData body;

	if (template == NULL)
		return NULL;
	initStringInfo(&json);
	escape_json(&json, token);
	initStringInfo(&body);
	for (; place != NULL; place = strstr(template, "{token}"))
	{
		appendBinaryStringInfo(&body, template, (int) (place - template));
		appendBinaryStringInfo(&body, json.data + 1, json.len - 2);
		template = place + strlen("{token}");
	}
	appendStringInfoString(&body, template);
	return body.data;
}

static bool
fill_request(const DloadResource *res, const char *method, const char *path,
			 const char *body, const char *token, DloadRequest *request,
			 DloadError *err)
{
	DloadParam	param = {"token", unconstify(char *, token), DLOAD_IN_PATH};

	request->method = pstrdup(method);
	request->url = dload_url_expand(res->base_url, path, list_make1(&param),
									err);
	request->body = fill_body(body, token);
	return request->url != NULL;
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
	if (!fill_request(res, spec->scroll_method, spec->scroll_path,
					  spec->scroll_body, token, next, err))
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
	return fill_request(res, res->slice.close_method, res->slice.close_path,
						res->slice.close_body, token, request, &ignored);
}
