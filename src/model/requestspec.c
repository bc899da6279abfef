/*-------------------------------------------------------------------------
 *
 * requestspec.c
 *	  What a request for the resource looks like.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/requestspec.h"

static void
collect_header(const char *key, const char *value, void *arg)
{
	List	  **headers = arg;

	*headers = lappend(*headers, psprintf("%s: %s", key, value));
}

static bool
same_header(const char *a, const char *b)
{
	size_t		len = strcspn(a, ":");

	return len == strcspn(b, ":") && pg_strncasecmp(a, b, len) == 0;
}

/* The headers of one object. */
static List *
read_headers(List *options)
{
	DloadOptionSet set = {1, {options}};
	DloadJson  *doc = dload_spec_json(&set, "headers");
	List	   *headers = NIL;
	DloadError	err = {0};

	if (doc != NULL && !dload_json_each(doc, collect_header, &headers, &err))
		dload_error_raise(&err);
	return headers;
}

/* The server's headers that the table does not replace, then the table's. */
static List *
merge_headers(List *server, List *table)
{
	List	   *merged = NIL;
	ListCell   *lc;

	foreach(lc, server)
	{
		bool		replaced = false;
		ListCell   *other;

		foreach(other, table)
		{
			if (same_header(lfirst(lc), lfirst(other)))
				replaced = true;
		}
		if (!replaced)
			merged = lappend(merged, lfirst(lc));
	}
	return list_concat(merged, table);
}

void
dload_requestspec_read(DloadRequestSpec *spec, const DloadOptionSet *set,
					   List *server, List *table)
{
	spec->path = dload_spec_text(set, "path");
	spec->method = dload_spec_text(set, "method");
	spec->query_params = dload_spec_json(set, "query_params");
	spec->body = dload_spec_text(set, "body");
	spec->conditional = dload_option_bool(set, "conditional");
	spec->headers = merge_headers(read_headers(server), read_headers(table));
}

bool
dload_requestspec_check(List *options, DloadError *err)
{
	const char *method = dload_given_text(options, "method");

	if (dload_given_text(options, "body") == NULL ||
		(method != NULL && strcmp(method, "POST") == 0))
		return true;
	dload_error_set(err, BAD_COMBINATION,
					"option \"body\" has no effect with method 'GET'");
	return dload_error_hint(err, "Set method to 'POST'.");
}
