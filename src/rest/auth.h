/*-------------------------------------------------------------------------
 *
 * auth.h
 *	  Credentials on requests, and none of them in messages.
 *
 * A strategy per kind of auth puts the secret on one request, which must go
 * to the server's own origin or one of allowed_origins.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_AUTH_H
#define DLOAD_AUTH_H

#include "base/dload.h"
#include "model/resource.h"
#include "rest/http.h"

/*
 * May this URL be asked?  Only the server's own origin and allowed_origins
 * may; everything else is refused before anything is sent.
 */
extern bool dload_auth_trusts(const DloadResource *res, const char *url);

/*
 * Add the resource's credentials to a request for its url, if trusted.  All
 * else of the request must be there: it may be signed.  False and *err.
 */
extern bool dload_auth_apply(const DloadResource *res,
							 DloadHttpRequest *request, DloadError *err);

/* Remove from a URL the query parameters that auth adds. */
extern char *dload_auth_strip_url(const DloadResource *res, const char *url);

/*
 * The text with every secret of the resource replaced by "***": verbatim,
 * escaped as in URLs, JSON and HTML, and in base64, alone and as
 * user:password.  For bodies and messages from the server, which may repeat
 * what was sent.  palloc'd.
 */
extern char *dload_auth_redact(const DloadResource *res, const char *text);

#endif							/* DLOAD_AUTH_H */
