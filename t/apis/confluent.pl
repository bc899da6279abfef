{   checks => [
		{   name => 'metadata.next leads to all topics',
			sql => q{SELECT count(*), count(DISTINCT topic_name) FROM confluent.topics WHERE cluster = 'lkc-1'},
			is => '23|23'
		},
		{   name => 'and to their partitions',
			sql => q{SELECT count(*), count(DISTINCT topic) FROM confluent.topics t JOIN confluent.partitions p
				ON p.cluster = t.cluster AND p.topic = t.topic_name WHERE t.cluster = 'lkc-1'},
			is => '46|23'
		},
		{   name => 'an error of v3',
			sql => q{SELECT count(*) FROM confluent.topics WHERE cluster = 'lkc-2'},
			like => qr/no such resource \(status 404\).*Cluster lkc-2 cannot be found/s
		},
		{   name => 'no instance: what the rule says',
			sql => q{CALL dload.run('confluent_orders')},
			like => qr/ERROR.*the consumer instance is gone, make it again/
		},
		{   name => 'an instance is made by a SELECT',
			sql => q{SELECT name, base_uri ~ '/consumers/warehouse/instances/c1$' FROM confluent.create_consumer WHERE name = 'c1' AND format = 'json'},
			is => 'c1|t'
		},
		{   name => 'not twice',
			sql => q{SELECT name FROM confluent.create_consumer WHERE name = 'c1' AND format = 'json'},
			like => qr/status 409.*already exists/s
		},
		{   name => 'it subscribes (204, no rows)',
			sql => q{SELECT count(*) FROM confluent.subscribe WHERE name = 'c1'},
			is => '0'
		},
		{   name => 'the records of a JSON instance',
			sql => q{CALL dload.run('confluent_orders'); SELECT count(*), sum(value__n), count(DISTINCT value__customer__id) FROM confluent.orders},
			is => '40|780|5'
		},
		{   name => 'after a failure a new instance gets them again: kept once',
			sql => q{SELECT FROM confluent.leave WHERE name = 'c1'; SELECT FROM confluent.create_consumer WHERE name = 'c1' AND format = 'json';
				SELECT FROM confluent.subscribe WHERE name = 'c1'; CALL dload.run('confluent_orders');
				SELECT count(*) FROM confluent.orders; SELECT rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1},
			like => qr/40\n40\|40$/
		},
		{   name => 'after a commit it does not',
			sql => q{SELECT count(*) FROM confluent.commit WHERE name = 'c1';
				SELECT FROM confluent.leave WHERE name = 'c1'; SELECT FROM confluent.create_consumer WHERE name = 'c1' AND format = 'json';
				SELECT FROM confluent.subscribe WHERE name = 'c1'; CALL dload.run('confluent_orders');
				SELECT rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1},
			like => qr/^0\n(.*\n)*0$/
		},
	],
	controls => [
		{   name => 'the next page',
			alter => q{ALTER FOREIGN TABLE confluent.topics OPTIONS (SET paginate 'none', DROP next_path)},
			sql => q{SELECT count(*) FROM confluent.topics WHERE cluster = 'lkc-1'},
			is => '23'
		},
		{   name => 'the media type asked for',
			alter => 'ALTER FOREIGN TABLE confluent.records OPTIONS (DROP accept)',
			sql => q{SELECT count(*) FROM confluent.records WHERE name = 'c1'},
			is => '0'
		},
		{   name => 'the media type sent',
			alter => 'ALTER FOREIGN TABLE confluent.commit OPTIONS (DROP headers)',
			sql => q{SELECT count(*) FROM confluent.commit WHERE name = 'c1'},
			is => '0'
		},
		{   name => 'the rule',
			alter => 'ALTER SERVER confluent OPTIONS (DROP response_rules)',
			sql => q{SELECT count(*) FROM confluent.records WHERE name = 'c9'},
			like => qr/make it again/
		},
	],
	more => sub {
		my ($api) = @_;
		my $host = '/host/kafka-rest.example.com';
		my $committed = sub { $api->{mock}->get("$host/committed/warehouse")->{committed} };
		my $make = sub {
			my ($name, $format) = @_;
			sql($api, "SELECT FROM confluent.create_consumer WHERE name = '$name' AND format = '$format';"
				  . " SELECT FROM confluent.subscribe WHERE name = '$name'");
		};

		is($committed->(), 40, 'confluent: committed by hand');
		$api->{mock}->reset;

		# an instance lives on one node, and not for ever
		my $at = sub { return "BEGIN; ALTER SERVER confluent OPTIONS (SET base_url '$api->{url}/host/kafka-rest-2.example.com'); $_[0]; ROLLBACK" };
		my $count = q{SELECT count(*) FROM confluent.records WHERE name = 'n1'};
		is(sql($api, $at->(q{SELECT base_uri ~ 'kafka-rest-2.example.com/consumers/warehouse/instances/n1$' FROM confluent.create_consumer WHERE name = 'n1' AND format = 'json'; SELECT FROM confluent.subscribe WHERE name = 'n1'})) =~ s/\n//gr,
			't', 'confluent: the answer says where the instance lives');
		like(sql($api, $count), qr/ERROR:.*make it again/s, 'confluent: control: another node does not know it');
		is(sql($api, $at->($count)), '40', 'confluent: by its own address');
		$make->('n2', 'json');
		$api->{mock}->get("$host/fault/idle/warehouse/n2");
		like(sql($api, q{SELECT count(*) FROM confluent.records WHERE name = 'n2'}),
			qr/ERROR:.*make it again/s, 'confluent: an instance that was idle for too long');
		$api->{mock}->reset;

		# binary: base64
		$make->('b1', 'binary');
		is(sql($api, q{SELECT count(*), sum((value->>'n')::int), min(key) FROM confluent.binary_records WHERE name = 'b1'}),
			'40|780|k0', 'confluent: records of a binary instance, decoded');
		is($committed->(), 0, 'confluent: reading commits nothing');
		$make->('b2', 'binary');
		isnt(sql($api, q{BEGIN; ALTER FOREIGN TABLE confluent.binary_records OPTIONS (DROP decode);
			SELECT count(*), sum((value->>'n')::int) FROM confluent.binary_records WHERE name = 'b2'; ROLLBACK}),
			'40|780', 'confluent: control: without decode');

		# the first read joins the group
		$make->('j1', 'json');
		is(sql($api, q{BEGIN; ALTER FOREIGN TABLE confluent.records OPTIONS (DROP query_params);
			SELECT count(*) FROM confluent.records WHERE name = 'j1'; ROLLBACK}),
			'0', 'confluent: control: a short first read is empty');
		is(sql($api, q{SELECT count(*) FROM confluent.records WHERE name = 'j1'}),
			'40', 'confluent: the next one is not');

		# an answer that breaks off: not asked again, and not lost
		$make->('c1', 'json');
		sql($api, 'TRUNCATE confluent.orders');
		$api->{mock}->clear_journal;
		$api->{mock}->script({ path => '/records', skip => 1, truncate_at => 200 });
		like(sql($api, q{CALL dload.run('confluent_orders')}), qr/ERROR/, 'confluent: an answer that breaks off fails the run');
		is($api->{mock}->requests('/records'), 2, 'confluent: it is not asked for again');
		sql($api, q{SELECT FROM confluent.leave WHERE name = 'c1'});
		$make->('c1', 'json');
		is(sql($api, q{CALL dload.run('confluent_orders'); SELECT count(*), count(DISTINCT value__n) FROM confluent.orders}),
			'40|40', 'confluent: a new instance has all of them');
	} };
