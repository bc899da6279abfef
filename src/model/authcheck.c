/*-------------------------------------------------------------------------
 *
 * authcheck.c
 *	  How requests prove who they are: which options go together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/authspec.h"
#include "model/secret.h"

#include "miscadmin.h"

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

/* A string to sign without its secret, or a place that is not filled. */
static bool
check_hmac(List *options, DloadError *err)
{
	static const DloadOwnedOption keyed[] = {
		{"hmac_secret_encoding", "sha256|sha512|sha1", false},
		{NULL}
	};
	const char *digest = dload_given_text(options, "hmac_digest");
	const char *name = dload_given_text(options, "hmac_name");
	const char *in = dload_given_text(options, "hmac_in");
	const char *value = dload_given_text(options, "hmac_value");

	if (!dload_given_owned(options, keyed, "hmac_digest",
						   digest ? digest : "sha256", err))
		return false;
	if (value != NULL && strstr(value, "{signature}") == NULL)
		return dload_error_set(err, BAD_VALUE,
							   "option \"hmac_value\" does not contain "
							   "\"{signature}\"");
	return check_carrier(options, "hmac_name", name, in ? in : "header", err);
}

typedef struct OwnMembers
{
	const char *const *own;
	const char *found;
} OwnMembers;

static void
find_own_member(const char *key, const char *value, void *arg)
{
	OwnMembers *members = arg;

	for (int i = 0; members->own[i] != NULL; i++)
	{
		if (strcmp(key, members->own[i]) == 0)
			members->found = members->own[i];
	}
}

/* Members of a JWT that are made for each token, or have options. */
static bool
check_jwt_members(List *options, const char *option, const char *what,
				  const char *const *own, const char *hint, DloadError *err)
{
	const char *given = dload_given_text(options, option);
	OwnMembers	members = {own, NULL};
	DloadError	ignored = {0};

	if (given == NULL)
		return true;
	dload_json_each(dload_json_parse(given, option, &ignored),
					find_own_member, &members, &ignored);
	if (members.found == NULL)
		return true;
	dload_error_set(err, BAD_COMBINATION,
					"option \"%s\" must not contain the %s \"%s\"",
					option, what, members.found);
	return dload_error_hint(err, "%s", hint);
}

static bool
check_jwt(List *options, DloadError *err)
{
	static const char *const claims[] = {
		"iss", "sub", "aud", "exp", "iat", "jti", NULL
	};
	static const char *const headers[] = {"alg", "typ", "kid", NULL};

	return check_jwt_members(options, "jwt_claims", "claim", claims,
							 "Use the options \"jwt_issuer\", "
							 "\"jwt_subject\", \"jwt_audience\" and "
							 "\"jwt_lifetime\"; \"iat\" and \"jti\" are "
							 "made for each token.", err) &&
		check_jwt_members(options, "jwt_headers", "header", headers,
						  "Use the options \"jwt_algorithm\" and "
						  "\"jwt_key_id\".", err);
}

/* Where "oauth2" signs no JWT, the options for it would be ignored. */
static bool
check_oauth2(List *options, DloadError *err)
{
	static const DloadOwnedOption bearer[] = {
		{"jwt_issuer", "jwt_bearer|jwt_header", false},
		{"jwt_subject", "jwt_bearer|jwt_header", false},
		{"jwt_claims", "jwt_bearer|jwt_header", false},
		{NULL}
	};
	static const DloadOwnedOption any[] = {
		{"jwt_algorithm", "private_key_jwt", false},
		{"jwt_audience", "private_key_jwt", false},
		{"jwt_key_id", "private_key_jwt", false},
		{"jwt_headers", "private_key_jwt", false},
		{"jwt_lifetime", "private_key_jwt", false},
		{NULL}
	};
	const char *grant = dload_given_text(options, "oauth2_grant");
	const char *client = dload_given_text(options, "oauth2_client_auth");

	if (pg_strncasecmp(dload_given_text(options, "base_url"), "https:",
					   6) == 0 &&
		pg_strncasecmp(dload_given_text(options, "oauth2_token_url"),
					   "https:", 6) != 0)
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"oauth2_token_url\" must begin with "
						"\"https://\"");
		return dload_error_hint(err, "The credentials would be sent in the "
								"clear.");
	}
	if (grant == NULL)
		grant = "client_credentials";
	if (!dload_given_owned(options, bearer, "oauth2_grant", grant, err))
		return false;
	if (strcmp(grant, "jwt_bearer") == 0 || strcmp(grant, "jwt_header") == 0)
		return true;
	return dload_given_owned(options, any, "oauth2_client_auth",
							 client ? client : "header", err);
}

static bool
check_ca(List *options, DloadError *err)
{
	const char *ca = dload_given_text(options, "ca");

	if (ca == NULL || dload_secret_is_reference(ca) ||
		strstr(ca, "-----BEGIN CERTIFICATE-----") != NULL)
		return ca == NULL || dload_secret_check("ca", ca, err);
	dload_error_set(err, BAD_VALUE,
					"option \"ca\" is not a certificate in PEM format");
	return dload_error_hint(err, "Give the text of the certificate, or "
							"\"file:\" and the absolute path of its file on "
							"the database server.");
}

/* The addresses that a proxy asks are judged by nobody else. */
static bool
check_proxy(List *options, DloadError *err)
{
	const char *proxy = dload_given_text(options, "proxy");
	DloadError	inner = {0};

	if (proxy == NULL)
		return true;
	if (!superuser())
	{
		dload_error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE,
						"permission denied to give option \"proxy\"");
		return dload_error_hint(err, "Only a superuser may make or alter a "
								"server with this option.");
	}
	if (dload_option_origin(proxy, true, &inner) == NULL)
		return dload_error_set(err, BAD_VALUE,
							   "invalid value for option \"proxy\": %s",
							   inner.message);
	return true;
}

/* Options that belong to some kinds of auth only. */
static const DloadOwnedOption owned[] = {
	{"api_key_name", "api_key", false},
	{"api_key_in", "api_key", false},
	{"api_key_template", "api_key", false},
	{"oauth2_token_url", "oauth2", true},
	{"oauth2_grant", "oauth2", false},
	{"oauth2_client_auth", "oauth2", false},
	{"oauth2_scope", "oauth2", false},
	{"oauth2_audience", "oauth2", false},
	{"oauth2_params", "oauth2", false},
	{"oauth2_base_url_path", "oauth2", false},
	{"oauth2_token_path", "oauth2", false},
	{"oauth2_expires_path", "oauth2", false},
	{"oauth2_early", "oauth2", false},
	{"jwt_algorithm", "oauth2|jwt", false},
	{"jwt_issuer", "oauth2|jwt", false},
	{"jwt_subject", "oauth2|jwt", false},
	{"jwt_audience", "oauth2|jwt", false},
	{"jwt_key_id", "oauth2|jwt", false},
	{"jwt_claims", "oauth2|jwt", false},
	{"jwt_headers", "oauth2|jwt", false},
	{"jwt_lifetime", "oauth2|jwt", false},
	{"sigv4_region", "sigv4", true},
	{"sigv4_service", "sigv4", true},
	{"hmac_template", "hmac", true},
	{"hmac_name", "hmac", true},
	{"hmac_in", "hmac", false},
	{"hmac_digest", "hmac", false},
	{"hmac_encoding", "hmac", false},
	{"hmac_secret_encoding", "hmac", false},
	{"hmac_value", "hmac", false},
	{"hmac_headers", "hmac", false},
	{"hmac_timestamp_param", "hmac", false},
	{"hmac_timestamp_unit", "hmac", false},
	{NULL}
};

bool
dload_authspec_check(List *options, DloadError *err)
{
	const char *auth = dload_given_text(options, "auth");

	if (auth == NULL)
		auth = "none";
	if (!dload_given_owned(options, owned, "auth", auth, err) ||
		!check_jwt(options, err) || !check_ca(options, err) ||
		!check_proxy(options, err))
		return false;
	if (strcmp(auth, "api_key") == 0)
		return check_api_key(options, err);
	if (strcmp(auth, "oauth2") == 0)
		return check_oauth2(options, err);
	return strcmp(auth, "hmac") != 0 || check_hmac(options, err);
}

bool
dload_authspec_check_mapping(List *options, DloadError *err)
{
	return dload_given_with(options, "client_cert", "client_key", err) &&
		dload_given_with(options, "client_key", "client_cert", err);
}
