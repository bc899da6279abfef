/*-------------------------------------------------------------------------
 *
 * request.h
 *	  Requests for pages as values: copying and telling them apart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_REQUEST_H
#define DLOAD_REQUEST_H

#include "rest/paginator.h"

/* A copy in the current memory context. */
extern DloadRequest *dload_request_copy(const DloadRequest *request);

/* Equal requests have equal hashes. */
extern uint64 dload_request_hash(const DloadRequest *request);

#endif							/* DLOAD_REQUEST_H */
