/*-------------------------------------------------------------------------
 *
 * validatorlog.h
 *	  The validators that runs keep, in dload.page_validator.
 *
 * A validator is of use for requests of the same definition, by the same
 * user, of a pipeline of the same generation, once it is complete: the run
 * that kept it, or found it good, has read all of the list.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_VALIDATORLOG_H
#define DLOAD_VALIDATORLOG_H

#include "base/dload.h"

typedef struct DloadKeptValidator
{
	uint64		request;		/* hash of the request */
	bool		unchanged;		/* it is known already, and still good */
	char	   *etag;			/* or NULL, like those below */
	char	   *last_modified;
	char	   *next;			/* storable request; NULL: last page */
	int64		nrecords;
	uint64		fingerprint;
} DloadKeptValidator;

/* Call fn with each that is of use; allocates in the current context. */
extern void dload_validators_read(int64 pipeline_id, uint64 definition,
								  int64 generation,
								  void (*fn) (const DloadKeptValidator *kept,
											  void *arg),
								  void *arg);

/* Keep those of a list of DloadKeptValidator. */
extern void dload_validators_put(int64 pipeline_id, int64 run_id,
								 uint64 definition, int64 generation,
								 List *list);

/* The run has come to its end; "all": it has seen all pages there are. */
extern void dload_validators_complete(int64 pipeline_id, int64 run_id,
									  bool all);

/* Forget those that are not complete. */
extern void dload_validators_discard(int64 pipeline_id);

#endif							/* DLOAD_VALIDATORLOG_H */
