-- Notes when a subscription was bought, and when it was moved to another plan: so much of the plan's versions
-- is for it (billing_private.kept). A price that is only known as something else now is no move.
create or replace function billing_private.note_purchase() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  sold constant jsonpath := '$[*] ? (!exists(@.quantity) || @.quantity > 0).price';
  paid constant jsonpath := '$[*] ? (@.plan == $plan)';
begin
  if tg_op = 'INSERT' then
    new.first_seen_at := coalesce(new.first_seen_at, now());
    new.bought := coalesce(new.bought, '{}');
  elsif jsonb_path_query_array(old.items, sold) = jsonb_path_query_array(new.items, sold) then
    return new;
  elsif jsonb_path_exists(coalesce(new.paid_items, '[]'), paid, jsonb_build_object('plan', new.plan_code))
    and not jsonb_path_exists(coalesce(new.paid_items, '[]'), paid, jsonb_build_object('plan', old.plan_code))
  then
    -- Back to what was paid last: what was between was never paid.
    new.bought := old.bought - old.plan_code;
  else
    -- What was paid last is still granted, while what follows is not paid.
    -- It was moved when Stripe says so, though we may hear of it late.
    new.bought := jsonb_build_object(new.plan_code,
        least(now(), to_timestamp(new.known_through + 1) + interval '5 seconds'))
      || case when old.bought ? old.plan_code
        and jsonb_path_exists(coalesce(new.paid_items, '[]'), paid, jsonb_build_object('plan', old.plan_code))
        then jsonb_build_object(old.plan_code, old.bought -> old.plan_code) else '{}' end;
  end if;
  return new;
end $$;
revoke all on function billing_private.note_purchase() from public;
drop trigger if exists note_purchase on billing.subscriptions;
create trigger note_purchase before insert on billing.subscriptions
  for each row execute function billing_private.note_purchase();
drop trigger if exists note_purchase_of_another on billing.subscriptions;
create trigger note_purchase_of_another before update on billing.subscriptions
  for each row when (old.plan_code is distinct from new.plan_code
    and old.price_id is distinct from new.price_id)
  execute function billing_private.note_purchase();
