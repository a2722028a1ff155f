-- Stores the Stripe customer by whom an organization pays already, because an operator says so, and notes who
-- did. Never in place of another one: which of two is right is a person's to decide. Answers {outcome,
-- other}:
--   stored, same; unknown_organization
--   taken                     another organization (`other`) has this customer
--   organization_has_another  the organization has another customer (`other`) in this mode
create or replace function billing.pf_import_customer(
  org uuid, mode boolean, customer text, by_whom text, source text
) returns jsonb language plpgsql security definer set search_path = pg_catalog,
  pg_temp set lock_timeout = '5s' as $$
declare
  theirs text;
  holder uuid;
begin
  if not exists (select from billing.organizations o where o.id = org) then
    return jsonb_build_object('outcome', 'unknown_organization', 'other', null);
  end if;
  perform set_config('billing.cause', by_whom, true);
  perform billing_private.lock_organizations(array[org]);
  loop
    insert into billing.customers (org_id, livemode, stripe_customer_id) values (org, mode, customer)
    on conflict do nothing;
    if found then
      perform billing_private.record(org, 'customer_imported', null, customer, by_whom,
        jsonb_build_object('source', source));
      -- What a stranger seemed to pay for, the organization does.
      update billing.subscriptions s set own = true
      where s.stripe_customer_id = customer and s.org_id = org and not s.own;
      if found then
        perform billing_private.apply_subscriptions(org, mode, by_whom);
      end if;
      return jsonb_build_object('outcome', 'stored', 'other', null);
    end if;
    select c.stripe_customer_id into theirs from billing.customers c where c.org_id = org
      and c.livemode = mode;
    if theirs = customer then
      return jsonb_build_object('outcome', 'same', 'other', null);
    end if;
    select c.org_id into holder from billing.customers c where c.stripe_customer_id = customer;
    if holder is not null then
      return jsonb_build_object('outcome', 'taken', 'other', holder);
    elsif theirs is not null then
      return jsonb_build_object('outcome', 'organization_has_another', 'other', theirs);
    end if;
    -- What was in the way went meanwhile: then again.
  end loop;
end $$;
revoke all on function billing.pf_import_customer(uuid, boolean, text, text, text) from public;
grant execute on function billing.pf_import_customer(uuid, boolean, text, text, text)
  to service_role, billing_operator;
