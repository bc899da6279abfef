/*-------------------------------------------------------------------------
 *
 * authspec.c
 *	  How requests prove who they are: reading it from the options.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/authspec.h"

#include "model/secret.h"

#include "utils/builtins.h"

void
dload_authspec_read(DloadAuthSpec *spec, const DloadOptionSet *set)
{
	spec->kind = dload_option_enum(set, "auth");
	spec->word = dload_spec_text(set, "auth");
	spec->access = palloc0(sizeof(DloadAccess));
	spec->access->context = CurrentMemoryContext;

	spec->api_key_name = dload_spec_text(set, "api_key_name");
	spec->api_key_in = dload_option_enum(set, "api_key_in");
	spec->api_key_template = dload_spec_text(set, "api_key_template");
}

/* Options of the mapping, in the order of the table. */
static const struct
{
	const char *name;
	size_t		offset;
}			secrets[] = {
	{"token", offsetof(DloadAuthSpec, token)},
	{"username", offsetof(DloadAuthSpec, username)},
	{"password", offsetof(DloadAuthSpec, password)},
	{"api_key", offsetof(DloadAuthSpec, api_key)},
};

void
dload_authspec_read_secrets(DloadAuthSpec *spec, const DloadOptionSet *set,
							Oid userid, const char **missing)
{
	*missing = NULL;
	for (int i = 0; i < lengthof(secrets); i++)
	{
		const char *value = dload_option_text(set, secrets[i].name);

		if (value != NULL)
			*(char **) ((char *) spec + secrets[i].offset) =
				dload_secret_resolve(secrets[i].name, value, userid);
	}

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

void
dload_access_mask(DloadAccess *access, const char *value)
{
	char	  **slot = &access->masked[access->next_masked];

	if (*slot != NULL)
		pfree(*slot);
	*slot = MemoryContextStrdup(access->context, value);
	access->next_masked = (access->next_masked + 1) % DLOAD_MASKED_VALUES;
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

/* A name that carries a credential in a header, or in a cookie. */
static bool
check_carrier(List *options, const char *option, const char *name,
			  const char *in, DloadError *err)
{
	if (name == NULL || strcmp(in, "query") == 0)
		return true;
	if (!dload_header_name_valid(name) || dload_header_is_reserved(name))
		return dload_error_set(err, BAD_VALUE,
							   "option \"%s\" is not a valid %s name", option,
							   in);
	if (strcmp(in, "header") == 0 && headers_hold(options, name))
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"headers\" must not contain the credential "
						"\"%s\"", name);
		return dload_error_hint(err, MAPPING_HINT);
	}
	return true;
}

static bool
check_api_key(List *options, DloadError *err)
{
	const char *name = dload_given_text(options, "api_key_name");
	const char *in = dload_given_text(options, "api_key_in");
	const char *template = dload_given_text(options, "api_key_template");

	if (template != NULL && strstr(template, "{key}") == NULL)
	{
		dload_error_set(err, BAD_VALUE,
						"option \"api_key_template\" does not contain "
						"\"{key}\"");
		return dload_error_hint(err, "The key is put in the place of {key}: "
								"'Token token={key}'.");
	}
	return check_carrier(options, "api_key_name", name, in ? in : "header",
						 err);
}

/* Options that belong to some kinds of auth only. */
static const DloadOwnedOption owned[] = {
	{"api_key_name", "api_key", false},
	{"api_key_in", "api_key", false},
	{"api_key_template", "api_key", false},
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
