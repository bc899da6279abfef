/*-------------------------------------------------------------------------
 *
 * hmac.c
 *	  Signatures over a string that the server's definition describes: an HMAC,
 *	  or what a private key makes of it.
 *
 * The parts of the request are signed as they are sent, so the timestamp goes
 * into the URL first and the signature last.  Each attempt at a request has a
 * timestamp, a nonce and a signature of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pgtime.h"
#include "rest/authkind.h"
#include "rest/crypto.h"
#include "rest/url.h"
#include "rest/urlparts.h"
#include "utils/timestamp.h"

#define BAD_MAPPING ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION

enum							/* places of a template */
{
	PLACE_METHOD,
	PLACE_HOST,
	PLACE_PATH,
	PLACE_QUERY,
	PLACE_TARGET,
	PLACE_BODY,
	PLACE_BODY_SHA256,
	PLACE_TIMESTAMP,
	PLACE_NONCE,
	PLACE_KEY,
	PLACE_SIGNATURE,
	PLACE_END
};

static char *
timestamp_text(const char *unit)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		us = now + (int64) (POSTGRES_EPOCH_JDATE -
									UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	pg_time_t	seconds = us / USECS_PER_SEC;
	struct pg_tm *tm;

	if (strcmp(unit, "ms") == 0)
		return psprintf(INT64_FORMAT, us / 1000);
	if (strcmp(unit, "s") == 0)
		return psprintf(INT64_FORMAT, (int64) seconds);
	tm = pg_gmtime(&seconds);
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", tm->tm_year + 1900,
					tm->tm_mon + 1, tm->tm_mday, tm->tm_hour, tm->tm_min,
					tm->tm_sec);
}

static bool
read_secret(const DloadAuthSpec *auth, DloadSpan *secret, DloadError *err)
{
	const char *text = auth->hmac_secret;
	bool		ok = true;

	*secret = dload_span(text, strlen(text));
	if (strcmp(auth->hmac_secret_encoding, "hex") == 0)
		ok = dload_unhex(text, secret);
	else if (strcmp(auth->hmac_secret_encoding, "base64") == 0)
		ok = dload_unbase64(text, secret);
	if (ok)
		return true;
	dload_error_set(err, BAD_MAPPING, "option \"hmac_secret\" is not written "
					"in %s", auth->hmac_secret_encoding);
	return dload_error_hint(err, "The server's option "
							"\"hmac_secret_encoding\" says how it is "
							"written.");
}

static char *
filled(const char *template, const DloadAuthPlace *places,
	   DloadError *err)
{
	const char *lacking = NULL;
	char	   *text = dload_auth_fill(template, places, &lacking);

	if (text != NULL)
		return text;
	dload_error_set(err, BAD_MAPPING, "there is nothing to put in the place "
					"of \"{%s}\" of the server's options", lacking);
	dload_error_hint(err, "{key} is the option \"api_key\" of the user "
					 "mapping, {signature} stands in \"hmac_value\" and "
					 "\"hmac_headers\" only.");
	return NULL;
}

/* What a template can ask for but the signature, as it will be sent. */
static void
fill_places(const DloadAuthSpec *auth, DloadHttpRequest *request,
			DloadAuthPlace *places)
{
	static const char *const names[] = {
		"method", "host", "path", "query", "target", "body", "body_sha256",
		"timestamp", "nonce", "key", "signature", NULL
	};
	const char *body = request->body ? request->body : "";
	unsigned char digest[DLOAD_MAX_DIGEST];
	size_t		len = 0;
	DloadUrlParts parts;

	memset(places, 0, sizeof(DloadAuthPlace) * (PLACE_END + 1));
	for (int i = 0; i <= PLACE_END; i++)
		places[i].name = names[i];
	places[PLACE_TIMESTAMP].value = timestamp_text(auth->hmac_timestamp_unit);
	if (auth->hmac_timestamp_param != NULL)
		request->url = dload_url_set_query(request->url,
										   auth->hmac_timestamp_param,
										   places[PLACE_TIMESTAMP].value);
	dload_url_split(request->url, &parts);
	(void) dload_crypto_digest("sha256", dload_span(body, strlen(body)),
							   digest, &len);
	places[PLACE_METHOD].value = request->method;
	places[PLACE_HOST].value = dload_auth_host(&parts);
	places[PLACE_PATH].value = parts.path.len == 0 ? "/" :
		pnstrdup(parts.path.data, parts.path.len);
	places[PLACE_QUERY].value = parts.query.data == NULL ? "" :
		pnstrdup(parts.query.data, parts.query.len);
	places[PLACE_TARGET].value = psprintf("%s%s%s", places[PLACE_PATH].value,
										  *places[PLACE_QUERY].value ? "?" :
										  "", places[PLACE_QUERY].value);
	places[PLACE_BODY].value = body;
	places[PLACE_BODY_SHA256].value = dload_hex(dload_span((char *) digest,
														   len));
	places[PLACE_NONCE].value = dload_random_hex(16);
	places[PLACE_KEY].value = auth->api_key;
}

typedef struct MoreHeaders
{
	DloadHttpRequest *request;
	const DloadAuthPlace *places;
	DloadError *err;
} MoreHeaders;

static void
add_header(const char *key, const char *value, void *arg)
{
	MoreHeaders *more = arg;
	char	   *text;

	if (value == NULL || more->err->sqlstate != 0)
		return;
	text = filled(value, more->places, more->err);
	if (text != NULL)
		dload_auth_set_header(more->request, key, text);
}

static bool
sign(const DloadAuthSpec *auth, const char *text, DloadSpan *signature,
	 DloadError *err)
{
	DloadSpan	data = dload_span(text, strlen(text));
	DloadSpan	secret;
	char	   *mac;
	size_t		len = 0;

	if (auth->hmac_by_key)
		return dload_crypto_sign(auth->hmac_digest,
								 dload_span(auth->private_key,
											strlen(auth->private_key)),
								 data, signature, err);
	if (!read_secret(auth, &secret, err))
		return false;
	mac = palloc(DLOAD_MAX_DIGEST);
	(void) dload_crypto_hmac(auth->hmac_digest, secret, data,
							 (unsigned char *) mac, &len);
	*signature = dload_span(mac, len);
	return true;
}

static bool
apply_hmac(const DloadResource *res, DloadHttpRequest *request,
		   DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;
	DloadAuthPlace places[PLACE_END + 1];
	MoreHeaders more = {request, places, err};
	DloadError	ignored = {0};
	DloadSpan	signature;
	char	   *text;
	char	   *value;

	fill_places(auth, request, places);
	text = filled(auth->hmac_template, places, err);
	if (text == NULL || !sign(auth, text, &signature, err))
		return false;
	places[PLACE_SIGNATURE].value =
		strcmp(auth->hmac_encoding, "hex") == 0 ? dload_hex(signature) :
		dload_base64(signature);
	dload_access_mask(auth->access, places[PLACE_SIGNATURE].value);

	value = filled(auth->hmac_value, places, err);
	if (value == NULL)
		return false;
	if (auth->hmac_headers != NULL)
		dload_json_each(auth->hmac_headers, add_header, &more, &ignored);
	if (err->sqlstate != 0)
		return false;
	if (auth->hmac_in == DLOAD_AUTH_IN_QUERY)
		request->url = dload_url_set_query(request->url, auth->hmac_name,
										   value);
	else
		dload_auth_set_header(request, auth->hmac_name, value);
	return true;
}

static List *
parameters_hmac(const DloadResource *res)
{
	const DloadAuthSpec *auth = &res->auth;
	List	   *names = NIL;

	if (auth->hmac_in == DLOAD_AUTH_IN_QUERY)
		names = lappend(names, auth->hmac_name);
	if (auth->hmac_timestamp_param != NULL)
		names = lappend(names, auth->hmac_timestamp_param);
	return names;
}

const DloadAuthStrategy dload_auth_hmac = {apply_hmac, parameters_hmac};
