/*-------------------------------------------------------------------------
 *
 * secret.c
 *	  References to secrets that are kept elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/secret.h"

#include "base/compat.h"
#include "base/setting.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "parser/parse_func.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* Keys and certificate chains are a few kilobytes. */
#define MAX_SECRET_BYTES (256 * 1024)

typedef enum SecretKind
{
	SECRET_TEXT,
	SECRET_FILE,
	SECRET_ENV,
	SECRET_FUNCTION
} SecretKind;

/* What follows the prefix is in *rest. */
static SecretKind
classify(const char *value, const char **rest)
{
	static const struct
	{
		const char *prefix;
		SecretKind	kind;
	}			kinds[] = {
		{"file:", SECRET_FILE}, {"env:", SECRET_ENV},
		{"function:", SECRET_FUNCTION}, {"text:", SECRET_TEXT},
	};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		size_t		len = strlen(kinds[i].prefix);

		if (strncmp(value, kinds[i].prefix, len) == 0)
		{
			*rest = value + len;
			return kinds[i].kind;
		}
	}
	*rest = value;
	return SECRET_TEXT;
}

bool
dload_secret_is_reference(const char *value)
{
	const char *rest;

	return classify(value, &rest) != SECRET_TEXT;
}

static bool
forbidden(const char *name, const char *what, const char *who,
		  DloadError *err)
{
	dload_error_set(err, ERRCODE_INSUFFICIENT_PRIVILEGE,
					"permission denied to take option \"%s\" from %s", name,
					what);
	return dload_error_hint(err, "Only %s may give such a value. To mean the "
							"text itself, begin it with \"text:\".", who);
}

/*
 * The function runs with the rights of the user whose mapping it is.  Who
 * makes a mapping for somebody else must not reach by it what only that one
 * may call.
 */
static bool
may_name_function(const char *fn)
{
	Oid			oid;

	if (superuser())
		return true;
	oid = LookupFuncName(dload_qualified_names(fn), 0, NULL, true);
	return OidIsValid(oid) &&
		dload_function_aclcheck(oid, GetUserId()) == ACLCHECK_OK;
}

bool
dload_secret_check(const char *name, const char *value, DloadError *err)
{
	const char *rest;

	switch (classify(value, &rest))
	{
		case SECRET_FILE:
			if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
				return forbidden(name, "a file", "superusers and members of "
								 "pg_read_server_files", err);
			if (!is_absolute_path(rest))
				return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
									   "option \"%s\" must name a file by its "
									   "absolute path", name);
			return true;
		case SECRET_ENV:
			if (!superuser())
				return forbidden(name, "an environment variable",
								 "superusers", err);
			if (*rest == '\0' || strchr(rest, '=') != NULL)
				return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
									   "option \"%s\" does not name an "
									   "environment variable", name);
			return true;
		case SECRET_FUNCTION:
			if (strchr(rest, '.') == NULL || strpbrk(rest, "()") != NULL)
			{
				dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
								"option \"%s\" does not name a function with "
								"its schema", name);
				return dload_error_hint(err, "Write function:schema.name, "
										"without parentheses.");
			}
			if (!may_name_function(rest))
				return forbidden(name, "a function that you cannot execute",
								 "superusers and who may execute it", err);
			return true;
		case SECRET_TEXT:
			break;
	}
	return true;
}

static char *
read_secret_file(const char *name, const char *path)
{
	FILE	   *file = AllocateFile(path, PG_BINARY_R);
	char	   *text = palloc(MAX_SECRET_BYTES + 1);
	size_t		len;

	if (file == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\" for option \"%s\": %m",
						path, name)));
	len = fread(text, 1, MAX_SECRET_BYTES + 1, file);
	if (ferror(file))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\" for option \"%s\": %m",
						path, name)));
	FreeFile(file);
	if (len > MAX_SECRET_BYTES || memchr(text, '\0', len) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("file \"%s\" for option \"%s\" is not a text of at "
						"most %d bytes", path, name, MAX_SECRET_BYTES)));
	/* editors end a file with a line break that is not part of the secret */
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	text[len] = '\0';
	return text;
}

static char *
read_environment(const char *name, const char *variable)
{
	const char *value = getenv(variable);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("environment variable \"%s\" for option \"%s\" is "
						"not set", variable, name),
				 errhint("It must be set in the environment that the "
						 "database server is started in.")));
	return pstrdup(value);
}

/*
 * The function's OID, if the user may be made to run it.  Somebody else, who
 * can give the user a mapping, must not get the user's rights by it.
 */
static Oid
find_function(const char *option, const char *fn, Oid userid)
{
	List	   *names = dload_qualified_names(fn);
	Oid			oid = LookupFuncName(names, 0, NULL, false);
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	Form_pg_proc proc;
	Oid			owner;
	bool		fits;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", oid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	owner = proc->proowner;
	fits = proc->prorettype == TEXTOID && !proc->proretset &&
		proc->prokind == PROKIND_FUNCTION;
	ReleaseSysCache(tuple);
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s for option \"%s\" does not return one "
						"text", fn, option)));
	if (owner != userid && !superuser_arg(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s for option \"%s\" belongs to another "
						"user", fn, option),
				 errhint("It must belong to \"%s\" or to a superuser.",
						 GetUserNameFromId(userid, false))));
	if (dload_function_aclcheck(oid, userid) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, fn);
	return oid;
}

static char *
call_function(const char *option, const char *fn, Oid userid)
{
	Oid			oid;
	Oid			save_user;
	int			save_context;
	int			level;
	FmgrInfo	flinfo;
	LOCAL_FCINFO(fcinfo, 0);
	Datum		result;
	bool		snapshot = !ActiveSnapshotSet();

	if (snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	GetUserIdAndSecContext(&save_user, &save_context);
	SetUserIdAndSecContext(userid, save_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	level = NewGUCNestLevel();
	dload_setting_pin_search_path();
	oid = find_function(option, fn, userid);
	fmgr_info(oid, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 0, InvalidOid, NULL, NULL);
	result = FunctionCallInvoke(fcinfo);
	AtEOXact_GUC(false, level);
	SetUserIdAndSecContext(save_user, save_context);
	if (snapshot)
		PopActiveSnapshot();
	if (fcinfo->isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("function %s for option \"%s\" returned null", fn,
						option)));
	return TextDatumGetCString(result);
}

char *
dload_secret_resolve(const char *name, const char *value, Oid userid)
{
	const char *rest;
	char	   *secret = NULL;

	switch (classify(value, &rest))
	{
		case SECRET_FILE:
			secret = read_secret_file(name, rest);
			break;
		case SECRET_ENV:
			secret = read_environment(name, rest);
			break;
		case SECRET_FUNCTION:
			secret = call_function(name, rest, userid);
			break;
		case SECRET_TEXT:
			return pstrdup(rest);
	}
	if (*secret == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" refers to an empty secret", name)));
	return secret;
}
