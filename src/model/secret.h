/*-------------------------------------------------------------------------
 *
 * secret.h
 *	  References to secrets that are kept elsewhere.
 *
 * The value of an option of a user mapping is the secret itself, or one of
 *		file:/path			a file on the database server
 *		env:NAME			an environment variable of the postmaster
 *		function:schema.f	what f() returns, run as the mapping's user
 *		text:...			the rest, whatever it begins with
 *
 * Who may name a file or variable is decided when the option is given: a
 * mapping does not know who made it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SECRET_H
#define DLOAD_SECRET_H

#include "base/dload.h"

/* May the current user give this value?  False and *err. */
extern bool dload_secret_check(const char *name, const char *value,
							   DloadError *err);

/* Is it a reference, so that its own text says nothing about the secret? */
extern bool dload_secret_is_reference(const char *value);

/*
 * The secret, in the current context.  Raises if it cannot be had; messages
 * name the option and the reference, never the secret.
 */
extern char *dload_secret_resolve(const char *name, const char *value,
								  Oid userid);

#endif							/* DLOAD_SECRET_H */
