/*-------------------------------------------------------------------------
 *
 * dload.h
 *	  Nouns and limits shared by every room of dload.
 *
 * What belongs here: the error value that the lower rooms return, the byte
 * span, the named limits with their reasons, and the GUC variables.  What
 * does not: anything that knows JSON, HTTP, options or tables.
 *
 * Every extern function of the module starts with "dload_".
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_H
#define DLOAD_H

#include "postgres.h"

#include "base/compat.h"
#include "nodes/pg_list.h"

/*
 * A span of bytes that somebody else owns.  Not NUL-terminated.
 */
typedef struct DloadSpan
{
	const char *data;
	size_t		len;
} DloadSpan;

static inline DloadSpan
dload_span(const char *data, size_t len)
{
	DloadSpan	span;

	span.data = data;
	span.len = len;
	return span;
}

/*
 * An error as a value.  data/, model/ and rest/ fill one and return false (or
 * NULL); fdw/, load/, jobs/ and functions.c raise it.  The strings live in the
 * memory context that was current when the error was set.  Nothing in it may
 * contain a secret: whoever sets it redacts first.
 */
typedef struct DloadError
{
	int			sqlstate;		/* MAKE_SQLSTATE code; 0 = no error */
	char	   *message;		/* primary: lower case, no final dot */
	char	   *detail;			/* full sentences, or NULL */
	char	   *hint;			/* full sentences, or NULL */
} DloadError;

/* in error.c */
extern bool dload_error_set(DloadError *err, int sqlstate,
							const char *fmt,...) pg_attribute_printf(3, 4);
extern bool dload_error_detail(DloadError *err,
							   const char *fmt,...) pg_attribute_printf(2, 3);
extern bool dload_error_hint(DloadError *err,
							 const char *fmt,...) pg_attribute_printf(2, 3);
pg_noreturn extern void dload_error_raise(const DloadError *err);
extern void dload_error_move(DloadError *err, MemoryContext context);
extern void dload_error_report(int elevel, const DloadError *err);
extern char *dload_trim_body(DloadSpan body);
extern uint64 dload_hash_bytes(const char *data, size_t len, uint64 seed);

/* Is the text one of these, char * each? */
extern bool dload_list_has(const List *texts, const char *text);

/*
 * Limits.  Network bytes are untrusted, so each has a bound and a reason.
 */

/* JSON nesting.  Real documents stay below 30; deeper input is an attack. */
#define DLOAD_MAX_DEPTH				512

/* What a page may carry outside its records: paging tokens, totals, errors. */
#define DLOAD_MAX_ENVELOPE_BYTES	(1024 * 1024)

/* All response headers of one exchange.  Servers commonly cap at 8-64 kB. */
#define DLOAD_MAX_HEADER_BYTES		(256 * 1024)

/* A JSON path option: more steps than any documented API's paths have. */
#define DLOAD_MAX_PATH_STEPS		32

/* How much of a response body an error message quotes. */
#define DLOAD_ERROR_BODY_BYTES		300

/* Bytes of a streamed response held before libcurl is told to pause. */
#define DLOAD_STREAM_BUFFER_BYTES	(256 * 1024)

/* GUCs, defined in dload.c; in kB */
extern PGDLLIMPORT int dload_package_kb;	/* dload.package_bytes */
extern PGDLLIMPORT int dload_rewrite_limit_kb;	/* dload.rewrite_limit */
extern PGDLLIMPORT int dload_max_record_kb; /* dload.max_record_bytes */

#endif							/* DLOAD_H */
