/*-------------------------------------------------------------------------
 *
 * optiontable.c
 *	  The one option table.
 *
 * A row here is what the validator accepts, what the specs read and what the
 * documentation lists.  An option has a row only once it works.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/option.h"

#include "data/decode.h"

#define MS_PER_DAY	INT64CONST(86400000)
#define TERABYTE	(INT64CONST(1) << 40)

#define S	DLOAD_CTX_SERVER
#define U	DLOAD_CTX_MAPPING
#define T	DLOAD_CTX_TABLE
#define C	DLOAD_CTX_COLUMN

#define SIMPLE(name, ctx, type, def, text) \
	{name, ctx, type, NULL, 0, 0, def, false, text}
#define RANGED(name, ctx, type, min, max, def, text) \
	{name, ctx, type, NULL, min, max, def, false, text}
#define CHOICE(name, ctx, values, def, text) \
	{name, ctx, DLOAD_OPT_ENUM, values, 0, 0, def, false, text}
#define SECRET(name, text) \
	{name, U, DLOAD_OPT_TEXT, NULL, 0, 0, NULL, true, text}

const DloadOption dload_options[] = {
	SIMPLE("base_url", S, DLOAD_OPT_URL, NULL,
		   "URL that the paths of the server's tables are appended to; http "
		   "or https, required."),
	CHOICE("auth", S, "none|bearer|basic|api_key|oauth2|jwt|sigv4|hmac",
		   "none",
		   "How requests prove who they are; the secrets are options of the "
		   "user mapping."),
	SIMPLE("api_key_name", S, DLOAD_OPT_NAME, "X-API-Key",
		   "Name of the header, query parameter or cookie that carries the API "
		   "key."),
	CHOICE("api_key_in", S, "header|query|cookie", "header",
		   "Where the API key goes."),
	SIMPLE("api_key_template", S, DLOAD_OPT_TEXT, "{key}",
		   "What is sent there; {key} stands for the API key: 'Token "
		   "token={key}'."),
	SIMPLE("oauth2_token_url", S, DLOAD_OPT_URL, NULL,
		   "Token endpoint, for auth 'oauth2'; https, or http where base_url "
		   "is http."),
	CHOICE("oauth2_grant", S,
		   "client_credentials|refresh_token|jwt_bearer|jwt_header",
		   "client_credentials",
		   "What is given for an access token: the client's own credentials, "
		   "a refresh token, or a signed JWT, as assertion (RFC 7523) or as "
		   "the bearer token of the request (GitHub's apps)."),
	CHOICE("oauth2_client_auth", S, "header|body|private_key_jwt", "header",
		   "How the client proves who it is to the token endpoint: by basic "
		   "authentication, by parameters, or by a signed JWT (RFC 7523)."),
	SIMPLE("oauth2_scope", S, DLOAD_OPT_TEXT, NULL,
		   "Scopes to ask for, separated by blanks."),
	SIMPLE("oauth2_audience", S, DLOAD_OPT_TEXT, NULL,
		   "Value of the parameter audience of token requests."),
	SIMPLE("oauth2_params", S, DLOAD_OPT_JSON_OBJECT, NULL,
		   "More parameters of token requests, as a JSON object."),
	SIMPLE("oauth2_base_url_path", S, DLOAD_OPT_PATH, NULL,
		   "JSON path, in the token reply, of the URL that takes the place of "
		   "base_url (Salesforce: instance_url)."),
	SIMPLE("oauth2_token_path", S, DLOAD_OPT_PATH, "access_token",
		   "JSON path of the access token in the token reply."),
	SIMPLE("oauth2_expires_path", S, DLOAD_OPT_PATH, "expires_in",
		   "JSON path, in the token reply, of the life of the access token in "
		   "seconds, or of the time at which it ends."),
	RANGED("oauth2_early", S, DLOAD_OPT_DURATION, 0, MS_PER_DAY, "60s",
		   "How long before its end an access token is renewed, but no more "
		   "than half of its life."),
	CHOICE("jwt_algorithm", S, "RS256|ES256|HS256", "RS256",
		   "Algorithm of JWTs; HS256 signs with client_secret, the others "
		   "with private_key."),
	SIMPLE("jwt_issuer", S, DLOAD_OPT_TEXT, NULL,
		   "Claim iss of JWTs; default: client_id."),
	SIMPLE("jwt_subject", S, DLOAD_OPT_TEXT, NULL,
		   "Claim sub of JWTs."),
	SIMPLE("jwt_audience", S, DLOAD_OPT_TEXT, NULL,
		   "Claim aud of JWTs; default with auth 'oauth2': "
		   "oauth2_token_url."),
	SIMPLE("jwt_key_id", S, DLOAD_OPT_TEXT, NULL,
		   "Header kid of JWTs."),
	SIMPLE("jwt_claims", S, DLOAD_OPT_JSON_OBJECT, NULL,
		   "More claims of JWTs, as a JSON object (Google: scope)."),
	SIMPLE("jwt_headers", S, DLOAD_OPT_JSON_OBJECT, NULL,
		   "More headers of JWTs, as a JSON object (Microsoft: x5t)."),
	RANGED("jwt_lifetime", S, DLOAD_OPT_DURATION, 1000, MS_PER_DAY, "3min",
		   "How long a JWT is valid."),
	SIMPLE("sigv4_region", S, DLOAD_OPT_NAME, NULL,
		   "AWS region, for auth 'sigv4'."),
	SIMPLE("sigv4_service", S, DLOAD_OPT_NAME, NULL,
		   "Name of the AWS service in signatures: 's3', 'execute-api'."),
	SIMPLE("hmac_template", S, DLOAD_OPT_TEXT, NULL,
		   "What auth 'hmac' signs, with the places {method}, {host}, {path}, "
		   "{query}, {target} (path and query), {body}, {body_sha256}, "
		   "{timestamp}, {nonce} and {key} (the option api_key)."),
	CHOICE("hmac_digest", S, "sha256|sha512|sha1|RS256|Ed25519", "sha256",
		   "Hash function of the HMAC; or RS256 or Ed25519: private_key signs "
		   "instead."),
	CHOICE("hmac_encoding", S, "hex|base64", "hex",
		   "How the signature is written."),
	CHOICE("hmac_secret_encoding", S, "text|hex|base64", "text",
		   "How hmac_secret is written."),
	SIMPLE("hmac_name", S, DLOAD_OPT_NAME, NULL,
		   "Name of the header or query parameter that carries the "
		   "signature."),
	CHOICE("hmac_in", S, "header|query", "header",
		   "Where the signature goes."),
	SIMPLE("hmac_value", S, DLOAD_OPT_TEXT, "{signature}",
		   "What is sent there: {signature} and the places of "
		   "hmac_template."),
	SIMPLE("hmac_headers", S, DLOAD_OPT_JSON_OBJECT, NULL,
		   "More headers, as a JSON object; values may have the places of "
		   "hmac_template."),
	SIMPLE("hmac_timestamp_param", S, DLOAD_OPT_NAME, NULL,
		   "Query parameter that carries the timestamp; it is part of what is "
		   "signed."),
	CHOICE("hmac_timestamp_unit", S, "s|ms|iso", "s",
		   "How {timestamp} is written: seconds or milliseconds since 1970, "
		   "or as in 2026-01-31T12:00:00Z."),
	SIMPLE("ca", S, DLOAD_OPT_TEXT, NULL,
		   "Certificates of the authorities that the API's is checked "
		   "against, instead of the system's; as PEM, or file:/path."),
	SIMPLE("headers", S | T, DLOAD_OPT_JSON_OBJECT, NULL,
		   "Headers sent with every request, as a JSON object; a table's "
		   "replace the server's of the same name."),
	SIMPLE("rate_limit", S, DLOAD_OPT_RATE, NULL,
		   "Most requests in a period, as 'n/period', or several of these "
		   "separated by commas; 'n/period@/path' counts those below a path "
		   "of base_url apart ('*' stands for any segment), '@POST /path' "
		   "those of one method, and 'n/period/weight@/path' counts each of "
		   "those as so many in the rate 'n/period'."),
	SIMPLE("detect_limits", S, DLOAD_OPT_BOOL, "true",
		   "Whether the headers count by which many APIs tell their limits; "
		   "false: only Retry-After, and those that other options name."),
	SIMPLE("limit_header", S, DLOAD_OPT_HEADERS, NULL,
		   "Response header that says how many requests a window allows, "
		   "where the API has a name of its own for it; or several, for "
		   "those of remaining_header or used_header in this order."),
	SIMPLE("remaining_header", S, DLOAD_OPT_HEADERS, NULL,
		   "Response header that says how many requests are left: a number, "
		   "or parts such as 'total=100; remaining=99; resets=58'; or "
		   "several, separated by commas."),
	SIMPLE("reset_header", S, DLOAD_OPT_HEADERS, NULL,
		   "Response header that says when the window ends: seconds, Unix "
		   "seconds or milliseconds, or a date; or several, as with "
		   "limit_header."),
	SIMPLE("used_header", S, DLOAD_OPT_HEADERS, NULL,
		   "Response header that says how much was used: a number, or "
		   "'used/limit'; a name that ends in its window (-1M) says when that "
		   "ends; or several, separated by commas."),
	RANGED("used_limit", S, DLOAD_OPT_INTS, 1, PG_INT32_MAX, NULL,
		   "What used_header counts up to, where it does not say; or several, "
		   "in the order of these."),
	SIMPLE("cost_path", S, DLOAD_OPT_PATH, NULL,
		   "JSON path of what a request costs in points, where the API's limit "
		   "counts these and replies tell."),
	SIMPLE("available_path", S, DLOAD_OPT_PATH, NULL,
		   "JSON path of the points that are left."),
	SIMPLE("restore_path", S, DLOAD_OPT_PATH, NULL,
		   "JSON path of the points that come back in a second."),
	RANGED("lockout", S, DLOAD_OPT_DURATION, 0, MS_PER_DAY, "0",
		   "How long no request is sent after the limit was hit, where the "
		   "API does not say."),
	RANGED("max_wait", S, DLOAD_OPT_DURATION, 0, MS_PER_DAY, "10min",
		   "Longest wait for a limit: where a longer one is needed, a query "
		   "fails, and a run ends as partial and goes on when it is over."),
	RANGED("max_concurrency", S, DLOAD_OPT_INT, 1, 100, "10",
		   "Most requests of one user that are in flight at the same time."),
	RANGED("connect_timeout", S, DLOAD_OPT_DURATION, 1, MS_PER_DAY, "10s",
		   "Longest wait for a connection, TLS handshake included."),
	RANGED("request_timeout", S, DLOAD_OPT_DURATION, 1, MS_PER_DAY, "60s",
		   "Longest wait for the headers of a response."),
	RANGED("idle_timeout", S, DLOAD_OPT_DURATION, 1, MS_PER_DAY, "60s",
		   "Longest pause within a response."),
	RANGED("min_speed", S, DLOAD_OPT_SIZE, 0, TERABYTE, "100",
		   "Bytes a second that a response must bring on average over ten "
		   "times idle_timeout, as far as they were waited for; 0: any number."),
	RANGED("max_retries", S, DLOAD_OPT_INT, 0, 50, "5",
		   "How often a request that failed for a passing reason is "
		   "repeated."),
	RANGED("retry_base", S, DLOAD_OPT_DURATION, 1, MS_PER_DAY, "500ms",
		   "Longest wait before the first retry, doubled for each that "
		   "follows; the wait itself is a random part of that."),
	RANGED("retry_cap", S, DLOAD_OPT_DURATION, 1, MS_PER_DAY, "30s",
		   "Longest wait before any retry, unless the API asks for more."),
	RANGED("retry_deadline", S, DLOAD_OPT_DURATION, 1, MS_PER_DAY, NULL,
		   "Longest time for one request with all its retries; none is begun "
		   "that would come later, and a response that still comes then is "
		   "given up."),
	SIMPLE("breaker", S, DLOAD_OPT_BREAKER, NULL,
		   "Failures in a row, over all sessions, after which requests fail "
		   "at once for a pause, as 'n/pause'."),
	SIMPLE("response_rules", S | T, DLOAD_OPT_RULES, NULL,
		   "What responses mean, as a JSON list of rules {\"when\": condition, "
		   "\"do\": action}; the table's come before the server's, and the "
		   "first that holds decides."),
	RANGED("max_response_bytes", S, DLOAD_OPT_SIZE, 1024, TERABYTE, "1GB",
		   "Largest response that is accepted, counted after decompression."),
	SIMPLE("allowed_origins", S, DLOAD_OPT_ORIGINS, NULL,
		   "Other origins, separated by commas, that next links and redirects "
		   "may lead to; they receive the credentials too."),
	SIMPLE("proxy", S, DLOAD_OPT_URL, NULL,
		   "HTTP proxy that all requests of the server go through, those for "
		   "tokens too; only a superuser gives it."),

	SECRET("token", "Token for auth 'bearer'."),
	SIMPLE("username", U, DLOAD_OPT_TEXT, NULL,
		   "User name for auth 'basic'."),
	SECRET("password", "Password for auth 'basic'."),
	SECRET("api_key", "Key for auth 'api_key', and {key} of auth 'hmac'."),
	SIMPLE("client_id", U, DLOAD_OPT_TEXT, NULL,
		   "The client's name for auth 'oauth2'."),
	SECRET("client_secret", "The client's secret for auth 'oauth2'; key of "
		   "jwt_algorithm 'HS256'."),
	SECRET("refresh_token", "First refresh token for oauth2_grant "
		   "'refresh_token'; its successors are kept by the extension."),
	SECRET("private_key", "Private key that signs JWTs, or for auth 'hmac', as PEM."),
	SIMPLE("access_key_id", U, DLOAD_OPT_TEXT, NULL,
		   "Access key ID for auth 'sigv4'."),
	SECRET("secret_access_key", "Secret access key for auth 'sigv4'."),
	SECRET("session_token", "Session token for auth 'sigv4', with temporary "
		   "keys."),
	SECRET("hmac_secret", "Secret for auth 'hmac'."),
	SIMPLE("client_cert", U, DLOAD_OPT_TEXT, NULL,
		   "Client certificate, with its chain if needed, as PEM; goes with "
		   "every kind of auth."),
	SECRET("client_key", "Private key of client_cert, as PEM."),

	SIMPLE("path", T, DLOAD_OPT_TEXT, "",
		   "Path of the endpoint, appended to base_url; {name} stands for the "
		   "value of the column with that param."),
	CHOICE("method", T, "GET|POST|PUT|PATCH|DELETE", "GET",
		   "HTTP method."),
	SIMPLE("query_params", T, DLOAD_OPT_JSON_OBJECT, NULL,
		   "Query parameters sent with the first request, as a JSON object; a "
		   "list is sent as array_style says."),
	CHOICE("array_style", T, "repeat|comma|brackets", "repeat",
		   "How a list of values is sent: a=1&a=2, a=1,2 or a[]=1&a[]=2."),
	SIMPLE("body", T, DLOAD_OPT_TEXT, NULL,
		   "Body of the request, for methods other than GET; {name} stands "
		   "for a value. With body_type 'graphql' the query."),
	CHOICE("body_type", T, "json|form|raw|graphql", "json",
		   "What the body is, which decides its Content-Type and how values "
		   "are written into it."),
	SIMPLE("variables", T, DLOAD_OPT_TEXT, NULL,
		   "Variables of a GraphQL query, as a JSON object; {name} stands for "
		   "a value."),
	SIMPLE("operation_name", T, DLOAD_OPT_NAME, NULL,
		   "Name of the operation that is carried out, where a GraphQL body "
		   "has several."),
	SIMPLE("accept", T, DLOAD_OPT_TEXT, NULL,
		   "Media type asked for, in the header Accept; default: the one that "
		   "format names, or application/json."),
	SIMPLE("idempotent", T, DLOAD_OPT_BOOL, NULL,
		   "Whether a request that perhaps was carried out may be sent again; "
		   "default: all but POST and PATCH."),
	CHOICE("follow_method", T, "GET|POST|PUT|PATCH|DELETE", NULL,
		   "HTTP method of the requests after the first."),
	SIMPLE("follow_path", T, DLOAD_OPT_TEXT, NULL,
		   "Path of the requests after the first; {token} stands for the "
		   "token of the page."),
	SIMPLE("follow_body", T, DLOAD_OPT_TEXT, NULL,
		   "Body of the requests after the first; {token} stands for the "
		   "token of the page."),
	SIMPLE("cursor_format", T, DLOAD_OPT_TEXT, NULL,
		   "How a pipeline's cursor is sent: 'iso', 'epoch', 'epoch_ms', "
		   "'date' or a pattern of to_char; default: as the API wrote it."),
	SIMPLE("cursor_zone", T, DLOAD_OPT_TEXT, NULL,
		   "Time zone in which cursor_format writes; default: UTC."),
	CHOICE("cursor_in", T, "query|header|body|url", "query",
		   "Where the pipeline's cursor_param goes; in a body it is a JSON "
		   "path. With 'url' the cursor is the URL of a run's first request."),
	SIMPLE("cursor_drop_params", T, DLOAD_OPT_TEXT, NULL,
		   "Query parameters, separated by commas, that are not sent with a "
		   "cursor; '*' for all but the cursor's own and the paginator's."),
	SIMPLE("envelope_cursor", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the value, outside the records, that a pipeline's "
		   "next run begins with: a token or a URL."),
	SIMPLE("cursor_header", T, DLOAD_OPT_NAME, NULL,
		   "Response header with that value."),
	SIMPLE("conditional", T, DLOAD_OPT_BOOL, "true",
		   "Runs ask for pages on condition that they have changed, where the "
		   "API tells by ETag or Last-Modified."),
	SIMPLE("records_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the records in a response; without it the place is "
		   "detected on the first response."),
	SIMPLE("records_optional", T, DLOAD_OPT_BOOL, "false",
		   "A response without anything at records_path has no records, "
		   "instead of being an error."),
	CHOICE("format", T, "auto|json|ndjson|csv", "auto",
		   "Format of responses: JSON, lines of JSON (also JSON text "
		   "sequences) or CSV; auto goes by Content-Type and takes what is "
		   "none of the others for JSON."),
	SIMPLE("records_key", T, DLOAD_OPT_TEXT, NULL,
		   "The records are the members of an object: name of the field that "
		   "gets each one's key."),
	SIMPLE("records_key_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the name of the member that holds the records, which "
		   "is looked for at records_path, or else at the root."),
	SIMPLE("row_names", T, DLOAD_OPT_TEXT, NULL,
		   "The records are lists of values: their names, separated by "
		   "commas."),
	SIMPLE("row_names_path", T, DLOAD_OPT_PATH, NULL,
		   "The same with the names taken from the response: JSON path of a "
		   "list of names, or of the name in each of a list of objects "
		   "(columns[*].name)."),
	SIMPLE("row_value_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the values in such a record, with one [*], where it "
		   "is no plain list of them (f[*].v)."),
	SIMPLE("envelope_values", T, DLOAD_OPT_JSON_OBJECT, NULL,
		   "Values outside the records that each record gets, as a JSON "
		   "object of fields and JSON paths in the response."),
	SIMPLE("decode", T, DLOAD_OPT_JSON_OBJECT, NULL,
		   "Values in the records that hold something else, as a JSON object "
		   "of JSON paths in a record and base64, json, base64json, gzip, "
		   "gzipjson, epoch or epoch_ms."),
	SIMPLE("deleted_when", T, DLOAD_OPT_CONDITION, NULL,
		   "Condition on a record ($.path) by which it says that it is gone: "
		   "a pipeline removes the row with its key."),
	SIMPLE("deleted_column", T, DLOAD_OPT_NAME, NULL,
		   "Column of the root table that marks such rows instead, with the "
		   "time; they stay, with all that is below them."),
	SIMPLE("csv_delimiter", T, DLOAD_OPT_TEXT, NULL,
		   "Character between the values of a row of CSV, or 'tab'; without "
		   "it a comma, and a tab in text/tab-separated-values."),
	SIMPLE("csv_header", T, DLOAD_OPT_BOOL, "true",
		   "Whether the first line of CSV has the names."),
	SIMPLE("csv_names", T, DLOAD_OPT_TEXT, NULL,
		   "Names of the columns of CSV, separated by commas, instead of "
		   "those in the first line."),
	SIMPLE("csv_null", T, DLOAD_OPT_TEXT, "",
		   "Unquoted text that means null in CSV."),
	CHOICE("paginate", T, "none|link|next_url|page|offset|token|keyset|auto|"
		   "window|list|scroll|drain", "none",
		   "How the next page is asked for."),
	SIMPLE("link_rel", T, DLOAD_OPT_NAME, "next",
		   "Relation of the Link header that leads to the next page, for "
		   "paginate 'link'."),
	SIMPLE("next_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the URL of the next page, for paginate 'next_url'."),
	SIMPLE("token_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the token of the next page, for paginate 'token'; "
		   "all members of an object there are sent back."),
	SIMPLE("token_header", T, DLOAD_OPT_NAME, NULL,
		   "Response header with the token of the next page, for paginate "
		   "'token'."),
	CHOICE("token_from", T, "body|header|last_record", NULL,
		   "Where the token is found; without it in the body, or in the "
		   "header that token_header names."),
	SIMPLE("token_param", T, DLOAD_OPT_NAME, NULL,
		   "Parameter that carries the token, for paginate 'token'."),
	CHOICE("token_in", T, "query|body|header|path", "query",
		   "Where token_param or keyset_param goes; in a body it is a JSON "
		   "path, in a path the name of a placeholder."),
	SIMPLE("token_end", T, DLOAD_OPT_TEXT, NULL,
		   "A token that means the end, beside null and an empty one."),
	SIMPLE("next_drop_params", T, DLOAD_OPT_TEXT, NULL,
		   "Query parameters, separated by commas, that only the first "
		   "request has; '*' for all but those of the paginator."),
	SIMPLE("keyset_path", T, DLOAD_OPT_TEXT, NULL,
		   "JSON path of the key in a page's last record, for paginate "
		   "'keyset'; several are separated by commas."),
	SIMPLE("keyset_param", T, DLOAD_OPT_TEXT, NULL,
		   "Parameter that carries the key; as many as paths, or in a body "
		   "one for a JSON array of all."),
	SIMPLE("page_param", T, DLOAD_OPT_NAME, "page",
		   "Parameter that carries the page number, for paginate 'page'."),
	RANGED("first_page", T, DLOAD_OPT_INT, 0, PG_INT32_MAX, "1",
		   "Number of the first page, for paginate 'page'."),
	CHOICE("page_in", T, "query|body", "query",
		   "Where page_param goes; in a body it is a JSON path."),
	SIMPLE("offset_param", T, DLOAD_OPT_NAME, "offset",
		   "Parameter that carries the offset, for paginate 'offset'."),
	CHOICE("offset_in", T, "query|body", "query",
		   "Where offset_param goes; in a body it is a JSON path."),
	RANGED("page_size", T, DLOAD_OPT_INT, 1, PG_INT32_MAX, NULL,
		   "Records to ask for in one page."),
	SIMPLE("page_size_param", T, DLOAD_OPT_NAME, NULL,
		   "Parameter that carries page_size."),
	CHOICE("page_size_in", T, "query|body", "query",
		   "Where page_size_param goes; in a body it is a JSON path."),
	SIMPLE("has_more_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the value that tells whether more pages follow."),
	SIMPLE("has_more_value", T, DLOAD_OPT_TEXT, "true",
		   "Value at has_more_path that means that more pages follow."),
	SIMPLE("total_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the declared total."),
	SIMPLE("total_header", T, DLOAD_OPT_NAME, NULL,
		   "Response header with the declared total."),
	CHOICE("total_unit", T, "records|pages", NULL,
		   "What the declared total counts; without it pages if the name says "
		   "so, else records."),
	SIMPLE("stop_on_empty", T, DLOAD_OPT_BOOL, NULL,
		   "Whether a page without records is the last one. Without it, yes "
		   "where we count, no where the server names the next page."),
	SIMPLE("stop_on_short", T, DLOAD_OPT_BOOL, "false",
		   "Whether a page with fewer records than page_size is the last one."),
	CHOICE("on_repeat", T, "error|stop", "error",
		   "What it means that the next page is one already read, or for "
		   "paginate 'page' and 'offset' that the last one comes again."),
	SIMPLE("equal_pages", T, DLOAD_OPT_BOOL, "false",
		   "Pages in a row may have the same records, and all of them count; "
		   "else they are a sign that the server ignores what is asked."),
	SIMPLE("stop_when", T, DLOAD_OPT_CONDITION, NULL,
		   "Condition on a response that ends the list; without status in "
		   "it on a 2xx one. The records of a 2xx response still count."),
	SIMPLE("error_when", T, DLOAD_OPT_CONDITION, NULL,
		   "Condition on a 2xx response that makes it an error."),
	RANGED("max_pages", T, DLOAD_OPT_INT, 1, PG_INT32_MAX, NULL,
		   "Cap on the pages of one read; reaching it is an error, but for "
		   "paginate 'drain'."),

	SIMPLE("window_from_param", T, DLOAD_OPT_NAME, NULL,
		   "Parameter of a slice's lower bound, for paginate 'window'; "
		   "its value as given is where the first slice begins."),
	SIMPLE("window_to_param", T, DLOAD_OPT_NAME, NULL,
		   "Parameter of a slice's upper bound; its value as given ends the "
		   "last slice, without one that is now."),
	CHOICE("window_in", T, "query|body|header", "query",
		   "Where the bounds go; in a body their parameters are JSON paths."),
	RANGED("window_step", T, DLOAD_OPT_DURATION, 1000, 3660 * MS_PER_DAY,
		   NULL,
		   "Length of a slice."),
	CHOICE("window_format", T, "iso|epoch|epoch_ms|date", "iso",
		   "How the bounds of slices are written."),
	SIMPLE("window_inclusive", T, DLOAD_OPT_BOOL, "false",
		   "The API takes the upper bound as part of the slice: one unit less "
		   "is sent."),
	RANGED("window_cap", T, DLOAD_OPT_INT, 1, PG_INT32_MAX, NULL,
		   "Number of records at which the API cuts an answer off; a slice "
		   "that has so many is halved."),
	CHOICE("window_paginate", T,
		   "none|link|next_url|page|offset|token|keyset", "none",
		   "How the next page of a slice is asked for."),
	SIMPLE("list_path", T, DLOAD_OPT_PATH, NULL,
		   "JSON path of the list of parts in the first response, for "
		   "paginate 'list'; [*] in it leads into the elements."),
	SIMPLE("list_param", T, DLOAD_OPT_NAME, NULL,
		   "Parameter that carries the part."),
	CHOICE("list_in", T, "query|body|header", "query",
		   "Where list_param goes; in a body it is a JSON path."),
	SIMPLE("list_url", T, DLOAD_OPT_TEXT, NULL,
		   "Path or URL of a part, in which {part} stands for it; '{part}' "
		   "alone where parts are URLs."),
	CHOICE("list_from", T, "values|index", "values",
		   "Whether the parts are named by the list's values or by their "
		   "numbers from 0."),
	SIMPLE("list_first", T, DLOAD_OPT_BOOL, "false",
		   "The first response has the records of the first part."),
	SIMPLE("scroll_path", T, DLOAD_OPT_TEXT, NULL,
		   "Path of the requests that follow the first one, for paginate "
		   "'scroll'; {token} stands for the last token."),
	CHOICE("scroll_method", T, "GET|POST|PUT", "POST",
		   "HTTP method of these requests."),
	SIMPLE("scroll_body", T, DLOAD_OPT_TEXT, NULL,
		   "Body of these requests; {token} stands for the last token."),
	SIMPLE("close_path", T, DLOAD_OPT_TEXT, NULL,
		   "Path of the request that is sent when the read is over; without "
		   "it none is."),
	CHOICE("close_method", T, "DELETE|POST|PUT|GET", "DELETE",
		   "HTTP method of that request."),
	SIMPLE("close_body", T, DLOAD_OPT_TEXT, NULL,
		   "Body of that request; {token} stands for the last token."),
	RANGED("drain_for", T, DLOAD_OPT_DURATION, 1, MS_PER_DAY, "10min",
		   "How long paginate 'drain' goes on asking."),

	SIMPLE("json_path", C, DLOAD_OPT_PATH, NULL,
		   "JSON path of the column's value in a record; '$' is the whole "
		   "record. Without it the value is found by the column's name."),
	CHOICE("decode", C, DLOAD_CODING_WORDS, NULL,
		   "What the value at the column's place holds."),
	SIMPLE("param", C, DLOAD_OPT_NAME, NULL,
		   "Request parameter that a condition on the column fills."),
	CHOICE("in", C, "query|path|header|body", "query",
		   "Where the parameter goes; in a JSON body it is a JSON path."),
	SIMPLE("echo", C, DLOAD_OPT_BOOL, "false",
		   "Take the column's value from the request instead of the record."),
	{NULL}
};
