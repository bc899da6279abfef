/*-------------------------------------------------------------------------
 *
 * jsonedit.h
 *	  Setting a value at a path of a JSON text.
 *
 * The text is edited where it stands: what is not set keeps its bytes, so
 * that numbers of any size and the order of keys survive.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_JSONEDIT_H
#define DLOAD_JSONEDIT_H

#include "base/dload.h"
#include "data/path.h"

/*
 * The JSON text with the value at "path" set: replaced, or made together with
 * the objects on the way to it.  A list can be extended by one element.
 * "quoted": value is plain text, which becomes a JSON string; else it is
 * JSON itself.  All in the database encoding; palloc'd.  NULL and *err when
 * the text or value is no JSON, or something else stands in the way.
 */
extern char *dload_json_put(const char *text, const DloadPath *path,
							const char *value, bool quoted, DloadError *err);

#endif							/* DLOAD_JSONEDIT_H */
