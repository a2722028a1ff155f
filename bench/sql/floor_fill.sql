-- The same organizations as in people.sql, as the floor keeps them.
insert into floor.subscriptions
  select 'sub_' || repeat('0', 16) || lpad(to_hex(n), 8, '0'),
    ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'cus_' || lpad(to_hex(n), 14, '0'),
    case when n <= @organizations@ / 2 then 'active' else 'canceled' end, 'pro', 1,
    now(), now(), 'epoch', 'evt_0'
  from generate_series(1, @organizations@) n;
insert into floor.flags
  select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, m.flag, m.enabled, m.at_most, 'evt_0'
  from generate_series(1, @organizations@) n
  join floor.matrix m on m.plan = case when n <= @organizations@ / 2 then 'pro' else 'pilot' end;
insert into floor.members
  select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    ('00000000-0000-4000-9000-' || lpad(to_hex(n), 12, '0'))::uuid
  from generate_series(1, @organizations@) n;
insert into floor.events
  select 'evt_' || md5(n::text), 'customer.subscription.updated', at, at
  from generate_series(1, @events@) n,
    lateral (select now() - interval '30 days' * (1 - n::float8 / (@events@ + 1)) as at) then_;
insert into floor.history (at, org, event)
  select now() - interval '30 days',
    ('00000000-0000-4000-8000-' || lpad(to_hex(1 + n % @organizations@), 12, '0'))::uuid,
    'evt_' || md5(n::text)
  from generate_series(1, @events@ / 5) n;
