/*-------------------------------------------------------------------------
 *
 * naming.h
 *	  JSON keys -> identifiers.
 *
 * snake_case with acronyms kept together (userIDs -> user_ids,
 * HTTPResponseCode -> http_response_code, createdAt -> created_at); letters
 * of any script kept, lower-cased where they have case; other characters
 * become "_"; a leading digit gets a "_" before it; nothing left gives
 * "_" plus a hash tag.  Runs of "_" fold to one, so that "__" only ever joins
 * the parts of a path.  At most 63 bytes, cut at a character's border, with a
 * tag of the whole name's hash when cut.
 *
 * Naming is pure: the same key gives the same name in every run.  Collisions
 * between two keys are the business of load/normalize, which asks for
 * dload_name_tagged.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_NAMING_H
#define DLOAD_NAMING_H

#include "base/dload.h"

/* The identifier of one key.  palloc'd. */
extern char *dload_name_key(DloadSpan key);

/*
 * Join "prefix" (already an identifier; NULL or "" = none) and an identifier
 * with "__", shortened to 63 bytes.  palloc'd.
 */
extern char *dload_name_join(const char *prefix, const char *name);

/* "name" with a tag of "path"'s hash, to tell two colliding paths apart. */
extern char *dload_name_tagged(const char *name, const char *path);

#endif							/* DLOAD_NAMING_H */
