-- How many organizations and members the application has, by what `billing adopt` made of their roles, and
-- how many organizations nobody may buy for.
create or replace function billing_private.members_summary(
  out organizations bigint, out members bigint, out admins bigint, out without_admin bigint
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  select count(*) into organizations from billing.organizations;
  select count(*), count(*) filter (where m.role in ('owner', 'admin')) into members, admins
    from billing.members m;
  select count(*) into without_admin from billing.organizations o
  where not exists (select from billing.members m where m.org_id = o.id and m.role in ('owner', 'admin'));
end $$;
revoke all on function billing_private.members_summary() from public;
grant execute on function billing_private.members_summary() to billing_operator;
