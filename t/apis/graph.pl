my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;
my $users = q{SELECT count(*), count(DISTINCT id), max(created) FROM graph.users WHERE department = 'Ada''s & co'};
my $right = '330|330|2026-01-01 00:59:00+00';
my $last = 'SELECT outcome, rows_read, rows_inserted, rows_updated, rows_deleted FROM dload.runs ORDER BY run_id DESC LIMIT 1';
my $tell = sub {
	my ($api, $what) = @_;

	$api->{mock}->post('/host/graph.microsoft.com/test', $what);
};

{   files => { '/etc/dload/graph.pem' => $key },
	checks => [
		{   name => 'a nextLink with all parameters, to which none is added; a value inside of $filter',
			sql => $users,
			is => $right
		},
		{   name => 'throttled, with Retry-After, without any option',
			before => [ { path => 'skiptoken', status => 429, headers => { 'Retry-After' => '1' },
				body => { error => { code => 'TooManyRequests' } } } ],
			sql => $users,
			is => $right
		},
		{   name => 'what some services say of their limit: seconds from now',
			before => [ { path => '/users', headers => { 'RateLimit-Limit' => '5000', 'RateLimit-Remaining' => '4711', 'RateLimit-Reset' => '100' } } ],
			sql => "$users; SELECT remaining > 4700 AND remaining <= 4711 FROM dload.budgets WHERE server = 'graph' AND requests = 5000",
			is => "$right\nt"
		},
		{   name => 'a certificate in place of the secret',
			sql => 'SELECT count(*) FROM graph.people',
			is => '330'
		},
		{   name => 'changes: the first round gives all, and a link for the next one',
			sql => "CALL dload.run('graph_users'); SELECT count(*), max(job_title) FROM graph.loaded; $last; SELECT cursor_value LIKE '%/users/delta?\$deltatoken=d~0~%' FROM dload.cursors WHERE pipeline = 'graph_users'",
			is => "330|Analyst\ncomplete|330|330|0|0\nt"
		},
	],
	controls => [
		{   name => 'the header that counts need',
			alter => 'ALTER SERVER graph OPTIONS (DROP headers)',
			sql => $users,
			is => $right
		},
		{   name => 'the scope',
			alter => 'ALTER SERVER graph OPTIONS (DROP oauth2_scope); DELETE FROM dload.token',
			sql => $users,
			is => $right
		},
		{   name => 'the hash of the certificate',
			alter => 'ALTER SERVER graph_cert OPTIONS (DROP jwt_headers); DELETE FROM dload.token',
			sql => 'SELECT count(*) FROM graph.people',
			is => '330'
		},
		{   name => 'the next link',
			alter => "ALTER FOREIGN TABLE graph.users OPTIONS (SET paginate 'none', DROP next_path)",
			sql => $users,
			is => $right
		},
		{   name => 'the filter for values inside of $filter',
			alter => q{ALTER FOREIGN TABLE graph.users OPTIONS (SET query_params '{"$select": "id,displayName,createdDateTime", "$count": "true", "$filter": "department eq ''{department}''"}')},
			sql => $users,
			is => $right
		},
	],
	more => sub {
		my ($api) = @_;
		my $run = "CALL dload.run('graph_users'";

		sql($api, q{SELECT FROM dload.create_pipeline('graph_count', 'graph.users', 'graph.counted', params => '{"department": "Ada''s & co"}'); CALL dload.run('graph_count')});
		is(sql($api, $last), 'complete|330|330|0|0', 'graph: a count in the first page only');
		$tell->($api, { more => 1 });
		sql($api, "CALL dload.run('graph_count')");
		like(sql($api, $last), qr/^suspect/, 'graph: control: with which the records must agree');

		my $state = "SELECT count(*), count(*) FILTER (WHERE display_name LIKE 'Changed%'), count(*) FILTER (WHERE display_name = 'Back') FROM graph.loaded";

		$tell->($api, { rounds => 1 });
		sql($api, "$run, max_pages => 1)");
		is(sql($api, 'SELECT outcome, rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1'), 'partial|120', 'graph: a run that stops within a round');
		sql($api, "$run)");
		is(sql($api, $last), 'complete|31|0|30|1', 'graph: goes on with it');
		is(sql($api, $state), '329|150|0', 'graph: what was deleted is gone');
		sql($api, "$run)");
		is(sql($api, $last), 'complete|0|0|0|0', 'graph: a round without changes');
		$tell->($api, { rounds => 2 });
		sql($api, "$run)");
		is(sql($api, $last), 'complete|152|0|150|1', 'graph: what was told before is told again, and changes nothing');
		$tell->($api, { rounds => 3 });
		is(sql($api, "BEGIN; ALTER FOREIGN TABLE graph.changes OPTIONS (DROP deleted_when); SELECT FROM dload.run_atomic('graph_users'); SELECT count(*), count(removed__reason) FROM graph.loaded; ROLLBACK") =~ s/\A\n//r,
			'330|2', 'graph: control: without deleted_when they are rows');
		like(sql($api, "BEGIN; ALTER FOREIGN TABLE graph.changes OPTIONS (DROP cursor_in); SELECT FROM dload.alter_pipeline('graph_users', cursor_param => '\$deltatoken'); SELECT FROM dload.run_atomic('graph_users'); ROLLBACK"),
			qr/ERROR.*400/s, 'graph: control: a link is no parameter');
		sql($api, "$run)");
		is(sql($api, $last), 'complete|153|1|150|1', 'graph: a user who is back');
		is(sql($api, $state), '328|152|1', 'graph: is there again');
		$tell->($api, { expired => 9 });
		like(sql($api, "BEGIN; ALTER FOREIGN TABLE graph.changes OPTIONS (DROP response_rules); SELECT FROM dload.run_atomic('graph_users'); ROLLBACK"),
			qr/ERROR.*410.*full synchronization.*expired, add a rule/s, 'graph: control: a link that has expired is an error that says so');
		sql($api, "$run)");
		is(sql($api, $last), 'complete|330|330|0|328', 'graph: or is followed by a whole round');
		is(sql($api, $state), '330|0|0', 'graph: which takes the place of what was there');
	} };
