/*-------------------------------------------------------------------------
 *
 * authspec.c
 *	  How requests prove who they are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/authspec.h"

void
dload_authspec_read(DloadAuthSpec *spec, const DloadOptionSet *set)
{
	spec->kind = dload_option_enum(set, "auth");
	spec->word = dload_spec_text(set, "auth");
	spec->api_key_name = dload_spec_text(set, "api_key_name");
	spec->api_key_in_query = dload_option_enum(set, "api_key_in") == 1;
}

void
dload_authspec_read_secrets(DloadAuthSpec *spec, const DloadOptionSet *set,
							const char **missing)
{
	*missing = NULL;
	spec->token = dload_spec_text(set, "token");
	spec->username = dload_spec_text(set, "username");
	spec->password = dload_spec_text(set, "password");
	spec->api_key = dload_spec_text(set, "api_key");

	if (spec->kind == DLOAD_AUTH_BEARER && spec->token == NULL)
		*missing = "token";
	if (spec->kind == DLOAD_AUTH_BASIC && spec->username == NULL)
		*missing = "username";
	if (spec->kind == DLOAD_AUTH_API_KEY && spec->api_key == NULL)
		*missing = "api_key";
	/* services that take a token as user name expect an empty password */
	if (spec->kind == DLOAD_AUTH_BASIC && spec->password == NULL)
		spec->password = pstrdup("");
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

/* Do the server's headers contain the one that carries the key? */
static bool
headers_hold(List *options, const char *name)
{
	const char *headers = dload_given_text(options, "headers");
	HeaderSearch search = {name, false};
	DloadError	ignored = {0};

	if (headers == NULL)
		return false;
	dload_json_each(dload_json_parse(headers, "headers", &ignored),
					find_header, &search, &ignored);
	return search.found;
}

static bool
check_api_key(List *options, DloadError *err)
{
	const char *name = dload_given_text(options, "api_key_name");
	const char *in = dload_given_text(options, "api_key_in");

	if ((in == NULL || strcmp(in, "header") == 0) && name != NULL &&
		(!dload_header_name_valid(name) || dload_header_is_reserved(name)))
		return dload_error_set(err, BAD_VALUE,
							   "option \"api_key_name\" is not a valid header "
							   "name");
	if (name != NULL && headers_hold(options, name))
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"headers\" must not contain the credential "
						"\"%s\"", name);
		return dload_error_hint(err, MAPPING_HINT);
	}
	return true;
}

/* Options that belong to some kinds of auth only. */
static const DloadOwnedOption owned[] = {
	{"api_key_name", "api_key", false},
	{"api_key_in", "api_key", false},
	{NULL}
};

bool
dload_authspec_check(List *options, DloadError *err)
{
	const char *auth = dload_given_text(options, "auth");

	if (auth == NULL)
		auth = "none";
	if (!dload_given_owned(options, owned, "auth", auth, err))
		return false;
	return strcmp(auth, "api_key") != 0 || check_api_key(options, err);
}
