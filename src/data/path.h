/*-------------------------------------------------------------------------
 *
 * path.h
 *	  A JSON path: the one grammar by which options name a place in a
 *	  document.
 *
 * Dotted keys, double quotes for odd ones ("@odata.nextLink"; inside quotes
 * \" and \\ are escapes), [n], [-n] counted from the end, [*], and an
 * optional leading "$".  The path "$" (no steps) is the document itself.
 * ["key"] and ['key'] do as well (RFC 9535), and so does a JSON Pointer
 * (RFC 6901), by its leading slash.  A path is not a query language: no
 * filters, no arithmetic.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PATH_H
#define DLOAD_PATH_H

#include "base/dload.h"
#include "data/record.h"

typedef enum DloadStepKind
{
	DLOAD_STEP_KEY,				/* .name */
	DLOAD_STEP_INDEX,			/* [n]; negative counts from the end */
	DLOAD_STEP_ANY				/* [*] */
} DloadStepKind;

typedef struct DloadStep
{
	DloadStepKind kind;
	char	   *key;			/* KEY: decoded, NUL-terminated */
	int			keylen;
	int			index;			/* INDEX */
} DloadStep;

typedef struct DloadPath
{
	int			nsteps;
	DloadStep	steps[FLEXIBLE_ARRAY_MEMBER];
} DloadPath;

/*
 * Parse a path; NULL and *err (ERRCODE_INVALID_PARAMETER_VALUE) when it is
 * malformed.  Allocated in the current memory context as one or more chunks.
 */
extern DloadPath *dload_path_parse(const char *text, DloadError *err);

/* The canonical text of a path: the one stored in catalogs ("a.b[*].c"). */
extern char *dload_path_text(const DloadPath *path);

/* Append one key to the text of a path, quoted where it needs to be. */
extern char *dload_path_append_key(const char *base, DloadSpan key);

/*
 * Find the first value that "path" leads to inside the valid JSON text
 * "json".  [*] takes the first element that leads on.  Of duplicate keys the
 * last one counts.  Returns false when the path leads nowhere.  For a
 * container, value->text spans the whole of it, brackets included.
 */
extern bool dload_path_lookup(const DloadPath *path, DloadSpan json,
							  DloadToken *value);

/*
 * Does "path" lead to a value that passes the test?  [*] tries every element
 * in turn.
 */
typedef bool (*DloadPathTest) (const DloadToken *value, void *arg);
extern bool dload_path_some(const DloadPath *path, DloadSpan json,
							DloadPathTest test, void *arg);

#endif							/* DLOAD_PATH_H */
