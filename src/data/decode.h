/*-------------------------------------------------------------------------
 *
 * decode.h
 *	  Values in JSON that hold something else: base64, JSON, gzip, times.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_DECODE_H
#define DLOAD_DECODE_H

#include "data/record.h"

typedef enum DloadCoding		/* order of the option's values */
{
	DLOAD_CODING_BASE64,		/* base64 of bytes */
	DLOAD_CODING_JSON,			/* a JSON text */
	DLOAD_CODING_BASE64JSON,	/* base64 of a JSON text */
	DLOAD_CODING_GZIP,			/* base64 of gzip of bytes */
	DLOAD_CODING_GZIPJSON,		/* base64 of gzip of a JSON text */
	DLOAD_CODING_EPOCH,			/* seconds since 1970, also as a string */
	DLOAD_CODING_EPOCH_MS		/* milliseconds since 1970 */
} DloadCoding;

/* The words for them, separated by "|". */
#define DLOAD_CODING_WORDS	\
	"base64|json|base64json|gzip|gzipjson|epoch|epoch_ms"

/* The coding that a word means; false if none. */
extern bool dload_coding_parse(const char *word, DloadCoding *coding);

/* The type of a column for what is so coded. */
extern const char *dload_coding_type(DloadCoding coding);

/* Is that bytes, which JSON has no value for? */
extern bool dload_coding_is_bytes(DloadCoding coding);

/* May a value of this type be so coded? */
extern bool dload_coding_takes(DloadCoding coding, DloadTokenType type);

/*
 * Append to "out" the bytes that a STRING token stands for.  base64 is that of
 * either alphabet, with or without padding and white space.  False if the
 * string is not so coded, or if more than "max" bytes would come out; "out"
 * then holds anything.
 */
extern bool dload_coding_bytes(DloadCoding coding, const DloadToken *token,
							   size_t max, StringInfo out);

/*
 * Append to "out" the JSON value that a token stands for: the one inside, a
 * string with the bytes, which must be UTF-8 then, or a string with the time.
 * False as above; "out" is then unchanged.
 */
extern bool dload_coding_value(DloadCoding coding, const DloadToken *token,
							   size_t max, StringInfo out);

/* Append the characters of a JSON string, escaped, without its quotes. */
extern void dload_escape(StringInfo out, const char *text, size_t len);

/* The same with quotes; "text" is valid UTF-8. */
extern void dload_quote(StringInfo out, const char *text, size_t len);

#endif							/* DLOAD_DECODE_H */
