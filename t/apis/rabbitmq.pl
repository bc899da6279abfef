{   checks => [
		{   name => 'pages to the last, and none beyond',
			sql => q{SELECT count(*), count(DISTINCT name) FROM rabbitmq.queues WHERE vhost = '/'},
			is => '120|120'
		},
		{   name => 'the number of pages goes by the filter',
			sql => q{SELECT count(*), min(name), max(name) FROM rabbitmq.queues WHERE vhost = '/' AND part = 'q0'},
			is => '100|q000|q099'
		},
		{   name => 'a filter that is a regular expression',
			sql => q{SELECT count(*), min(name), max(name) FROM rabbitmq.queues WHERE vhost = '/' AND part = '^q1[01]' AND regex},
			is => '20|q100|q119'
		},
		{   name => 'a filter that nothing passes',
			sql => q{SELECT count(*) FROM rabbitmq.queues WHERE vhost = '/' AND part = 'none'},
			is => '0'
		},
		{   name => 'without pages a bare array: the same definition reads it, without records_path',
			sql => q{BEGIN; ALTER FOREIGN TABLE rabbitmq.queues OPTIONS (DROP records_path, DROP total_path, DROP page_size, DROP page_size_param, SET paginate 'none');
				SELECT count(*), min(name) FROM rabbitmq.queues WHERE vhost = '/'; ROLLBACK},
			is => '120|q000'
		},
		{   name => 'a virtual host that is not there',
			sql => q{SELECT count(*) FROM rabbitmq.queues WHERE vhost = 'prod'},
			like => qr/has no such resource \(status 404\).*\/queues\/prod/s
		},
		{   name => 'queues loaded',
			sql => q{CALL dload.run('rabbitmq_queues'); SELECT count(*), max(arguments__x_max_length) FROM rabbitmq.loaded_queues},
			is => '120|1190'
		},
		{   name => 'an empty queue',
			sql => q{SELECT count(*) FROM rabbitmq.messages WHERE queue = 'orders'},
			is => '0'
		},
		{   name => 'the path may have it encoded, too',
			sql => q{BEGIN; ALTER FOREIGN TABLE rabbitmq.queues OPTIONS (SET path '/queues/%2F'); ALTER FOREIGN TABLE rabbitmq.queues ALTER vhost OPTIONS (DROP param);
				SELECT count(*) FROM rabbitmq.queues; ROLLBACK},
			is => '120'
		},
	],
	controls => [
		{   name => 'the last page',
			alter => 'ALTER FOREIGN TABLE rabbitmq.queues OPTIONS (DROP total_path)',
			sql => q{SELECT count(*) FROM rabbitmq.queues WHERE vhost = '/'},
			is => '120'
		},
		{   name => 'of the filter',
			alter => q{ALTER FOREIGN TABLE rabbitmq.queues OPTIONS (SET total_path 'total_count', ADD total_unit 'records')},
			sql => q{SELECT count(*) FROM rabbitmq.queues WHERE vhost = '/' AND part = 'q0'},
			is => '100'
		},
		{   name => 'a slash in the path',
			alter => q{ALTER FOREIGN TABLE rabbitmq.queues OPTIONS (SET path '/queues//')},
			sql => q{SELECT count(*) FROM rabbitmq.queues WHERE vhost = '/'},
			is => '120'
		},
	],
	more => sub {
		my ($api) = @_;
		my $host = '/host/rabbitmq.example.com';
		my $fill = sub { $api->{mock}->post("$host/fill/$_[0]", {}); $api->{mock}->clear_journal };
		my $left = sub { $api->{mock}->get("$host/left")->{left} };
		my $asked = sub { $api->{mock}->requests('/orders/get') };
		my $run = "CALL dload.run('rabbitmq_orders')";

		# a queue that has been deleted
		$api->{mock}->call('DELETE', "$host/api/queues/%2F/q007");
		is(sql($api, "CALL dload.run('rabbitmq_queues'); SELECT count(*) FROM rabbitmq.loaded_queues"),
			'119', 'rabbitmq: a deleted queue is gone after the next run');

		$fill->(25);
		is(sql($api, q{SELECT count(*), sum((payload->>'n')::int), max(payload->>'text') FROM rabbitmq.peek WHERE queue = 'orders'}),
			'10|45|Größe 9', 'rabbitmq: a peek decodes and leaves');
		is($left->(), 25, 'rabbitmq: all messages are still there');

		is(sql($api, "$run; SELECT count(*), count(DISTINCT properties__message_id), sum(payload__n) FROM rabbitmq.orders"),
			'25|25|300', 'rabbitmq: drained');
		is($left->(), 0, 'rabbitmq: the queue is empty');
		is($asked->(), 4, 'rabbitmq: one request for the peek, three for the queue: the last message says that it is empty');
		$fill->(25);
		like(sql($api, "BEGIN; ALTER FOREIGN TABLE rabbitmq.messages OPTIONS (DROP total_path);"
				  . " SELECT count(*) FROM rabbitmq.messages WHERE queue = 'orders'; ROLLBACK"),
			qr/^25$/m, 'rabbitmq: without that');
		is($asked->(), 4, 'rabbitmq: an empty page is asked for');

		$fill->(7);
		like(sql($api, "BEGIN; ALTER FOREIGN TABLE rabbitmq.messages OPTIONS (SET body '{\"count\": 10, \"ackmode\": \"ack_requeue_false\","
				  . " \"encoding\": \"base64\", \"truncate\": 5}'); SELECT count(*) FROM rabbitmq.messages"
				  . " WHERE queue = 'orders' AND payload->>'n' IS NOT NULL; ROLLBACK"),
			qr/ERROR|^0$/m, 'rabbitmq: control: truncated payloads cannot be decoded');

		# at most once: what broke off is lost, and is not asked for again
		$fill->(30);
		$api->{mock}->script({ path => '/orders/get', skip => 1, truncate_at => 100 });
		like(sql($api, $run), qr/ERROR/, 'rabbitmq: an answer that breaks off fails the run');
		is($asked->(), 2, 'rabbitmq: and is not asked for again');
		is(sql($api, 'SELECT count(*) FROM rabbitmq.orders'), '35', 'rabbitmq: what came before it is kept');
		is($left->(), 10, 'rabbitmq: its own messages are gone');
		is(sql($api, "$run; SELECT count(*) FROM rabbitmq.orders"), '45', 'rabbitmq: the next run takes the rest');

		# refused unread: nothing is lost, so it is sent again
		$fill->(5);
		$api->{mock}->script({ path => '/orders/get', status => 503, headers => { 'Retry-After' => '0' } });
		is(sql($api, "$run; SELECT count(*) FROM rabbitmq.orders"), '50', 'rabbitmq: a request that was refused is sent again');
		is($asked->(), 2, 'rabbitmq: once');
	} };
