/*-------------------------------------------------------------------------
 *
 * jwt.c
 *	  JSON Web Tokens that we sign, and auth by such a token.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/jwt.h"

#include "rest/authkind.h"
#include "rest/crypto.h"
#include "rest/url.h"
#include "utils/json.h"
#include "utils/timestamp.h"

static void
add_text(StringInfo json, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (json->len > 1)
		appendStringInfoChar(json, ',');
	escape_json(json, name);
	appendStringInfoChar(json, ':');
	escape_json(json, dload_url_utf8(value));
}

static void
add_seconds(StringInfo json, const char *name, int64 value)
{
	if (json->len > 1)
		appendStringInfoChar(json, ',');
	escape_json(json, name);
	appendStringInfo(json, ":" INT64_FORMAT, value);
}

/* The members of an object that is kept. */
static void
add_members(StringInfo json, const DloadJson *object)
{
	char	   *text = dload_json_text(object);
	char	   *end = strrchr(text, '}');
	char	   *start = strchr(text, '{') + 1;

	if (end == NULL || strspn(start, " \t\r\n") == (size_t) (end - start))
		return;
	*end = '\0';
	if (json->len > 1)
		appendStringInfoChar(json, ',');
	appendStringInfoString(json, start);
}

static int64
unix_seconds(TimestampTz when)
{
	return when / USECS_PER_SEC +
		(int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

static char *
encode(StringInfo json)
{
	appendStringInfoChar(json, '}');
	return dload_base64url(dload_span(json->data, json->len));
}

char *
dload_jwt_create(const DloadResource *res, const char *issuer,
				 const char *subject, const char *audience, bool more,
				 TimestampTz now, DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;
	bool		shared = strcmp(auth->jwt_algorithm, "HS256") == 0;
	const char *key = shared ? auth->client_secret : auth->private_key;
	char	   *identity = dload_random_hex(16);
	int64		issued = unix_seconds(now);
	StringInfoData header;
	StringInfoData claims;
	char	   *signed_part;
	char	   *token;
	DloadSpan	signature;

	if (identity == NULL)
	{
		dload_error_set(err, ERRCODE_INTERNAL_ERROR,
						"could not generate random bytes");
		return NULL;
	}
	initStringInfo(&header);
	appendStringInfoChar(&header, '{');
	add_text(&header, "alg", auth->jwt_algorithm);
	add_text(&header, "typ", "JWT");
	add_text(&header, "kid", auth->jwt_key_id);
	if (auth->jwt_headers != NULL)
		add_members(&header, auth->jwt_headers);

	initStringInfo(&claims);
	appendStringInfoChar(&claims, '{');
	add_text(&claims, "iss", issuer);
	add_text(&claims, "sub", subject);
	add_text(&claims, "aud", audience);
	add_seconds(&claims, "iat", issued);
	add_seconds(&claims, "exp", issued + Max(auth->jwt_lifetime / 1000, 1));
	add_text(&claims, "jti", identity);
	if (more && auth->jwt_claims != NULL)
		add_members(&claims, auth->jwt_claims);

	signed_part = psprintf("%s.%s", encode(&header), encode(&claims));
	if (!dload_crypto_sign(auth->jwt_algorithm, dload_span(key, strlen(key)),
						   dload_span(signed_part, strlen(signed_part)),
						   &signature, err))
		return NULL;
	token = psprintf("%s.%s", signed_part, dload_base64url(signature));
	dload_access_mask(auth->access, token);
	return token;
}

/*
 * Auth 'jwt': the token is used until it is about to end, since an identity
 * of its own for each request would make no request safer.
 */
static bool
obtain_jwt(const DloadResource *res, DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;
	TimestampTz now = GetCurrentTimestamp();
	char	   *token = dload_jwt_create(res, auth->jwt_issuer ?
										 auth->jwt_issuer : auth->client_id,
										 auth->jwt_subject,
										 auth->jwt_audience, true, now, err);

	if (token == NULL)
		return false;
	dload_access_adopt(auth->access, token, NULL, now,
					   TimestampTzPlusMilliseconds(now, auth->jwt_lifetime));
	return true;
}

const DloadAuthStrategy dload_auth_jwt = {
	dload_auth_apply_access, NULL, obtain_jwt
};
