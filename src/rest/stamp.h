/*-------------------------------------------------------------------------
 *
 * stamp.h
 *	  A value of its own for each request: the placeholder {request_uuid}.
 *
 * APIs tell by it whether a request was sent again, so all attempts at a
 * request have the same, and the next request another.  Requests for pages
 * are compared, stored and changed before they are sent: they hold a *stamp*
 * in its place, which reads the same in a URL, a header and any body, and a
 * fetch puts in its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_STAMP_H
#define DLOAD_STAMP_H

#include "base/dload.h"

#define DLOAD_STAMP_NAME	"request_uuid"
#define DLOAD_STAMP			"00000000-0000-8000-8000-d10add10add1"

/* A random UUID. */
extern char *dload_stamp_create(void);

/* The text with this in the place of stamps. */
extern char *dload_stamp_fill(char *text, const char *value);

#endif							/* DLOAD_STAMP_H */
