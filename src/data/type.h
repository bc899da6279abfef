/*-------------------------------------------------------------------------
 *
 * type.h
 *	  Which column type a JSON value needs, and the lattice of joins.
 *
 * The *lattice types* are those that inference uses; each pair of them has
 * one join.  Types named by hints or found in existing tables may be
 * anything; they are DLOAD_TYPE_OTHER here and take part in no join.
 *
 *	  unknown < boolean          < text
 *	  unknown < bigint < numeric < text      (double precision by choice)
 *	  unknown < date < timestamptz < text
 *	  unknown < jsonb            < jsonb     (jsonb joined with any: jsonb)
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_TYPE_H
#define DLOAD_TYPE_H

#include "base/dload.h"
#include "data/record.h"

typedef enum DloadType
{
	DLOAD_TYPE_UNKNOWN,			/* only nulls seen */
	DLOAD_TYPE_BOOLEAN,
	DLOAD_TYPE_BIGINT,
	DLOAD_TYPE_NUMERIC,
	DLOAD_TYPE_DOUBLE,
	DLOAD_TYPE_DATE,
	DLOAD_TYPE_TIMESTAMPTZ,
	DLOAD_TYPE_TEXT,
	DLOAD_TYPE_JSONB,
	DLOAD_TYPE_OTHER			/* a type that inference does not use */
} DloadType;

/*
 * The least type that holds this value exactly.  bigint also for 5.0 and 1e3;
 * text for a number outside numeric's range; date for YYYY-MM-DD and
 * timestamptz for an ISO 8601 date and time with at most 6 significant
 * fraction digits, both only when the calendar has such a day; jsonb for
 * containers.
 */
extern DloadType dload_type_of(const DloadToken *token);

/* Can a column of this type hold the value exactly?  Cheaper than type_of. */
extern bool dload_type_holds(DloadType type, const DloadToken *token);

/* The same for what nearly every value is; false is no answer. */
static inline bool
dload_type_holds_plain(DloadType type, const DloadToken *token)
{
	switch (type)
	{
		case DLOAD_TYPE_TEXT:
			return token->type == DLOAD_TOKEN_STRING;
		case DLOAD_TYPE_BIGINT:
			return token->type == DLOAD_TOKEN_NUMBER && token->integral &&
				token->text.len <= 18;
		case DLOAD_TYPE_BOOLEAN:
			return token->type == DLOAD_TOKEN_TRUE ||
				token->type == DLOAD_TOKEN_FALSE;
		default:
			return false;
	}
}

/* The least type that holds all values of both. */
extern DloadType dload_type_join(DloadType a, DloadType b);

/* Which lattice type a column of this type is: text also for varchar... */
extern DloadType dload_type_from_oid(Oid typid);

/* SQL name ("timestamp with time zone"), for DDL and messages. */
extern const char *dload_type_name(DloadType type);

/*
 * Parsers of the fast path.  Each reads all of [s, s+len) or returns false.
 * They accept a subset of what the input function accepts and agree with it.
 * parse_timestamp takes a date alone too (midnight UTC) and no zone as UTC.
 */
extern bool dload_parse_bigint(const char *s, size_t len, int64 *value);
extern bool dload_parse_date(const char *s, size_t len, int32 *date);
extern bool dload_parse_timestamp(const char *s, size_t len, int64 *timestamp);

/* The same, with digits beyond the microsecond rounded as core does it. */
extern bool dload_parse_timestamp_rounded(const char *s, size_t len,
										  int64 *timestamp);

/* Also what mail writes: "Fri, 24 May 2019 17:18:27 +0000". */
extern bool dload_parse_instant(const char *s, size_t len, int64 *timestamp);

#endif							/* DLOAD_TYPE_H */
