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

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/*
 * Vectors of 16 bytes.  A mask has MASK_BITS bits per byte, the first byte
 * lowest; MASK_ALL is the mask in which every byte is set.
 */
#if defined(__SSE2__)

#define HAVE_VECTOR
#define MASK_BITS	1
#define MASK_ALL	UINT64CONST(0xffff)

/* Bytes that end a run inside a string: quote, backslash, control, >= 0x80 */
static inline uint64
special_mask(const char *p)
{
	__m128i		v = _mm_loadu_si128((const __m128i *) p);
	__m128i		quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i		backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

	/* as signed bytes, those from 0x80 up are below the blank too */
	__m128i		low = _mm_cmplt_epi8(v, _mm_set1_epi8(' '));

	return (uint64) _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote,
																backslash),
												   low));
}

/* Bytes that end a run inside a string that is known to be valid. */
static inline uint64
quote_mask(const char *p)
{
	__m128i		v = _mm_loadu_si128((const __m128i *) p);
	__m128i		quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i		backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

	return (uint64) _mm_movemask_epi8(_mm_or_si128(quote, backslash));
}

static inline uint64
space_mask(const char *p)
{
	__m128i		v = _mm_loadu_si128((const __m128i *) p);
	__m128i		a = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')),
								 _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
	__m128i		b = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\r')),
								 _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));

	return (uint64) _mm_movemask_epi8(_mm_or_si128(a, b));
}

#elif defined(__aarch64__) && defined(__ARM_NEON)

#define HAVE_VECTOR
#define MASK_BITS	4
#define MASK_ALL	UINT64CONST(0xffffffffffffffff)

static inline uint64
narrow_mask(uint8x16_t m)
{
	uint8x8_t	n = vshrn_n_u16(vreinterpretq_u16_u8(m), 4);

	return vget_lane_u64(vreinterpret_u64_u8(n), 0);
}

static inline uint64
special_mask(const char *p)
{
	uint8x16_t	v = vld1q_u8((const uint8 *) p);
	uint8x16_t	m = vcltq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(' '));

	m = vorrq_u8(m, vceqq_u8(v, vdupq_n_u8('"')));
	return narrow_mask(vorrq_u8(m, vceqq_u8(v, vdupq_n_u8('\\'))));
}

static inline uint64
quote_mask(const char *p)
{
	uint8x16_t	v = vld1q_u8((const uint8 *) p);

	return narrow_mask(vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')),
								vceqq_u8(v, vdupq_n_u8('\\'))));
}

static inline uint64
space_mask(const char *p)
{
	uint8x16_t	v = vld1q_u8((const uint8 *) p);
	uint8x16_t	a = vorrq_u8(vceqq_u8(v, vdupq_n_u8(' ')),
							 vceqq_u8(v, vdupq_n_u8('\n')));
	uint8x16_t	b = vorrq_u8(vceqq_u8(v, vdupq_n_u8('\r')),
							 vceqq_u8(v, vdupq_n_u8('\t')));

	return narrow_mask(vorrq_u8(a, b));
}

#endif

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
	while (end - p >= 16)
	{
		uint64		rest = ~space_mask(p) & MASK_ALL;

		if (rest != 0)
			return p + pg_rightmost_one_pos64(rest) / MASK_BITS;
		p += 16;
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
	while (end - p >= 16)
	{
		uint64		mask = special_mask(p);

		if (mask != 0)
			return p + pg_rightmost_one_pos64(mask) / MASK_BITS;
		p += 16;
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
	while (end - p >= 16)
	{
		uint64		mask = quote_mask(p);

		if (mask != 0)
			return p + pg_rightmost_one_pos64(mask) / MASK_BITS;
		p += 16;
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
