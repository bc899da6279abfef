/*-------------------------------------------------------------------------
 *
 * scalar.h
 *	  JSON scalars -> texts, numbers, booleans, dates and times.
 *
 * The parts of data/datum that one JSON scalar can need; nobody else calls
 * them.  All but "input" report a value that does not fit in *err.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SCALAR_H
#define DLOAD_SCALAR_H

#include "data/datum.h"

static inline bool
dload_is_string(const DloadToken *token)
{
	return token->type == DLOAD_TOKEN_STRING ||
		token->type == DLOAD_TOKEN_KEY;
}

/* Errors: the text is no such value; too large; not that kind of value. */
extern bool dload_scalar_invalid(DloadConverter *conv,
								 const DloadToken *token, int sqlstate,
								 DloadError *err);
extern bool dload_scalar_out_of_range(DloadConverter *conv,
									  const DloadToken *token,
									  DloadError *err);
extern bool dload_scalar_wrong_kind(DloadConverter *conv,
									const DloadToken *token, DloadError *err);

/*
 * The characters a value stands for, in the database encoding.  In UTF8
 * databases nothing is copied, so that it is not NUL-terminated.
 */
extern bool dload_scalar_text(DloadConverter *conv, const DloadToken *token,
							  DloadSpan *text, DloadError *err);

/* Through the type's input function: the only place that may raise. */
extern Datum dload_scalar_input(DloadConverter *conv, DloadSpan text);

extern bool dload_scalar_boolean(DloadConverter *conv,
								 const DloadToken *token, Datum *value,
								 DloadError *err);

/* smallint, integer, bigint */
extern bool dload_scalar_integer(DloadConverter *conv,
								 const DloadToken *token, Datum *value,
								 DloadError *err);

/* real, double precision */
extern bool dload_scalar_float(DloadConverter *conv, const DloadToken *token,
							   Datum *value, DloadError *err);
extern bool dload_scalar_numeric(DloadConverter *conv,
								 const DloadToken *token, Datum *value,
								 DloadError *err);

/* date, time, timestamp, with and without time zone */
extern bool dload_scalar_datetime(DloadConverter *conv,
								  const DloadToken *token, Datum *value,
								  DloadError *err);

#endif							/* DLOAD_SCALAR_H */
