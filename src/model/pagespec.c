/*-------------------------------------------------------------------------
 *
 * pagespec.c
 *	  How the next page is asked for, and what ends a list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/pagespec.h"

#include "model/slicespec.h"

#include "mb/pg_wchar.h"

/* Options that belong to some paginators only, and whether these need them. */
static const DloadOwnedOption owned[] = {
	{"link_rel", "link", false},
	{"next_path", "next_url", true},
	{"token_path", "token|scroll", false},
	{"token_header", "token", false},
	{"token_from", "token", false},
	{"token_param", "token", false},
	{"token_in", "token|keyset", false},
	{"token_end", "token", false},
	{"next_drop_params", "token|keyset", false},
	{"keyset_path", "keyset", true},
	{"keyset_param", "keyset", true},
	{"page_param", "page", false},
	{"first_page", "page", false},
	{"page_in", "page", false},
	{"offset_param", "offset", false},
	{"offset_in", "offset", false},
	{"has_more_path", "link|next_url|page|offset|token|keyset|auto|scroll|drain",
	false},
	{"stop_on_empty", "link|next_url|page|offset|token|keyset|auto", false},
	{"stop_on_short", "link|next_url|page|offset|token|keyset|auto", false},
	{"on_repeat", "link|next_url|page|offset|token|keyset|auto", false},
	{"equal_pages", "link|next_url|page|offset|token|keyset|auto|window|list",
	false},
	{NULL}
};

/* What a place in the request is called. */
typedef struct PlaceOptions
{
	const char *in;
	const char *param;
} PlaceOptions;

static const PlaceOptions places[] = {
	{"token_in", "token_param"},
	{"token_in", "keyset_param"},
	{"page_in", "page_param"},
	{"offset_in", "offset_param"},
	{"page_size_in", "page_size_param"},
	{"window_in", "window_from_param"},
	{"window_in", "window_to_param"},
	{"list_in", "list_param"},
	{NULL}
};

/* Split at the commas outside double quotes: list of char *, trimmed. */
static List *
split_list(const char *text)
{
	List	   *items = NIL;
	const char *start = text;
	bool		quoted = false;

	for (const char *p = text;; p++)
	{
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && quoted && p[1] != '\0')
			p++;
		else if (*p == '\0' || (*p == ',' && !quoted))
		{
			const char *end = p;

			while (start < end && *start == ' ')
				start++;
			while (end > start && end[-1] == ' ')
				end--;
			items = lappend(items, pnstrdup(start, end - start));
			if (*p == '\0')
				return items;
			start = p + 1;
		}
	}
}

static DloadPath *
parse_path(const char *text, DloadError *err)
{
	return dload_path_parse(pg_server_to_any(text, strlen(text), PG_UTF8),
							err);
}

static void
set_place(DloadPagePlace *place, const DloadOptionSet *set, const char *in,
		  char *name)
{
	const char *body = dload_option_text(set, "body_type");
	DloadError	err = {0};

	place->in = dload_option_enum(set, in);
	if (place->in == DLOAD_PLACE_BODY && body && strcmp(body, "form") == 0)
		place->in = DLOAD_PLACE_FORM;
	place->name = name;
	if (place->in != DLOAD_PLACE_BODY || name == NULL)
		return;
	place->path = dload_path_parse(name, &err);
	if (place->path == NULL)
		dload_error_raise(&err);
}

void
dload_pagespec_place(DloadPagePlace *place, const DloadOptionSet *set,
					 const char *in, const char *param)
{
	set_place(place, set, in, dload_spec_text(set, param));
}

static void
read_keyset(DloadPageSpec *spec, const DloadOptionSet *set)
{
	const char *paths = dload_option_text(set, "keyset_path");
	const char *params = dload_option_text(set, "keyset_param");
	DloadError	err = {0};
	ListCell   *lc;

	if (paths == NULL || params == NULL)
		return;
	foreach(lc, split_list(paths))
	{
		DloadPath  *path = parse_path(lfirst(lc), &err);

		if (path == NULL)
			dload_error_raise(&err);
		spec->keyset_paths = lappend(spec->keyset_paths, path);
	}
	foreach(lc, split_list(params))
	{
		DloadPagePlace *place = palloc0(sizeof(DloadPagePlace));

		set_place(place, set, "token_in", lfirst(lc));
		spec->keyset = lappend(spec->keyset, place);
	}
}

/*
 * "total_pages", "X-WP-TotalPages": a number of pages, which taken for a
 * number of records would end the read too early.
 */
static bool
names_pages(const char *name)
{
	for (const char *p = name; p != NULL && *p != '\0'; p++)
	{
		if (pg_strncasecmp(p, "page", 4) == 0)
			return true;
	}
	return false;
}

static bool
counts_pages(const DloadPageSpec *spec, const DloadOptionSet *set)
{
	const DloadPath *path = spec->total_path;
	int			unit = dload_option_enum(set, "total_unit");

	if (unit >= 0)
		return unit == 1;
	if (path == NULL)
		return names_pages(spec->total_header);
	return path->nsteps > 0 &&
		path->steps[path->nsteps - 1].kind == DLOAD_STEP_KEY &&
		names_pages(path->steps[path->nsteps - 1].key);
}

static void
read_stops(DloadPageSpec *spec, const DloadOptionSet *set)
{
	spec->has_more_path = dload_spec_path(set, "has_more_path");
	spec->has_more_value = dload_spec_text(set, "has_more_value");
	spec->total_path = dload_spec_path(set, "total_path");
	spec->total_header = dload_spec_text(set, "total_header");
	spec->total_is_pages = counts_pages(spec, set);
	if (dload_option_text(set, "stop_on_empty") != NULL)
		spec->stop_on_empty = dload_option_bool(set, "stop_on_empty") ?
			DLOAD_YES : DLOAD_NO;
	spec->stop_on_short = dload_option_bool(set, "stop_on_short");
	spec->stop_on_repeat = dload_option_enum(set, "on_repeat") == 1;
	spec->equal_pages = dload_option_bool(set, "equal_pages");
	spec->max_pages = dload_option_number(set, "max_pages");
}

void
dload_pagespec_read(DloadPageSpec *spec, const DloadOptionSet *set)
{
	const char *drop = dload_option_text(set, "next_drop_params");
	int			from = dload_option_enum(set, "token_from");

	spec->kind = dload_option_enum(set, "paginate");
	spec->given = dload_given_text(set->lists[0], "paginate") != NULL;
	spec->link_rel = dload_spec_text(set, "link_rel");
	spec->next_path = dload_spec_path(set, "next_path");
	spec->token_path = dload_spec_path(set, "token_path");
	spec->token_header = dload_spec_text(set, "token_header");
	spec->token_from = from >= 0 ? from :
		spec->token_header != NULL ? DLOAD_TOKEN_FROM_HEADER :
		DLOAD_TOKEN_FROM_BODY;
	spec->token_end = dload_spec_text(set, "token_end");
	dload_pagespec_place(&spec->token, set, "token_in", "token_param");
	dload_pagespec_place(&spec->page, set, "page_in", "page_param");
	dload_pagespec_place(&spec->offset, set, "offset_in", "offset_param");
	dload_pagespec_place(&spec->size, set, "page_size_in", "page_size_param");
	read_keyset(spec, set);
	if (drop != NULL)
		spec->drop_params = dload_option_split(drop);
	spec->drop_all = drop != NULL && strcmp(drop, "*") == 0;
	spec->first_page = dload_option_number(set, "first_page");
	spec->page_size = dload_option_number(set, "page_size");
	read_stops(spec, set);
}

bool
dload_pagespec_wants_last(const DloadPageSpec *spec, DloadPaginateKind inner)
{
	DloadPaginateKind kind = spec->kind == DLOAD_PAGINATE_WINDOW ? inner :
	spec->kind;

	return kind == DLOAD_PAGINATE_KEYSET ||
		(kind == DLOAD_PAGINATE_DRAIN && spec->total_path != NULL) ||
		(kind == DLOAD_PAGINATE_TOKEN &&
		 spec->token_from == DLOAD_TOKEN_FROM_LAST_RECORD);
}

const char *
dload_pagespec_lacks(const DloadPageSpec *spec)
{
	switch (spec->kind)
	{
		case DLOAD_PAGINATE_NEXT_URL:
			return spec->next_path == NULL ? "next_path" : NULL;
		case DLOAD_PAGINATE_TOKEN:
			if (spec->token_from == DLOAD_TOKEN_FROM_HEADER)
			{
				if (spec->token_header == NULL)
					return "token_header";
			}
			else if (spec->token_path == NULL)
				return "token_path";
			/* an object brings the names of its parameters with it */
			if (spec->token.name == NULL &&
				(spec->token_from != DLOAD_TOKEN_FROM_BODY ||
				 spec->token.in == DLOAD_PLACE_PATH))
				return "token_param";
			return NULL;
		case DLOAD_PAGINATE_KEYSET:
			return spec->keyset_paths == NIL ? "keyset_path" :
				spec->keyset == NIL ? "keyset_param" : NULL;
		default:
			return NULL;
	}
}

/*
 * Checks
 */

static bool
given_is(List *options, const char *name, const char *value)
{
	const char *given = dload_given_text(options, name);

	return given != NULL && strcmp(given, value) == 0;
}

static bool
check_body_place(List *options, const PlaceOptions *place, const char *name,
				 DloadError *err)
{
	const char *method = dload_given_text(options, "method");
	DloadError	inner = {0};
	DloadPath  *path;

	if (method == NULL || strcmp(method, "GET") == 0)
	{
		dload_error_set(err, BAD_COMBINATION,
						"%s 'body' has no effect with method 'GET'",
						place->in);
		return dload_error_hint(err, "Set method to 'POST'.");
	}
	if (given_is(options, "body_type", "form"))
		return true;
	path = dload_path_parse(name, &inner);
	if (path == NULL)
		return dload_error_set(err, BAD_VALUE,
							   "invalid value for option \"%s\": %s",
							   place->param, inner.message);
	for (int i = 0; i < path->nsteps; i++)
	{
		if (path->steps[i].kind == DLOAD_STEP_ANY)
			path->nsteps = 0;
	}
	if (path->nsteps > 0)
		return true;
	dload_error_set(err, BAD_VALUE,
					"option \"%s\" must name one place inside the body",
					place->param);
	return dload_error_hint(err, "With %s 'body' it is the JSON path of that "
							"place.", place->in);
}

static bool
check_path_place(List *options, const PlaceOptions *place, const char *name,
				 DloadError *err)
{
	const char *path = dload_given_text(options, "path");

	if (path != NULL && strstr(path, psprintf("{%s}", name)) != NULL)
		return true;
	dload_error_set(err, BAD_COMBINATION,
					"%s 'path' requires \"{%s}\" in the option \"path\"",
					place->in, name);
	return false;
}

static bool
check_place(List *options, const PlaceOptions *place, DloadError *err)
{
	const char *names = dload_given_text(options, place->param);
	ListCell   *lc;

	if (names == NULL)
		return true;
	foreach(lc, split_list(names))
	{
		const char *name = lfirst(lc);

		if (*name == '\0')
			return dload_error_set(err, BAD_VALUE,
								   "option \"%s\" contains an empty name",
								   place->param);
		if (given_is(options, place->in, "body") &&
			!check_body_place(options, place, name, err))
			return false;
		if (given_is(options, place->in, "path") &&
			!check_path_place(options, place, name, err))
			return false;
		if (given_is(options, place->in, "header") &&
			(!dload_header_name_valid(name) ||
			 dload_header_is_secret(name) || dload_header_is_reserved(name)))
			return dload_error_set(err, BAD_VALUE,
								   "option \"%s\" does not name a header "
								   "that can be set", place->param);
	}
	return true;
}

/* Where the token comes from, and that it goes somewhere. */
static bool
check_token(List *options, DloadError *err)
{
	bool		header = dload_given_text(options, "token_header") != NULL;
	bool		path = dload_given_text(options, "token_path") != NULL;
	DloadPageSpec spec = {0};
	DloadOptionSet set = {1, {options}};
	const char *lacks;

	if (strcmp(dload_slicespec_pages(options), "token") != 0)
		return true;
	if (header && path)
	{
		dload_error_set(err, BAD_COMBINATION,
						"options \"token_header\" and \"token_path\" exclude "
						"each other");
		return dload_error_hint(err, "A token comes from one place.");
	}
	dload_pagespec_read(&spec, &set);
	spec.kind = DLOAD_PAGINATE_TOKEN;
	lacks = dload_pagespec_lacks(&spec);
	if (lacks != NULL)
		return dload_error_set(err, BAD_COMBINATION,
							   "paginate 'token' requires the option \"%s\"",
							   lacks);
	if (header && spec.token_from != DLOAD_TOKEN_FROM_HEADER)
		return dload_error_set(err, BAD_COMBINATION,
							   "option \"token_header\" has no effect with "
							   "token_from '%s'",
							   dload_given_text(options, "token_from"));
	return true;
}

static bool
check_keyset(List *options, DloadError *err)
{
	const char *paths = dload_given_text(options, "keyset_path");
	const char *params = dload_given_text(options, "keyset_param");
	int			nparams;
	ListCell   *lc;

	if (paths == NULL || params == NULL)
		return true;
	foreach(lc, split_list(paths))
	{
		DloadError	inner = {0};
		DloadPath  *path = dload_path_parse(lfirst(lc), &inner);

		if (path == NULL || path->nsteps == 0)
			return dload_error_set(err, BAD_VALUE,
								   "option \"keyset_path\" contains an "
								   "invalid path \"%s\"", (char *) lfirst(lc));
	}
	nparams = list_length(split_list(params));
	if (nparams == list_length(split_list(paths)))
		return true;
	if (nparams == 1 && given_is(options, "token_in", "body"))
		return true;
	dload_error_set(err, BAD_COMBINATION,
					"options \"keyset_path\" and \"keyset_param\" have "
					"different numbers of entries");
	return dload_error_hint(err, "Only with token_in 'body' can several "
							"values go to one place, as a JSON array.");
}

static bool
check_stops(List *options, DloadError *err)
{
	if (dload_given_text(options, "total_path") != NULL &&
		dload_given_text(options, "total_header") != NULL)
	{
		dload_error_set(err, BAD_COMBINATION,
						"options \"total_header\" and \"total_path\" exclude "
						"each other");
		return dload_error_hint(err, "A total comes from one place.");
	}
	if (dload_given_text(options, "total_unit") != NULL &&
		dload_given_text(options, "total_path") == NULL &&
		dload_given_text(options, "total_header") == NULL)
		return dload_error_set(err, BAD_COMBINATION,
							   "option \"total_unit\" has no effect without "
							   "\"total_path\" or \"total_header\"");
	return dload_given_with(options, "has_more_value", "has_more_path",
							err) &&
		dload_given_with(options, "stop_on_short", "page_size", err);
}

bool
dload_pagespec_check(List *options, DloadError *err)
{
	if (!dload_given_owned(options, owned, "paginate",
						   dload_slicespec_pages(options), err) ||
		!dload_given_with(options, "page_size", "page_size_param", err) ||
		!dload_given_with(options, "page_size_param", "page_size", err) ||
		!dload_given_with(options, "page_size_in", "page_size_param", err))
		return false;
	/* names with their default are not in the list, and fit a body too */
	if ((given_is(options, "page_in", "body") &&
		 !dload_given_with(options, "page_in", "page_param", err)) ||
		(given_is(options, "offset_in", "body") &&
		 !dload_given_with(options, "offset_in", "offset_param", err)))
		return false;
	for (const PlaceOptions *place = places; place->in != NULL; place++)
	{
		if (!check_place(options, place, err))
			return false;
	}
	return check_token(options, err) && check_keyset(options, err) &&
		check_stops(options, err);
}
