/*-------------------------------------------------------------------------
 *
 * crypto.h
 *	  Digests, signatures and their spellings.
 *
 * The only user of OpenSSL's headers.  Nothing here raises; results are
 * palloc'd.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CRYPTO_H
#define DLOAD_CRYPTO_H

#include "base/dload.h"

/* Longest digest: SHA-512. */
#define DLOAD_MAX_DIGEST	64

/* Digests by the names that options use; false for any other name. */
extern bool dload_crypto_digest(const char *name, DloadSpan data,
								unsigned char *digest, size_t *len);
extern bool dload_crypto_hmac(const char *name, DloadSpan key,
							  DloadSpan data, unsigned char *mac,
							  size_t *len);

/*
 * Sign as a JWS of that algorithm (RS256, ES256, Ed25519, HS256) does.  The
 * key is PEM, for HS256 the secret itself.  False and *err, which tells
 * nothing of the key.
 */
extern bool dload_crypto_sign(const char *algorithm, DloadSpan key,
							  DloadSpan data, DloadSpan *signature,
							  DloadError *err);

/* spellings of bytes */
extern char *dload_hex(DloadSpan bytes);
extern char *dload_base64(DloadSpan bytes);

/* RFC 4648, section 5, without padding */
extern char *dload_base64url(DloadSpan bytes);

/* And back; false when it is none. */
extern bool dload_unhex(const char *text, DloadSpan *bytes);
extern bool dload_unbase64(const char *text, DloadSpan *bytes);

/* n random bytes, in hexadecimal; NULL if there are none to be had. */
extern char *dload_random_hex(int n);

#endif							/* DLOAD_CRYPTO_H */
