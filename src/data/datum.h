/*-------------------------------------------------------------------------
 *
 * datum.h
 *	  One JSON value -> one Datum.
 *
 * A *converter* is made once per column and used for each value.  The types
 * that inference uses have own paths without a text round trip; for every
 * other type the value's text goes through the type's input function, which
 * may raise an error; callers set up error context and, where they must go
 * on, a subtransaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_DATUM_H
#define DLOAD_DATUM_H

#include "base/dload.h"
#include "data/record.h"
#include "data/type.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

/*
 * Types that have a plain form, in which nearly all of their values come, and
 * which takes no more than a glance to convert.
 */
typedef enum DloadPlain
{
	DLOAD_PLAIN_NONE,
	DLOAD_PLAIN_TEXT,			/* in a UTF8 database, any length: a string
								 * without escapes is its bytes */
	DLOAD_PLAIN_BIGINT,
	DLOAD_PLAIN_BOOLEAN,
	DLOAD_PLAIN_TIMESTAMPTZ
} DloadPlain;

typedef struct DloadConverter
{
	Oid			typid;
	int32		typmod;
	DloadType	kind;			/* the fast path, or OTHER */
	DloadPlain	plain;
	/* private: the general path */
	FmgrInfo	infunc;
	Oid			ioparam;
	bool		is_domain;		/* typid is a domain: "element" converts its
								 * base type */
	void	   *domain_state;	/* of domain_check */
	MemoryContext cxt;			/* the converter's own */
	MemoryContext temp;			/* jsonb: reset after each value */
	Oid			elemtype;		/* element type of an array, or InvalidOid */
	struct DloadConverter *element; /* its converter */
	int16		elemlen;
	bool		elembyval;
	char		elemalign;
	StringInfoData scratch;		/* reused for decoding */
} DloadConverter;

/*
 * Make a converter for a column type, in the current memory context, which
 * must outlive it.  Needs catalog access.
 */
extern DloadConverter *dload_converter_create(Oid typid, int32 typmod);

/*
 * Convert.  token is a value token, containers with text spanning the whole.
 * JSON null gives SQL NULL for every type (jsonb included).  Pass-by-reference
 * results are palloc'd in the current context.  A list becomes an SQL array
 * for array types; an object or list becomes its text for json, jsonb, text.
 * Strings are converted to the database encoding.
 *
 * Returns false and sets *err (message without column name) for a value that
 * the type cannot hold: 22P02, 22003, 22P05 (\u0000), 22007 and so on.
 * Input functions of other types raise instead.
 */
extern bool dload_convert(DloadConverter *conv, const DloadToken *token,
						  Datum *value, bool *isnull, DloadError *err);

/*
 * The same for values in their plain form, texts excepted: those need memory.
 * False for all others; *value is then untouched.
 */
static inline bool
dload_convert_plain(const DloadConverter *conv, const DloadToken *token,
					Datum *value)
{
	int64		number;

	switch (conv->plain)
	{
		case DLOAD_PLAIN_BIGINT:
			if (token->type != DLOAD_TOKEN_NUMBER || !token->integral ||
				!dload_parse_bigint(token->text.data, token->text.len,
									&number))
				return false;
			*value = Int64GetDatum(number);
			return true;
		case DLOAD_PLAIN_BOOLEAN:
			if (token->type != DLOAD_TOKEN_TRUE &&
				token->type != DLOAD_TOKEN_FALSE)
				return false;
			*value = BoolGetDatum(token->type == DLOAD_TOKEN_TRUE);
			return true;
		case DLOAD_PLAIN_TIMESTAMPTZ:
			if (token->type != DLOAD_TOKEN_STRING || token->escaped ||
				!dload_parse_timestamp_rounded(token->text.data,
											   token->text.len, &number))
				return false;
			*value = Int64GetDatum(number);
			return true;
		default:
			return false;
	}
}

/*
 * UTF-8 bytes as a NUL-terminated palloc'd string in the database encoding,
 * with its length if outlen is given; NULL when it has no such characters.
 * Outside UTF8 databases text beyond ASCII needs a transaction.
 */
extern char *dload_utf8_to_server(const char *s, size_t len, size_t *outlen);

#endif							/* DLOAD_DATUM_H */
