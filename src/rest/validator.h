/*-------------------------------------------------------------------------
 *
 * validator.h
 *	  Conditional requests: "send this page unless it is as it was".
 *
 * A *validator* is what a response gave to recognise its page by, an entity
 * tag or the time of its last change, together with what has to be known of
 * the page when it is not sent again: the request for the next one, and how
 * many records it had.  Whoever keeps validators vouches that those records
 * are still there, for the same request by the same user.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_VALIDATOR_H
#define DLOAD_VALIDATOR_H

#include "rest/paginator.h"

typedef struct DloadValidator
{
	char	   *etag;			/* or NULL; as it came, W/ included */
	char	   *last_modified;	/* or NULL; as it came */
	DloadRequest *next;			/* NULL: it was the last page */
	int64		nrecords;
	uint64		fingerprint;	/* of the page's records */
} DloadValidator;

/* What was kept for a request; NULL: nothing. */
typedef const DloadValidator *(*DloadValidatorLookup)
			(const DloadRequest *request, void *arg);

/*
 * The validator that a response to a request gives, without what is to be
 * known of the page; false if it gives none or forbids to keep one.
 */
extern bool dload_validator_read(const DloadRequest *request,
								 const DloadExchange *ex,
								 DloadValidator *validator);

/* The header that makes a request conditional.  palloc'd. */
extern char *dload_validator_header(const DloadValidator *validator);

#endif							/* DLOAD_VALIDATOR_H */
