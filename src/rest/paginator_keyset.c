/*-------------------------------------------------------------------------
 *
 * paginator_keyset.c
 *	  Paging by the key of the last record.
 *
 * Only the records lead on, so a page without any is the end.  A declared
 * total is not: the key's own record may come again with the next page, and
 * where the key is a filter, some count only what is left behind it.  That
 * the key does not move makes the next request equal to one already made,
 * which the read notices.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"

#include "lib/stringinfo.h"

bool
dload_begin_keyset(const DloadResource *res, DloadRequest *request,
				   DloadError *err)
{
	return true;
}

static DloadNext
no_last_record(const DloadResource *res, DloadError *err)
{
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"cannot go on from an empty page of server \"%s\"",
					res->servername);
	dload_error_detail(err, "Paging by keys needs the last record of a page.");
	return DLOAD_NEXT_ERROR;
}

/* The key's parts: list of DloadPagingValue *. */
static bool
read_key(const DloadResource *res, const DloadPageInfo *page, List **values,
		 DloadError *err)
{
	ListCell   *lc;

	foreach(lc, res->page.keyset_paths)
	{
		DloadPagingValue *value = palloc(sizeof(DloadPagingValue));

		if (dload_paging_find(lfirst(lc), page->last_record, value, NULL) !=
			DLOAD_FOUND_VALUE)
		{
			dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							"the last record of a page has no key at \"%s\"",
							dload_path_text(lfirst(lc)));
			return dload_error_hint(err, "Check the option \"keyset_path\"; "
									"the key must not be null.");
		}
		*values = lappend(*values, value);
	}
	return true;
}

static DloadPagingValue
tuple(List *values)
{
	StringInfoData buf;
	DloadPagingValue all = {0};
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, values)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "[",
						 ((DloadPagingValue *) lfirst(lc))->json);
	appendStringInfoChar(&buf, ']');
	all.json = buf.data;
	return all;
}

DloadNext
dload_next_keyset(const DloadResource *res, const DloadPageInfo *page,
				  DloadRequest *next, DloadError *err)
{
	const DloadPageSpec *spec = &res->page;
	DloadProgress progress;
	List	   *values = NIL;
	ListCell   *place;
	ListCell   *value;

	progress.records = progress.pages = -1;
	if (dload_paging_stop(res, page, &progress) == DLOAD_STOP_END)
		return DLOAD_NEXT_END;
	if (page->nrecords == 0 || page->last_record.data == NULL)
		return no_last_record(res, err);
	if (!read_key(res, page, &values, err))
		return DLOAD_NEXT_ERROR;
	dload_paging_drop(res, spec->keyset, next);
	next->position = page->request->position + page->nrecords;
	if (list_length(spec->keyset) < list_length(values))
		return dload_paging_put(linitial(spec->keyset), tuple(values), next,
								err) ? DLOAD_NEXT_PAGE : DLOAD_NEXT_ERROR;
	forboth(place, spec->keyset, value, values)
	{
		if (!dload_paging_put(lfirst(place),
							  *(DloadPagingValue *) lfirst(value), next, err))
			return DLOAD_NEXT_ERROR;
	}
	return DLOAD_NEXT_PAGE;
}
