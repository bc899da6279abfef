/*-------------------------------------------------------------------------
 *
 * quick.h
 *	  The quick way through valid JSON, beside the scanner's careful one.
 *
 * The scanner (record.c) is a state machine that can stop at any byte and
 * names every fault.  Nearly all of what it reads is valid and stands whole
 * in memory; that part is crossed here, many bytes at a time.  These
 * functions never judge: where they are not certain that bytes are valid, or
 * where few bytes are left, they stop before them and leave them to the
 * careful way.  So both accept and reject the same, and without vector
 * instructions there is hardly more than the careful one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_QUICK_H
#define DLOAD_QUICK_H

#include "data/bytes.h"
#include "data/record.h"

/* What the grammar allows at the place where the scanner stands. */
enum
{
	STATE_START,				/* a byte order mark, or the root value */
	STATE_ROOT,					/* the root value */
	STATE_ELEMENT_OR_END,		/* after "[" */
	STATE_ELEMENT,				/* after "," in an array */
	STATE_MEMBER,				/* after a key and its colon */
	STATE_KEY_OR_END,			/* after "{" */
	STATE_KEY,					/* after "," in an object */
	STATE_AFTER_ELEMENT,		/* "," or "]" */
	STATE_AFTER_MEMBER,			/* "," or "}" */
	STATE_DONE					/* white space only */
};

/*
 * Bytes that must be left where a token begins, so that it can be looked at
 * without asking again: more than any number crossed here has.
 */
#define QUICK_ROOM	96

/* Enter a container: the state that follows. */
static pg_attribute_always_inline uint8
scanner_push(DloadScanner *s, bool object)
{
	uint8		bit = 1 << (s->depth & 7);

	if (object)
		s->stack[s->depth >> 3] |= bit;
	else
		s->stack[s->depth >> 3] &= ~bit;
	s->depth++;
	return object ? STATE_KEY_OR_END : STATE_ELEMENT_OR_END;
}

/* Leave it. */
static pg_attribute_always_inline uint8
scanner_pop(DloadScanner *s)
{
	int			top = --s->depth - 1;

	if (top < 0)
		return STATE_DONE;
	return s->stack[top >> 3] & (1 << (top & 7)) ?
		STATE_AFTER_MEMBER : STATE_AFTER_ELEMENT;
}

#ifdef HAVE_VECTOR

/*
 * Inside a string: cross valid bytes from "p" on.  Returns the closing quote,
 * or a place from which the careful way must look at one character or
 * escape.  Sets *escaped if it met an escape sequence.
 */
extern const char *dload_quick_string(const char *p, const char *end,
									  bool *escaped);

/*
 * Cross whole tokens until the depth is below "depth" (then true), or the
 * careful way must take one.
 */
extern bool dload_quick_skip(DloadScanner *s, int depth);

/* Bytes that may follow a number or a literal; and some others. */
static pg_attribute_always_inline Vector
word_ends(Vector v)
{
	/* the brackets differ in what lower case does */
	return vector_or(vector_or(vector_below(v, ' ' + 1), vector_equal(v, ',')),
					 vector_equal(vector_lower(v), '}'));
}

/*
 * How many of the 32 bytes at "p" stand before the first that may follow a
 * number or a literal; 32 if none does.  (Of other than ASCII characters the
 * caller takes care: they count as such, and are not.)
 */
static pg_attribute_always_inline int
quick_word(const char *p)
{
	uint64		mask = vector_mask(word_ends(vector_load(p)));

	if (likely(mask != 0))
		return pg_rightmost_one_pos64(mask) / MASK_BITS;
	mask = vector_mask(word_ends(vector_load(p + VECTOR_BYTES)));
	if (mask != 0)
		return VECTOR_BYTES + pg_rightmost_one_pos64(mask) / MASK_BITS;
	return 2 * VECTOR_BYTES;
}

/* One bit for each of the bytes at "p", of which the first "len" count. */
static pg_attribute_always_inline uint64
digit_bits(const char *p, int len)
{
	Vector		a = vector_range(vector_load(p), '0', 9);
	Vector		b = a;

	/* in the other case the second half is nonsense that nobody reads */
	if (unlikely(len >= VECTOR_BYTES))
		b = vector_range(vector_load(p + VECTOR_BYTES), '0', 9);
	return vector_bits(a, b);
}

/* Digits from bit "from" of "bits" on. */
static pg_attribute_always_inline int
bits_run(uint64 bits, int from)
{
	return pg_rightmost_one_pos64(~(bits >> from));
}

/*
 * Are the "len" bytes at "p" a number?  QUICK_ROOM bytes can be read there.
 * False also for what is unusual.  The caller knows the length before: so what
 * comes behind the number does not wait for this to be worked out.
 */
static pg_attribute_always_inline bool
quick_number(const char *p, int len, bool *integral)
{
	uint64		bits = digit_bits(p, len);
	int			sign = *p == '-';
	int			whole = bits_run(bits, sign);
	int			at = sign + whole;
	int			point = p[at] == '.';
	int			fraction = bits_run(bits, at + point);
	/* no branches: they would be as random as the numbers */
	int			bad = (whole == 0) | (point > fraction) |
		((p[sign] == '0') & (whole > 1));

	if (unlikely(len >= 2 * VECTOR_BYTES))
		return false;
	*integral = at == len;
	at += point + fraction;
	if (likely(at == len))
		return !bad;
	if (bad || (p[at] != 'e' && p[at] != 'E'))
		return false;
	at++;
	at += p[at] == '+' || p[at] == '-';
	return at < len && at + bits_run(bits, at) == len;
}

#else

static inline bool
is_continuation(char c)
{
	return ((unsigned char) c & 0xc0) == 0x80;
}

/*
 * Text in other scripts is mostly characters of two or three bytes in a row.
 * Characters of four bytes are left to the careful way, and the lead bytes
 * whose second byte is restricted (E0: overlong forms, ED: surrogates).
 */
static inline const char *
dload_quick_string(const char *p, const char *end, bool *escaped)
{
	while (end - p >= 4)
	{
		unsigned char lead = *p;

		if (lead >= 0xc2 && lead <= 0xdf && is_continuation(p[1]))
			p += 2;
		else if (lead > 0xe0 && lead <= 0xef && lead != 0xed &&
				 is_continuation(p[1]) && is_continuation(p[2]))
			p += 3;
		else
			break;
	}
	return p;
}

static inline bool
dload_quick_skip(DloadScanner *s, int depth)
{
	return false;
}

static inline int
quick_word(const char *p)
{
	return 0;
}

static inline bool
quick_number(const char *p, int len, bool *integral)
{
	return false;
}

#endif							/* HAVE_VECTOR */

#endif							/* DLOAD_QUICK_H */
