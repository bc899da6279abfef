
# kill -9 of a backend that runs a pipeline: at random moments of a run of 2,000
# pages, and at chosen points of a package.  What was committed is kept, what
# was not comes again, nothing comes twice, and the next run goes on from the
# page that was saved.
#
# DLOAD_CRASH_ROUNDS: kills per random part (default 10).

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{DLOAD_CRASH_ROUNDS} || 10;
my $seed = $ENV{DLOAD_CRASH_SEED} || $$;
my $npages = 2000;
my $per_page = 2;

srand($seed);
note("DLOAD_CRASH_SEED=$seed");

# Small packages, so that there are many commits to be between.
my $node = new_node('main',
	conf => "restart_after_crash = on\ndload.package_bytes = '64kB'\n");
my $mock = start_mock();

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

make_server($node, 'api', $mock->url);
sql(    "CREATE FOREIGN TABLE feed () SERVER api OPTIONS (path '/events',"
	  . " paginate 'link', page_size '$per_page',"
	  . " page_size_param 'per_page');"
	  . "CREATE FOREIGN TABLE items () SERVER api OPTIONS (path"
	  . " '/link/items?count=90', paginate 'link', page_size '10',"
	  . " page_size_param 'per_page')");

my $merge_args = "source => 'feed', write_disposition => 'merge',"
  . " primary_key => ARRAY['id'], cursor_path => 'created_at',"
  . " cursor_order => 'desc'";

#
# Running, killing
#

# Start a run and return it with its backend once that is at work.
sub start_run
{
	my ($name, $settings) = @_;
	my $run = { out => '', err => '' };

	$run->{harness} = IPC::Run::start(
		[
			'psql', '-XAtq', '-d', $node->connstr('postgres'),
			'-c', $settings // '', '-c',
			"CALL dload.run('$name') /* under test */"
		],
		'>', \$run->{out}, '2>', \$run->{err});
	wait_until(
		sub {
			$run->{pid} = sql("SELECT pid FROM pg_stat_activity"
				  . " WHERE state = 'active' AND pid <> pg_backend_pid()"
				  . " AND query LIKE '%/* under test */'");
			return 1 if $run->{pid} ne '';
			$run->{harness}->pump_nb;
			return !$run->{harness}->pumpable;
		},
		'the run starts');
	return $run;
}

# Kill it and wait until the cluster is back.  False if it had ended before.
sub kill_run
{
	my ($run) = @_;
	my $killed = 0;
	my $logged = -s $node->logfile;

	if ($run->{pid} ne '' && kill('KILL', $run->{pid}) == 1)
	{
		$run->{harness}->finish;
		$killed = $run->{harness}->full_result(0) != 0;
	}
	else
	{
		$run->{harness}->finish;
	}
	crash_is_over($node, $logged) if $killed;
	wait_until(
		sub {
			my ($status, $out) =
			  $node->psql('postgres', 'SELECT pg_is_in_recovery()');
			return defined $status && $status == 0 && $out eq 'f';
		},
		'the cluster is back');
	return $killed;
}

#
# Comparing what two pipelines loaded
#

# Table path -> table of a pipeline.
sub tables
{
	my ($name) = @_;

	return map { split /=/, $_, 2 } split /\n/,
	  sql(  "SELECT t.table_path || '=' || t.relation::text"
		  . " FROM dload.pipeline_table t JOIN dload.pipeline USING (pipeline_id)"
		  . " WHERE name = '$name' AND t.relation IS NOT NULL ORDER BY 1");
}

my $system = "'{_dload_id,_dload_run_id,_dload_parent_id,_dload_root_id,"
  . "_dload_list_idx,_dload_hash}'::text[]";

# Rows of a table as (i: own id, k: the root's key and places in lists, v: the
# other columns).
sub rows_sql
{
	my ($path, $key, %tables) = @_;
	my $parent = $path eq '$' ? undef : '$';

	foreach my $other (sort { length $a <=> length $b } keys %tables)
	{
		$parent = $other if index($path, "$other\[*]") == 0;
	}
	return "SELECT _dload_id AS i, $key\::text AS k,"
	  . " to_jsonb(t) - $system AS v FROM $tables{$path} AS t"
	  unless defined $parent;
	return
		"SELECT c._dload_id AS i, p.k || '/' || c._dload_list_idx AS k,"
	  . " to_jsonb(c) - $system AS v FROM $tables{$path} AS c LEFT JOIN ("
	  . rows_sql($parent, $key, %tables)
	  . ") AS p ON p.i = c._dload_parent_id";
}

# Exactly the same rows in root and child tables.
sub same_rows
{
	my ($got, $expected, $what) = @_;
	my %got = tables($got);
	my %expected = tables($expected);
	my $children = 0;

	is_deeply([ sort keys %got ], [ sort keys %expected ],
		"$what: same tables");
	foreach my $path (sort keys %expected)
	{
		next unless exists $got{$path};
		my $x = rows_sql($path, 'id', %got);
		my $y = rows_sql($path, 'id', %expected);
		my ($rows, $missing, $extra, $orphans) = split /\|/, sql(
			qq{
WITH x AS ($x), y AS ($y)
SELECT (SELECT count(*) FROM y),
	(SELECT count(*) FROM (SELECT k, v FROM y EXCEPT ALL SELECT k, v FROM x) AS d),
	(SELECT count(*) FROM (SELECT k, v FROM x EXCEPT ALL SELECT k, v FROM y) AS d),
	(SELECT count(*) FROM x WHERE k IS NULL)});
		is("$missing missing, $extra extra, $orphans orphans",
			'0 missing, 0 extra, 0 orphans', "$what: $expected{$path}, $rows rows");
		$children += $rows if $path ne '$';
	}
	cmp_ok($children, '>', 0, "$what: child tables were compared");
	return;
}

# Pages of the journal, in the order of their requests.
sub pages_asked
{
	my ($text) = @_;

	return map { $_->{path} =~ /[?&]page=(\d+)/ ? $1 : 1 }
	  @{ $mock->journal($text) };
}

# What a run that was killed leaves to be seen.
sub check_dead_run
{
	my ($name, $what) = @_;

	is( sql("SELECT outcome || '|' || coalesce(reason, '-')"
			  . " FROM dload.runs WHERE pipeline = '$name'"
			  . " ORDER BY run_id DESC LIMIT 1"),
		'failed|the process that ran it ended before the run did',
		"$what: shown as failed, with the reason");
	like(
		sql("SELECT state || ' ' || last_outcome || ' ' || last_error"
			  . " FROM dload.status WHERE pipeline = '$name'"),
		qr/^(resumable|idle) failed the process that ran it ended/,
		"$what: status");
	return;
}

#
# At random moments
#

$mock->grow($npages * $per_page - 300);

# Undisturbed, to know rows and time.
my $begin = time();
sql("SELECT dload.create_pipeline('calm', target => 'public.calm', source => 'feed')"
);
sql("CALL dload.run('calm')");
my $duration = time() - $begin;
is( sql("SELECT outcome || ' ' || pages || ' ' || rows_inserted > '' FROM dload.runs"),
	't', 'undisturbed run');
is(sql('SELECT count(*) FROM calm'), $npages * $per_page, 'undisturbed rows');

# How long to let a run go: all rounds together end before the feed does.
sub random_pause
{
	my ($share) = @_;

	sleep(rand($share * $duration / ($rounds + 1)));
	return;
}

sub random_kills
{
	my ($name, %params) = @_;
	my $killed = 0;
	my $committed = 0;

	foreach my $round (1 .. $rounds)
	{
		my $run = start_run($name);

		$params{running}->() if $params{running};
		# half of it, as others are not as slow as the undisturbed one was
		random_pause(0.5 - ($params{spent} // 0));
		# A run that came to the end leaves nothing to go on from.
		last unless kill_run($run);
		$killed++;
		$committed++
		  if sql("SELECT pages > 0 FROM dload.runs WHERE pipeline = '$name'"
			  . " ORDER BY run_id DESC LIMIT 1") eq 't';
	}
	cmp_ok($killed, '>=', $rounds * 0.6,
		"$name: $killed of $rounds runs were killed");
	cmp_ok($committed, '>', 0,
		"$name: $committed of them had committed packages");
	return;
}

sql("SELECT dload.create_pipeline('appended', target => 'public.appended', source => 'feed')"
);
random_kills('appended');
is( sql("SELECT state FROM dload.status WHERE pipeline = 'appended'"),
	'resumable', 'appended: the window is open');
sql("CALL dload.run('appended')");
is( sql("SELECT state || ' ' || last_outcome FROM dload.status"
		  . " WHERE pipeline = 'appended'"),
	'idle complete',
	'appended: run to the end');
same_rows('appended', 'calm', 'append');

# A feed that grows at its head while it is read, now and then by just a page,
# so that the next page is the same as the one before.
sql("SELECT dload.create_pipeline('merged', target => 'public.merged', $merge_args)"
);
# slower than the undisturbed one, so that no run ends before it is killed
$mock->script({ path => '/events', delay => 0.003, times => 0 });
random_kills(
	'merged',
	spent => 0.4,
	running => sub {
		$mock->grow(1 + int(rand(9)));
		random_pause(0.4);
		$mock->grow(1 + int(rand(9)));
	},
	# now and then the saved page is another one when the next run begins
	dead => sub { $mock->grow(1) if rand() < 0.3 });
$mock->clear_script;
sql("CALL dload.run('merged')");
$mock->grow(5);
$mock->clear_journal;
sql("CALL dload.run('merged')");
is( sql("SELECT last_outcome FROM dload.status WHERE pipeline = 'merged'"),
	'complete', 'merged: run to the end');
my $asked = scalar pages_asked('/events');
cmp_ok($asked, '<', 200, "merged: the grown head alone was read ($asked pages)");
sql("SELECT dload.create_pipeline('calm_merged', target => 'public.calm_merged', $merge_args)"
);
sql("CALL dload.run('calm_merged')");
cmp_ok(sql('SELECT count(*) FROM calm_merged'),
	'>', $npages * $per_page, 'the feed has grown');
same_rows('merged', 'calm_merged', 'merge');

# A replace goes on in its shadow, and the old rows stay until it is complete.
sql("CREATE TABLE replaced (id text, old boolean);"
	  . "INSERT INTO replaced VALUES ('old', true);"
	  . "SELECT dload.create_pipeline('replaced', target => 'public.replaced',"
	  . " source => 'feed', write_disposition => 'replace')");
random_kills(
	'replaced',
	dead => sub {
		die 'the old rows are gone' if sql('SELECT count(old) FROM replaced') != 1;
	});
sql("CALL dload.run('replaced')");
is(sql('SELECT count(old) FROM replaced'), 0, 'replaced: the old rows are gone');
sql('ALTER TABLE replaced DROP COLUMN old');
same_rows('replaced', 'calm_merged', 'replace');
is( sql("SELECT count(*) FROM pg_class WHERE relname LIKE '%dload_new%'"),
	0, 'replaced: no shadow is left');

# Replies that say what the next run begins with, in every page: until all are
# read only the pages that were committed count.
sub synced_is_right
{
	my ($what) = @_;

	sql("CALL dload.run('synced')");
	is( sql("SELECT count(*) FROM (SELECT id, name FROM synced_now FULL JOIN synced USING (id, name)"
			  . " WHERE synced_now IS NULL OR synced IS NULL) AS d"),
		0, "$what: the rows are those of the API");
	sql("CALL dload.run('synced')");
	is( sql("SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1"),
		'complete|0', "$what: the next run finds nothing new");
	return;
}

my $nitems = 1500;
my $put = sub {
	my ($name) = @_;
	return [ map { { id => $_, name => "$name $_", tags => [ $_, $_ ] } } 1 .. $nitems ];
};
$mock->post('/sync/set', { reset => JSON::PP::true(), put => $put->('item') });
sql("CREATE FOREIGN TABLE synced_now (id int, name text) SERVER api OPTIONS (path '/sync/items?each=1',"
	  . " records_path 'items', paginate 'token', token_path 'next_page_token', token_param 'page_token',"
	  . " envelope_cursor 'sync.next', deleted_when '\$.deleted = true');"
	  . "SELECT dload.create_pipeline('synced', 'synced_now', 'public.synced', write_disposition => 'merge',"
	  . " primary_key => ARRAY['id'], cursor_param => 'sync_token')");
$mock->script({ path => '/sync/items', delay => 0.005, times => 0 });
random_kills('synced');
is( sql("SELECT cursor_value IS NULL, pending_value FROM dload.cursors WHERE pipeline = 'synced'"),
	"t|r$nitems", 'synced: the token is pending');
$mock->clear_script;
synced_is_right('synced');
$mock->post('/sync/set', { put => $put->('changed'), delete => [ map { 7 * $_ } 1 .. 100 ] });
$mock->script({ path => '/sync/items', delay => 0.005, times => 0 });
random_kills('synced');
is( sql("SELECT cursor_value FROM dload.cursors WHERE pipeline = 'synced'"),
	"r$nitems", 'synced again: the old token counts');
$mock->clear_script;
synced_is_right('synced again');

#
# At chosen points
#

sub waits_for
{
	my ($run, $type) = @_;

	return sql("SELECT wait_event_type = '$type' FROM pg_stat_activity"
		  . " WHERE pid = $run->{pid}") eq 't';
}

# The page after which the next run goes on.
sub saved_page
{
	my ($name) = @_;

	return sql("SELECT substring(checkpoint FROM '[?&]page=([0-9]+)')"
		  . " FROM dload.pipeline_cursor JOIN dload.pipeline USING (pipeline_id)"
		  . " WHERE name = '$name'");
}

# A run is killed when "point" is reached; the next one goes on from page
# "saved" of "pages", each of "size" records, and gives what "calm" has.
sub killed_at
{
	my ($name, %params) = @_;
	my $what = "killed $params{what}";
	my $run = start_run($name, $params{settings});
	my $holder;
	my $saved = $params{saved};

	if ($params{hold_late})
	{
		# The run waits for the mock, which answers when we hold.
		wait_until(sub { $mock->requests('page=4') > 0 }, 'page 4');
		$holder = session($node);
		$holder->query_safe("BEGIN; $params{hold_late}");
	}
	wait_until(sub { $params{point}->($run) }, $what);
	ok(kill_run($run), "$what: killed");
	eval { $_->{run}->finish } foreach grep { defined } $holder, $params{holder};
	check_dead_run($name, $what);
	$saved //= saved_page($name);
	is( sql("SELECT count(*) FROM $name"),
		$params{size} * $saved,
		"$what: rows of whole packages, to page $saved");
	is(saved_page($name), $saved, "$what: the saved page belongs to them");

	$mock->clear_script;
	$mock->clear_journal;
	sql("CALL dload.run('$name')");
	is( join(' ', pages_asked(qr{^/(?:events|link)})),
		join(' ', $saved .. $params{pages}),
		"$what: the next run goes on from page $saved");
	is( sql("SELECT outcome FROM dload.runs WHERE pipeline = '$name'"
			  . " ORDER BY run_id DESC LIMIT 1"),
		'complete', "$what: the next run ends well");
	same_rows($name, $params{calm}, $what);
	return;
}

sub create
{
	my ($name, $source) = @_;

	sql(    "SELECT dload.create_pipeline('$name', source => '$source',"
		  . " target => 'public.$name')");
	return;
}

create('calm_items', 'items');
sql("CALL dload.run('calm_items')");

# Nine pages in one package; three of them are loaded before.
sub killed_in_package
{
	my ($name, %params) = @_;
	my $holder;

	create($name, 'items');
	$node->psql('postgres', "CALL dload.run('$name', max_pages => 3)");
	is( sql("SELECT count(*) || ' ' || (SELECT state FROM dload.status"
				  . " WHERE pipeline = '$name') FROM $name"),
		'30 resumable',
		"$name: three pages first");
	if ($params{hold})
	{
		$holder = session($node);
		$holder->query_safe("BEGIN; $params{hold}");
	}
	$mock->clear_journal;
	$mock->script($params{fault}) if $params{fault};
	killed_at(
		$name, %params,
		holder => $holder,
		settings => "SET dload.package_bytes = '8MB'",
		calm => 'calm_items',
		size => 10,
		saved => 3,
		pages => 9);
	return;
}

# Pages 4 to 6 are read and wait in memory for page 7.
killed_in_package(
	'fetched',
	what => 'after pages were fetched',
	fault => { path => 'page=7', delay => 600 },
	point => sub {
		my $served = $mock->journal('page=6');
		return
			 @$served == 1
		  && defined $served->[0]{status}
		  && $mock->requests('page=7') == 1;
	});

# The package cannot write.
killed_in_package(
	'unwritten',
	what => 'before the rows',
	hold => 'LOCK TABLE unwritten IN SHARE MODE',
	point => sub { waits_for($_[0], 'Lock') });

# Rows and cursor are written; the run's own row, which is last, cannot be.
killed_in_package(
	'uncommitted',
	what => 'before the commit',
	fault => { path => 'page=4', delay => 1 },
	hold_late => 'SELECT FROM dload.run_log ORDER BY run_id DESC LIMIT 1'
	  . ' FOR UPDATE',
	point => sub { waits_for($_[0], 'Lock') });

# Many packages are committed, then page 100 does not come.
my $events = sql('SELECT count(*) FROM calm_merged');

sql(    "CREATE FOREIGN TABLE feed_by_10 () SERVER api OPTIONS (path '/events',"
	  . " paginate 'link', page_size '10', page_size_param 'per_page')");
create('calm_by_10', 'feed_by_10');
sql("CALL dload.run('calm_by_10')");
create('committed', 'feed_by_10');
$mock->clear_journal;
$mock->script({ path => 'page=100', delay => 600, skip => 0 });
killed_at(
	'committed',
	what => 'after a commit',
	point => sub {
		return
			 $mock->requests('page=100') > 0
		  && waits_for($_[0], 'Extension')
		  && sql("SELECT pages > 0 FROM dload.runs WHERE pipeline = 'committed'")
		  eq 't';
	},
	calm => 'calm_by_10',
	size => 10,
	pages => int(($events + 9) / 10));
cmp_ok(
	sql("SELECT max(n) FROM (SELECT count(*) AS n FROM committed"
		  . " GROUP BY _dload_run_id) AS r WHERE n < $events"),
	'>', 500, 'a large part was committed before the kill');

# All rows but those of the last package are committed, and its keys under way.
sql(    "CREATE FUNCTION slow_index() RETURNS event_trigger LANGUAGE plpgsql AS"
	  . " \$\$ BEGIN IF tg_tag = 'CREATE INDEX' AND"
	  . " current_setting('crash.slow', true) = 'yes' THEN"
	  . " PERFORM pg_sleep(600); END IF; END \$\$;"
	  . " CREATE EVENT TRIGGER slow_index ON ddl_command_start"
	  . " EXECUTE FUNCTION slow_index();"
	  . " SELECT dload.create_pipeline('built', source => 'items',"
	  . " target => 'public.built', write_disposition => 'merge',"
	  . " primary_key => ARRAY['id'])");
killed_at(
	'built',
	what => 'while keys were built',
	settings => "SET crash.slow = 'yes'",
	point => sub { waits_for($_[0], 'Timeout') },
	calm => 'calm_items',
	size => 10,
	saved => 8,
	pages => 9);
is( sql(    "SELECT string_agg(pg_get_constraintdef(c.oid), ' ' ORDER BY t.table_path)"
		  . " FROM dload.pipeline_table t JOIN dload.pipeline USING (pipeline_id)"
		  . " LEFT JOIN pg_constraint c ON conrelid = relation AND contype = 'p'"
		  . " WHERE name = 'built'"),
	'PRIMARY KEY (id) PRIMARY KEY (_dload_parent_id, _dload_list_idx)',
	'while keys were built: the next run has built them');

unlike(
	slurp_file($node->logfile),
	qr/PANIC|signal 11|signal 6/,
	'no process crashed by itself');

$mock->stop;
$node->stop;
done_testing();
