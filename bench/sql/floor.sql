-- The floor: what PostgreSQL does at best for the same service, in one call. It claims the event, takes over
-- the subscription, writes the flags that differ and one line of history. No order of events but by time, no
-- second mode, no grace, no row level security, no rules: whoever does more is slower than this.
create schema floor;

create table floor.matrix (
  plan text, flag text, enabled boolean not null, at_most bigint, primary key (plan, flag)
);
insert into floor.matrix
  select plan, 'flag' || flag, flag <= 3 + 4 * rank,
    case when flag % 3 = 0 then 100 * flag * (rank + 1) end
  from (values ('pilot', 0), ('pro', 1), ('enterprise', 2)) as plans (plan, rank),
    generate_series(1, 11) flag;
create table floor.events (
  id text primary key, kind text not null, created timestamptz not null,
  received timestamptz not null default now()
);
create table floor.subscriptions (
  id text primary key, org uuid not null, customer text not null, status text not null, plan text not null,
  quantity integer not null, begins timestamptz not null, ends timestamptz not null,
  as_of timestamptz not null, event text not null
);
create index subscriptions_org on floor.subscriptions (org);
create table floor.flags (
  org uuid, flag text, enabled boolean not null, at_most bigint, event text not null, primary key (org, flag)
);
create table floor.members (org uuid, person uuid, primary key (org, person));
create table floor.history (
  id bigint generated always as identity primary key, at timestamptz not null default now(), org uuid,
  event text
);

create function floor.apply(
  event_id text, event_kind text, event_created timestamptz, subscription text, for_org uuid,
  of_customer text, new_status text, new_plan text, period_begins timestamptz, period_ends timestamptz
) returns text language plpgsql as $$
begin
  insert into floor.events (id, kind, created) values (event_id, event_kind, event_created)
  on conflict do nothing;
  if not found then return 'duplicate'; end if;
  insert into floor.subscriptions as s
  values (subscription, for_org, of_customer, new_status, new_plan, 1, period_begins, period_ends,
    event_created, event_id)
  on conflict (id) do update set org = excluded.org, customer = excluded.customer, status = excluded.status,
    plan = excluded.plan, begins = excluded.begins, ends = excluded.ends, as_of = excluded.as_of,
    event = excluded.event
    where s.as_of <= excluded.as_of;
  if not found then return 'stale'; end if;
  insert into floor.flags as f
  select for_org, m.flag, m.enabled, m.at_most, event_id from floor.matrix m where m.plan = new_plan
  order by m.flag
  on conflict (org, flag) do update
    set enabled = excluded.enabled, at_most = excluded.at_most, event = excluded.event
    where (f.enabled, f.at_most) is distinct from (excluded.enabled, excluded.at_most);
  insert into floor.history (org, event) values (for_org, event_id);
  return 'applied';
end $$;
