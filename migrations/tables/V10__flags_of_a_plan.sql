-- What somebody has whom one plan alone gives flags. A read takes it as it is, instead of putting it together
-- from two rows (billing.read_entitlements).

alter table billing.plans add column all_features jsonb not null default '{}';
comment on column billing.plans.all_features is
  'All flags there are, {flag: on}: those that everybody has and those of `features` are on. The database '
  'keeps it so.';
