/*-------------------------------------------------------------------------
 *
 * validate.c
 *	  The validator: names and values of options.
 *
 * Whatever can be known to be wrong when the definition is written is refused
 * then, not at the first query.  ALTER passes the list as it would be after
 * the change, so what is stored is always valid as a whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "base/compat.h"
#include "data/json.h"
#include "data/path.h"
#include "model/authspec.h"
#include "data/template.h"
#include "model/limitspec.h"
#include "model/option.h"
#include "model/secret.h"
#include "model/rulespec.h"
#include "model/validate.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/varlena.h"

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
	{
		if ((unsigned char) *s < ' ' || *s == 0x7f)
			return true;
	}
	return false;
}

bool
dload_header_name_valid(const char *name)
{
	if (*name == '\0')
		return false;
	for (; *name != '\0'; name++)
	{
		if (!isalnum((unsigned char) *name) &&
			strchr("!#$%&'*+-.^_`|~", *name) == NULL)
			return false;
	}
	return true;
}

static bool
name_in(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
	{
		if (pg_strcasecmp(name, *names) == 0)
			return true;
	}
	return false;
}

bool
dload_header_is_secret(const char *name)
{
	static const char *const names[] = {
		"Authorization", "Proxy-Authorization", "Cookie", "X-API-Key",
		"X-Auth-Token", "X-Access-Token", "Api-Key", "ApiKey", "Private-Token",
		"X-Amz-Security-Token", NULL
	};

	return name_in(name, names);
}

/* Headers that the HTTP layer decides on alone. */
bool
dload_header_is_reserved(const char *name)
{
	static const char *const names[] = {
		"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect",
		"Upgrade", "TE", "Trailer", "Keep-Alive", "Accept-Encoding", NULL
	};

	return name_in(name, names);
}

/* Query parameters that nobody uses for anything but credentials. */
bool
dload_query_name_is_secret(const char *name)
{
	static const char *const names[] = {
		"api_key", "apikey", "api-key", "access_token", "client_secret",
		"password", "refresh_token", "client_assertion", NULL
	};

	return name_in(name, names);
}

/*
 * The kinds of place an option can belong to, for messages.
 */
static const char *
context_name(int context)
{
	switch (context)
	{
		case DLOAD_CTX_WRAPPER:
			return "foreign-data wrapper";
		case DLOAD_CTX_SERVER:
			return "server";
		case DLOAD_CTX_MAPPING:
			return "user mapping";
		case DLOAD_CTX_TABLE:
			return "foreign table";
		default:
			return "column of a foreign table";
	}
}

/* The hint of the core's own wrappers for a name that is not an option. */
static void
hint_valid_options(const char *name, int context, DloadError *err)
{
	ClosestMatchState match;
	StringInfoData list;
	const char *closest;

	initStringInfo(&list);
	initClosestMatch(&match, name, 4);
	for (const DloadOption *opt = dload_options; opt->name != NULL; opt++)
	{
		if ((opt->contexts & context) == 0)
			continue;
		updateClosestMatch(&match, opt->name);
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", opt->name);
	}
	closest = getClosestMatch(&match);
	if (list.len == 0)
		dload_error_hint(err, "There are no valid options in this context.");
	else if (DLOAD_HINT_LISTS_OPTIONS)
		dload_error_hint(err, "Valid options in this context are: %s",
						 list.data);
	else if (closest != NULL)
		dload_error_hint(err, "Perhaps you meant the option \"%s\".", closest);
}

/* Find an option that may stand here, or say what is wrong with the name. */
static const DloadOption *
check_name(const char *name, int context, DloadError *err)
{
	const DloadOption *elsewhere = NULL;

	for (const DloadOption *opt = dload_options; opt->name != NULL; opt++)
	{
		if (strcmp(opt->name, name) != 0)
			continue;
		if (opt->contexts & context)
			return opt;
		elsewhere = opt;
	}

	dload_error_set(err, ERRCODE_FDW_INVALID_OPTION_NAME,
					"invalid option \"%s\"", name);
	if (elsewhere != NULL && elsewhere->contexts == DLOAD_CTX_MAPPING)
	{
		dload_error_detail(err, "A %s must not hold credentials.",
						   context_name(context));
		dload_error_hint(err, MAPPING_HINT);
		return NULL;
	}
	if (elsewhere != NULL)
	{
		int			there = elsewhere->contexts;

		if (there & DLOAD_CTX_TABLE)
			there = DLOAD_CTX_TABLE;
		dload_error_detail(err, "It is an option of a %s.",
						   context_name(there));
	}
	hint_valid_options(name, context, err);
	return NULL;
}

static bool
check_int(const DloadOption *opt, const char *value, DloadError *err)
{
	char	   *end;
	long long	number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || isspace((unsigned char) *value))
		return dload_error_set(err, BAD_VALUE,
							   "invalid value for integer option \"%s\": %s",
							   opt->name, value);
	if (errno != 0 || number < opt->min || number > opt->max)
	{
		dload_error_set(err, BAD_VALUE,
						"value %s for option \"%s\" is out of range",
						value, opt->name);
		return dload_error_hint(err, "The valid range is %lld to %lld.",
								(long long) opt->min, (long long) opt->max);
	}
	return true;
}

/* Lists of header names or of integers. */
static bool
check_list(const DloadOption *opt, const char *value, DloadError *err)
{
	List	   *items = dload_option_split(value);
	ListCell   *lc;

	if (items == NIL)
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" must not be empty", opt->name);
	foreach(lc, items)
	{
		if (opt->type == DLOAD_OPT_INTS)
		{
			if (!check_int(opt, lfirst(lc), err))
				return false;
		}
		else if (!dload_header_name_valid(lfirst(lc)))
			return dload_error_set(err, BAD_VALUE,
								   "invalid value for option \"%s\": \"%s\" "
								   "is not the name of a header", opt->name,
								   (char *) lfirst(lc));
	}
	return true;
}

/* Durations and sizes. */
static bool
check_quantity(const DloadOption *opt, const char *value, DloadError *err)
{
	DloadError	inner = {0};
	int64		number;
	bool		duration = opt->type == DLOAD_OPT_DURATION;

	if (duration ? !dload_duration_parse(value, &number, &inner)
		: !dload_size_parse(value, &number, &inner))
	{
		dload_error_set(err, BAD_VALUE, "invalid value for option \"%s\": %s",
						opt->name, inner.message);
		return dload_error_hint(err, "%s", inner.hint);
	}
	if (number < opt->min || number > opt->max)
	{
		dload_error_set(err, BAD_VALUE,
						"value \"%s\" for option \"%s\" is out of range",
						value, opt->name);
		return dload_error_hint(err, duration ?
								"The valid range is %lld ms to %lld ms." :
								"The valid range is %lld B to %lld B.",
								(long long) opt->min, (long long) opt->max);
	}
	return true;
}

static bool
check_enum(const DloadOption *opt, const char *value, DloadError *err)
{
	StringInfoData words;

	if (dload_option_word(opt->values, value) >= 0)
		return true;
	dload_error_set(err, BAD_VALUE, "invalid value for option \"%s\": \"%s\"",
					opt->name, value);
	initStringInfo(&words);
	for (const char *p = opt->values; *p != '\0'; p++)
	{
		if (*p == '|')
			appendStringInfoString(&words, "\", \"");
		else
			appendStringInfoChar(&words, *p);
	}
	return dload_error_hint(err, "Valid values are: \"%s\".", words.data);
}

static bool
check_json_path(const DloadOption *opt, const char *value, DloadError *err)
{
	DloadError	inner = {0};
	DloadPath  *path = dload_path_parse(value, &inner);

	if (path == NULL)
	{
		dload_error_set(err, BAD_VALUE, "invalid value for option \"%s\": %s",
						opt->name, inner.message);
		if (inner.detail != NULL)
			dload_error_detail(err, "%s", inner.detail);
		if (inner.hint != NULL)
			dload_error_hint(err, "%s", inner.hint);
		return false;
	}
	if (strcmp(opt->name, "records_path") == 0)
	{
		for (int i = 0; i < path->nsteps; i++)
		{
			if (path->steps[i].kind == DLOAD_STEP_INDEX &&
				path->steps[i].index < 0)
				return dload_error_set(err, BAD_VALUE,
									   "option \"%s\" cannot count from the "
									   "end of a list",
									   opt->name);
		}
	}
	else if (path->nsteps == 0 && strcmp(opt->name, "json_path") != 0)
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" must name a place inside the "
							   "response",
							   opt->name);
	return true;
}

/* State of the walk over a JSON object option. */
typedef struct MemberCheck
{
	const DloadOption *opt;
	bool		headers;
	DloadError *err;			/* filled at the first offence */
} MemberCheck;

static void
check_member(const char *key, const char *value, void *arg)
{
	MemberCheck *check = arg;
	DloadError *err = check->err;
	const char *name = check->opt->name;

	if (err->sqlstate != 0)
		return;
	/* names and paths in records are nothing that is sent */
	if (strcmp(name, "envelope_values") == 0 || strcmp(name, "decode") == 0)
		return;
	if (!check->headers)
	{
		if (*key == '\0' || has_control(key))
			dload_error_set(err, BAD_VALUE,
							"option \"%s\" contains an invalid parameter name",
							name);
		else if (dload_query_name_is_secret(key))
		{
			dload_error_set(err, BAD_COMBINATION,
							"option \"%s\" must not contain the credential "
							"\"%s\"",
							name, key);
			dload_error_hint(err, "Use auth 'api_key' with api_key_in 'query' "
							 "on the server. " MAPPING_HINT);
		}
		return;
	}
	if (!dload_header_name_valid(key))
		dload_error_set(err, BAD_VALUE,
						"option \"%s\" contains an invalid header name", name);
	else if (dload_header_is_secret(key) &&
			 (strcmp(name, "headers") == 0 || value == NULL ||
			  strchr(value, '{') == NULL))
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"%s\" must not contain the credential \"%s\"",
						name, key);
		dload_error_hint(err, MAPPING_HINT);
	}
	else if (dload_header_is_reserved(key))
		dload_error_set(err, BAD_VALUE,
						"option \"%s\" must not set the header \"%s\"",
						name, key);
	else if (value == NULL || has_control(value))
		dload_error_set(err, BAD_VALUE,
						"option \"%s\" contains an invalid value for the "
						"header \"%s\"",
						name, key);
}

static bool
check_json_object(const DloadOption *opt, const char *value, DloadError *err)
{
	bool		signing = strcmp(opt->name, "hmac_headers") == 0;
	bool		headers = signing || strcmp(opt->name, "headers") == 0;
	MemberCheck check = {opt, headers, err};
	DloadError	inner = {0};
	DloadJson  *doc = dload_json_parse(value, opt->name, &inner);

	if (doc == NULL)
	{
		dload_error_set(err, BAD_VALUE,
						"invalid value for option \"%s\": not valid JSON",
						opt->name);
		return inner.detail ? dload_error_detail(err, "%s", inner.detail) :
			false;
	}
	if (!dload_json_is_object(doc))
		return dload_error_set(err, BAD_VALUE,
							   "invalid value for option \"%s\": not a JSON "
							   "object",
							   opt->name);
	if (!dload_json_each(doc, check_member, &check, &inner) &&
		err->sqlstate == 0)
		return dload_error_set(err, BAD_VALUE,
							   "invalid value for option \"%s\": members must "
							   "be scalars or lists of scalars",
							   opt->name);
	return err->sqlstate == 0;
}

static bool
check_url(const DloadOption *opt, const char *value, DloadError *err)
{
	bool		list = opt->type == DLOAD_OPT_ORIGINS;
	List	   *items = list ? dload_option_split(value) :
	list_make1(pstrdup(value));
	ListCell   *lc;

	if (items == NIL)
		return dload_error_set(err, BAD_VALUE,
							   "invalid value for option \"%s\": empty list",
							   opt->name);
	foreach(lc, items)
	{
		DloadError	inner = {0};

		if (dload_option_origin(lfirst(lc), list, &inner) != NULL)
			continue;
		dload_error_set(err, BAD_VALUE, "invalid value for option \"%s\": %s",
						opt->name, inner.message);
		return inner.hint ? dload_error_hint(err, "%s", inner.hint) : false;
	}
	return true;
}

/*
 * The path template.  It is appended to base_url, so anything that could
 * make another host or an endless placeholder of it is refused.
 */
static bool
check_template(const char *option, const char *value, DloadError *err)
{
	bool		open = false;
	const char *start = NULL;
	List	   *pieces;
	ListCell   *lc;

	if (has_control(value) || strpbrk(value, " \\#") != NULL)
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" must not contain blanks, "
							   "control characters, \"\\\" or \"#\"",
							   option);
	if (strncmp(value, "//", 2) == 0 ||
		(strstr(value, "://") != NULL &&
		 strcspn(value, ":") < strcspn(value, "/?{")))
	{
		dload_error_set(err, BAD_VALUE,
						"option \"%s\" must not name a host", option);
		return dload_error_hint(err, "The path is appended to base_url.");
	}
	for (const char *p = value; *p != '\0'; p++)
	{
		if (*p == '{')
		{
			if (open)
				break;
			open = true;
			start = p + 1;
		}
		else if (*p == '}')
		{
			if (!open || p == start)
			{
				open = true;
				break;
			}
			open = false;
		}
	}
	if (open)
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" has unbalanced or empty "
							   "braces", option);
	/* what is left of braces would be taken literally */
	if (!dload_template_parse(value, option, &pieces, err))
		return false;
	foreach(lc, pieces)
	{
		DloadPiece *piece = lfirst(lc);

		if (piece->text != NULL && strpbrk(piece->text, "{}") != NULL)
			return dload_error_set(err, BAD_VALUE,
								   "option \"%s\" has an invalid placeholder",
								   option);
	}
	return true;
}

/* Texts of more than one line that reach no header. */
static bool
takes_lines(const char *name)
{
	static const char *const names[] = {
		"private_key", "client_cert", "client_key", "ca", "hmac_template",
		NULL
	};

	return name_in(name, names);
}

static bool
check_text(const DloadOption *opt, const char *value, DloadError *err)
{
	if (strcmp(opt->name, "path") == 0 ||
		strcmp(opt->name, "follow_path") == 0)
		return check_template(opt->name, value, err);
	/* judged together with body_type */
	if (strcmp(opt->name, "body") == 0 ||
		strcmp(opt->name, "follow_body") == 0 ||
		strcmp(opt->name, "variables") == 0)
		return true;
	/* what is left reaches a header; the value may be a secret */
	if (!takes_lines(opt->name) && has_control(value))
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" must not contain control "
							   "characters",
							   opt->name);
	if (*value == '\0' && strcmp(opt->name, "password") != 0)
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" must not be empty", opt->name);
	if (strcmp(opt->name, "username") == 0 && strchr(value, ':') != NULL)
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" must not contain a colon",
							   opt->name);
	return true;
}

static bool
check_value(const DloadOption *opt, const char *value, DloadError *err)
{
	DloadError	inner = {0};
	List	   *rates;
	bool		ignored;

	switch (opt->type)
	{
		case DLOAD_OPT_TEXT:
			return check_text(opt, value, err);
		case DLOAD_OPT_NAME:
			if (*value != '\0' && !has_control(value))
				return true;
			return dload_error_set(err, BAD_VALUE,
								   "option \"%s\" must not be empty or "
								   "contain control characters",
								   opt->name);
		case DLOAD_OPT_BOOL:
			return dload_bool_parse(value, &ignored) ||
				dload_error_set(err, BAD_VALUE,
								"option \"%s\" requires a Boolean value",
								opt->name);
		case DLOAD_OPT_INT:
			return check_int(opt, value, err);
		case DLOAD_OPT_HEADERS:
		case DLOAD_OPT_INTS:
			return check_list(opt, value, err);
		case DLOAD_OPT_DURATION:
		case DLOAD_OPT_SIZE:
			return check_quantity(opt, value, err);
		case DLOAD_OPT_URL:
		case DLOAD_OPT_ORIGINS:
			return check_url(opt, value, err);
		case DLOAD_OPT_JSON_OBJECT:
			return check_json_object(opt, value, err);
		case DLOAD_OPT_PATH:
			return check_json_path(opt, value, err);
		case DLOAD_OPT_RATE:
			if (dload_rate_parse(value, &rates, &inner))
				return true;
			dload_error_set(err, BAD_VALUE,
							"invalid value for option \"%s\": %s",
							opt->name, inner.message);
			return dload_error_hint(err, "%s", inner.hint);
		case DLOAD_OPT_CONDITION:
			return dload_rulespec_check_condition(opt->name, value, err);
		case DLOAD_OPT_RULES:
			return dload_rulespec_check_rules(opt->name, value, err);
		case DLOAD_OPT_BREAKER:
			return dload_breaker_parse(value, NULL, NULL, err);
		case DLOAD_OPT_ENUM:
			return check_enum(opt, value, err);
	}
	return true;
}

bool
dload_options_validate(List *options, int context, DloadError *err)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const DloadOption *opt = check_name(def->defname, context, err);
		ListCell   *other;

		if (opt == NULL)
			return false;
		for (other = lnext(options, lc); other != NULL;
			 other = lnext(options, other))
		{
			if (strcmp(def->defname,
					   lfirst_node(DefElem, other)->defname) == 0)
				return dload_error_set(err, ERRCODE_SYNTAX_ERROR,
									   "conflicting or redundant options");
		}
		if (!check_value(opt, defGetString(def), err) ||
			(opt->contexts == DLOAD_CTX_MAPPING &&
			 !dload_secret_check(opt->name, defGetString(def), err)))
			return false;
	}
	switch (context)
	{
		case DLOAD_CTX_SERVER:
			return dload_check_server_options(options, err);
		case DLOAD_CTX_TABLE:
			return dload_check_table_options(options, err);
		case DLOAD_CTX_COLUMN:
			return dload_check_column_options(options, err);
		case DLOAD_CTX_MAPPING:
			return dload_authspec_check_mapping(options, err);
		default:
			return true;
	}
}
