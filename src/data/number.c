/*-------------------------------------------------------------------------
 *
 * number.c
 *	  Numbers as they are written: their size, scale and exact value.
 *
 * Nothing is rounded here: whether a number is integral, or within a type's
 * range, is read off its digits and its exponent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/number.h"

#include <math.h>

/* Exponents are cut to this: far beyond every type, far below overflow. */
#define MAX_EXPONENT		INT64CONST(1000000000)

/* Core's numeric: digits before and after the decimal point. */
#define NUMERIC_INT_DIGITS	131072
#define NUMERIC_SCALE		16383

#define is_digit(c) ((unsigned char) ((c) - '0') < 10)

/*
 * Read a number's shape: [-]digits[.digits][e[+-]digits] and nothing else.
 */
bool
dload_number_read(const char *s, size_t len, DloadNumber *n)
{
	const char *p = s;
	const char *end = s + len;
	const char *first = NULL;	/* first digit that is not 0 */
	const char *last = NULL;	/* last such digit */
	const char *point;
	int64		exponent = 0;
	bool		negative_exponent = false;

	if (p < end && *p == '-')
		p++;
	if (p == end || !is_digit(*p))
		return false;
	for (; p < end && is_digit(*p); p++)
	{
		if (*p != '0')
		{
			if (first == NULL)
				first = p;
			last = p;
		}
	}
	point = p;
	n->fraction = 0;
	if (p < end && *p == '.')
	{
		const char *start = ++p;

		for (; p < end && is_digit(*p); p++)
		{
			if (*p != '0')
			{
				if (first == NULL)
					first = p;
				last = p;
			}
		}
		n->fraction = p - start;
		if (n->fraction == 0)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			negative_exponent = (*p++ == '-');
		if (p == end)
			return false;
		for (; p < end && is_digit(*p); p++)
		{
			if (exponent < MAX_EXPONENT)
				exponent = exponent * 10 + (*p - '0');
		}
		if (negative_exponent)
			exponent = -exponent;
	}
	if (p != end)
		return false;

	n->negative = (*s == '-');
	n->first = first;
	n->last = last;
	n->exponent = exponent;
	n->int_digits = 0;
	n->scale = 0;
	if (first != NULL)
	{
		/* a digit after the point lies one byte further away from it */
		n->int_digits = exponent +
			(first < point ? point - first : point - first + 1);
		n->scale = (last < point ? last + 1 - point : last - point) - exponent;
	}
	return true;
}

bool
dload_number_to_bigint(const DloadNumber *n, int64 *value)
{
	uint64		magnitude = 0;
	uint64		limit = (uint64) PG_INT64_MAX + (n->negative ? 1 : 0);
	int64		zeros = -n->scale;

	if (n->first == NULL)
	{
		*value = 0;
		return true;
	}
	if (zeros < 0 || n->int_digits > 19)
		return false;
	for (const char *p = n->first; p <= n->last; p++)
	{
		/* 19 digits cannot overflow 64 bits unsigned */
		if (*p != '.')
			magnitude = magnitude * 10 + (*p - '0');
	}
	while (zeros-- > 0)
		magnitude *= 10;
	if (magnitude > limit)
		return false;
	*value = n->negative ? (int64) (0 - magnitude) : (int64) magnitude;
	return true;
}

bool
dload_number_is_numeric(const DloadNumber *n)
{
	/* the written scale counts, trailing zeros included */
	return n->int_digits <= NUMERIC_INT_DIGITS &&
		n->fraction - n->exponent <= NUMERIC_SCALE &&
		llabs(n->exponent) < MAX_EXPONENT;
}

bool
dload_number_to_double(const char *s, size_t len, double *value)
{
	char		small[64];
	char	   *copy = (len < sizeof(small)) ? small : palloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	errno = 0;
	*value = strtod(copy, NULL);
	if (copy != small)
		pfree(copy);
	/* like core: a denormal raises ERANGE as well, but is a value */
	return errno != ERANGE || (*value != 0.0 && !isinf(*value));
}
