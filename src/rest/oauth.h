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
 * Ask for an access token, with the refresh token if the server's
 * oauth2_grant needs one.  Waits, honouring interrupts.  False and *err.
 */
extern bool dload_oauth_ask(const DloadResource *res,
							const char *refresh_token, DloadGrant *grant,
							DloadError *err);

#endif							/* DLOAD_OAUTH_H */
