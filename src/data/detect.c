/*-------------------------------------------------------------------------
 *
 * detect.c
 *	  Where are the records of a page whose path nobody named?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/path.h"
#include "data/record.h"

#include "lib/stringinfo.h"

/* Lists deeper than this are parts of something, not the page's records. */
#define MAX_LIST_DEPTH	3

/* Customary names of the list of records. */
static const char *const record_names[] = {
	"children", "collection", "content", "contents", "data", "docs",
	"documents", "edges", "elements", "entities", "entries", "features",
	"hits", "items", "list", "nodes", "objects", "payload", "records",
	"resources", "response", "result", "results", "rows", "value", "values",
	NULL
};

/* Names of what describes the page; nothing below them is a record. */
static const char *const metadata_names[] = {
	"_links", "_meta", "_metadata", "_shards", "aggregations", "cursor",
	"cursors", "debug", "error", "errors", "facets", "info", "link", "links",
	"meta", "metadata", "next", "notices", "page", "page_info", "pageable",
	"pageinfo", "pagination", "paging", "prev", "previous", "request",
	"response_metadata", "responsemetadata", "result_info", "schema", "sort",
	"warning", "warnings",
	NULL
};

/* What a list holds, the better the greater. */
enum
{
	LIST_SCALARS,				/* never records */
	LIST_EMPTY,
	LIST_LISTS,
	LIST_OBJECTS
};

/* Added to the score of a list with a customary name: above all others. */
#define CUSTOMARY	0x100

typedef struct Detector
{
	DloadScanner scanner;
	StringInfoData keys[MAX_LIST_DEPTH];	/* that led to the value */
	bool		identified;		/* the root has an id of its own */
	int			best_score;
	DloadPath  *best;
} Detector;

static bool
is_among(const StringInfo key, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (pg_strcasecmp(key->data, *names) == 0)
			return true;
	}
	return false;
}

/* Consume the rest of a list, whose bracket was read.  What does it hold? */
static int
list_kind(DloadScanner *s)
{
	DloadToken	token;
	int			kind = LIST_EMPTY;

	for (;;)
	{
		switch (dload_scanner_value(s, &token))
		{
			case DLOAD_TOKEN_ARRAY_END:
			case DLOAD_TOKEN_ERROR:
				return kind;
			case DLOAD_TOKEN_OBJECT_START:
				kind = LIST_OBJECTS;
				break;
			case DLOAD_TOKEN_ARRAY_START:
				kind = Max(kind, LIST_LISTS);
				break;
			default:
				if (kind == LIST_EMPTY)
					kind = LIST_SCALARS;
				break;
		}
	}
}

/* A list reached by the first "depth" keys: is it the best so far? */
static void
consider(Detector *d, int depth, int kind)
{
	bool		customary = is_among(&d->keys[depth - 1], record_names);
	int			score = (customary ? CUSTOMARY : 0) | kind << 4 |
		(MAX_LIST_DEPTH + 1 - depth);

	if (kind == LIST_SCALARS || score <= d->best_score)
		return;
	d->best_score = score;
	d->best->nsteps = depth;
	for (int i = 0; i < depth; i++)
	{
		DloadStep  *step = &d->best->steps[i];

		memset(step, 0, sizeof(DloadStep));
		step->kind = DLOAD_STEP_KEY;
		step->key = pnstrdup(d->keys[i].data, d->keys[i].len);
		step->keylen = d->keys[i].len;
	}
}

/* Search an object, reached by "depth" keys, whose brace was read. */
static void
search_object(Detector *d, int depth)
{
	StringInfo	key = &d->keys[depth];
	DloadToken	token;
	bool		errors = false;

	while (dload_scanner_next(&d->scanner, &token) == DLOAD_TOKEN_KEY)
	{
		bool		usable;
		int			kind;

		resetStringInfo(key);
		usable = dload_token_decode(&token, key) == DLOAD_DECODE_OK &&
			!is_among(key, metadata_names);
		if (pg_strcasecmp(key->data, "errors") == 0)
			errors = true;

		switch (dload_scanner_next(&d->scanner, &token))
		{
			case DLOAD_TOKEN_ARRAY_START:
				kind = list_kind(&d->scanner);

				/* beside errors, messages tell about the request */
				if (errors && kind == LIST_EMPTY &&
					pg_strcasecmp(key->data, "messages") == 0)
					usable = false;
				if (usable)
					consider(d, depth + 1, kind);
				break;
			case DLOAD_TOKEN_OBJECT_START:
				if (usable && depth + 1 < MAX_LIST_DEPTH)
					search_object(d, depth + 1);
				else
					dload_scanner_skip(&d->scanner, &token);
				break;
			default:
				if (depth == 0 && pg_strcasecmp(key->data, "id") == 0)
					d->identified = true;
				break;
		}
	}
}

DloadPath *
dload_reader_detect(DloadSpan body, DloadError *err)
{
	Detector	d;
	DloadToken	token;

	memset(&d, 0, sizeof(d));
	d.best = palloc0(offsetof(DloadPath, steps) +
					 MAX_LIST_DEPTH * sizeof(DloadStep));
	for (int i = 0; i < MAX_LIST_DEPTH; i++)
		initStringInfo(&d.keys[i]);

	dload_scanner_init(&d.scanner, body.data, body.len, true);
	switch (dload_scanner_next(&d.scanner, &token))
	{
		case DLOAD_TOKEN_OBJECT_START:
			search_object(&d, 0);
			break;
		case DLOAD_TOKEN_ARRAY_START:
			dload_scanner_skip(&d.scanner, &token);
			break;
		default:
			break;
	}
	/* something with an id is a record, and its lists are parts of it */
	if (d.identified && d.best_score < CUSTOMARY)
		d.best->nsteps = 0;
	if (dload_scanner_next(&d.scanner, &token) == DLOAD_TOKEN_END)
		return d.best;
	dload_scanner_error(&d.scanner, 0, err);
	return NULL;
}
