/*-------------------------------------------------------------------------
 *
 * cursor.h
 *	  The incremental cursor: what was seen, what is asked for, what is
 *	  skipped.
 *
 * A *window* is one complete read of the resource from a start value on.  The
 * committed cursor advances when the window is complete, or with each package
 * where the API is declared to answer in ascending order.  It never passes the
 * start of the read by the server's clock.  Records at or after the committed
 * cursor are remembered by their hashes, the *boundary*, so that an inclusive
 * filter, or none, repeats nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CURSOR_H
#define DLOAD_CURSOR_H

#include "load/normalize.h"
#include "model/catalog.h"
#include "model/requestspec.h"

#include "datatype/timestamp.h"

typedef struct DloadCursor DloadCursor;

/* Hashes kept for the boundary: more records with one value are unheard of. */
#define DLOAD_MAX_BOUNDARY	100000

/*
 * The cursor of a run, in the current memory context; NULL when the pipeline
 * has none.  "resume" keeps the unfinished window of the row.
 */
extern DloadCursor *dload_cursor_create(const DloadPipeline *pipeline,
										const DloadCursorRow *row,
										bool resume);

/* Value for the request's cursor parameter; NULL when there is none yet. */
extern const char *dload_cursor_start(const DloadCursor *cursor);

/*
 * A cursor value as a request carries it: in the format and time zone of the
 * resource, if it reads as an instant, else exactly as it is.  *bare: the
 * result is a number.  "string": the value was a JSON string.
 */
extern char *dload_cursor_text(const char *value, bool string,
							   const DloadRequestSpec *spec, bool *bare);

/* The same for the start of the cursor's window; NULL when there is none. */
extern char *dload_cursor_start_text(const DloadCursor *cursor,
									 const DloadRequestSpec *spec,
									 bool *bare);

typedef enum DloadCursorVerdict
{
	DLOAD_CURSOR_LOAD,
	DLOAD_CURSOR_OLD,			/* before the window */
	DLOAD_CURSOR_SEEN,			/* loaded by an earlier run */
	DLOAD_CURSOR_MISSING,		/* no value, and the disposition needs one */
	DLOAD_CURSOR_INVALID		/* cannot be compared; *reason is set */
} DloadCursorVerdict;

/* What to do with a record.  Does not change the cursor. */
extern DloadCursorVerdict dload_cursor_check(DloadCursor *cursor,
											 const DloadRow *row,
											 char **reason);

/* A record was accepted into the package. */
extern void dload_cursor_see(DloadCursor *cursor, const DloadRow *row);

/* Descending feed: every dated record of the page was older than the start. */
extern bool dload_cursor_page_is_old(const DloadCursor *cursor, int64 nold,
									 int64 ndated);

/* May that happen in this read?  Without a start nothing is older. */
extern bool dload_cursor_may_end_read(const DloadCursor *cursor);

/* More records share one cursor value than can be remembered. */
extern bool dload_cursor_overflowed(const DloadCursor *cursor);

/*
 * Start of the read by the server's clock; a resumed window keeps its first.
 */
extern void dload_cursor_set_clock(DloadCursor *cursor,
								   TimestampTz server_time);

/*
 * Write the state into the row that is about to be stored.  "settled": the
 * window goes on, but what was seen so far leaves no gap.
 */
extern void dload_cursor_save(DloadCursor *cursor, DloadCursorRow *row,
							  bool complete, bool settled);

/* Check that a lag can be subtracted; false and *err. */
extern bool dload_cursor_check_lag(const char *lag, DloadError *err);

#endif							/* DLOAD_CURSOR_H */
