my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;
my $orders = "SELECT count(*), count(customer), min(id), sum(total), count(*) FILTER (WHERE paid), max(placed_us) FROM bigquery.orders WHERE job = 'job_fake0123456789'";
my $right = '330|297|1152921504606846976|54285.000000330|165|1767225600123785';
my $limited = sub {
	my ($reason) = @_;

	return { path => '/queries/', status => 403, body => { error => { code => 403, message => 'Exceeded',
		errors => [ { reason => $reason } ], status => 'PERMISSION_DENIED' } } };
};
my $tell = sub {
	my ($api, $what) = @_;

	$api->{mock}->post('/host/bigquery.googleapis.com/test', $what);
};

{   files => { '/etc/dload/bigquery.pem' => $key },
	checks => [
		{   name => 'rows by position, names in the schema, strings',
			sql => $orders,
			is => $right
		},
		{   name => 'smaller pages',
			sql => "ALTER FOREIGN TABLE bigquery.orders OPTIONS (SET page_size '100'); $orders",
			is => $right
		},
		{   name => 'a 403 that is a limit',
			before => [ $limited->('rateLimitExceeded') ],
			sql => $orders,
			is => $right
		},
		{   name => 'a 403 that is none',
			before => [ $limited->('accessDenied') ],
			sql => $orders,
			like => qr/ERROR:.*denied access \(status 403\)/s
		},
		{   name => 'loaded, with types by columns',
			sql => "CALL dload.run('bigquery_orders'); SELECT count(*), count(customer), sum(total), pg_typeof(min(id)) FROM bigquery.loaded",
			is => '330|297|54285.000000330|bigint'
		},
		{   name => 'complete, with nothing rejected',
			sql => 'SELECT outcome, rows_read, rows_rejected FROM dload.runs ORDER BY run_id DESC LIMIT 1',
			is => 'complete|330|0'
		},
	],
	controls => [
		{   name => 'the names in the schema',
			alter => 'ALTER FOREIGN TABLE bigquery.orders OPTIONS (DROP row_names_path, DROP row_value_path)',
			sql => $orders,
			is => $right
		},
		{   name => 'the place of the values',
			alter => "ALTER FOREIGN TABLE bigquery.orders OPTIONS (SET row_value_path 'f[*]')",
			sql => $orders,
			is => $right
		},
		{   name => 'the location, with every request',
			alter => "ALTER FOREIGN TABLE bigquery.orders OPTIONS (ADD next_drop_params 'location')",
			sql => $orders,
			is => $right
		},
		{   name => 'the paginator',
			alter => "ALTER FOREIGN TABLE bigquery.orders OPTIONS (SET paginate 'none', DROP token_path, DROP token_param)",
			sql => $orders,
			is => $right
		},
		{   name => 'the rule for limits',
			alter => 'ALTER SERVER bigquery OPTIONS (DROP response_rules)',
			before => [ $limited->('rateLimitExceeded') ],
			sql => $orders,
			is => $right
		},
		{   name => 'exact times',
			alter => q{ALTER FOREIGN TABLE bigquery.orders OPTIONS (SET query_params '{"location": "EU"}')},
			sql => $orders,
			is => $right
		},
		{   name => 'types by columns',
			alter => q{SELECT FROM dload.alter_pipeline('bigquery_orders', columns => '{}'); DROP TABLE bigquery.loaded},
			sql => "SELECT FROM dload.run_atomic('bigquery_orders'); SELECT pg_typeof(min(id)) FROM bigquery.loaded",
			like => qr/^bigint$/m
		},
	],
	more => sub {
		my ($api) = @_;

		$tell->($api, { pending => 2 });
		is(sql($api, $orders), $right, 'bigquery: a job that still runs is waited for');
		$tell->($api, { pending => 1 });
		my $got = sql($api, q{BEGIN; ALTER SERVER bigquery OPTIONS (SET response_rules '[{"when": "status = 999", "do": "fail"}]');} . "$orders; ROLLBACK");
		isnt($got, $right, 'bigquery: control: without its rule it has no rows');
		$tell->($api, { more => 1 });
		sql($api, "CALL dload.run('bigquery_orders')");
		is(sql($api, 'SELECT outcome FROM dload.runs ORDER BY run_id DESC LIMIT 1'),
			'suspect', 'bigquery: totalRows, a string, is compared with what was read');
		$api->{mock}->script($limited->('quotaExceeded'));
		like(sql($api, $orders), qr/ERROR:.*rate limit of server "bigquery" is used up until/s, 'bigquery: a quota that is used up for long');
	} };
