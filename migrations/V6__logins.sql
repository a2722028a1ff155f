-- One login for each kind of work, so that a function that is broken into can do no more than its own.
--
--   billing_reader    entitlements, health   becomes `authenticated`, for which row level security decides; nothing of its own
--   billing_checkout  checkout, portal       the same, and stores an organization's customer and its last checkout session
--   billing_events    webhook, sync          applies what Stripe said
--   billing_operator  reconcile, `billing`   the same, and keeps house: overrides, pruning, forgetting
--
-- None is a superuser, owns anything, or bypasses row level security. None has a password until an operator sets one.

do $$
declare
  login text;
  may_grant constant boolean := current_setting('server_version_num')::int < 160000
    or (select rolsuper from pg_roles where rolname = current_user)
    or pg_has_role(current_user, 'authenticated', 'member with admin option');
begin
  foreach login in array array['billing_reader', 'billing_checkout', 'billing_events', 'billing_operator'] loop
    if not exists (select from pg_roles where rolname = login) then
      -- noinherit: what `authenticated` may do counts only after becoming it, with a user's claims.
      execute format('create role %I login noinherit nosuperuser nocreatedb nocreaterole', login);
    end if;
    if login <> 'billing_operator' and not pg_has_role(login, 'authenticated', 'member') then
      if may_grant then
        execute format('grant authenticated to %I', login);
      else
        raise warning 'role % may not grant authenticated: grant it to % as a superuser', current_user, login;
      end if;
    end if;
  end loop;
  -- The one login for everything, which these replace. It is not dropped: another database of this server may still name it.
  if exists (select from pg_roles where rolname = 'billing_api' and rolcanlogin) then
    alter role billing_api nologin;
  end if;
end $$;

grant usage on schema public to authenticated, service_role, billing_reader, billing_checkout, billing_events, billing_operator;
grant usage on schema billing_private to billing_events, billing_operator;

-- billing_checkout: everything else that checkout and portal need to know they read as the user who asks.
grant select, insert (org_id, livemode, stripe_customer_id), update (stripe_customer_id, last_checkout_session_id)
  on public.billing_customers to billing_checkout;

-- billing_events: what pf_apply_event and pf_fail_event touch.
grant select on public.organizations, public.plans to billing_events;
grant select, insert on public.billing_customers to billing_events;
grant select, insert, update on public.subscriptions, public.payments, public.webhook_events to billing_events;
grant select, insert, update, delete on public.entitlements to billing_events;
grant insert on public.runs to billing_events;
grant execute on function public.pf_apply_event(jsonb), public.pf_fail_event(jsonb, text) to billing_events, billing_operator;

-- billing_operator
grant select on public.organizations, public.plans, public.plan_entitlements, public.entitlements_effective, public.plan_effective
  to billing_operator;
grant select, insert, update, delete
  on public.billing_customers, public.subscriptions, public.payments, public.webhook_events, public.entitlements, public.runs
  to billing_operator;
grant execute on function public.pf_apply_plan_entitlements(uuid, text) to billing_operator;

do $$
declare
  called regprocedure;
begin
  for called in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'billing_private'::regnamespace and p.proname <> 'my_orgs'
  loop
    execute format('grant execute on function %s to billing_events, billing_operator', called);
  end loop;
end $$;

-- What the grants above allow, row level security shall not refuse: these logins work for all organizations.
create policy billing_logins on public.organizations for select to billing_events, billing_operator using (true);
create policy billing_logins on public.plans for select to billing_events, billing_operator using (true);
create policy billing_logins on public.plan_entitlements for select to billing_operator using (true);
create policy billing_logins on public.billing_customers to billing_checkout, billing_events, billing_operator using (true) with check (true);
create policy billing_logins on public.subscriptions to billing_events, billing_operator using (true) with check (true);
create policy billing_logins on public.payments to billing_events, billing_operator using (true) with check (true);
create policy billing_logins on public.webhook_events to billing_events, billing_operator using (true) with check (true);
create policy billing_logins on public.entitlements to billing_events, billing_operator using (true) with check (true);
create policy billing_logins on public.runs to billing_events, billing_operator using (true) with check (true);
