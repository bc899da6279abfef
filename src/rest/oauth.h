/*-------------------------------------------------------------------------
 *
 * oauth.h
 *	  Asking a token endpoint (RFC 6749).
 *
 * A *grant* is what it gives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_OAUTH_H
#define DLOAD_OAUTH_H

#include "base/dload.h"
#include "model/resource.h"

#include "datatype/timestamp.h"

typedef struct DloadGrant
{
	char	   *access_token;
	char	   *refresh_token;	/* the next one, or NULL */
	char	   *base_url;		/* or NULL */
	TimestampTz issued_at;
	TimestampTz expires_at;		/* 0: not said */
} DloadGrant;

/*
 * Wait until the API's budgets have a start for a request to the token
 * endpoint, which they do not need to have for one that is elsewhere.  False
 * and *err if that takes longer than so many ms; the access then says when.
 */
extern bool dload_oauth_turn(const DloadResource *res, int64 longest,
							 DloadError *err);

/*
 * Ask for an access token, with the refresh token if the server's
 * oauth2_grant needs one, when it is our turn.  "in_turn": it is, for the
 * first request.  Waits, honouring interrupts.  False and *err.
 */
extern bool dload_oauth_ask(const DloadResource *res, bool in_turn,
							const char *refresh_token, DloadGrant *grant,
							DloadError *err);

#endif							/* DLOAD_OAUTH_H */
