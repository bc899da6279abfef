/*-------------------------------------------------------------------------
 *
 * reshape.h
 *	  Records rewritten: values named, added and decoded.
 *
 * What a form (form.h) says of the records' inside is done here, to one
 * record's text at a time: a row of values becomes an object, a record that
 * is no object becomes {"value": ...} where members are added to it, the
 * envelope's values and the map's key come last, so that they win over members
 * of the same name, and coded strings are replaced by what they hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RESHAPE_H
#define DLOAD_RESHAPE_H

#include "data/form.h"

typedef struct DloadReshape DloadReshape;

/* Does the form ask for any of this? */
extern bool dload_form_reshapes(const DloadForm *form);

/* And does that need the envelope? */
extern bool dload_form_needs_envelope(const DloadForm *form);

/* In the current memory context, which the form must outlive. */
extern DloadReshape *dload_reshape_create(const DloadForm *form,
										  size_t max_record);

/*
 * Take names and values from a page's envelope, before the first record.  The
 * names of the page before stay where this one has none.  What is wrong with
 * them is the fault of the first record, since without one it does not matter.
 */
extern void dload_reshape_prepare(DloadReshape *r, DloadSpan envelope);

/*
 * The names of rows that came with a page so far, as a JSON list; NULL if
 * there are none, or they are not the envelope's.  And the same back, for a
 * reader that has seen no page with names.
 */
extern char *dload_reshape_names(const DloadReshape *r);
extern void dload_reshape_recall_names(DloadReshape *r, const char *names);

/*
 * The record with the key of its map, as written and quoted, as a member;
 * valid until the next call.  This comes first, and does not ask the envelope.
 */
extern DloadSpan dload_reshape_key(DloadReshape *r, DloadSpan record,
								   DloadSpan key);

/* The record with all else that the form says; valid until the next call. */
extern bool dload_reshape_record(DloadReshape *r, DloadSpan record,
								 DloadSpan *rewritten, DloadError *err);

#endif							/* DLOAD_RESHAPE_H */
