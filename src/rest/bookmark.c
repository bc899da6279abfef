/*-------------------------------------------------------------------------
 *
 * bookmark.c
 *	  The value of a reply that the next run begins with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/bookmark.h"

#include "mb/pg_wchar.h"
#include "rest/paging.h"

bool
dload_bookmark_read(const DloadResource *res, const char *url,
					const DloadExchange *exchange, DloadSpan envelope,
					DloadBookmark *mark, DloadError *err)
{
	const DloadRequestSpec *spec = &res->request;
	DloadPagingValue value = {0};
	DloadFound	found = DLOAD_FOUND_NOTHING;

	memset(mark, 0, sizeof(*mark));
	if (spec->cursor_header != NULL)
	{
		char	   *text = dload_http_header(exchange, spec->cursor_header);

		if (text == NULL || text[0] == '\0')
			return true;
		if (!pg_verify_mbstr(PG_UTF8, text, strlen(text), true))
			return dload_error_set(err, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
								   "header \"%s\" is not valid text",
								   spec->cursor_header);
		value = dload_paging_text(text);
	}
	else
		found = dload_paging_find(spec->envelope_cursor, envelope, &value,
								  NULL);
	if (found == DLOAD_FOUND_NOTHING && value.text == NULL)
		return true;
	if (value.text == NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"value at envelope_cursor \"%s\" is neither a string "
						"nor a number",
						dload_path_text(spec->envelope_cursor));
		return dload_error_hint(err, "Name the place of the value itself.");
	}
	mark->string = value.json != value.text;
	mark->text = value.text;
	if (spec->cursor_in == DLOAD_IN_URL)
		mark->text = dload_link_resolve(res, url, value.text, err);
	return mark->text != NULL;
}
