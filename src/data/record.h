/*-------------------------------------------------------------------------
 *
 * record.h
 *	  The scanner: bytes -> tokens, and a page's bytes -> records and
 *	  envelope.
 *
 * A *scanner* is a strict pull tokenizer for RFC 8259 JSON over bytes that
 * the caller owns.  It builds no tree: strings and numbers come out as spans
 * of the input.  It accepts and rejects exactly what PostgreSQL's json_in
 * does (in a UTF8 database), and in addition bounds the nesting depth.
 *
 * A *record reader* is fed the body of one page in pieces of any size and
 * hands out each record as one contiguous, fully validated span of JSON,
 * whatever the body's format (form.h).  Of a JSON body, what stands outside
 * the records is kept as a small document of its own, the *envelope*, in which
 * the records' array is replaced by [].
 *
 * Neither allocates per token, neither throws for bad input, and neither
 * knows what a record means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RECORD_H
#define DLOAD_RECORD_H

#include "base/dload.h"

#include "lib/stringinfo.h"

struct DloadForm;
struct DloadPath;

typedef enum DloadTokenType
{
	DLOAD_TOKEN_NONE,			/* nothing scanned yet */
	DLOAD_TOKEN_OBJECT_START,
	DLOAD_TOKEN_OBJECT_END,
	DLOAD_TOKEN_ARRAY_START,
	DLOAD_TOKEN_ARRAY_END,
	DLOAD_TOKEN_KEY,			/* the colon is consumed with it */
	DLOAD_TOKEN_STRING,
	DLOAD_TOKEN_NUMBER,
	DLOAD_TOKEN_TRUE,
	DLOAD_TOKEN_FALSE,
	DLOAD_TOKEN_NULL,
	DLOAD_TOKEN_END,			/* the document is complete */
	DLOAD_TOKEN_MORE,			/* the bytes ended inside the document and
								 * the scanner was not told they are final */
	DLOAD_TOKEN_ERROR			/* see scanner->error */
} DloadTokenType;

typedef struct DloadToken
{
	DloadTokenType type;
	bool		escaped;		/* KEY, STRING: contains a backslash */
	bool		integral;		/* NUMBER: neither fraction nor exponent */
	DloadSpan	text;			/* KEY, STRING: without the quotes; NUMBER: as
								 * written; containers: the bracket, or the
								 * whole value where a function says so */
} DloadToken;

/* Is it an object or a list? */
static inline bool
dload_is_container(const DloadToken *token)
{
	return token->type == DLOAD_TOKEN_OBJECT_START ||
		token->type == DLOAD_TOKEN_ARRAY_START;
}

typedef struct DloadScanner
{
	const char *begin;			/* first byte */
	const char *cur;			/* next byte to scan */
	const char *end;			/* one past the last byte */
	bool		final;			/* no more bytes will come */
	int			depth;			/* open containers */
	/* private */
	uint8		state;
	uint8		part;			/* of an unfinished token: the part of a number
								 * reached, or that a string is escaped */
	int			skip_depth;		/* depth inside the value that skip consumes, 0
								 * when it is not under way */
	size_t		resume;			/* bytes of an unfinished token already
								 * validated, counted from cur */
	size_t		closed;			/* bytes of a key, quotes included, whose colon
								 * has not come yet */
	const char *error;			/* static text: what was wrong; NULL = none */
	const char *error_at;		/* where, inside [begin, end] */
	uint8		stack[DLOAD_MAX_DEPTH / 8 + 1];	/* bit set: object */
} DloadScanner;

/* Start scanning one document (leading white space and a BOM allowed). */
extern void dload_scanner_init(DloadScanner *s, const char *data, size_t len,
							   bool final);

/*
 * The same bytes moved, or more of them came: [data, data+len) must begin
 * with the byte the scanner stands on (s->cur).
 */
extern void dload_scanner_refill(DloadScanner *s, const char *data,
								 size_t len, bool final);

/* Scan the next token.  After END, MORE and ERROR it repeats itself. */
extern DloadTokenType dload_scanner_next(DloadScanner *s, DloadToken *token);

/*
 * Having just received OBJECT_START or ARRAY_START in *token, consume that
 * whole value and widen token->text to span it.  Returns the token's type, or
 * MORE or ERROR.  After MORE call it again once refilled, with *token as it
 * was left (text is then valid only if the bytes did not move).
 */
extern DloadTokenType dload_scanner_skip(DloadScanner *s, DloadToken *token);

/* Scan a whole value: like next, but containers come out skipped. */
extern DloadTokenType dload_scanner_value(DloadScanner *s, DloadToken *token);

/* True if "json" is one complete valid document; else *err says why. */
extern bool dload_json_validate(DloadSpan json, DloadError *err);

/*
 * Fill *err (ERRCODE_INVALID_TEXT_REPRESENTATION) for a scanner that stands
 * at ERROR: what was wrong, at which byte of "offset" + position, and the
 * neighbourhood.
 */
extern bool dload_scanner_error(const DloadScanner *s, int64 offset,
								DloadError *err);

typedef enum DloadDecode
{
	DLOAD_DECODE_OK,
	DLOAD_DECODE_NUL,			/* contains \u0000, which text cannot hold */
	DLOAD_DECODE_SURROGATE		/* an unpaired UTF-16 surrogate */
} DloadDecode;

/*
 * Append the characters a KEY or STRING token stands for to "out", as UTF-8.
 * On failure "out" holds the characters before the offending escape.
 */
extern DloadDecode dload_token_decode(const DloadToken *token, StringInfo out);

/* Does a KEY or STRING token decode to exactly these UTF-8 bytes? */
extern bool dload_token_equals(const DloadToken *token, const char *s,
							   size_t len);

/*
 * The token's value as text: decoded string, number as written, true...; a
 * string that cannot be decoded as written.
 */
extern char *dload_token_cstring(const DloadToken *token);

/* Begins in the order of the option's values. */
typedef enum DloadFormat
{
	DLOAD_FORMAT_AUTO,			/* by the response's Content-Type */
	DLOAD_FORMAT_JSON,
	DLOAD_FORMAT_NDJSON,		/* JSON texts, one a line or each behind a
								 * record separator */
	DLOAD_FORMAT_CSV,
	DLOAD_FORMAT_TSV			/* CSV with tabs, unless the form says else */
} DloadFormat;

typedef struct DloadReader DloadReader;

typedef enum DloadReadResult
{
	DLOAD_READ_RECORD,			/* *record is set */
	DLOAD_READ_MORE,			/* feed it, or say finish */
	DLOAD_READ_END,				/* page complete, envelope available */
	DLOAD_READ_ERROR			/* *err is set */
} DloadReadResult;

/*
 * Make a reader in the current memory context.
 *
 * records_path says where the records are: an array there gives its elements,
 * an object is one record, null or nothing gives none, another scalar is one
 * record.  Steps may be keys, [n] with n >= 0 and [*].  It must outlive the
 * reader.  max_record bounds the bytes of one record.
 */
extern DloadReader *dload_reader_create(const struct DloadPath *records_path,
										size_t max_record);

/* The same for records of another form than plain JSON, which must outlive
 * the reader too. */
extern DloadReader *dload_reader_create_form(const struct DloadPath *path,
											 const struct DloadForm *form,
											 size_t max_record);

/* The format of the next page, if not the form's: before reset or open. */
extern void dload_reader_set_format(DloadReader *r, DloadFormat format);

/* Start the next page: forget everything but path, limits and buffers. */
extern void dload_reader_reset(DloadReader *r);

/*
 * Read a page that is whole in memory.  Spans returned by next then point
 * into "body" and stay valid as long as it does.  Instead of feed/finish.
 */
extern void dload_reader_open(DloadReader *r, const char *body, size_t len);

/*
 * The same for every form: records that are no part of the body are written to
 * the context, and are valid as long as it and the body are.
 */
extern void dload_reader_open_in(DloadReader *r, MemoryContext context,
								 const char *body, size_t len);

/* Bytes written to that context so far. */
extern size_t dload_reader_kept(const DloadReader *r);

/*
 * Is it only once the whole page has been read that the records' text is
 * known?  Then a page that is fed comes out as it stands, and after END each
 * of its records is to be passed through dload_reader_reshape, whose result is
 * valid until its next call.  A page that is opened comes out finished.
 */
extern bool dload_reader_looks_ahead(const DloadReader *r);
extern bool dload_reader_reshape(DloadReader *r, DloadSpan record,
								 DloadSpan *reshaped, DloadError *err);

/* See the functions of these names in reshape.h. */
extern char *dload_reader_names(const DloadReader *r);
extern void dload_reader_recall_names(DloadReader *r, const char *names);

/* Must a page be opened, since it cannot be fed? */
extern bool dload_reader_needs_body(const DloadReader *r);

/*
 * Give back the memory of a page that is at its end; the envelope stays.
 */
extern void dload_reader_release(DloadReader *r);

/* Add bytes; they are copied.  Invalidates spans returned earlier. */
extern void dload_reader_feed(DloadReader *r, const char *data, size_t len);

/* There are no more bytes. */
extern void dload_reader_finish(DloadReader *r);

/*
 * The next record.  The span is one complete valid JSON value without
 * surrounding white space; valid until the next call of next or feed (or see
 * dload_reader_open).
 */
extern DloadReadResult dload_reader_next(DloadReader *r, DloadSpan *record,
										 DloadError *err);

/* The envelope, once next has returned END.  Valid until reset. */
extern DloadSpan dload_reader_envelope(const DloadReader *r);

/* The record handed out last in this page, if the reader is to keep it; its
 * data is NULL where there is none. */
extern void dload_reader_keep_last(DloadReader *r);
extern DloadSpan dload_reader_last(const DloadReader *r);

/* Records handed out since create or reset. */
extern int64 dload_reader_count(const DloadReader *r);

/* Did records_path lead to something (even an empty array or null)? */
extern bool dload_reader_found(const DloadReader *r);

/*
 * Guess the records' path from a whole page.  An array at the root is "$".
 * Else every array at depth <= 3 reached by keys is a candidate; one with a
 * customary name (data, items, results, records, ...) goes before others,
 * then an array of objects before one that is empty, then the shallower; lists
 * named for errors, warnings, links or other metadata, and non-empty lists of
 * scalars, never count.  Without a candidate the root itself is the record,
 * and so is a root that has an "id" and no list with a customary name.
 * Returns a path in the current context; NULL and *err for invalid JSON.
 */
extern struct DloadPath *dload_reader_detect(DloadSpan body, DloadError *err);

#endif							/* DLOAD_RECORD_H */
