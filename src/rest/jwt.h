/*-------------------------------------------------------------------------
 *
 * jwt.h
 *	  JSON Web Tokens that we sign (RFC 7519, RFC 7515).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_JWT_H
#define DLOAD_JWT_H

#include "base/dload.h"
#include "model/resource.h"

#include "datatype/timestamp.h"

/*
 * A JWT valid from now on for jwt_lifetime, with an identity of its own.  NULL
 * leaves a claim out.  "more" are the members of jwt_claims.  It is masked
 * from then on.  NULL and *err.
 */
extern char *dload_jwt_create(const DloadResource *res, const char *issuer,
							  const char *subject, const char *audience,
							  bool more, TimestampTz now, DloadError *err);

#endif							/* DLOAD_JWT_H */
