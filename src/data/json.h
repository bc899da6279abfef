/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Small JSON documents that dload builds or keeps: option values, request
 *	  parameters, paging checkpoints.
 *
 * The only user of jansson.  A document is owned by the memory context that
 * was current when it was made.  Pages and records never come here: they
 * belong to data/record.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_JSON_H
#define DLOAD_JSON_H

#include "base/dload.h"

typedef struct DloadJson DloadJson;

/* Parse; NULL and *err (22023, naming "what") when it is not valid JSON. */
extern DloadJson *dload_json_parse(const char *text, const char *what,
								   DloadError *err);
extern DloadJson *dload_json_new_object(void);

extern bool dload_json_is_object(const DloadJson *doc);

/* Members of an object: NULL / false when absent or of another type. */
extern char *dload_json_get_string(const DloadJson *doc, const char *key);
extern bool dload_json_get_int(const DloadJson *doc, const char *key,
							   int64 *value);
extern void dload_json_set_string(DloadJson *doc, const char *key,
								  const char *value);
extern void dload_json_set_int(DloadJson *doc, const char *key, int64 value);

/*
 * Call fn for each member of an object, in document order, with the scalar as
 * text (true/false, number, string; NULL for null).  Lists call fn once per
 * element.  Returns false and *err if a value is an object or nested list.
 */
typedef void (*DloadJsonVisitor) (const char *key, const char *value,
								  void *arg);
extern bool dload_json_each(const DloadJson *doc, DloadJsonVisitor fn,
							void *arg, DloadError *err);

/*
 * The same for all values of a document that was parsed, as they are written
 * there, with what is needed to write them as JSON again.
 * A list calls fn once per element, an empty one once with value NULL.
 */
typedef struct DloadJsonItem
{
	const char *key;
	const char *value;			/* a string's text, or JSON; NULL for null */
	bool		bare;			/* is JSON: a number, true, null, an object */
	bool		nested;			/* and an object, or a list in a list */
	bool		list;			/* an element of a list; neither bare nor with
								 * a value: of an empty one */
} DloadJsonItem;

typedef void (*DloadJsonItemVisitor) (const DloadJsonItem *item, void *arg);
extern bool dload_json_items(const DloadJson *doc, DloadJsonItemVisitor fn,
							 void *arg);

/* The elements of a list, each as a document; false if it is no list. */
extern bool dload_json_elements(const DloadJson *doc, List **elements);

extern char *dload_json_text(const DloadJson *doc);

#endif							/* DLOAD_JSON_H */
