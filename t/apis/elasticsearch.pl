{   checks => [
		{   name => 'behind the sort of the last hit, with ties of the time',
			sql => 'SELECT count(*), count(DISTINCT id), count(DISTINCT at) FROM es.logs',
			is => '2345|2345|782'
		},
		{   name => 'basic authentication',
			sql => "BEGIN; ALTER SERVER elastic OPTIONS (SET auth 'basic', DROP api_key_name, DROP api_key_template); ALTER USER MAPPING FOR CURRENT_USER SERVER elastic OPTIONS (DROP api_key, ADD username 'loader', ADD password 'not-a-real-one'); SELECT count(*) FROM es.logs; ROLLBACK",
			is => '2345'
		},
		{   name => 'a bearer token',
			sql => "BEGIN; ALTER SERVER elastic OPTIONS (SET auth 'bearer', DROP api_key_name, DROP api_key_template); ALTER USER MAPPING FOR CURRENT_USER SERVER elastic OPTIONS (DROP api_key, ADD token 'AAEAAWVsYXN0aWMvbm90LXJlYWw'); SELECT count(*) FROM es.logs; ROLLBACK",
			is => '2345'
		},
		{   name => 'a 429 without a time, of a POST',
			before => [ { path => '/logs/_search', status => 429 } ],
			sql => 'SELECT count(*) FROM es.logs',
			is => '2345'
		},
		{   name => 'from and size end at 10 000: an error, no cut',
			sql => "BEGIN; ALTER FOREIGN TABLE es.logs OPTIONS (SET path '/big/_search', SET paginate 'offset', DROP keyset_path, DROP keyset_param, DROP token_in, ADD offset_param 'from', ADD offset_in 'body', SET page_size '5000'); SELECT count(*) FROM es.logs; ROLLBACK",
			like => qr/ERROR:.*400.*Result window is too large.*15000/s
		},
		{   name => 'loaded',
			sql => "CALL dload.run('es_logs'); SELECT count(*), max(_source__id) FROM es.loaded",
			is => '2345|2344'
		},
		{   name => 'then from the last minute on, by a range in the body',
			sql => "CALL dload.run('es_logs'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|182|182'
		},
		{   name => 'by a scroll',
			sql => 'SELECT count(*), count(DISTINCT id) FROM es.export',
			is => '2345|2345'
		},
		{   name => 'the copy by a scroll',
			sql => "CALL dload.run('es_export'); SELECT count(*) FROM es.copy",
			is => '2345'
		},
		{   name => 'a point in time whose id is new with each page',
			sql => 'SELECT count(*), count(DISTINCT id), count(DISTINCT last_pit) FROM es.logs_now',
			is => '2345|2345|3'
		},
		{   name => 'a point in time that has ended is an error that says so',
			sql => "SELECT count(*) FROM es.pit_logs WHERE pit = 'old'",
			like => qr/ERROR:.*No search context found/s
		},
		{   name => 'a total with the relation gte does not end a list of keys',
			sql => "BEGIN; ALTER FOREIGN TABLE es.logs OPTIONS (ADD total_path 'hits.total.value', SET path '/big/_search', SET page_size '5000', SET body '{\"sort\": [\"\@timestamp\", \"id\"]}'); SELECT count(*) FROM es.logs; ROLLBACK",
			is => '10050'
		},
	],
	controls => [
		{   name => 'the key as a tuple',
			alter => "ALTER FOREIGN TABLE es.logs OPTIONS (SET keyset_path 'sort[0]')",
			sql => 'SELECT count(*) FROM es.logs',
			is => '2345'
		},
		{   name => 'a key that is unique',
			alter => "ALTER FOREIGN TABLE es.logs OPTIONS (SET body '{\"sort\": [\"\@timestamp\"]}')",
			sql => 'SELECT count(*) FROM es.logs',
			is => '2345'
		},
		{   name => 'the id of the point in time is renewed',
			alter => "ALTER FOREIGN TABLE es.pit_logs OPTIONS (SET keyset_path 'sort', SET keyset_param 'search_after')",
			sql => 'SELECT count(*) FROM es.logs_now',
			is => '2345'
		},
		{   name => 'the template of the key',
			alter => 'ALTER SERVER elastic OPTIONS (DROP api_key_template)',
			sql => 'SELECT count(*) FROM es.logs',
			is => '2345'
		},
		{   name => 'a POST that only reads is sent again',
			alter => "ALTER FOREIGN TABLE es.logs OPTIONS (DROP idempotent)",
			before => [ { path => '/logs/_search', status => 502 } ],
			sql => 'SELECT count(*) FROM es.logs',
			is => '2345'
		},
	],
	more => sub {
		my ($api) = @_;
		my $host = "$api->{url}/host/search.example.com";
		my $contexts = sub {
			HTTP::Tiny->new->get("$host/_nodes/stats/indices/search")->{content} =~ /"scroll_current":\s*(\d+)/;
			return $1;
		};

		is($contexts->(), 0, 'elasticsearch: no scroll is left open');
		sql($api, 'SELECT id FROM es.export LIMIT 5');
		is($contexts->(), 0, 'elasticsearch: nor under a LIMIT');
		sql($api, "ALTER FOREIGN TABLE es.export OPTIONS (DROP close_body, DROP close_path)");
		sql($api, 'SELECT id FROM es.export LIMIT 5');
		is($contexts->(), 1, 'elasticsearch: control: without close_path it is');

		HTTP::Tiny->new->get("$host/fault/shard");
		like(sql($api, 'SELECT count(*) FROM es.logs'),
			qr/ERROR:.*reported an error/s, 'elasticsearch: a lost shard is an error');
		sql($api, 'ALTER FOREIGN TABLE es.logs OPTIONS (DROP error_when)');
		HTTP::Tiny->new->get("$host/fault/shard");
		isnt(sql($api, 'SELECT count(*) FROM es.logs'),
			'2345', 'elasticsearch: control: without error_when hits are missing');

		HTTP::Tiny->new->get("$host/fault/rejected");
		is(sql($api, 'SELECT count(*) FROM es.logs'),
			'2345', 'elasticsearch: es_rejected_execution_exception is waited for');

		is(sql($api, "WITH d AS MATERIALIZED (SELECT last_pit FROM es.logs_now ORDER BY id DESC LIMIT 1) SELECT c.num_freed FROM d JOIN es.close_pit AS c ON c.pit = d.last_pit"),
			'1', 'elasticsearch: the point in time is closed');
	} };
