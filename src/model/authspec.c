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
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Tokens that are asked for or made. */
static void
read_tokens(DloadAuthSpec *spec, const DloadOptionSet *set)
{
	spec->grant = dload_option_enum(set, "oauth2_grant");
	spec->client_auth = dload_option_enum(set, "oauth2_client_auth");
	spec->token_url = dload_spec_text(set, "oauth2_token_url");
	spec->scope = dload_spec_text(set, "oauth2_scope");
	spec->audience = dload_spec_text(set, "oauth2_audience");
	spec->token_params = dload_spec_json(set, "oauth2_params");
	spec->base_url_path = dload_spec_path(set, "oauth2_base_url_path");
	spec->token_path = dload_spec_path(set, "oauth2_token_path");
	spec->expires_path = dload_spec_path(set, "oauth2_expires_path");
	spec->early = dload_option_number(set, "oauth2_early");

	spec->jwt_algorithm = dload_spec_text(set, "jwt_algorithm");
	spec->jwt_issuer = dload_spec_text(set, "jwt_issuer");
	spec->jwt_subject = dload_spec_text(set, "jwt_subject");
	spec->jwt_audience = dload_spec_text(set, "jwt_audience");
	spec->jwt_key_id = dload_spec_text(set, "jwt_key_id");
	spec->jwt_claims = dload_spec_json(set, "jwt_claims");
	spec->jwt_headers = dload_spec_json(set, "jwt_headers");
	spec->jwt_lifetime = dload_option_number(set, "jwt_lifetime");
}

/* Signatures over the request. */
static void
read_signing(DloadAuthSpec *spec, const DloadOptionSet *set)
{
	spec->sigv4_region = dload_spec_text(set, "sigv4_region");
	spec->sigv4_service = dload_spec_text(set, "sigv4_service");

	spec->hmac_template = dload_spec_text(set, "hmac_template");
	spec->hmac_digest = dload_spec_text(set, "hmac_digest");
	spec->hmac_by_key = strncmp(spec->hmac_digest, "sha", 3) != 0;
	spec->hmac_encoding = dload_spec_text(set, "hmac_encoding");
	spec->hmac_secret_encoding = dload_spec_text(set, "hmac_secret_encoding");
	spec->hmac_name = dload_spec_text(set, "hmac_name");
	spec->hmac_in = dload_option_enum(set, "hmac_in");
	spec->hmac_value = dload_spec_text(set, "hmac_value");
	spec->hmac_headers = dload_spec_json(set, "hmac_headers");
	spec->hmac_timestamp_param = dload_spec_text(set, "hmac_timestamp_param");
	spec->hmac_timestamp_unit = dload_spec_text(set, "hmac_timestamp_unit");
}

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
	read_tokens(spec, set);
	read_signing(spec, set);
	/* a reference until there is somebody to resolve it for */
	spec->ca = dload_spec_text(set, "ca");
}

/* Options of the mapping. */
static const struct
{
	const char *name;
	size_t		offset;
	bool		pem;
}			secrets[] = {
	{"token", offsetof(DloadAuthSpec, token), false},
	{"username", offsetof(DloadAuthSpec, username), false},
	{"password", offsetof(DloadAuthSpec, password), false},
	{"api_key", offsetof(DloadAuthSpec, api_key), false},
	{"client_id", offsetof(DloadAuthSpec, client_id), false},
	{"client_secret", offsetof(DloadAuthSpec, client_secret), false},
	{"refresh_token", offsetof(DloadAuthSpec, refresh_token), false},
	{"private_key", offsetof(DloadAuthSpec, private_key), true},
	{"access_key_id", offsetof(DloadAuthSpec, access_key_id), false},
	{"secret_access_key", offsetof(DloadAuthSpec, secret_access_key), false},
	{"session_token", offsetof(DloadAuthSpec, session_token), false},
	{"hmac_secret", offsetof(DloadAuthSpec, hmac_secret), false},
	{"client_cert", offsetof(DloadAuthSpec, client_cert), true},
	{"client_key", offsetof(DloadAuthSpec, client_key), true},
};

/* JSON files of keys, and many shells, have \n for a line break. */
static char *
unfold_pem(char *pem)
{
	char	   *to = pem;

	for (const char *p = pem; *p; p++)
	{
		if (p[0] == '\\' && p[1] == 'n')
		{
			*to++ = '\n';
			p++;
		}
		else
			*to++ = *p;
	}
	*to = '\0';
	return pem;
}

static const char *
missing_for_tokens(const DloadAuthSpec *spec)
{
	bool		hs256 = strcmp(spec->jwt_algorithm, "HS256") == 0;
	bool		by_jwt = spec->client_auth == DLOAD_CLIENT_AUTH_JWT;
	bool		signs = spec->grant == DLOAD_GRANT_JWT_BEARER ||
		spec->grant == DLOAD_GRANT_JWT_HEADER;

	if (!signs && spec->client_id == NULL)
		return "client_id";
	if (spec->grant == DLOAD_GRANT_REFRESH_TOKEN &&
		spec->refresh_token == NULL)
		return "refresh_token";
	if (spec->grant == DLOAD_GRANT_CLIENT_CREDENTIALS &&
		spec->client_secret == NULL && (hs256 || !by_jwt))
		return "client_secret";
	if ((signs || by_jwt) && !hs256 && spec->private_key == NULL)
		return "private_key";
	if (signs && hs256 && spec->client_secret == NULL)
		return "client_secret";
	return NULL;
}

/* An option that this kind of auth cannot do without. */
static const char *
missing_secret(const DloadAuthSpec *spec)
{
	switch (spec->kind)
	{
		case DLOAD_AUTH_NONE:
			return NULL;
		case DLOAD_AUTH_BEARER:
			return spec->token ? NULL : "token";
		case DLOAD_AUTH_BASIC:
			return spec->username ? NULL : "username";
		case DLOAD_AUTH_API_KEY:
			return spec->api_key ? NULL : "api_key";
		case DLOAD_AUTH_OAUTH2:
			return missing_for_tokens(spec);
		case DLOAD_AUTH_JWT:
			if (strcmp(spec->jwt_algorithm, "HS256") == 0)
				return spec->client_secret ? NULL : "client_secret";
			return spec->private_key ? NULL : "private_key";
		case DLOAD_AUTH_SIGV4:
			if (spec->access_key_id == NULL)
				return "access_key_id";
			return spec->secret_access_key ? NULL : "secret_access_key";
		case DLOAD_AUTH_HMAC:
			if (spec->hmac_by_key)
				return spec->private_key ? NULL : "private_key";
			return spec->hmac_secret ? NULL : "hmac_secret";
	}
	return NULL;
}

void
dload_authspec_read_secrets(DloadAuthSpec *spec, const DloadOptionSet *set,
							Oid userid, const char **missing)
{
	for (int i = 0; i < lengthof(secrets); i++)
	{
		const char *value = dload_option_text(set, secrets[i].name);
		char	   *secret;

		if (value == NULL)
			continue;
		secret = dload_secret_resolve(secrets[i].name, value, userid);
		if (secrets[i].pem)
			unfold_pem(secret);
		*(char **) ((char *) spec + secrets[i].offset) = secret;
	}
	if (spec->ca != NULL)
		spec->ca = unfold_pem(dload_secret_resolve("ca", spec->ca, userid));

	*missing = missing_secret(spec);
	/* services that take a token as user name expect an empty password */
	if (spec->kind == DLOAD_AUTH_BASIC && spec->password == NULL)
		spec->password = pstrdup("");
}

/*
 * A refresh token is replaced by what the API gives, so all else that the
 * tokens depend on may change and the chain goes on.
 */
uint64
dload_authspec_fingerprint(const DloadAuthSpec *spec)
{
	bool		chain = spec->grant == DLOAD_GRANT_REFRESH_TOKEN;
	const char *parts[] = {
		spec->token_url, spec->client_id, spec->refresh_token,
		chain ? NULL : spec->client_secret,
		chain ? NULL : spec->private_key,
		chain ? NULL : spec->scope,
		chain ? NULL : spec->audience,
		chain ? NULL : spec->jwt_issuer,
		chain ? NULL : spec->jwt_subject,
		chain ? NULL : spec->jwt_audience,
		chain || spec->token_params == NULL ? NULL :
		dload_json_text(spec->token_params),
		chain || spec->jwt_claims == NULL ? NULL :
		dload_json_text(spec->jwt_claims),
	};
	uint64		hash = spec->grant;

	for (int i = 0; i < lengthof(parts); i++)
	{
		const char *part = parts[i] ? parts[i] : "";

		hash = dload_hash_bytes(part, strlen(part), hash + 1);
	}
	return hash;
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

void
dload_access_adopt(DloadAccess *access, const char *token,
				   const char *base_url, TimestampTz issued_at,
				   TimestampTz expires_at)
{
	MemoryContext old = MemoryContextSwitchTo(access->context);
	char	   *former = access->token;

	/* answers to requests sent with it are still to come */
	if (former != NULL)
		dload_access_mask(access, former);
	access->token = pstrdup(token);
	if (former != NULL)
		pfree(former);
	/* not freed: URLs of requests under way may be read from it */
	access->base_url = base_url ? pstrdup(base_url) : NULL;
	access->issued_at = issued_at;
	access->expires_at = expires_at;
	access->rejected = false;
	access->serial++;
	MemoryContextSwitchTo(old);
}

bool
dload_token_fresh(TimestampTz issued_at, TimestampTz expires_at, int64 early)
{
	int64		half = (expires_at - issued_at) / 2;

	return expires_at == 0 ||
		GetCurrentTimestamp() < expires_at - Min(early * 1000, half);
}

bool
dload_access_fresh(const DloadAccess *access, int64 early)
{
	return access->token != NULL && !access->rejected &&
		dload_token_fresh(access->issued_at, access->expires_at, early);
}
