
# Who may do what, and as whom it is done: ownership of pipelines, what others
# see of them, whose user mapping is used, as whom the code that hangs on a
# target runs, and names that shadow those of the system.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
my $mock = start_mock();

# As the superuser, or as somebody else.
sub sql
{
	my ($sql, $user) = @_;

	return $node->safe_psql('postgres', $sql,
		extra_params => [ defined $user ? ('-U', $user) : () ]);
}

sub refused
{
	my ($sql, $user, $what, $state) = @_;
	my $got = error_of($node, $sql, user => $user);

	is($got->{sqlstate} // $got->{stderr}, $state // '42501', $what);
	return $got;
}

# Roles each have a schema and a token of their own: the token tells whose
# mapping was used.
make_server(
	$node, 'api', $mock->url,
	options => { auth => 'bearer' },
	mapping => { token => 'token-of-superuser' });
foreach my $role (qw(alice bob carol))
{
	my $login = $role eq 'carol' ? 'NOLOGIN' : 'LOGIN';

	sql(    "CREATE ROLE $role $login; CREATE SCHEMA $role AUTHORIZATION $role;"
		  . "GRANT USAGE ON FOREIGN SERVER api TO $role;"
		  . "CREATE USER MAPPING FOR $role SERVER api"
		  . " OPTIONS (token 'token-of-$role')");
}
sql('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
my $superuser = sql('SELECT current_user');

my $table_options = "SERVER api OPTIONS (path '/link/items?count=30',"
  . " paginate 'link', page_size '10', page_size_param 'per_page')";

# Whose token came with the requests since the last look.
sub tokens
{
	my %seen = map { ($_->{headers}{authorization} // 'none') => 1 }
	  @{ $mock->journal };

	$mock->clear_journal;
	return join ' ', map { s/^Bearer token-of-//r } sort keys %seen;
}

sub create_pipeline
{
	my ($name, $user, $target, $more) = @_;

	sql(    "SELECT dload.create_pipeline('$name', source => '$user.items',"
		  . " target => '$target'"
		  . ($more ? ", $more" : '') . ')', $user);
	return;
}

sql("CREATE FOREIGN TABLE $_.items (id bigint) $table_options", $_)
  foreach qw(alice bob);

#
# Ownership
#

create_pipeline('hers', 'alice', 'alice.loaded');
sql("CALL dload.run('hers', max_pages => 2)", 'alice');
is(tokens(), 'alice', "her run has her token");
is(sql('SELECT count(*) FROM alice.loaded', 'alice'), 20, 'her rows');
is( sql("SELECT string_agg(DISTINCT relowner::regrole::text, ' ') FROM pg_class"
		  . " WHERE relnamespace = 'alice'::regnamespace"),
	'alice',
	'her tables');

# Something in every view: records that cannot be stored, too.
sql('CREATE TABLE alice.strict (id bigint CHECK (id % 2 = 0))', 'alice');
create_pipeline('strict', 'alice', 'alice.strict');
sql("CALL dload.run('strict')", 'alice');
is(sql("SELECT count(*) FROM dload.rejected WHERE pipeline = 'strict'", 'alice'),
	15, 'her rejected records');

my @views = qw(pipelines runs cursors schema_changes rejected column_map status);

sql('CREATE ROLE friend LOGIN; GRANT alice TO friend');
foreach my $view (@views)
{
	my $column = $view eq 'pipelines' ? 'name' : 'pipeline';
	my $count = "SELECT count(*) > 0 FROM dload.$view WHERE $column = 'strict'";

	is(sql($count, 'alice'), 't', "$view: she sees hers");
	is(sql($count, 'friend'), 't', "$view: so does a member of her role");
	is(sql($count, 'bob'), 'f', "$view: he does not");
	is(sql("SELECT count(*) FROM dload.$view", 'bob'),
		0, "$view: he sees nothing at all");
}

# ... not by a function that is cheaper than the view's condition either.
sql(q{
CREATE FUNCTION bob.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
AS $$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$}, 'bob');
foreach my $view (@views)
{
	my $leak = "SELECT count(*) FROM dload.$view AS v WHERE bob.leak(v::text)";

	unlike(error_of($node, $leak, user => 'bob')->{stderr},
		qr/leaked/, "$view: no leak");
}
like(
	error_of($node, 'SELECT bob.leak(name) FROM dload.pipelines')->{stderr},
	qr/leaked hers/, 'the function would');

foreach my $call (
	"CALL dload.run('hers')",
	"SELECT dload.run_atomic('hers')",
	"SELECT dload.alter_pipeline('hers', params => '{}')",
	"SELECT dload.drop_pipeline('hers')")
{
	my $got = refused($call, 'bob', "he may not: $call");

	like($got->{message} // '', qr/must be owner of pipeline "hers"/, 'message');
}
foreach my $call (
	"SELECT * FROM dload.preview('alice.items')",
	"SELECT dload.preview_request('alice.items')",
	"SELECT dload.create_pipeline('stolen', 'alice.items', 'bob.stolen')",
	'SELECT * FROM alice.items')
{
	refused($call, 'bob', "he may not: $call");
}
is(tokens(), 'alice', 'nothing was asked for with his token');
sql('GRANT USAGE ON SCHEMA alice TO bob', 'alice');
foreach my $call (
	"SELECT * FROM dload.preview('alice.items')",
	"SELECT dload.preview_request('alice.items')",
	"SELECT dload.create_pipeline('stolen', 'alice.items', 'bob.stolen')")
{
	refused($call, 'bob', "not with USAGE on her schema either: $call");
}

#
# Tables of dload
#

foreach my $relation (
	split /\n/,
	sql(    "SELECT oid::regclass::text || ' ' || relkind::text FROM pg_class"
		  . " WHERE relnamespace = 'dload'::regnamespace"
		  . " AND relkind IN ('r', 'v', 'S') ORDER BY 1"))
{
	my ($name, $kind) = split / /, $relation;

	is( sql("SELECT coalesce(string_agg(p, ' '), '-') FROM unnest(ARRAY['"
			  . join("', '",
				$kind eq 'S' ? qw(USAGE UPDATE) : qw(INSERT UPDATE DELETE TRUNCATE TRIGGER REFERENCES))
			  . "']) AS p WHERE has_"
			  . ($kind eq 'S' ? 'sequence' : 'table')
			  . "_privilege('alice', '$name', p)"),
		'-',
		"$name: she may not write");
	refused("SELECT * FROM $name", 'alice', "$name: nor read past the views")
	  if $kind ne 'v';
}
refused('CREATE TABLE dload.mine ()', 'alice', 'no tables of hers in dload');
refused("UPDATE dload.pipelines SET owner = 'bob'",
	'alice', 'views cannot be updated');

#
# Whose mapping
#

sql("CALL dload.run('hers')");
is(tokens(), 'alice', "the owner's, when the superuser runs it");
sql("CALL dload.run('hers', full_refresh => true)", 'friend');
is(tokens(), 'alice', "the owner's, when a member runs it");
sql("BEGIN; SELECT dload.run_atomic('hers'); ROLLBACK");
is(tokens(), 'alice', "the owner's, in a transaction");
is( sql("BEGIN; SELECT dload.run_atomic('hers');"
		  . " SELECT current_user || ' ' || session_user; ROLLBACK")
	  =~ s/.*\n//sr,
	"$superuser $superuser",
	'the caller is himself afterwards');
tokens();

# Views and functions of hers, called by him.
sql(q{
CREATE VIEW alice.view AS SELECT count(*) FROM alice.items;
CREATE VIEW alice.invoker WITH (security_invoker) AS SELECT count(*) FROM alice.items;
CREATE FUNCTION alice.definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER
AS 'SELECT count(*) FROM alice.items';
GRANT SELECT ON alice.view, alice.invoker TO bob}, 'alice');
is(sql('SELECT * FROM alice.view', 'bob'), 30, 'her view, read by him');
is(tokens(), 'alice', "the view's owner's mapping");
is(sql('SELECT alice.definer()', 'bob'), 30, 'her function, called by him');
is(tokens(), 'alice', "the function's owner's mapping");
refused('SELECT * FROM alice.invoker', 'bob', 'a view with the rights of the reader');
sql('GRANT SELECT ON alice.items TO bob', 'alice');
is(sql('SELECT * FROM alice.invoker', 'bob'), 30, '... that he has');
is(tokens(), 'bob', "the reader's mapping");
is(sql('SELECT count(*) FROM alice.items', 'bob'), 30, 'her table, read by him');
is(tokens(), 'bob', "the reader's mapping, again");
is(sql('SET ROLE bob; SELECT count(*) FROM alice.items'), 30, 'after SET ROLE');
is(tokens(), 'bob', "the role's mapping");

# A plan that was made for one role is not used for another.
is( sql("GRANT SELECT ON alice.items TO carol; PREPARE p AS SELECT count(*) FROM alice.items;"
		  . "SET plan_cache_mode = force_generic_plan; EXECUTE p;"
		  . "SET ROLE carol; GRANT USAGE ON SCHEMA carol TO carol; RESET ROLE;"
		  . "GRANT USAGE ON SCHEMA alice TO carol; SET ROLE carol; EXECUTE p"),
	"30\n30",
	'a prepared statement, executed as two roles');
is(tokens(), "carol superuser", 'each with its own mapping');

# What was granted when the pipeline was made may be gone.
sql("SELECT dload.create_pipeline('lent', 'alice.items', 'bob.lent')", 'bob');
sql('REVOKE SELECT ON alice.items FROM bob', 'alice');
refused("CALL dload.run('lent')", 'bob', 'SELECT on the source was revoked');
is(sql("SELECT to_regclass('bob.lent')"), '', 'nothing was loaded');
is(tokens(), '', 'nothing was asked for');

#
# An owner that cannot log in
#

sql(    "SET ROLE carol; CREATE FOREIGN TABLE carol.items (id bigint) $table_options;"
	  . "SELECT dload.create_pipeline('theirs', 'carol.items', 'carol.loaded')");
sql("CALL dload.run('theirs')");
is(tokens(), 'carol', 'NOLOGIN owner: mapping');
is( sql("SELECT tableowner FROM pg_tables WHERE tablename = 'loaded'"
		  . " AND schemaname = 'carol'"),
	'carol',
	'NOLOGIN owner: table');
is(sql('SELECT count(*) FROM carol.loaded'), 30, 'NOLOGIN owner: rows');

#
# Targets that the owner may not write
#

sql('CREATE SCHEMA closed; CREATE TABLE closed.readable (id bigint);'
	  . 'GRANT USAGE ON SCHEMA closed TO alice; GRANT SELECT ON closed.readable TO alice');
create_pipeline('no_schema', 'alice', 'closed.made');
create_pipeline('no_database', 'alice', 'nowhere.made');
create_pipeline('no_table', 'alice', 'closed.readable');
foreach my $name (qw(no_schema no_database no_table))
{
	foreach my $user ('alice', undef)
	{
		refused("CALL dload.run('$name')",
			$user, "$name: permission denied, run by " . ($user // 'superuser'));
	}
	is( sql("SELECT outcome || ' ' || rows_inserted || ' ' || (reason ~ 'permission denied|must be owner')"
			  . " FROM dload.runs WHERE pipeline = '$name' ORDER BY run_id LIMIT 1",
			'alice'),
		'failed 0 true',
		"$name: noted");
}
is( sql("SELECT count(*) || ' ' || (SELECT count(*) FROM pg_attribute"
		  . " WHERE attrelid = 'closed.readable'::regclass AND attnum > 0)"
		  . " FROM closed.readable"),
	'0 1',
	'nothing was written');
is( sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'made%'"
		  . " OR relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = 'nowhere')"),
	0, 'nothing was made');
sql('CREATE TABLE closed.writable (LIKE alice.loaded);'
	  . 'GRANT SELECT, INSERT ON closed.writable TO alice;');

#
# What hangs on a target runs as the owner, and cannot become anybody else
#

sql(q{
CREATE TABLE alice.log (what text, who text, session text, may_set_role text,
	may_make_temp text);
CREATE FUNCTION alice.note(what text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	may_set_role text := 'yes';
	may_make_temp text := 'yes';
BEGIN
	BEGIN
		EXECUTE 'SET ROLE ' || quote_ident(session_user);
	EXCEPTION WHEN OTHERS THEN
		may_set_role := SQLSTATE;
	END;
	BEGIN
		EXECUTE 'SET SESSION AUTHORIZATION DEFAULT';
		may_set_role := may_set_role || ' yes';
	EXCEPTION WHEN OTHERS THEN
		may_set_role := may_set_role || ' ' || SQLSTATE;
	END;
	BEGIN
		CREATE TEMP TABLE trap ();
		DROP TABLE trap;
	EXCEPTION WHEN OTHERS THEN
		may_make_temp := SQLSTATE;
	END;
	INSERT INTO alice.log VALUES (what, current_user, session_user,
		may_set_role, may_make_temp);
END $$;
CREATE FUNCTION alice.noting(what text, value bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN PERFORM alice.note(what); RETURN value; END $$;
CREATE FUNCTION alice.trigger() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN PERFORM alice.note(TG_ARGV[0]); RETURN NEW; END $$;
CREATE DOMAIN alice.checked AS bigint
	CHECK (alice.noting('domain', VALUE) > 0);
CREATE TABLE alice.wired (id alice.checked,
	extra bigint DEFAULT alice.noting('default', 1),
	made bigint GENERATED ALWAYS AS (alice.noting('generated', id)) STORED,
	CHECK (alice.noting('check', id) > 0));
CREATE INDEX ON alice.wired (alice.noting('index', id));
CREATE INDEX ON alice.wired (id) WHERE alice.noting('predicate', id) > 0;
CREATE TRIGGER before BEFORE INSERT ON alice.wired FOR EACH ROW
	EXECUTE FUNCTION alice.trigger('before');
CREATE TRIGGER after AFTER INSERT ON alice.wired FOR EACH ROW
	EXECUTE FUNCTION alice.trigger('after');
CREATE TRIGGER statement AFTER INSERT ON alice.wired
	EXECUTE FUNCTION alice.trigger('statement');
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON alice.wired
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	EXECUTE FUNCTION alice.trigger('deferred')}, 'alice');

# Run by hand, it shows what there is to be seen.
sql('SELECT alice.note($$by hand$$)');
is( sql('SELECT who, session, may_set_role, may_make_temp FROM alice.log'),
	"$superuser|$superuser|yes yes|yes", 'the log can tell');
sql('TRUNCATE alice.log');

create_pipeline('wired', 'alice', 'alice.wired');
my %expected = map { $_ => "alice $superuser 42501 42501 42501" }
  qw(after before check default deferred domain generated index predicate
  statement);
foreach my $call (
	"CALL dload.run('wired')",
	"BEGIN; SELECT dload.run_atomic('wired'); COMMIT")
{
	my $got = error_of($node, $call);

	ok($got->{ok}, "wired: $call") or diag($got->{stderr});
	is_deeply(
		{
			map { split /=/ } split /\n/,
			sql("SELECT DISTINCT what || '=' || concat_ws(' ', who, session,"
				  . ' may_set_role, may_make_temp) FROM alice.log')
		},
		\%expected,
		"as the owner: $call");
	is(sql('SELECT count(*) FROM alice.wired'), 30, "wired: rows");
	sql('TRUNCATE alice.log, alice.wired');
}

# What a trigger puts off until commit would run as the superuser.
sql(q{
CREATE TABLE alice.second (n bigint);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON alice.second
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	EXECUTE FUNCTION alice.trigger('later');
CREATE FUNCTION alice.put_off() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN
		SET CONSTRAINTS ALL DEFERRED;
		INSERT INTO alice.second VALUES (NEW.id);
		RETURN NEW;
	END $$;
CREATE TABLE alice.trap (id bigint);
CREATE TRIGGER put_off AFTER INSERT ON alice.trap FOR EACH ROW
	EXECUTE FUNCTION alice.put_off()}, 'alice');
create_pipeline('trap', 'alice', 'alice.trap');
error_of($node, "CALL dload.run('trap')");
is( sql("SELECT count(*) FROM alice.log WHERE who <> 'alice' OR may_set_role ~ 'yes'"),
	0, 'what is put off does not run as the caller');

# What the caller has put off is his own, and is done as him.
sql(q{
CREATE TABLE alice.parent (id bigint PRIMARY KEY);
CREATE TABLE alice.child (id bigint REFERENCES alice.parent
	DEFERRABLE INITIALLY DEFERRED)}, 'alice');
{
	my $got = error_of($node,
			"BEGIN; INSERT INTO alice.child VALUES (1);"
		  . "INSERT INTO alice.parent VALUES (1);"
		  . "SELECT dload.run_atomic('hers'); COMMIT",
		user => 'alice');

	ok($got->{ok}, 'run_atomic after something that is deferred')
	  or diag($got->{stderr});
	is(sql('SELECT count(*) FROM alice.child'), 1, 'and that is kept');
}

#
# Names that shadow those of the system
#

sql(q{
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE TABLE evil.log (who text, what text);
GRANT INSERT ON evil.log TO PUBLIC;
DO $$
DECLARE
	type text;
	op text;
BEGIN
	FOREACH type IN ARRAY ARRAY['text', 'bigint', 'int', 'oid', 'name'] LOOP
		FOREACH op IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>='] LOOP
			EXECUTE format('CREATE FUNCTION evil.%I(%s, %s) RETURNS boolean'
				' LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO evil.log VALUES'
				' (current_user, %L); RETURN $1 OPERATOR(pg_catalog.%s) $2;'
				' END $f$', 'f' || op, type, type, op || type, op);
			EXECUTE format('CREATE OPERATOR evil.%s (FUNCTION = evil.%I,'
				' LEFTARG = %s, RIGHTARG = %s)', op, 'f' || op, type, type);
		END LOOP;
	END LOOP;
END $$;
CREATE FUNCTION evil.plus(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO evil.log VALUES (current_user, '+'); RETURN 1; END $$;
CREATE OPERATOR evil.+ (FUNCTION = evil.plus, LEFTARG = bigint, RIGHTARG = bigint);
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO evil.log VALUES (current_user, 'clock'); RETURN now(); END $$;
CREATE FUNCTION evil.length(text) RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO evil.log VALUES (current_user, 'length'); RETURN 1; END $$;
CREATE DOMAIN evil.bigint AS text;
CREATE DOMAIN evil.text AS int;
CREATE DOMAIN evil.numeric AS int;
CREATE TABLE evil.pg_class ();
CREATE TABLE evil.pg_index ()});
sql("SET search_path = evil, pg_catalog; SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text");
is(sql('SELECT count(*) FROM evil.log'), 1, 'the names shadow');
sql('TRUNCATE evil.log');

foreach my $user (undef, 'alice')
{
	my $who = $user // 'superuser';
	my $name = "shadowed_$who";
	my $set = 'SET search_path = evil, pg_catalog;';
	my $role = $user // 'alice';

	create_pipeline($name, 'alice', "alice.$name",
		"write_disposition => 'merge', primary_key => ARRAY['id'],"
		  . " cursor_path => 'updated_at'");
	foreach my $call (
		"SELECT dload.create_pipeline('again_$who', 'alice.items', 'alice.again')",
		"CALL dload.run('$name', max_pages => 2)",
		"CALL dload.run('$name')",
		"CALL dload.run('$name')",
		"CALL dload.run('$name', full_refresh => true)",
		"SELECT dload.alter_pipeline('$name', lag => '1 hour')",
		"CALL dload.run('strict')",
		"SELECT dload.run_atomic('$name')",
		"SELECT * FROM dload.status, dload.runs, dload.rejected, dload.cursors",
		"SELECT count(*) FROM alice.items",
		"SELECT * FROM dload.preview('alice.items')",
		"SELECT dload.drop_pipeline('again_$who')")
	{
		my $got = error_of($node, "$set $call", user => $user);

		ok($got->{ok}, "shadowed, $who: $call") or diag($got->{stderr});
	}
	is( sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM alice.$name"),
		'30 30', "shadowed, $who: rows");
	is( sql("SELECT string_agg(DISTINCT format_type(atttypid, NULL), ' ' ORDER BY format_type(atttypid, NULL))"
			  . " FROM pg_attribute WHERE attrelid = 'alice.$name'::regclass AND attnum > 0"),
		'bigint boolean numeric text timestamp with time zone',
		"shadowed, $who: types are the system's");
	is( sql("SELECT string_agg(DISTINCT who || ' ' || what, ', ') FROM evil.log"),
		'', "shadowed, $who: nothing of the schema's was called");
	sql('TRUNCATE evil.log');
}

# A temporary table does not take the place of one of dload's.
is( sql("CREATE TEMP TABLE pipeline (name text); CREATE TEMP TABLE loaded (id int);"
		  . "CALL dload.run('hers', full_refresh => true);"
		  . "SELECT count(*) FROM pg_temp.loaded", 'alice'),
	0, 'temporary tables do not shadow');

# What an unfinished replace left behind is dropped by the owner, whoever runs.
sql(q{
CREATE TABLE public.drops (who text);
GRANT INSERT ON public.drops TO PUBLIC;
CREATE FUNCTION public.note_drop() RETURNS event_trigger LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.drops VALUES (current_user); END $$;
CREATE EVENT TRIGGER note_drop ON sql_drop EXECUTE FUNCTION public.note_drop()});
create_pipeline('shadow', 'alice', 'alice.shadow',
	"write_disposition => 'replace'");
sql("CALL dload.run('shadow')");
sql("CALL dload.run('shadow', max_pages => 1)");
sql('TRUNCATE public.drops');
sql("CALL dload.run('shadow', max_pages => 1, full_refresh => true)");
is(sql('SELECT DISTINCT who FROM public.drops'),
	'alice', 'a left-over shadow is dropped by the owner');
sql('DROP EVENT TRIGGER note_drop');

unlike(
	slurp_file($node->logfile),
	qr/was terminated by signal|PANIC/,
	'no process crashed');

$mock->stop;
$node->stop;
done_testing();
