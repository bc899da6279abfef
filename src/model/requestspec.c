/*-------------------------------------------------------------------------
 *
 * requestspec.c
 *	  What a request for the resource looks like.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/requestspec.h"

#include "data/template.h"

#include "pgtime.h"

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

static void
collect_names(const DloadJsonItem *item, void *arg)
{
	List	  **names = arg;

	*names = dload_template_names(*names, item->value);
}

/* The names that the templates ask for. */
static List *
read_placeholders(const DloadRequestSpec *spec)
{
	List	   *names = dload_template_names(NIL, spec->path);
	ListCell   *lc;

	if (spec->body_type != DLOAD_BODY_GRAPHQL)
		names = dload_template_names(names, spec->body);
	names = dload_template_names(names, spec->variables);
	foreach(lc, spec->headers)
		names = dload_template_names(names, lfirst(lc));
	if (spec->query_params != NULL)
		dload_json_items(spec->query_params, collect_names, &names);
	return names;
}

void
dload_requestspec_read(DloadRequestSpec *spec, const DloadOptionSet *set,
					   List *server, List *table)
{
	const char *drop;

	spec->path = dload_spec_text(set, "path");
	spec->method = dload_spec_text(set, "method");
	spec->query_params = dload_spec_json(set, "query_params");
	spec->body = dload_spec_text(set, "body");
	spec->conditional = dload_option_bool(set, "conditional");
	spec->body_type = dload_option_enum(set, "body_type");
	spec->variables = dload_spec_text(set, "variables");
	spec->operation_name = dload_spec_text(set, "operation_name");
	spec->accept = dload_spec_text(set, "accept");
	spec->headers = merge_headers(read_headers(server), read_headers(table));
	spec->array_style = dload_option_enum(set, "array_style");
	spec->retry_given = dload_option_text(set, "idempotent") != NULL;
	spec->retry = spec->retry_given && dload_option_bool(set, "idempotent");
	spec->follow_method = dload_spec_text(set, "follow_method");
	spec->follow_path = dload_spec_text(set, "follow_path");
	spec->follow_body = dload_spec_text(set, "follow_body");
	spec->cursor_format = dload_spec_text(set, "cursor_format");
	spec->cursor_zone = dload_spec_text(set, "cursor_zone");
	spec->cursor_in = dload_option_enum(set, "cursor_in");
	/* the option's words leave out the path, which needs a placeholder */
	if (spec->cursor_in != DLOAD_IN_QUERY)
		spec->cursor_in++;
	drop = dload_option_text(set, "cursor_drop_params");
	if (drop != NULL)
		spec->cursor_drop = dload_option_split(drop);
	spec->cursor_drop_all = drop != NULL && strcmp(drop, "*") == 0;
	spec->envelope_cursor = dload_spec_path(set, "envelope_cursor");
	spec->cursor_header = dload_spec_text(set, "cursor_header");
	spec->placeholders = read_placeholders(spec);
}

bool
dload_requestspec_has_place(const DloadRequestSpec *spec, const char *name)
{
	return dload_list_has(spec->placeholders, name);
}

bool
dload_requestspec_has_bookmark(const DloadRequestSpec *spec)
{
	return spec->envelope_cursor != NULL || spec->cursor_header != NULL;
}

bool
dload_method_has_body(const char *method)
{
	return strcmp(method, "GET") != 0;
}

bool
dload_method_repeatable(const DloadRequestSpec *spec, const char *method,
						bool consumes)
{
	if (spec->retry_given)
		return spec->retry;
	return !consumes && strcmp(method, "POST") != 0 &&
		strcmp(method, "PATCH") != 0;
}

/*
 * Checks
 */

static bool
check_filters(const char *option, const char *text, bool raw, DloadError *err)
{
	List	   *pieces;
	ListCell   *lc;

	if (!dload_template_parse(text, psprintf("option \"%s\"", option),
							  &pieces, err))
		return false;
	foreach(lc, pieces)
	{
		DloadPiece *piece = lfirst(lc);

		if (!raw || piece->name == NULL || piece->filter != DLOAD_FILTER_NONE)
			continue;
		dload_error_set(err, BAD_VALUE,
						"placeholder \"{%s}\" in option \"%s\" needs a filter",
						piece->name, option);
		return dload_error_hint(err, "Nothing is known of what a raw body "
								"means: say how the value is to be written, "
								"as in {%s|json}.", piece->name);
	}
	return true;
}

/* State of the walk over a JSON object of templates. */
typedef struct MemberCheck
{
	const char *option;
	DloadError *err;
	bool		ok;
} MemberCheck;

static void
check_member(const DloadJsonItem *item, void *arg)
{
	MemberCheck *check = arg;

	if (check->ok && item->value != NULL)
		check->ok = check_filters(check->option, item->value, false,
								  check->err);
}

static bool
check_members(List *options, const char *option, DloadError *err)
{
	DloadOptionSet set = {1, {options}};
	DloadJson  *doc = dload_spec_json(&set, option);
	MemberCheck check = {option, err, true};

	if (doc != NULL)
		dload_json_items(doc, check_member, &check);
	return check.ok;
}

static bool
is_json_object(const char *template)
{
	template += strspn(template, " \t\r\n");
	return *template == '{';
}

/* A body of a type; for GraphQL only its own text is free of templates. */
static bool
check_body(const char *option, const char *body, const char *type,
		   DloadError *err)
{
	for (const char *p = body; *p != '\0'; p++)
	{
		if (((unsigned char) *p < ' ' && strchr("\t\r\n", *p) == NULL) ||
			*p == 0x7f)
			return dload_error_set(err, BAD_VALUE,
								   "option \"%s\" must not contain control "
								   "characters", option);
	}
	if (strcmp(type, "graphql") == 0 && strcmp(option, "body") == 0)
		return true;
	if (!check_filters(option, body, strcmp(type, "raw") == 0, err))
		return false;
	if (strcmp(type, "form") == 0 || strcmp(type, "raw") == 0 ||
		dload_template_is_json(body))
		return true;
	dload_error_set(err, BAD_VALUE, "option \"%s\" is not valid JSON", option);
	return strcmp(option, "variables") == 0 ? false :
		dload_error_hint(err, "Set body_type to 'form', 'raw' or 'graphql' "
						 "for another kind of body.");
}

static bool
check_bodies(List *options, const char *type, DloadError *err)
{
	static const char *const names[] = {"body", "follow_body", "variables"};

	for (int i = 0; i < lengthof(names); i++)
	{
		const char *body = dload_given_text(options, names[i]);

		if (body != NULL && !check_body(names[i], body, type, err))
			return false;
		if (body != NULL && strcmp(names[i], "variables") == 0 &&
			!is_json_object(body))
			return dload_error_set(err, BAD_VALUE,
								   "option \"variables\" is not a JSON "
								   "object");
	}
	return true;
}

static bool
check_has_body(const char *option, const char *method, DloadError *err)
{
	if (dload_method_has_body(method))
		return true;
	dload_error_set(err, BAD_COMBINATION,
					"option \"%s\" has no effect with method 'GET'", option);
	return dload_error_hint(err, "Set method to 'POST'.");
}

static bool
check_cursor_format(List *options, DloadError *err)
{
	const char *format = dload_given_text(options, "cursor_format");
	const char *zone = dload_given_text(options, "cursor_zone");

	if (zone != NULL && pg_tzset(zone) == NULL)
		return dload_error_set(err, BAD_VALUE,
							   "invalid value for option \"cursor_zone\": "
							   "\"%s\" is not a time zone", zone);
	/* a pattern without a year is more likely a word misspelt */
	if (format == NULL || strcmp(format, "iso") == 0 ||
		strcmp(format, "epoch") == 0 || strcmp(format, "epoch_ms") == 0 ||
		strcmp(format, "date") == 0 || strstr(format, "YY") != NULL ||
		strstr(format, "yy") != NULL)
		return true;
	dload_error_set(err, BAD_VALUE,
					"invalid value for option \"cursor_format\": \"%s\"",
					format);
	return dload_error_hint(err, "Valid values are \"iso\", \"epoch\", "
							"\"epoch_ms\", \"date\" and patterns of to_char "
							"such as \"YYYY-MM-DD HH24:MI\".");
}

/* A value of the replies that the next run begins with, and where it goes. */
static bool
check_bookmark(List *options, const char *paginate, DloadError *err)
{
	static const DloadOwnedOption owned[] = {
		{"envelope_cursor",
		"none|link|next_url|page|offset|token|keyset|auto|list|scroll"},
		{"cursor_header",
		"none|link|next_url|page|offset|token|keyset|auto|list|scroll"},
		{NULL}
	};
	static const DloadOwnedOption owned_by_url[] = {
		{"cursor_in", "none|link|next_url|token|auto"},
		{NULL}
	};
	const char *in = dload_given_text(options, "cursor_in");
	bool		path = dload_given_text(options, "envelope_cursor") != NULL;
	bool		header = dload_given_text(options, "cursor_header") != NULL;

	if (path && header)
		return dload_error_set(err, BAD_COMBINATION,
							   "options \"cursor_header\" and "
							   "\"envelope_cursor\" exclude each other");
	if (!dload_given_owned(options, owned, "paginate", paginate, err))
		return false;
	if (in == NULL || strcmp(in, "url") != 0)
		return true;
	if (!path && !header)
	{
		dload_error_set(err, BAD_COMBINATION,
						"cursor_in 'url' requires the option "
						"\"envelope_cursor\" or \"cursor_header\"");
		return dload_error_hint(err, "They say where replies have the URL.");
	}
	if (dload_given_text(options, "cursor_format") != NULL ||
		dload_given_text(options, "cursor_drop_params") != NULL)
		return dload_error_set(err, BAD_COMBINATION,
							   "options \"cursor_format\" and "
							   "\"cursor_drop_params\" have no effect with "
							   "cursor_in 'url'");
	return dload_given_owned(options, owned_by_url, "paginate", paginate,
							 err);
}

bool
dload_requestspec_check(List *options, DloadError *err)
{
	static const DloadOwnedOption owned[] = {
		{"variables", "graphql"},
		{"operation_name", "graphql"},
		{NULL}
	};
	static const DloadOwnedOption follow[] = {
		{"follow_method", "link|next_url|token"},
		{"follow_path", "token"},
		{"follow_body", "link|next_url|token"},
		{NULL}
	};
	static const char *const paths[] = {"path", "follow_path"};
	const char *paginate = dload_given_text(options, "paginate");
	const char *method = dload_given_text(options, "method");
	const char *next = dload_given_text(options, "follow_method");
	const char *type = dload_given_text(options, "body_type");
	const char *cursor_in = dload_given_text(options, "cursor_in");
	bool		body = dload_given_text(options, "body") != NULL;

	if (method == NULL)
		method = "GET";
	if (next == NULL)
		next = method;
	if ((body && !check_has_body("body", method, err)) ||
		(type != NULL && !dload_method_has_body(next) &&
		 !check_has_body("body_type", method, err)) ||
		(dload_given_text(options, "follow_body") != NULL &&
		 !check_has_body("follow_body", next, err)) ||
		(cursor_in != NULL && strcmp(cursor_in, "body") == 0 &&
		 !check_has_body("cursor_in", method, err)) ||
		!dload_given_with(options, "cursor_zone", "cursor_format", err) ||
		!check_cursor_format(options, err))
		return false;
	if (type == NULL)
		type = "json";
	if ((strcmp(type, "graphql") == 0 || strcmp(type, "raw") == 0) && !body)
		return dload_error_set(err, BAD_COMBINATION,
							   "body_type '%s' requires the option \"body\"",
							   type);
	for (int i = 0; i < lengthof(paths); i++)
	{
		const char *path = dload_given_text(options, paths[i]);

		if (path != NULL && !check_filters(paths[i], path, false, err))
			return false;
	}
	return check_bookmark(options, paginate ? paginate : "none", err) &&
		dload_given_owned(options, owned, "body_type", type, err) &&
		dload_given_owned(options, follow, "paginate",
						  paginate ? paginate : "none", err) &&
		check_bodies(options, type, err) &&
		check_members(options, "query_params", err) &&
		check_members(options, "headers", err);
}
