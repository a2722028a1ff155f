-- What somebody who may only log in can lay out in their temporary schema, with names that our functions use.
-- Each thing tells, by a notice, as whom it ran, and tries to make a role.

create function pg_temp.spring(what pg_catalog.text) returns boolean language plpgsql as $$
begin
  raise notice 'sprung as % by %', current_user, what;
  begin
    execute 'create role stolen superuser';
    raise notice 'sprung as role_maker by %', what;
  exception when others then
    null;
  end;
  return true;
end $$;

create function pg_temp.spring_row() returns trigger language plpgsql as $$
begin
  perform pg_temp.spring('a write to ' || tg_table_name);
  return new;
end $$;

create function pg_temp.leak(row_text pg_catalog.text) returns boolean language plpgsql cost 0.0000001 as $$
begin
  raise notice 'leaked %', row_text;
  return true;
end $$;

-- Relations of ours: views that write as well, so that reading and writing springs them.
do $$
declare
  ours record;
begin
  for ours in
    select c.relname as name, string_agg(
      format('null::%s as %I', format_type(a.atttypid, a.atttypmod), a.attname), ', '
      order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace in (select oid from pg_namespace where nspname in ('billing', 'billing_private'))
      and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
    group by c.relname
  loop
    execute format('create view pg_temp.%I as select %s where pg_temp.spring(%L)', ours.name,
      ours.columns, ours.name);
    execute format('create trigger spring instead of insert or update or delete on pg_temp.%I '
      'for each row execute function pg_temp.spring_row()', ours.name);
    execute format('grant all on pg_temp.%I to public', ours.name);
  end loop;
end $$;

-- Functions of ours, and those of PostgreSQL that ours call; operators and casts on the types they use.
do $$
declare
  used record;
  types constant oid[] := array['uuid', 'text', 'jsonb', 'bool', 'int8', 'int4', 'timestamptz', 'interval',
    'name', 'pg_lsn']::regtype[];
begin
  for used in
    select p.proname as name, oidvectortypes(p.proargtypes) as arguments, p.proretset as many,
      case when p.pronamespace = 'pg_catalog'::regnamespace then format_type(p.prorettype, null)
      else 'boolean' end as result
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('billing', 'billing_private')
      or n.nspname = 'pg_catalog' and p.prokind in ('f', 'a') and p.proname in (
        select (regexp_matches(ours.prosrc, '(\w+)\(', 'g'))[1]
        from pg_proc ours join pg_namespace o on o.oid = ours.pronamespace
        where o.nspname in ('billing', 'billing_private'))
  loop
    begin
      execute format('create function pg_temp.%I(%s) returns %s %s language plpgsql as '
        '$f$ begin perform pg_temp.spring(%L); %s; end $f$',
        used.name, used.arguments, case when used.many then 'setof' else '' end, used.result,
        used.name || '()',
        case when used.many then 'return' else 'return null' end);
    exception when others then
      -- Of pseudo-types nobody can make one.
      null;
    end;
  end loop;
  for used in
    select o.oid, o.oprname as name, o.oprleft::regtype as l, o.oprright::regtype as r,
      o.oprresult::regtype as result
    from pg_operator o where o.oprleft = any (types) and o.oprright = any (types)
  loop
    execute format('create function pg_temp.operator_%s(%s, %s) returns %s language plpgsql as '
      '$f$ begin perform pg_temp.spring(%L); return null; end $f$', used.oid, used.l, used.r,
      used.result, used.name);
    begin
      execute format(
        'create operator pg_temp.%s (function = pg_temp.operator_%s, leftarg = %s, rightarg = %s)',
        used.name, used.oid, used.l, used.r);
    exception when others then
      null;
    end;
  end loop;
  create type pg_temp.lure as (bait integer);
  for used in select one::regtype as type from unnest(types) as one loop
    execute format('create function pg_temp.to_lure(%s) returns pg_temp.lure language plpgsql as '
      '$f$ begin perform pg_temp.spring(''a cast''); return row(1); end $f$', used.type);
    execute format('create cast (%s as pg_temp.lure) with function pg_temp.to_lure(%s) as implicit',
      used.type, used.type);
  end loop;
end $$;

-- Types, last: from here on even our own words mean them.
do $$
declare
  type pg_catalog.name;
begin
  foreach type in array array['uuid', 'jsonb', 'json', 'text', 'bool', 'boolean', 'int8', 'bigint', 'int4',
    'timestamptz',
    'interval', 'regclass', 'name', 'float8', 'pg_lsn']
  loop
    execute pg_catalog.format('create domain pg_temp.%I as pg_catalog.%I check (pg_temp.spring(%L))', type,
      case type when 'boolean' then 'bool' when 'bigint' then 'int8' else type end, 'the type ' || type);
  end loop;
end $$;
