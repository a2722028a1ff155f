-- What a login or a role of requests has and should not have, one clause each.
with ours as (select oid as id from pg_namespace where nspname in ('billing', 'billing_private')),
  -- Those that work for us; the owner, who has everything of ours, is looked at by itself.
  roles as (
    select oid, rolname::text as name, rolname like 'billing\_%' as is_ours from pg_roles
    where rolname like 'billing\_%' and rolname <> 'billing_owner' or rolname in ('anon', 'authenticated')),
  relations as (select c.oid, c.relname::text as name from pg_class c
    where c.relnamespace in (select id from ours) and c.relkind in ('r', 'p', 'v'))
select coalesce(string_agg(what, '; ' order by what), '') from (
  select rolname || ' is a superuser or bypasses row level security' as what from pg_roles
  where (rolname like 'billing\_%' or rolname in ('anon', 'authenticated')) and (rolsuper or rolbypassrls)
  union all
  select rolname || ' may create roles or databases' from pg_roles
  where rolname like 'billing\_%' and (rolcreaterole or rolcreatedb)
  union all
  select rolname || ' may replicate everything' from pg_roles
  where (rolname like 'billing\_%' or rolname in ('anon', 'authenticated')) and rolreplication
  union all
  select 'billing_owner can log in' from pg_roles where rolname = 'billing_owner' and rolcanlogin
  union all
  select r.name || ' owns ' || pg_describe_object(d.classid, d.objid, d.objsubid)
  from pg_shdepend d join roles r on r.oid = d.refobjid and d.refclassid = 'pg_authid'::regclass
  where d.deptype = 'o' and r.is_ours
    and d.dbid in (0, (select oid from pg_database where datname = current_database()))
  union all
  select member.rolname || ' is a member of ' || other.rolname from pg_auth_members m
  join pg_roles member on member.oid = m.member join pg_roles other on other.oid = m.roleid
  where member.rolname like 'billing\_%'
    and (other.rolname <> 'billing_viewer' or member.rolname in ('billing_operator', 'billing_owner'))
    or member.rolname in ('anon', 'authenticated') and other.rolname like 'billing\_%'
  union all
  select r.name || ' may create in schema ' || n.nspname from roles r, pg_namespace n
  where n.oid in (select id from ours) and has_schema_privilege(r.oid, n.oid, 'create')
  union all
  select r.name || ' may ' || p.privilege || ' ' || c.oid::regclass
  from relations c, roles r,
    unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as p (privilege)
  where has_table_privilege(r.oid, c.oid, p.privilege)
    or p.privilege in ('insert', 'update', 'references')
    and has_any_column_privilege(r.oid, c.oid, p.privilege)
  union all
  select r.name || ' may select ' || c.oid::regclass from relations c, roles r
  where (has_table_privilege(r.oid, c.oid, 'select') or has_any_column_privilege(r.oid, c.oid, 'select'))
    and (r.name in ('anon', 'billing_checkout', 'billing_events')
      or c.name in ('organizations', 'members', 'own_organizations', 'own_members', 'organization_locks')
      or r.name in ('authenticated', 'billing_viewer')
      and c.name in ('webhook_events', 'runs', 'reconcile_cursors', 'schema_history'))
  union all
  select coalesce(r.rolname, 'everybody') || ' may execute ' || p.oid::regprocedure
  from pg_proc p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  left join pg_roles r on r.oid = a.grantee
  where p.pronamespace in (select id from ours)
    and (a.grantee = 0 or r.rolname = 'anon'
      or r.rolname in ('authenticated', 'billing_viewer', 'billing_reader')
        -- Whoever may execute the first of these is taken for one who works for all organizations.
        and (p.proname in ('all_organizations', 'existing_organization', 'feature_enabled', 'members_summary')
          or p.proname like 'pf\_%'))
  union all
  select 'a policy of somebody else''s on ' || p.polrelid::regclass || ': ' || p.polname from pg_policy p
  where p.polrelid in (select oid from relations)
    and p.polname not in ('owner', 'members', 'everybody', 'operator', 'readers')) found
