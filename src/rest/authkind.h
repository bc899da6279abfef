/*-------------------------------------------------------------------------
 *
 * authkind.h
 *	  The kinds of auth, for the files that make them up.
 *
 * auth.c has the table of kinds and is the door to them; authkey.c, oauth.c,
 * jwt.c, sigv4.c and hmac.c have one or several each; authmask.c knows what
 * must not be shown.  Nobody else includes this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_AUTHKIND_H
#define DLOAD_AUTHKIND_H

#include "rest/auth.h"
#include "rest/urlparts.h"

/* One kind of auth. */
typedef struct DloadAuthStrategy
{
	/* put the credentials on a request that is otherwise complete */
	bool		(*apply) (const DloadResource *res, DloadHttpRequest *request,
						  DloadError *err);
	/* the query parameters it adds: list of char *; or NULL */
	List	   *(*parameters) (const DloadResource *res);
	/* get what apply needs and the mapping does not hold; or NULL */
	bool		(*obtain) (const DloadResource *res, DloadError *err);
} DloadAuthStrategy;

extern const DloadAuthStrategy dload_auth_bearer;
extern const DloadAuthStrategy dload_auth_basic;
extern const DloadAuthStrategy dload_auth_api_key;
extern const DloadAuthStrategy dload_auth_oauth2;
extern const DloadAuthStrategy dload_auth_jwt;
extern const DloadAuthStrategy dload_auth_sigv4;
extern const DloadAuthStrategy dload_auth_hmac;

/* The renewer, or NULL. */
extern DloadRenewer dload_auth_renewer;

/* Put the access token on a request. */
extern bool dload_auth_apply_access(const DloadResource *res,
									DloadHttpRequest *request,
									DloadError *err);

/* What libcurl will send as Host: the port only if it is not the usual one. */
extern char *dload_auth_host(const DloadUrlParts *parts);

/* A named value that a template may ask for. */
typedef struct DloadAuthPlace
{
	const char *name;
	const char *value;			/* NULL: there is none */
} DloadAuthPlace;

/*
 * The template with each {name} replaced by its value; unknown names stay as
 * they are.  The list ends with a NULL name.  NULL if a value is asked for
 * that there is none of, with its name in *lacking.
 */
extern char *dload_auth_fill(const char *template,
							 const DloadAuthPlace *places,
							 const char **lacking);

/* Add "name: value" in the place of any header of that name. */
extern void dload_auth_set_header(DloadHttpRequest *request,
								  const char *name, const char *value);

#endif							/* DLOAD_AUTHKIND_H */
