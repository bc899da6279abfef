/*-------------------------------------------------------------------------
 *
 * authkey.c
 *	  Credentials that are sent as they are: bearer tokens, user names with
 *	  passwords, API keys.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/authkind.h"

#include "rest/request.h"
#include "rest/url.h"

char *
dload_auth_fill(const char *template, const DloadAuthPlace *places,
				const char **lacking)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (const char *p = template; *p;)
	{
		const DloadAuthPlace *place = places;
		size_t		len = *p == '{' ? strcspn(p, "}") : 0;

		for (; len > 0 && place->name != NULL; place++)
		{
			if (strlen(place->name) == len - 1 &&
				strncmp(place->name, p + 1, len - 1) == 0)
				break;
		}
		if (len == 0 || p[len] == '\0' || place->name == NULL)
		{
			appendStringInfoChar(&buf, *p++);
			continue;
		}
		if (place->value == NULL)
		{
			*lacking = place->name;
			return NULL;
		}
		appendStringInfoString(&buf, place->value);
		p += len + 1;
	}
	return buf.data;
}

void
dload_auth_set_header(DloadHttpRequest *request, const char *name,
					  const char *value)
{
	request->headers = dload_headers_set(request->headers, name, value);
}

static bool
apply_bearer(const DloadResource *res, DloadHttpRequest *request,
			 DloadError *err)
{
	if (res->auth.token != NULL)
		dload_auth_set_header(request, "Authorization",
							  psprintf("Bearer %s", res->auth.token));
	return true;
}

static bool
apply_basic(const DloadResource *res, DloadHttpRequest *request,
			DloadError *err)
{
	request->username = res->auth.username ? res->auth.username : "";
	request->password = res->auth.password ? res->auth.password : "";
	return true;
}

/*
 * RFC 6265 has no escapes for what a cookie cannot hold; percent signs are
 * what servers undo.
 */
static char *
cookie_value(const char *value)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (const unsigned char *p = (const unsigned char *) value; *p; p++)
	{
		if (*p <= ' ' || *p >= 0x7f || strchr("\",;\\%", *p) != NULL)
			appendStringInfo(&buf, "%%%02X", *p);
		else
			appendStringInfoChar(&buf, *p);
	}
	return buf.data;
}

static bool
apply_api_key(const DloadResource *res, DloadHttpRequest *request,
			  DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;
	DloadAuthPlace places[] = {{"key", auth->api_key}, {NULL}};
	const char *lacking;
	char	   *value;

	if (auth->api_key == NULL || auth->api_key_name == NULL)
		return true;
	value = dload_auth_fill(auth->api_key_template, places, &lacking);
	switch (auth->api_key_in)
	{
		case DLOAD_AUTH_IN_QUERY:
			request->url = dload_url_set_query(request->url,
											   auth->api_key_name, value);
			break;
		case DLOAD_AUTH_IN_COOKIE:
			dload_auth_set_header(request, "Cookie",
								  psprintf("%s=%s", auth->api_key_name,
										   cookie_value(value)));
			break;
		case DLOAD_AUTH_IN_HEADER:
			dload_auth_set_header(request, auth->api_key_name, value);
			break;
	}
	return true;
}

static List *
parameters_api_key(const DloadResource *res)
{
	if (res->auth.api_key_in != DLOAD_AUTH_IN_QUERY)
		return NIL;
	return list_make1(res->auth.api_key_name);
}

const DloadAuthStrategy dload_auth_bearer = {apply_bearer};
const DloadAuthStrategy dload_auth_basic = {apply_basic};
const DloadAuthStrategy dload_auth_api_key = {
	apply_api_key, parameters_api_key
};
