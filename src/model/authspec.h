/*-------------------------------------------------------------------------
 *
 * authspec.h
 *	  How requests prove who they are.
 *
 * The secrets of the user mapping are here, and in the requests made from it,
 * only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_AUTHSPEC_H
#define DLOAD_AUTHSPEC_H

#include "model/spec.h"

typedef enum DloadAuthKind		/* order of the option's values */
{
	DLOAD_AUTH_NONE,
	DLOAD_AUTH_BEARER,
	DLOAD_AUTH_BASIC,
	DLOAD_AUTH_API_KEY
} DloadAuthKind;

typedef struct DloadAuthSpec
{
	DloadAuthKind kind;
	char	   *word;			/* the option's value */
	char	   *api_key_name;
	bool		api_key_in_query;	/* else in a header */

	/* user mapping */
	char	   *token;
	char	   *username;
	char	   *password;
	char	   *api_key;
} DloadAuthSpec;

/* The server's part. */
extern void dload_authspec_read(DloadAuthSpec *spec,
								const DloadOptionSet *set);

/* The user mapping's part; an option that auth needs and that is not there is
 * named in *missing. */
extern void dload_authspec_read_secrets(DloadAuthSpec *spec,
										const DloadOptionSet *set,
										const char **missing);

/* Combinations of a server's options. */
extern bool dload_authspec_check(List *options, DloadError *err);

#endif							/* DLOAD_AUTHSPEC_H */
