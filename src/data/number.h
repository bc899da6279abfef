/*-------------------------------------------------------------------------
 *
 * number.h
 *	  Numbers as they are written: their size, scale and exact value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_NUMBER_H
#define DLOAD_NUMBER_H

#include "base/dload.h"

/*
 * The shape of a number as written: [-]digits[.digits][e[+-]digits].
 * Its significant digits stand in [first, last], perhaps with the point among
 * them; its value lies below 10^int_digits.
 */
typedef struct DloadNumber
{
	bool		negative;
	const char *first;			/* first digit that is not 0; NULL: all are */
	const char *last;
	int64		fraction;		/* digits written after the point */
	int64		exponent;		/* as written, bounded */
	int64		int_digits;		/* digits before the point; may be negative */
	int64		scale;			/* digits needed after it; may be negative */
} DloadNumber;

/* Reads all of [s, s+len), or returns false. */
extern bool dload_number_read(const char *s, size_t len, DloadNumber *n);

/* The value of a number without a fraction (5.0 and 1e3 have none). */
extern bool dload_number_to_bigint(const DloadNumber *n, int64 *value);

/* Does numeric_in take the number as it is written? */
extern bool dload_number_is_numeric(const DloadNumber *n);

/* The nearest double; false for infinity, and for zero from another number. */
extern bool dload_number_to_double(const char *s, size_t len, double *value);

#endif							/* DLOAD_NUMBER_H */
