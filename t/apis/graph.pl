my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;
my $users = q{SELECT count(*), count(DISTINCT id), max(created) FROM graph.users WHERE department = 'Ada''s & co'};
my $right = '330|330|2026-01-01 00:59:00+00';
my $last = 'SELECT outcome, rows_read, rows_inserted, rows_updated FROM dload.runs ORDER BY run_id DESC LIMIT 1';
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
		{   name => 'changes: the first round gives all, without any token',
			sql => "CALL dload.run('graph_users'); SELECT count(*), count(delta_link) FROM graph.loaded; $last",
			is => "330|90\ncomplete|330|330|0"
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
		my $run = "SELECT graph.next_round(); CALL dload.run('graph_users')";

		sql($api, q{SELECT FROM dload.create_pipeline('graph_count', 'graph.users', 'graph.counted', params => '{"department": "Ada''s & co"}'); CALL dload.run('graph_count')});
		is(sql($api, $last), 'complete|330|330|0', 'graph: a count in the first page only');
		$tell->($api, { more => 1 });
		sql($api, "CALL dload.run('graph_count')");
		like(sql($api, $last), qr/^suspect/, 'graph: control: with which the records must agree');

		$tell->($api, { rounds => 1 });
		sql($api, $run);
		is(sql($api, $last), 'complete|6|0|6', 'graph: the next round gives what has changed');
		is(sql($api, "SELECT count(*) FILTER (WHERE display_name = 'Changed 1'), count(removed__reason) FROM graph.loaded"),
			'5|1', 'graph: with what was deleted');
		sql($api, $run);
		is(sql($api, $last), 'complete|0|0|0', 'graph: a round without changes');
		$tell->($api, { rounds => 2 });
		sql($api, $run);
		is(sql($api, $last), 'complete|6|0|6', 'graph: after which the old token still holds');
		sql($api, "CALL dload.run('graph_users')");
		like(sql($api, $last), qr/^complete\|6\|0\|/, 'graph: a round may be repeated');
		$tell->($api, { expired => 9 });
		like(sql($api, $run), qr/ERROR.*410.*token has expired.*full synchronization/s, 'graph: a token that has expired is an error that says so');
		sql($api, "SELECT FROM dload.alter_pipeline('graph_users', params => '{}'); CALL dload.run('graph_users', full_refresh => true)");
		is(sql($api, 'SELECT count(*) FROM graph.loaded'), '330', 'graph: and is followed by a whole round');
	} };
