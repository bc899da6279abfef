/*-------------------------------------------------------------------------
 *
 * paginator_list.c
 *	  Parts that the first response names: result partitions, files.
 *
 * The state of a part's request are the parts after it, one a line.  The first
 * request has none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/slices.h"

#include "data/path.h"
#include "data/record.h"
#include "rest/auth.h"
#include "rest/paging.h"
#include "rest/request.h"
#include "rest/url.h"

/* What the parts of one list may take: each request carries those to come. */
#define MAX_LIST_BYTES	(1024 * 1024)

bool
dload_list_is_bare(const DloadResource *res, const DloadRequest *request)
{
	return res->page.kind == DLOAD_PAGINATE_LIST &&
		!res->slice.list_first && request->state == NULL;
}

/* A path split at its first [*]: to the list, and within its elements. */
static void
split_path(const DloadPath *path, DloadPath **list, DloadPath **element)
{
	int			n = 0;
	size_t		size = offsetof(DloadPath, steps) +
	path->nsteps * sizeof(DloadStep);

	while (n < path->nsteps && path->steps[n].kind != DLOAD_STEP_ANY)
		n++;
	*list = palloc0(size);
	(*list)->nsteps = n;
	memcpy((*list)->steps, path->steps, n * sizeof(DloadStep));
	*element = palloc0(size);
	if (n < path->nsteps)
	{
		(*element)->nsteps = path->nsteps - n - 1;
		memcpy((*element)->steps, path->steps + n + 1,
			   (*element)->nsteps * sizeof(DloadStep));
	}
}

static bool
bad_list(const DloadResource *res, const char *what, DloadError *err)
{
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"list_path \"%s\" of foreign table %s leads to %s",
					dload_path_text(res->slice.list_path), res->relname,
					what);
	return dload_error_hint(err, "It must lead to a list of strings or "
							"numbers.");
}

/* The part that an element names; NULL and *err if it names none. */
static char *
element_text(const DloadResource *res, const DloadPath *path,
			 DloadToken *element, DloadError *err)
{
	char	   *text;

	if (dload_is_container(element))
	{
		if (path->nsteps == 0 ||
			!dload_path_lookup(path, element->text, element))
			element->type = DLOAD_TOKEN_NONE;
	}
	if (element->type != DLOAD_TOKEN_STRING &&
		element->type != DLOAD_TOKEN_NUMBER)
	{
		bad_list(res, "elements that name no part", err);
		return NULL;
	}
	text = dload_token_cstring(element);
	if (text[0] == '\0' || strpbrk(text, "\r\n") != NULL)
	{
		bad_list(res, "elements that name no part", err);
		return NULL;
	}
	return text;
}

/* Are the parts URLs? */
static bool
names_urls(const DloadResource *res)
{
	return res->slice.list_url != NULL &&
		strcmp(res->slice.list_url, "{part}") == 0;
}

/* All parts, one a line; NULL and *err if they cannot be read. */
static char *
read_parts(const DloadResource *res, const DloadPageInfo *page,
		   DloadError *err)
{
	DloadSpan	envelope = page->envelope;
	DloadPath  *path;
	DloadPath  *within;
	DloadToken	token;
	DloadScanner s;
	StringInfoData parts;
	int			n = 0;

	split_path(res->slice.list_path, &path, &within);
	if (envelope.len == 0 || !dload_path_lookup(path, envelope, &token))
	{
		bad_list(res, "nothing", err);
		return NULL;
	}
	initStringInfo(&parts);
	if (token.type == DLOAD_TOKEN_NULL)
		return parts.data;
	if (token.type == DLOAD_TOKEN_STRING && !res->slice.list_first &&
		!res->slice.list_index)
	{
		char	   *text = element_text(res, within, &token, err);

		if (text != NULL && names_urls(res))
			text = dload_url_resolve(page->final_url, text, err);
		return text != NULL ? psprintf("%s\n", text) : NULL;
	}
	if (token.type != DLOAD_TOKEN_ARRAY_START)
	{
		bad_list(res, "no list", err);
		return NULL;
	}
	dload_scanner_init(&s, token.text.data, token.text.len, true);
	(void) dload_scanner_next(&s, &token);
	while (dload_scanner_value(&s, &token) != DLOAD_TOKEN_ARRAY_END &&
		   token.type != DLOAD_TOKEN_ERROR)
	{
		char	   *text = psprintf("%d", n);

		if (!res->slice.list_index)
			text = element_text(res, within, &token, err);
		/* what is relative is so to the list */
		if (text != NULL && names_urls(res))
			text = dload_url_resolve(page->final_url, text, err);
		if (text != NULL && names_urls(res))
			text = dload_auth_strip_link(res, text);
		if (text == NULL)
			return NULL;
		if (n++ > 0 || !res->slice.list_first)
			appendStringInfo(&parts, "%s\n", text);
		if (parts.len > MAX_LIST_BYTES)
		{
			dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							"list of parts of foreign table %s is too long",
							res->relname);
			dload_error_detail(err, "The limit is %d bytes.", MAX_LIST_BYTES);
			return NULL;
		}
	}
	return parts.data;
}

/* Where a part is: its place in the template, or the value of a parameter. */
static bool
ask_part(const DloadResource *res, const DloadPageInfo *page,
		 const char *part, DloadRequest *next, DloadError *err)
{
	DloadRequestForm form = {"GET", res->slice.list_url, NULL};
	DloadParam	param = {0};

	next->position = 0;
	if (form.path == NULL)
		return dload_paging_put(&res->slice.part, dload_paging_text(part),
								next, err);
	next->method = "GET";
	next->body = NULL;
	param.name = "part";
	param.value = unconstify(char *, part);
	if (names_urls(res))
		next->url = pstrdup(part);
	else if (!dload_request_fill(res, &form, page->request, list_make1(&param),
								 next, err))
		return false;
	next->url[strcspn(next->url, "#")] = '\0';
	return true;
}

DloadNext
dload_list_next(const DloadResource *res, const DloadPageInfo *page,
				DloadRequest *next, DloadError *err)
{
	bool		bare = dload_list_is_bare(res, page->request);
	char	   *parts = page->request->state;
	size_t		len;

	if (parts == NULL)
		parts = read_parts(res, page, err);
	if (parts == NULL)
		return DLOAD_NEXT_ERROR;
	len = strcspn(parts, "\n");
	if (len == 0)
		return DLOAD_NEXT_END;
	next->state = pstrdup(parts + len + 1);
	if (!ask_part(res, page, pnstrdup(parts, len), next, err))
		return DLOAD_NEXT_ERROR;
	return bare ? DLOAD_NEXT_INSTEAD : DLOAD_NEXT_PAGE;
}
