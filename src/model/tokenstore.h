/*-------------------------------------------------------------------------
 *
 * tokenstore.h
 *	  The tokens that APIs gave: table dload.token.
 *
 * One row per user mapping.  Nobody but the extension's owner and superusers
 * can read the table, it is not dumped, and what it holds is of use only while
 * the options are the same that the tokens were asked with: the row has their
 * fingerprint.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_TOKENSTORE_H
#define DLOAD_TOKENSTORE_H

#include "base/dload.h"

#include "datatype/timestamp.h"

typedef struct DloadStoredToken
{
	char	   *access_token;	/* NULL: none was ever given */
	char	   *refresh_token;	/* the next to use, or NULL */
	char	   *base_url;		/* or NULL */
	TimestampTz issued_at;
	TimestampTz expires_at;		/* 0: not said */
	DloadError	failure;		/* of the last attempt, if that failed */
	TimestampTz failed_at;
} DloadStoredToken;

/*
 * The row as last committed by anybody, whatever the transaction's snapshot
 * shows; NULL if there is none with that fingerprint.  Needs no privilege: the
 * caller has the mapping.
 */
extern DloadStoredToken *dload_tokenstore_read(Oid mapping,
											   uint64 fingerprint);

/* Write the row, or the failure into it; rows of mappings that are gone are
 * deleted. */
extern void dload_tokenstore_write(Oid mapping, uint64 fingerprint,
								   const DloadStoredToken *token);

#endif							/* DLOAD_TOKENSTORE_H */
