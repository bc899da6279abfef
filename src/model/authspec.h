/*-------------------------------------------------------------------------
 *
 * authspec.h
 *	  How requests prove who they are.
 *
 * The secrets of the user mapping are here, and in the requests made from it,
 * only.  What the API gave in exchange for them (*access*) is here too, since
 * it lives as long; it is the only part of a resource that changes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_AUTHSPEC_H
#define DLOAD_AUTHSPEC_H

#include "model/spec.h"

#include "datatype/timestamp.h"

typedef enum DloadAuthKind		/* order of the option's values */
{
	DLOAD_AUTH_NONE,
	DLOAD_AUTH_BEARER,
	DLOAD_AUTH_BASIC,
	DLOAD_AUTH_API_KEY,
	DLOAD_AUTH_OAUTH2,
	DLOAD_AUTH_JWT,
	DLOAD_AUTH_SIGV4,
	DLOAD_AUTH_HMAC
} DloadAuthKind;

typedef enum DloadAuthIn		/* order of the option's values */
{
	DLOAD_AUTH_IN_HEADER,
	DLOAD_AUTH_IN_QUERY,
	DLOAD_AUTH_IN_COOKIE
} DloadAuthIn;

typedef enum DloadGrantKind		/* order of the option's values */
{
	DLOAD_GRANT_CLIENT_CREDENTIALS,
	DLOAD_GRANT_REFRESH_TOKEN,
	DLOAD_GRANT_JWT_BEARER,
	DLOAD_GRANT_JWT_HEADER
} DloadGrantKind;

typedef enum DloadClientAuth	/* order of the option's values */
{
	DLOAD_CLIENT_AUTH_HEADER,
	DLOAD_CLIENT_AUTH_BODY,
	DLOAD_CLIENT_AUTH_JWT
} DloadClientAuth;

/* How many values that were made for single requests are remembered. */
#define DLOAD_MASKED_VALUES 128

/* What the API gave: a token, and where it is good. */
typedef struct DloadAccess
{
	MemoryContext context;		/* the resource's */
	char	   *token;			/* NULL: none yet */
	char	   *base_url;		/* that the reply named, or NULL */
	TimestampTz issued_at;
	TimestampTz expires_at;		/* 0: not said */
	uint64		serial;			/* of this token, in this process */
	bool		rejected;		/* the API no longer takes it */
	TimestampTz come_back;		/* if not 0: a new one cannot be asked for
								 * until then */

	/* what else must not be shown: signatures, assertions, former tokens */
	char	   *masked[DLOAD_MASKED_VALUES];
	int			next_masked;
} DloadAccess;

typedef struct DloadAuthSpec
{
	DloadAuthKind kind;
	char	   *word;			/* the option's value */
	Oid			mapping;		/* OID of the user mapping, if there is one */
	DloadAccess *access;		/* never NULL */

	char	   *api_key_name;
	DloadAuthIn api_key_in;
	char	   *api_key_template;

	DloadGrantKind grant;
	DloadClientAuth client_auth;
	char	   *token_url;
	char	   *scope;			/* or NULL, like those below */
	char	   *audience;
	DloadJson  *token_params;
	DloadPath  *base_url_path;	/* in the reply, or NULL */
	DloadPath  *token_path;
	DloadPath  *expires_path;
	int64		early;			/* ms */

	char	   *jwt_algorithm;
	char	   *jwt_issuer;
	char	   *jwt_subject;
	char	   *jwt_audience;
	char	   *jwt_key_id;
	DloadJson  *jwt_claims;
	DloadJson  *jwt_headers;
	int64		jwt_lifetime;	/* ms */

	char	   *sigv4_region;
	char	   *sigv4_service;

	char	   *hmac_template;
	char	   *hmac_digest;
	bool		hmac_by_key;	/* private_key signs, as the digest says */
	char	   *hmac_encoding;
	char	   *hmac_secret_encoding;
	char	   *hmac_name;
	DloadAuthIn hmac_in;
	char	   *hmac_value;
	DloadJson  *hmac_headers;
	char	   *hmac_timestamp_param;
	char	   *hmac_timestamp_unit;

	char	   *ca;				/* PEM */

	/* user mapping */
	char	   *token;
	char	   *username;
	char	   *password;
	char	   *api_key;
	char	   *client_id;
	char	   *client_secret;
	char	   *refresh_token;
	char	   *private_key;	/* PEM */
	char	   *access_key_id;
	char	   *secret_access_key;
	char	   *session_token;
	char	   *hmac_secret;
	char	   *client_cert;	/* PEM */
	char	   *client_key;
} DloadAuthSpec;

/* The server's part.  Resolves references to files. */
extern void dload_authspec_read(DloadAuthSpec *spec,
								const DloadOptionSet *set);

/*
 * The user mapping's part, with references resolved as that user; an option
 * that auth needs and that is not there is named in *missing.
 */
extern void dload_authspec_read_secrets(DloadAuthSpec *spec,
										const DloadOptionSet *set,
										Oid userid, const char **missing);

/*
 * Stands for what tokens are asked with: when it changes, those that were
 * given are no longer to be used.
 */
extern uint64 dload_authspec_fingerprint(const DloadAuthSpec *spec);

/* A new token takes the place of the old one; texts are copied. */
extern void dload_access_adopt(DloadAccess *access, const char *token,
							   const char *base_url, TimestampTz issued_at,
							   TimestampTz expires_at);

/* Is there a token that need not be renewed yet?  "early" is in ms. */
extern bool dload_access_fresh(const DloadAccess *access, int64 early);

/* The same for a token that is not the access's. */
extern bool dload_token_fresh(TimestampTz issued_at, TimestampTz expires_at,
							  int64 early);

/* Never show this value; it is copied. */
extern void dload_access_mask(DloadAccess *access, const char *value);

/* Combinations of a server's options. */
extern bool dload_authspec_check(List *options, DloadError *err);

/* The same for those of a user mapping. */
extern bool dload_authspec_check_mapping(List *options, DloadError *err);

#endif							/* DLOAD_AUTHSPEC_H */
