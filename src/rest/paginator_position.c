/*-------------------------------------------------------------------------
 *
 * paginator_position.c
 *	  Paging where we count: pages or records.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"

static bool
ask(const DloadPagePlace *place, int64 position, DloadRequest *request,
	DloadError *err)
{
	request->position = position;
	return dload_paging_put(place, dload_paging_number(position), request,
							err);
}

bool
dload_begin_page(const DloadResource *res, DloadRequest *request,
				 DloadError *err)
{
	return ask(&res->page.page, res->page.first_page, request, err);
}

/*
 * Records read so far.  Only a total of records asks for them, and then they
 * are remembered, so that a read that goes on later knows them too.
 */
static int64
records_read(const DloadResource *res, const DloadPageInfo *page,
			 DloadRequest *next)
{
	const DloadPageSpec *spec = &res->page;
	char	   *before;
	int64		records = page->nrecords;

	if (spec->total_is_pages ||
		(spec->total_path == NULL && spec->total_header == NULL))
		return -1;
	before = dload_paging_recall(page->request, "records");
	if (before != NULL)
		records += strtoi64(before, NULL, 10);
	dload_paging_remember(next, "records", psprintf(INT64_FORMAT, records));
	return records;
}

DloadNext
dload_next_page(const DloadResource *res, const DloadPageInfo *page,
				DloadRequest *next, DloadError *err)
{
	DloadProgress progress;

	progress.records = records_read(res, page, next);
	progress.pages = page->request->position - res->page.first_page + 1;
	if (dload_paging_stop(res, page, &progress) == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	return ask(&res->page.page, page->request->position + 1, next, err) ?
		DLOAD_NEXT_PAGE : DLOAD_NEXT_ERROR;
}

bool
dload_begin_offset(const DloadResource *res, DloadRequest *request,
				   DloadError *err)
{
	return ask(&res->page.offset, 0, request, err);
}

/*
 * The offset grows by the records received, not by those asked for: servers
 * lower the size of pages.
 */
DloadNext
dload_next_offset(const DloadResource *res, const DloadPageInfo *page,
				  DloadRequest *next, DloadError *err)
{
	DloadProgress progress;
	int64		step = page->nrecords > 0 ? page->nrecords :
		res->page.page_size;

	progress.records = page->request->position + page->nrecords;
	progress.pages = -1;
	if (dload_paging_stop(res, page, &progress) == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	if (step == 0)
	{
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"cannot go on from an empty page of server \"%s\"",
						res->servername);
		dload_error_hint(err, "Give the option \"page_size\", by which the "
						 "offset then grows.");
		return DLOAD_NEXT_ERROR;
	}
	return ask(&res->page.offset, page->request->position + step, next, err) ?
		DLOAD_NEXT_PAGE : DLOAD_NEXT_ERROR;
}
