/*-------------------------------------------------------------------------
 *
 * combine.c
 *	  Which options go together in one object.
 *
 * An option that would be ignored is refused: it shows that its author
 * expects something that would not happen.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/json.h"
#include "model/option.h"
#include "model/validate.h"

#include "commands/defrem.h"
#include "nodes/parsenodes.h"

static const char *
find_text(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

/* "option "x" needs "y"", with what to do. */
static bool
refuse_without(const char *name, const char *other, DloadError *err)
{
	dload_error_set(err, BAD_COMBINATION,
					"option \"%s\" has no effect without \"%s\"", name, other);
	return dload_error_hint(err, "Give the option \"%s\" too.", other);
}

/* Given the list, name given but its companion not? */
static bool
lacks(List *options, const char *name, const char *other)
{
	return find_text(options, name) != NULL &&
		find_text(options, other) == NULL;
}

typedef struct HeaderSearch
{
	const char *name;
	bool		found;
} HeaderSearch;

static void
find_header(const char *key, const char *value, void *arg)
{
	HeaderSearch *search = arg;

	if (pg_strcasecmp(key, search->name) == 0)
		search->found = true;
}

bool
dload_check_server_options(List *options, DloadError *err)
{
	const char *auth = find_text(options, "auth");
	const char *name = find_text(options, "api_key_name");
	const char *in = find_text(options, "api_key_in");
	const char *headers = find_text(options, "headers");
	bool		by_key = auth != NULL && strcmp(auth, "api_key") == 0;

	if (find_text(options, "base_url") == NULL)
	{
		dload_error_set(err, ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED,
						"option \"base_url\" is required");
		return dload_error_hint(err, "Give the URL that the paths of the "
								"tables are appended to: OPTIONS "
								"(base_url 'https://api.example.com').");
	}
	if (!by_key && (name != NULL || in != NULL))
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"%s\" has no effect without auth 'api_key'",
						name != NULL ? "api_key_name" : "api_key_in");
		return dload_error_hint(err, "Set auth to 'api_key', or leave the "
								"option out.");
	}
	if (by_key && (in == NULL || strcmp(in, "header") == 0) && name != NULL &&
		(!dload_header_name_valid(name) || dload_header_is_reserved(name)))
		return dload_error_set(err, BAD_VALUE,
							   "option \"api_key_name\" is not a valid header "
							   "name");
	if (by_key && name != NULL && headers != NULL)
	{
		HeaderSearch search = {name, false};
		DloadError	ignored = {0};
		DloadJson  *doc = dload_json_parse(headers, "headers", &ignored);

		dload_json_each(doc, find_header, &search, &ignored);
		if (search.found)
		{
			dload_error_set(err, BAD_COMBINATION,
							"option \"headers\" must not contain the "
							"credential \"%s\"",
							name);
			return dload_error_hint(err, MAPPING_HINT);
		}
	}
	return true;
}

bool
dload_check_table_options(List *options, DloadError *err)
{
	/* options that belong to one paginator, and whether it needs them */
	static const struct
	{
		const char *name;
		const char *paginate;
		bool		required;
	}			owned[] = {
		{"next_path", "next_url", true},
		{"token_path", "token", true},
		{"token_param", "token", true},
		{"page_param", "page", false},
		{"first_page", "page", false},
		{"offset_param", "offset", false},
	};
	const char *paginate = find_text(options, "paginate");
	const char *method = find_text(options, "method");

	if (paginate == NULL)
		paginate = "none";
	for (int i = 0; i < lengthof(owned); i++)
	{
		bool		given = find_text(options, owned[i].name) != NULL;
		bool		mine = strcmp(paginate, owned[i].paginate) == 0;

		if (given && !mine)
		{
			dload_error_set(err, BAD_COMBINATION,
							"option \"%s\" has no effect with paginate '%s'",
							owned[i].name, paginate);
			return dload_error_hint(err, "It is an option of paginate '%s'.",
									owned[i].paginate);
		}
		if (mine && owned[i].required && !given)
		{
			dload_error_set(err, BAD_COMBINATION,
							"paginate '%s' requires the option \"%s\"",
							paginate, owned[i].name);
			return false;
		}
	}
	if (lacks(options, "page_size", "page_size_param"))
		return refuse_without("page_size", "page_size_param", err);
	if (lacks(options, "page_size_param", "page_size"))
		return refuse_without("page_size_param", "page_size", err);
	if (find_text(options, "body") != NULL &&
		(method == NULL || strcmp(method, "POST") != 0))
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"body\" has no effect with method 'GET'");
		return dload_error_hint(err, "Set method to 'POST'.");
	}
	return true;
}

bool
dload_check_column_options(List *options, DloadError *err)
{
	const char *param = find_text(options, "param");
	const char *in = find_text(options, "in");

	if (lacks(options, "in", "param"))
		return refuse_without("in", "param", err);
	if (lacks(options, "echo", "param"))
		return refuse_without("echo", "param", err);
	if (param == NULL)
		return true;
	if (find_text(options, "json_path") != NULL)
	{
		const char *echo = find_text(options, "echo");
		bool		on = false;

		if (echo != NULL && dload_bool_parse(echo, &on) && on)
		{
			dload_error_set(err, BAD_COMBINATION,
							"options \"echo\" and \"json_path\" exclude each "
							"other");
			return dload_error_hint(err, "With echo the column's value comes "
									"from the request, with json_path "
									"from the record.");
		}
	}
	if (in != NULL && strcmp(in, "header") == 0)
	{
		if (dload_header_is_secret(param))
		{
			dload_error_set(err, BAD_COMBINATION,
							"option \"param\" must not name the credential "
							"\"%s\"",
							param);
			return dload_error_hint(err, MAPPING_HINT);
		}
		if (!dload_header_name_valid(param) || dload_header_is_reserved(param))
			return dload_error_set(err, BAD_VALUE,
								   "option \"param\" does not name a header "
								   "that can be set");
	}
	else if (in != NULL && strcmp(in, "path") == 0 &&
			 strpbrk(param, "{}/") != NULL)
		return dload_error_set(err, BAD_VALUE,
							   "option \"param\" does not name a place in a "
							   "path");
	else if (dload_query_name_is_secret(param))
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"param\" must not name the credential \"%s\"",
						param);
		return dload_error_hint(err, MAPPING_HINT);
	}
	return true;
}
