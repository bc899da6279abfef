/*-------------------------------------------------------------------------
 *
 * format.c
 *	  What format is asked for, and what format a response is in.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/read.h"

#include "data/form.h"
#include "rest/slices.h"

/* Media types that are not JSON documents, without their parameters. */
static const struct
{
	const char *type;
	DloadFormat format;
}			media_types[] =
{
	{"application/x-ndjson", DLOAD_FORMAT_NDJSON},
	{"application/ndjson", DLOAD_FORMAT_NDJSON},
	{"application/jsonl", DLOAD_FORMAT_NDJSON},
	{"application/x-jsonl", DLOAD_FORMAT_NDJSON},
	{"application/jsonlines", DLOAD_FORMAT_NDJSON},
	{"application/x-jsonlines", DLOAD_FORMAT_NDJSON},
	{"application/json-lines", DLOAD_FORMAT_NDJSON},
	{"application/stream+json", DLOAD_FORMAT_NDJSON},
	{"application/json-seq", DLOAD_FORMAT_NDJSON},
	{"text/csv", DLOAD_FORMAT_CSV},
	{"application/csv", DLOAD_FORMAT_CSV},
	{"text/tab-separated-values", DLOAD_FORMAT_TSV},
};

/* The response's media type, or "". */
static char *
media_type(const DloadFetch *f)
{
	char	   *type = NULL;

	if (f->exchange != NULL)
		type = dload_http_header(f->exchange, "Content-Type");
	return type != NULL ? pnstrdup(type, strcspn(type, "; \t,")) : "";
}

static DloadFormat
format_of(const char *type)
{
	for (int i = 0; i < lengthof(media_types); i++)
	{
		if (pg_strcasecmp(media_types[i].type, type) == 0)
			return media_types[i].format;
	}
	return DLOAD_FORMAT_JSON;
}

/*
 * Nearly any text can be read as CSV.  That of a login page or an error must
 * not become rows.
 */
static bool
is_csv_at_most(const char *type)
{
	size_t		len = strlen(type);

	return pg_strcasecmp(type, "text/html") != 0 &&
		pg_strcasecmp(type, "application/json") != 0 &&
		(len < 5 || pg_strcasecmp(type + len - 5, "+json") != 0);
}

char *
dload_accept_header(const DloadResource *res)
{
	switch (res->records.form.format)
	{
		case DLOAD_FORMAT_NDJSON:
			return "Accept: application/x-ndjson, application/jsonl, "
				"application/json-seq, application/json;q=0.5, */*;q=0.1";
		case DLOAD_FORMAT_CSV:
			return "Accept: text/csv, */*;q=0.1";
		default:
			return "Accept: application/json";
	}
}

const char *
dload_extract_format(const DloadExtract *x)
{
	switch (x->format)
	{
		case DLOAD_FORMAT_NDJSON:
			return "ndjson";
		case DLOAD_FORMAT_CSV:
			return "csv";
		case DLOAD_FORMAT_TSV:
			return "csv, with tabs";
		default:
			return NULL;
	}
}

/* Does the paginator look beside the records for what comes next? */
static bool
needs_envelope(const DloadPageSpec *page)
{
	return page->kind == DLOAD_PAGINATE_NEXT_URL ||
		(page->kind == DLOAD_PAGINATE_TOKEN &&
		 page->token_from == DLOAD_TOKEN_FROM_BODY) ||
		page->has_more_path != NULL;
}

/*
 * Do records need what only a document has?  The first response of a list may
 * have it for all parts.
 */
static bool
needs_document(const DloadResource *res)
{
	const DloadForm *form = &res->records.form;

	return res->page.kind != DLOAD_PAGINATE_LIST &&
		(form->key != NULL || form->key_path != NULL ||
		 form->names_path != NULL || form->ncopied > 0);
}

static bool
wrong_type(DloadExtract *x, const char *type, const char *fault,
		   DloadError *err)
{
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"API of server \"%s\" answered in a format that %s",
					x->res->servername, fault);
	return dload_error_detail(err, "%s %s returned the Content-Type \"%s\".",
							  x->fetch->method, x->fetch->shown_url, type);
}

bool
dload_extract_open(DloadExtract *x, DloadError *err)
{
	DloadFormat format = x->res->records.form.format;
	char	   *type;

	if (!dload_fetch_open(x->fetch, err))
		return false;
	type = media_type(x->fetch);
	if (format == DLOAD_FORMAT_AUTO)
		format = format_of(type);
	else if (format == DLOAD_FORMAT_CSV &&
			 format_of(type) == DLOAD_FORMAT_TSV)
		format = DLOAD_FORMAT_TSV;
	x->format = format;
	/* a list of parts is JSON, whatever these are */
	if (format == DLOAD_FORMAT_CSV && !is_csv_at_most(type) &&
		!dload_list_is_bare(x->res, x->fetch->request))
		return wrong_type(x, type, "is not CSV", err);
	/* the list would seem to end here */
	if (format != DLOAD_FORMAT_JSON && needs_envelope(&x->res->page))
	{
		wrong_type(x, type, "cannot name the next page", err);
		return dload_error_hint(err, "Use another \"paginate\", or set the "
								"option \"format\" if it is JSON after "
								"all.");
	}
	if (format != DLOAD_FORMAT_JSON && needs_document(x->res))
	{
		wrong_type(x, type, "has nothing beside its records", err);
		return dload_error_hint(err, "Drop the options \"envelope_values\", "
								"\"records_key\", \"records_key_path\" and "
								"\"row_names_path\", or set the option "
								"\"format\" if it is JSON after all.");
	}
	if (format != DLOAD_FORMAT_JSON && x->path == NULL)
	{
		/* there is no place to be detected */
		MemoryContext old = MemoryContextSwitchTo(x->context);

		x->path = dload_path_parse("$", err);
		MemoryContextSwitchTo(old);
	}
	return true;
}
