/*-------------------------------------------------------------------------
 *
 * auth.c
 *	  Credentials on requests: the table of kinds, and who is trusted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/authkind.h"

#include "rest/url.h"

static bool
apply_none(const DloadResource *res, DloadHttpRequest *request,
		   DloadError *err)
{
	return true;
}

static const DloadAuthStrategy none = {apply_none};

static const DloadAuthStrategy *const strategies[] = {
	[DLOAD_AUTH_NONE] = &none,
	[DLOAD_AUTH_BEARER] = &dload_auth_bearer,
	[DLOAD_AUTH_BASIC] = &dload_auth_basic,
	[DLOAD_AUTH_API_KEY] = &dload_auth_api_key,
};

/* May this URL be asked, and be given the credentials? */
bool
dload_auth_trusts(const DloadResource *res, const char *url)
{
	char	   *origin = dload_url_origin(url);
	char	   *own = dload_url_origin(res->base_url);
	ListCell   *lc;

	if (origin == NULL)
		return false;
	if (own != NULL && strcmp(origin, own) == 0)
		return true;
	foreach(lc, res->allowed_origins)
	{
		char	   *allowed = dload_url_origin(lfirst(lc));

		if (allowed != NULL && strcmp(origin, allowed) == 0)
			return true;
	}
	return false;
}

bool
dload_auth_apply(const DloadResource *res, DloadHttpRequest *request,
				 DloadError *err)
{
	if (!dload_auth_trusts(res, request->url))
		return true;
	return strategies[res->auth.kind]->apply(res, request, err);
}

char *
dload_auth_strip_url(const DloadResource *res, const char *url)
{
	const DloadAuthStrategy *kind = strategies[res->auth.kind];
	char	   *stripped = pstrdup(url);
	ListCell   *lc;

	if (kind->parameters == NULL)
		return stripped;
	foreach(lc, kind->parameters(res))
		stripped = dload_url_drop_query(stripped, lfirst(lc));
	return stripped;
}
