/*-------------------------------------------------------------------------
 *
 * crypto.c
 *	  Digests, signatures and their spellings.
 *
 * What OpenSSL makes is freed before anything is palloc'd that could raise,
 * so no object of its needs an owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/crypto.h"

#include "common/base64.h"
#include "utils/builtins.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

/* Half of an ES256 signature. */
#define P256_BYTES 32

/* Longest signature: RSA with 16384 bits. */
#define MAX_SIGNATURE 2048

static const EVP_MD *
find_digest(const char *name)
{
	if (strcmp(name, "sha256") == 0)
		return EVP_sha256();
	if (strcmp(name, "sha512") == 0)
		return EVP_sha512();
	if (strcmp(name, "sha1") == 0)
		return EVP_sha1();
	return NULL;
}

bool
dload_crypto_digest(const char *name, DloadSpan data, unsigned char *digest,
					size_t *len)
{
	const EVP_MD *md = find_digest(name);
	unsigned int n = 0;

	if (md == NULL ||
		EVP_Digest(data.data, data.len, digest, &n, md, NULL) != 1)
		return false;
	*len = n;
	return true;
}

bool
dload_crypto_hmac(const char *name, DloadSpan key, DloadSpan data,
				  unsigned char *mac, size_t *len)
{
	const EVP_MD *md = find_digest(name);
	unsigned int n = 0;

	if (md == NULL || key.len > PG_INT32_MAX ||
		HMAC(md, key.data, (int) key.len, (const unsigned char *) data.data,
			 data.len, mac, &n) == NULL)
		return false;
	*len = n;
	return true;
}

/* A key that is protected would make OpenSSL ask the terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return -1;
}

static EVP_PKEY *
read_key(DloadSpan pem)
{
	BIO		   *bio = BIO_new_mem_buf(pem.data, (int) pem.len);
	EVP_PKEY   *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	return key;
}

/* ASN.1's two integers as JWS has them: 32 bytes each. */
static bool
flatten_ecdsa(unsigned char *signature, size_t *len)
{
	const unsigned char *p = signature;
	ECDSA_SIG  *sig = d2i_ECDSA_SIG(NULL, &p, (long) *len);
	const BIGNUM *r;
	const BIGNUM *s;
	bool		ok;

	if (sig == NULL)
		return false;
	ECDSA_SIG_get0(sig, &r, &s);
	ok = BN_bn2binpad(r, signature, P256_BYTES) == P256_BYTES &&
		BN_bn2binpad(s, signature + P256_BYTES, P256_BYTES) == P256_BYTES;
	ECDSA_SIG_free(sig);
	*len = 2 * P256_BYTES;
	return ok;
}

/* NULL, or why the key does not fit the algorithm. */
static const char *
misfit(EVP_PKEY *key, const char *algorithm)
{
	int			kind = EVP_PKEY_base_id(key);

	if (strcmp(algorithm, "RS256") == 0)
		return kind == EVP_PKEY_RSA ? NULL : "it is not an RSA key";
	if (strcmp(algorithm, "Ed25519") == 0)
		return kind == EVP_PKEY_ED25519 ? NULL : "it is not an Ed25519 key";
	return kind == EVP_PKEY_EC && EVP_PKEY_bits(key) == 256 ? NULL :
		"it is not a key of the elliptic curve P-256";
}

/* NULL, or why it did not work. */
static const char *
sign_with_key(const char *algorithm, DloadSpan pem, DloadSpan data,
			  unsigned char *signature, size_t *len)
{
	/* Ed25519 hashes by itself */
	const EVP_MD *md = strcmp(algorithm, "Ed25519") == 0 ? NULL :
		EVP_sha256();
	EVP_PKEY   *key = read_key(pem);
	EVP_MD_CTX *ctx = NULL;
	const char *words = NULL;

	if (key == NULL)
		words = "it is not an unencrypted private key in PEM format";
	else if ((words = misfit(key, algorithm)) != NULL)
		;
	else if ((ctx = EVP_MD_CTX_new()) == NULL ||
			 EVP_DigestSignInit(ctx, NULL, md, NULL, key) != 1 ||
			 EVP_DigestSign(ctx, signature, len,
							(const unsigned char *) data.data,
							data.len) != 1 ||
			 (strcmp(algorithm, "ES256") == 0 &&
			  !flatten_ecdsa(signature, len)))
		words = "OpenSSL could not sign with it";
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	/* nobody shall find our errors in the queue: libcurl and the server's own
	 * connection use it too */
	ERR_clear_error();
	return words;
}

bool
dload_crypto_sign(const char *algorithm, DloadSpan key, DloadSpan data,
				  DloadSpan *signature, DloadError *err)
{
	unsigned char bytes[MAX_SIGNATURE];
	size_t		len = sizeof(bytes);
	const char *words = NULL;

	if (strcmp(algorithm, "HS256") == 0)
	{
		if (!dload_crypto_hmac("sha256", key, data, bytes, &len))
			words = "OpenSSL could not sign with it";
	}
	else
		words = sign_with_key(algorithm, key, data, bytes, &len);
	if (words != NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
						"could not sign with the private key: %s", words);
		return dload_error_hint(err, "Check the option \"private_key\" of the "
								"user mapping and the server's option "
								"\"jwt_algorithm\" or \"hmac_digest\".");
	}
	*signature = dload_span(memcpy(palloc(len), bytes, len), len);
	return true;
}

char *
dload_hex(DloadSpan bytes)
{
	char	   *text = palloc(2 * bytes.len + 1);

	hex_encode(bytes.data, bytes.len, text);
	text[2 * bytes.len] = '\0';
	return text;
}

char *
dload_base64(DloadSpan bytes)
{
	int			max = pg_b64_enc_len((int) bytes.len);
	char	   *text = palloc(max + 1);
	/* it takes a char * up to 17, and a uint8 * since */
	int			n = pg_b64_encode((const void *) bytes.data, (int) bytes.len,
								  text, max);

	text[Max(n, 0)] = '\0';
	return text;
}

char *
dload_base64url(DloadSpan bytes)
{
	char	   *text = dload_base64(bytes);

	text[strcspn(text, "=")] = '\0';
	for (char *p = text; *p; p++)
	{
		if (*p == '+' || *p == '/')
			*p = *p == '+' ? '-' : '_';
	}
	return text;
}

bool
dload_unhex(const char *text, DloadSpan *bytes)
{
	size_t		len = strlen(text);
	char	   *out = palloc(len / 2 + 1);

	if (len % 2 != 0 || strspn(text, "0123456789abcdefABCDEF") != len)
		return false;
	for (size_t i = 0; i < len / 2; i++)
	{
		char		pair[3] = {text[2 * i], text[2 * i + 1]};

		out[i] = (char) strtol(pair, NULL, 16);
	}
	*bytes = dload_span(out, len / 2);
	return true;
}

bool
dload_unbase64(const char *text, DloadSpan *bytes)
{
	char	   *plain = pstrdup(text);
	int			len = (int) strlen(text);
	int			max = pg_b64_dec_len(len);
	char	   *out = palloc(max + 1);
	int			n;

	for (char *p = plain; *p; p++)
	{
		if (*p == '-' || *p == '_')
			*p = *p == '-' ? '+' : '/';
	}
	n = pg_b64_decode(plain, len, (void *) out, max);
	if (n < 0)
		return false;
	*bytes = dload_span(out, n);
	return true;
}

char *
dload_random_hex(int n)
{
	char		bytes[64];

	Assert(n <= (int) sizeof(bytes));
	if (!pg_strong_random(bytes, n))
		return NULL;
	return dload_hex(dload_span(bytes, n));
}
