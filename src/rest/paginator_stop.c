/*-------------------------------------------------------------------------
 *
 * paginator_stop.c
 *	  What ends a list.
 *
 * It depends on who knows that it ends.  Where the server names the next page
 * (link, next_url, token), only its silence is an end: an empty page is not.
 * Where we count (page, offset, keyset), an empty page is the end, or the
 * declared total reached; a short page is not, because servers lower the page
 * size asked for.  A flag that says that there is no more ends every list;
 * one that says that there is overrules all that we only conclude, but not
 * what the definition says in so many words.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paging.h"
#include "rest/total.h"
#include "utils/builtins.h"

/*
 * What the flag at has_more_path says; absent or null it says nothing.  Where
 * a boolean is expected, anything that reads as one will do, and what does not
 * is no flag.
 */
static DloadStop
read_flag(const DloadPageSpec *spec, DloadSpan envelope)
{
	DloadToken	token;
	const char *value;
	bool		flag;
	bool		more;

	if (spec->has_more_path == NULL || envelope.len == 0 ||
		!dload_path_lookup(spec->has_more_path, envelope, &token) ||
		dload_is_container(&token))
		return DLOAD_STOP_UNSAID;
	value = dload_token_cstring(&token);
	if (pg_strcasecmp(value, spec->has_more_value) == 0)
		return DLOAD_STOP_MORE;
	if (token.type == DLOAD_TOKEN_NULL)
		return DLOAD_STOP_UNSAID;
	if (!parse_bool(spec->has_more_value, &more))
		return DLOAD_STOP_END;
	if (!parse_bool(value, &flag))
		return DLOAD_STOP_UNSAID;
	return flag == more ? DLOAD_STOP_MORE : DLOAD_STOP_END;
}

static bool
total_reached(const DloadResource *res, const DloadPageInfo *page,
			  const DloadProgress *progress)
{
	int64		reached = res->page.total_is_pages ? progress->pages :
		progress->records;
	int64		total;

	if (reached < 0)
		return false;
	total = dload_total_read(res, page->exchange, page->envelope);
	return total >= 0 && reached >= total;
}

DloadStop
dload_paging_stop(const DloadResource *res, const DloadPageInfo *page,
				  const DloadProgress *progress)
{
	const DloadPageSpec *spec = &res->page;
	DloadStop	flag = read_flag(spec, page->envelope);
	bool		empty = page->nrecords == 0;

	if (flag == DLOAD_STOP_END ||
		(empty && spec->stop_on_empty == DLOAD_YES) ||
		(spec->stop_on_short && page->nrecords < spec->page_size))
		return DLOAD_STOP_END;
	if (flag == DLOAD_STOP_MORE || progress == NULL)
		return flag;
	if ((empty && spec->stop_on_empty != DLOAD_NO) ||
		total_reached(res, page, progress))
		return DLOAD_STOP_END;
	return DLOAD_STOP_UNSAID;
}

DloadNext
dload_paging_no_next(const DloadResource *res, DloadStop stop,
					 const char *what, DloadError *err)
{
	if (stop != DLOAD_STOP_MORE)
		return DLOAD_NEXT_END;
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"API of server \"%s\" says that there are more pages, but "
					"not where", res->servername);
	dload_error_detail(err, "The value at has_more_path \"%s\" is %s, but "
					   "there is no %s.",
					   dload_path_text(res->page.has_more_path),
					   res->page.has_more_value, what);
	dload_error_hint(err, "Check the options that say where the next page is "
					 "named, and \"has_more_path\".");
	return DLOAD_NEXT_ERROR;
}

/*
 * The declared total
 */

static int64
parse_total(const char *text)
{
	char	   *end;
	int64		total;

	if (text == NULL)
		return -1;
	errno = 0;
	total = strtoi64(text, &end, 10);
	if (*end == '.')
		end += 1 + strspn(end + 1, "0");
	if (errno != 0 || end == text || *end != '\0' || total < 0)
		return -1;
	return total;
}

int64
dload_total_at(const DloadPath *path, DloadSpan json)
{
	DloadToken	token;

	if (json.len == 0 || !dload_path_lookup(path, json, &token) ||
		(token.type != DLOAD_TOKEN_NUMBER &&
		 token.type != DLOAD_TOKEN_STRING))
		return -1;
	return parse_total(dload_token_cstring(&token));
}

int64
dload_total_read(const DloadResource *res, const DloadExchange *exchange,
				 DloadSpan envelope)
{
	const DloadPageSpec *spec = &res->page;

	if (spec->total_header != NULL)
		return exchange == NULL ? -1 :
			parse_total(dload_http_header(exchange, spec->total_header));
	return spec->total_path == NULL ? -1 :
		dload_total_at(spec->total_path, envelope);
}
