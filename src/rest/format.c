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

static DloadFormat
format_of(const DloadExchange *exchange)
{
	char	   *type = dload_http_header(exchange, "Content-Type");
	size_t		len = type != NULL ? strcspn(type, "; \t,") : 0;

	for (int i = 0; i < lengthof(media_types); i++)
	{
		if (strlen(media_types[i].type) == len &&
			pg_strncasecmp(media_types[i].type, type, len) == 0)
			return media_types[i].format;
	}
	return DLOAD_FORMAT_JSON;
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

bool
dload_extract_open(DloadExtract *x, DloadError *err)
{
	DloadFormat format = x->res->records.form.format;

	if (!dload_fetch_open(x->fetch, err))
		return false;
	if (format == DLOAD_FORMAT_AUTO)
		format = format_of(x->fetch->exchange);
	x->format = format;
	/* the list would seem to end here */
	if (format != DLOAD_FORMAT_JSON &&
		x->res->page.kind == DLOAD_PAGINATE_NEXT_URL)
	{
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"API of server \"%s\" answered in a format that "
						"cannot name the next page", x->res->servername);
		dload_error_detail(err, "%s %s returned the Content-Type \"%s\".",
						   x->fetch->method, x->fetch->shown_url,
						   dload_http_header(x->fetch->exchange,
											 "Content-Type"));
		return dload_error_hint(err, "Use another \"paginate\", or set the "
								"option \"format\" if it is JSON after "
								"all.");
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
