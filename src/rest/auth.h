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

/* What every connection to the server's addresses needs: certificates. */
extern void dload_auth_secure(const DloadResource *res,
							  DloadHttpRequest *request);

/*
 * Access that must be asked for.  Ready: nothing has to be waited for before a
 * request can be sent.  Obtain: wait until it is so, honouring interrupts;
 * false and *err.
 */
extern bool dload_auth_ready(const DloadResource *res);
extern bool dload_auth_obtain(const DloadResource *res, DloadError *err);

/* Stands for the access that requests are sent with now. */
extern uint64 dload_auth_serial(const DloadResource *res);

/*
 * A request sent with the access of that serial was turned away with this
 * status and body.  Is it worth sending once more after dload_auth_obtain()?
 */
extern bool dload_auth_recovers(const DloadResource *res, uint64 serial,
								const DloadExchange *ex, const char *body);

/*
 * The same where somebody else knows that the access is no longer good.  False
 * if this kind of auth has none that could be renewed.
 */
extern bool dload_auth_reject(const DloadResource *res, uint64 serial);

/* The URL with the base that the token endpoint named in base_url's place. */
extern char *dload_auth_rebase(const DloadResource *res, const char *url);

/*
 * Renews the access of a resource with auth 'oauth2' for all processes.  It
 * has a transaction and catalogs, which this room has not; without one,
 * every read asks for a token of its own.
 */
typedef bool (*DloadRenewer) (const DloadResource *res, DloadError *err);
extern void dload_auth_set_renewer(DloadRenewer renewer);

/* Remove from a URL the query parameters that auth adds. */
extern char *dload_auth_strip_url(const DloadResource *res, const char *url);

/*
 * The same of a URL that the API gave, and those that repeat the credential
 * under whatever name: such a URL is kept in checkpoints.
 */
extern char *dload_auth_strip_link(const DloadResource *res, const char *url);

/*
 * The text with every secret of the resource replaced by "***": verbatim,
 * escaped as in URLs, JSON and HTML, and in base64, alone and as
 * user:password.  For bodies and messages from the server, which may repeat
 * what was sent.  palloc'd.
 */
extern char *dload_auth_redact(const DloadResource *res, const char *text);

#endif							/* DLOAD_AUTH_H */
