my $key = `python3 $FindBin::RealBin/mock_auth.py --key rsa`;
my $orders = q{SELECT count(*), count(DISTINCT order_id), count(customer), max(order_id), sum(total), count(*) FILTER (WHERE paid), max(date '1970-01-01' + placed_days), sum((details ->> 'lines')::int)
	FROM snowflake.orders WHERE statement = '01fake00-0000-0000-0000-000000000001'};
my $right = '530|530|477|100000000000000000529|140317.50|265|2026-01-07|529';
my $customers = 'SELECT count(*), count(customer), sum(total) FROM snowflake.customers WHERE at_least = 200';
my $right_too = '330|297|120367.50';
my $tell = sub {
	my ($api, $what) = @_;

	return $api->{mock}->post('/host/acme-fake.snowflakecomputing.com/test', $what)->{runs};
};

{   files => { '/etc/dload/snowflake.pem' => $key },
	checks => [
		{   name => 'partitions by number, bare compressed lists, names in rowType, strings',
			sql => $orders,
			is => $right
		},
		{   name => 'in the order of the partitions',
			sql => "SELECT bool_and(o.order_id = 100000000000000000000 + n - 1) FROM (SELECT order_id, row_number() OVER () AS n FROM snowflake.orders WHERE statement = '01fake00-0000-0000-0000-000000000001') AS o",
			is => 't'
		},
		{   name => 'loaded, with types by columns and JSON in a string',
			sql => "CALL dload.run('snowflake_orders'); SELECT count(*), count(DISTINCT order_id), sum(total), max(placed), sum(details__lines) FROM snowflake.loaded",
			is => '530|530|140317.50|20460|529'
		},
		{   name => 'complete, with nothing rejected, one request for each partition',
			sql => 'SELECT outcome, rows_read, rows_rejected, requests FROM dload.runs ORDER BY run_id DESC LIMIT 1',
			is => 'complete|530|0|4'
		},
		{   name => 'throttled, without any option',
			before => [ { path => 'partition=2', status => 429, body => { code => '390505', message => 'Too many requests' } } ],
			sql => $orders,
			is => $right
		},
		{   name => 'submitted by POST, with a bound value; the rest by relative links',
			sql => $customers,
			is => $right_too
		},
		{   name => 'a token of OAuth',
			sql => q{BEGIN; ALTER SERVER snowflake OPTIONS (SET auth 'bearer', DROP jwt_issuer, DROP jwt_subject, DROP jwt_lifetime, SET headers '{"X-Snowflake-Authorization-Token-Type": "OAUTH"}'); ALTER USER MAPPING FOR CURRENT_USER SERVER snowflake OPTIONS (DROP private_key, ADD token 'ver:1-hint:0-fake'); } . "$orders; ROLLBACK",
			is => $right
		},
		{   name => 'a statement that fails',
			sql => q{BEGIN; ALTER FOREIGN TABLE snowflake.customers OPTIONS (SET body '{"statement": "SELEC {at_least}", "timeout": 45, "warehouse": "LOADING", "bindings": {}}'); } . $customers,
			like => qr/ERROR:.*422.*SQL compilation error/s
		},
	],
	controls => [
		{   name => 'the parts',
			alter => "ALTER FOREIGN TABLE snowflake.orders OPTIONS (DROP list_path, DROP list_from, DROP list_first, DROP list_param, SET paginate 'none')",
			sql => $orders,
			is => $right
		},
		{   name => 'the first partition in the first response',
			alter => 'ALTER FOREIGN TABLE snowflake.orders OPTIONS (DROP list_first)',
			sql => "SELECT FROM dload.run_atomic('snowflake_orders'); SELECT 'requests', requests FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/^requests\|4$/m
		},
		{   name => 'the names in rowType',
			alter => 'ALTER FOREIGN TABLE snowflake.orders OPTIONS (DROP row_names_path)',
			sql => $orders,
			is => $right
		},
		{   name => 'the kind of token',
			alter => 'ALTER SERVER snowflake OPTIONS (DROP headers)',
			sql => $orders,
			is => $right
		},
		{   name => 'the fingerprint of the key',
			alter => "ALTER SERVER snowflake OPTIONS (SET jwt_issuer 'ACME-FAKE.LOADER')",
			sql => $orders,
			is => $right
		},
		{   name => 'a GET for the partitions that follow a POST',
			alter => 'ALTER FOREIGN TABLE snowflake.customers OPTIONS (DROP follow_method)',
			sql => $customers,
			is => $right_too
		},
	],
	more => sub {
		my ($api) = @_;

		$tell->($api, { pending => 2 });
		is(sql($api, $orders), $right, 'snowflake: a statement that still runs is waited for');
		$tell->($api, { pending => 1 });
		isnt(sql($api, "BEGIN; ALTER SERVER snowflake OPTIONS (DROP response_rules); $orders; ROLLBACK"),
			$right, 'snowflake: control: without its rule it has no rows');
		$tell->($api, { objects => 1 });
		is(sql($api, $orders), $right, 'snowflake: partitions that are objects, without any option');
		my $before = $tell->($api, { slow => 1 });
		like(sql($api, $customers), qr/ERROR:.*by its handle/s, 'snowflake: a POST of a slow statement is an error that says what to do');
		is($tell->($api, { slow => 0 }) - $before, 1, 'snowflake: which was not carried out again');
		$before = $tell->($api, { lost => 1 });
		is(sql($api, $customers), $right_too, 'snowflake: a POST whose answer was lost is sent again');
		is($tell->($api, {}) - $before, 1, 'snowflake: and not carried out again');
		is(sql($api, $customers), $right_too, 'snowflake: the next one has a key of its own');
		is($tell->($api, { lost => 1 }) - $before, 2, 'snowflake: and is carried out');
		like(sql($api, "BEGIN; ALTER FOREIGN TABLE snowflake.customers OPTIONS (DROP idempotent); $customers; ROLLBACK"),
			qr/ERROR:.*502/s, 'snowflake: control: without idempotent it is not sent again');
		$before = $tell->($api, { lost => 1 });
		sql($api, "BEGIN; ALTER FOREIGN TABLE snowflake.customers OPTIONS (SET query_params '{\"retry\": true}'); $customers; ROLLBACK");
		is($tell->($api, {}) - $before, 2, 'snowflake: control: without requestId it is carried out twice');
	} };
