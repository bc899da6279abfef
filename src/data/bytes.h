/*-------------------------------------------------------------------------
 *
 * bytes.h
 *	  Classes of bytes in JSON text, and runs of them.
 *
 * White space and the plain characters of strings make up most of a document.
 * They are crossed 16 bytes at a time with SSE2 or NEON, and byte by byte
 * elsewhere and where fewer than 16 are left.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_BYTES_H
#define DLOAD_BYTES_H

#include "postgres.h"

#include "port/pg_bitutils.h"

/* DLOAD_PLAIN_BYTES: as where there are no vectors, for tests */
#if defined(DLOAD_PLAIN_BYTES)
/* none */
#elif defined(__SSE2__)
#include <emmintrin.h>
#define HAVE_VECTOR
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#define HAVE_VECTOR
#endif

/*
 * Vectors of 16 bytes.  A comparison gives a vector of bytes that are 0 or
 * 0xff; a mask has MASK_BITS bits for each of them, the first byte lowest; the
 * bits of a pair of vectors are one for each of their 32 bytes.
 */
#ifdef HAVE_VECTOR

#define VECTOR_BYTES	16

#if defined(__SSE2__)

typedef __m128i Vector;

#define MASK_BITS	1
#define MASK_ALL	UINT64CONST(0xffff)

static inline Vector
vector_load(const char *p)
{
	return _mm_loadu_si128((const __m128i *) p);
}

static inline Vector
vector_or(Vector a, Vector b)
{
	return _mm_or_si128(a, b);
}

static inline Vector
vector_equal(Vector v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* as signed bytes, so those from 0x80 up are below all others */
static inline Vector
vector_below(Vector v, signed char c)
{
	return _mm_cmplt_epi8(v, _mm_set1_epi8(c));
}

/* "first" and the "more" bytes after it */
static inline Vector
vector_range(Vector v, char first, char more)
{
	Vector		x = _mm_sub_epi8(v, _mm_set1_epi8(first));

	return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(more)), x);
}

/* as letters, lower case */
static inline Vector
vector_lower(Vector v)
{
	return _mm_or_si128(v, _mm_set1_epi8(0x20));
}

static inline uint64
vector_mask(Vector v)
{
	return (uint64) _mm_movemask_epi8(v);
}

static inline uint64
vector_bits(Vector a, Vector b)
{
	return vector_mask(a) | vector_mask(b) << VECTOR_BYTES;
}

#else							/* NEON */

typedef uint8x16_t Vector;

#define MASK_BITS	4
#define MASK_ALL	UINT64CONST(0xffffffffffffffff)

static inline Vector
vector_load(const char *p)
{
	return vld1q_u8((const uint8 *) p);
}

static inline Vector
vector_or(Vector a, Vector b)
{
	return vorrq_u8(a, b);
}

static inline Vector
vector_equal(Vector v, char c)
{
	return vceqq_u8(v, vdupq_n_u8((uint8) c));
}

static inline Vector
vector_below(Vector v, signed char c)
{
	return vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(c));
}

static inline Vector
vector_range(Vector v, char first, char more)
{
	return vcleq_u8(vsubq_u8(v, vdupq_n_u8((uint8) first)),
					vdupq_n_u8((uint8) more));
}

static inline Vector
vector_lower(Vector v)
{
	return vorrq_u8(v, vdupq_n_u8(0x20));
}

static inline uint64
vector_mask(Vector v)
{
	uint8x8_t	n = vshrn_n_u16(vreinterpretq_u16_u8(v), 4);

	return vget_lane_u64(vreinterpret_u64_u8(n), 0);
}

static inline uint64
vector_bits(Vector a, Vector b)
{
	static const uint8 bit[VECTOR_BYTES] = {
		1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128
	};
	Vector		bits = vld1q_u8(bit);
	Vector		sum = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));

	sum = vpaddq_u8(sum, sum);
	sum = vpaddq_u8(sum, sum);
	return vgetq_lane_u32(vreinterpretq_u32_u8(sum), 0);
}

#endif

/* Bytes that end a run inside a string: quote, backslash, control, >= 0x80 */
static inline uint64
special_mask(const char *p)
{
	Vector		v = vector_load(p);

	return vector_mask(vector_or(vector_or(vector_equal(v, '"'),
										   vector_equal(v, '\\')),
								 vector_below(v, ' ')));
}

/* Bytes that end a run inside a string that is known to be valid. */
static inline uint64
quote_mask(const char *p)
{
	Vector		v = vector_load(p);

	return vector_mask(vector_or(vector_equal(v, '"'),
								 vector_equal(v, '\\')));
}

static inline uint64
space_mask(const char *p)
{
	Vector		v = vector_load(p);

	return vector_mask(vector_or(vector_or(vector_equal(v, ' '),
										   vector_equal(v, '\n')),
								 vector_or(vector_equal(v, '\r'),
										   vector_equal(v, '\t'))));
}

#endif							/* HAVE_VECTOR */

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes that would make a longer word of a number or literal before them. */
static inline bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		c == '_' || IS_HIGHBIT_SET(c);
}

static inline const char *
skip_space_run(const char *p, const char *end)
{
#ifdef HAVE_VECTOR
	while (end - p >= VECTOR_BYTES)
	{
		uint64		rest = ~space_mask(p) & MASK_ALL;

		if (rest != 0)
			return p + pg_rightmost_one_pos64(rest) / MASK_BITS;
		p += VECTOR_BYTES;
	}
#endif
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* The first byte that is not white space; "end" if there is none. */
static pg_attribute_always_inline const char *
skip_space(const char *p, const char *end)
{
	if (p == end || (unsigned char) *p > ' ')
		return p;
	return skip_space_run(p, end);
}

/* The first byte of a string that needs a look; "end" if there is none. */
static pg_attribute_always_inline const char *
plain_run(const char *p, const char *end)
{
#ifdef HAVE_VECTOR
	while (end - p >= VECTOR_BYTES)
	{
		uint64		mask = special_mask(p);

		if (mask != 0)
			return p + pg_rightmost_one_pos64(mask) / MASK_BITS;
		p += VECTOR_BYTES;
	}
#endif
	while (p < end && *p != '"' && *p != '\\' && (unsigned char) *p >= ' ' &&
		   !IS_HIGHBIT_SET(*p))
		p++;
	return p;
}

/* The first quote or backslash; "end" if there is none. */
static pg_attribute_always_inline const char *
quoted_run(const char *p, const char *end)
{
#ifdef HAVE_VECTOR
	while (end - p >= VECTOR_BYTES)
	{
		uint64		mask = quote_mask(p);

		if (mask != 0)
			return p + pg_rightmost_one_pos64(mask) / MASK_BITS;
		p += VECTOR_BYTES;
	}
#endif
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* The value of a hexadecimal digit; -1 for any other byte. */
static inline int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif							/* DLOAD_BYTES_H */
