//! The tables of who may do what.

/// Columns of the tables of tables and functions: the roles of a request, Supabase's server role, then our
/// logins before they become anybody.
pub const ROLES: [&str; 11] = [
    "anon",
    "outsider",
    "member",
    "admin",
    "owner",
    "service_role",
    "billing_viewer",
    "billing_reader",
    "billing_checkout",
    "billing_events",
    "billing_operator",
];

/// `.` nothing; `own` select, the rows of one's own organization alone; `none` the same for nobody's claims;
/// else of all rows `s`elect, `i`nsert, `u`pdate, `d`elete.
pub const TABLES: &str = "
                         anon outsider member admin owner service viewer reader checkout events operator
charges                  .    own      own    own   own   siud    none   .      .        .      s
customers                .    own      own    own   own   siud    none   .      .        .      s
entitlements             .    own      own    own   own   siud    none   .      .        .      s
entitlements_effective   .    own      own    own   own   s       none   .      .        .      s
features                 .    s        s      s     s     siud    s      .      .        .      s
history                  .    .        .      .     .     s       .      .      .        .      s
members                  .    .        .      .     .     .       .      .      .        .      .
notifications            .    .        .      .     .     s       .      .      .        .      s
organizations            .    .        .      .     .     .       .      .      .        .      .
own_members              .    .        .      .     .     siud    .      .      .        .      .
own_organizations        .    .        .      .     .     siud    .      .      .        .      .
payments                 .    own      own    own   own   siud    none   .      .        .      s
plan_effective           .    own      own    own   own   s       none   .      .        .      s
plan_entitlements        .    s        s      s     s     siud    s      .      .        .      s
plans                    .    s        s      s     s     siud    s      .      .        .      s
prices                   .    .        .      .     .     s       .      .      .        .      s
reconcile_cursors        .    .        .      .     .     s       .      .      .        .      s
runs                     .    .        .      .     .     s       .      .      .        .      s
schema_history           .    .        .      .     .     s       .      s      .        .      s
subscriptions            .    own      own    own   own   siud    none   .      .        .      s
test_clocks              .    .        .      .     .     s       .      .      .        .      s
webhook_events           .    .        .      .     .     s       .      .      .        .      s
billing_private.notifier .    .        .      .     .     .       .      .      .        .      .
billing_private.organization_locks . . .      .     .     .       .      .      .        .      .
billing_private.syncs    .    .        .      .     .     .       .      .      .        .      .
";

/// The functions of the schema `billing`. `x`: may execute.
pub const FUNCTIONS: &str = "
                            anon outsider member admin owner service viewer reader checkout events operator
check_seats                 .    .        .      .     .     x       .      .      .        .      .
entitlements_at             .    .        .      .     .     x       .      .      .        .      x
has_entitlement             .    x        x      x     x     x       x      .      .        .      x
orgs_with                   .    x        x      x     x     x       x      .      .        .      x
pf_adopt_price              .    .        .      .     .     x       .      .      .        .      x
pf_apply_catalogue          .    .        .      .     .     x       .      .      .        .      x
pf_apply_event              .    .        .      .     .     x       .      .      .        x      x
pf_apply_plan_entitlements  .    .        .      .     .     x       .      .      .        .      x
pf_apply_reads              .    .        .      .     .     x       .      .      .        x      x
pf_begin_sync               .    .        .      .     .     x       .      .      .        x      .
pf_claim_notifications      .    .        .      .     .     x       .      .      .        .      x
pf_end_addon                .    .        .      .     .     x       .      .      .        .      x
pf_event_gone               .    .        .      .     .     x       .      .      .        .      x
pf_fail_event               .    .        .      .     .     x       .      .      .        x      x
pf_fail_sync                .    .        .      .     .     x       .      .      .        x      .
pf_forget_organization      .    .        .      .     .     x       .      .      .        .      x
pf_import_customer          .    .        .      .     .     x       .      .      .        .      x
pf_inquiry                  .    .        .      .     .     x       .      .      .        .      x
pf_keep_event               .    .        .      .     .     x       .      .      .        x      x
pf_make_deal                .    .        .      .     .     x       .      .      .        .      x
pf_note_ends                .    .        .      .     .     x       .      .      .        .      x
pf_override_entitlement     .    .        .      .     .     x       .      .      .        .      x
pf_prune_events             .    .        .      .     .     x       .      .      .        .      x
pf_prune_history            .    .        .      .     .     x       .      .      .        .      x
pf_prune_notifications      .    .        .      .     .     x       .      .      .        .      x
pf_replace_checkout_session .    .        .      .     .     x       .      .      x        .      .
pf_replay_notifications     .    .        .      .     .     x       .      .      .        .      x
pf_settle_event             .    .        .      .     .     x       .      .      .        x      x
pf_settle_notifications     .    .        .      .     .     x       .      .      .        .      x
pf_store_contact            .    .        .      .     .     x       .      .      x        .      .
pf_store_cursor             .    .        .      .     .     x       .      .      .        .      x
pf_store_customer           .    .        .      .     .     x       .      .      x        .      .
pf_withdraw_deal            .    .        .      .     .     x       .      .      .        .      x
read_account                .    .        .      .     .     x       .      .      x        .      .
read_entitlements           .    .        .      .     .     x       .      x      .        x      .
read_flags                  .    .        .      .     .     x       .      x      .        .      .
read_offer                  .    .        .      .     .     x       .      .      x        .      .
read_plans                  .    .        .      .     .     x       .      x      .        .      .
read_replayed_entitlements  .    .        .      .     .     x       .      x      .        .      .
";

/// The functions of the schema `billing_private`.
pub const PRIVATE_FUNCTIONS: &str = "
                        anon outsider member admin owner service viewer reader checkout events operator
account_of              .    .        .      .     .     x       .      .      .        .      x
advance_test_clock      .    .        .      .     .     .       .      .      .        .      .
all_organizations       .    .        .      .     .     x       .      .      .        .      x
apply_subscriptions     .    .        .      .     .     .       .      .      .        .      .
binds                   .    .        .      .     .     x       .      .      .        .      x
caller                  .    x        x      x     x     x       x      .      .        .      x
catalogue               .    .        .      .     .     x       .      .      .        .      x
catalogue_changes       .    .        .      .     .     .       .      .      .        .      .
catalogue_effects       .    .        .      .     .     .       .      .      .        .      .
claim                   .    x        x      x     x     x       x      .      .        .      x
differences             .    .        .      .     .     .       .      .      .        .      .
discounts_at            .    x        x      x     x     x       x      .      .        .      x
discounts_now           .    x        x      x     x     x       x      .      .        .      x
entitlement_is_sound    .    .        .      .     .     x       .      .      .        .      .
existing_organization   .    .        .      .     .     x       .      .      .        .      x
feature_enabled         .    .        .      .     .     x       .      .      .        .      x
find_organization       .    .        .      .     .     .       .      .      .        .      .
followed                .    .        .      .     .     x       .      .      .        .      .
grace_begins            .    .        .      .     .     .       .      .      .        .      .
grace_ends              .    .        .      .     .     .       .      .      .        .      .
granted                 .    .        .      .     .     .       .      .      .        .      .
granted_by_several      .    .        .      .     .     .       .      .      .        .      .
granted_nothing         .    .        .      .     .     .       .      .      .        .      .
grants_differ           .    .        .      .     .     .       .      .      .        .      .
holds                   .    .        .      .     .     .       .      .      .        .      .
is_ended                .    x        x      x     x     x       x      .      .        .      x
is_forgotten            .    .        .      .     .     .       .      .      .        .      .
is_granting             .    x        x      x     x     x       x      .      .        .      x
is_live                 .    .        .      .     .     x       .      .      .        .      x
keep_history            .    .        .      .     .     .       .      .      .        .      .
keep_plan               .    .        .      .     .     .       .      .      .        .      .
keep_versions           .    .        .      .     .     .       .      .      .        .      .
kept                    .    x        x      x     x     x       x      .      .        .      x
kept_of                 .    x        x      x     x     x       x      .      .        .      x
kept_then               .    .        .      .     .     x       .      .      .        .      x
known_flags             .    .        .      .     .     .       .      .      .        .      .
learn_prices            .    .        .      .     .     .       .      .      .        .      .
list_prices             .    .        .      .     .     .       .      .      .        .      .
live_modes              .    .        .      .     .     .       .      .      .        .      .
livemode                .    x        x      x     x     x       x      .      .        .      x
livemode_then           .    .        .      .     .     .       .      .      .        .      .
lock_organizations      .    .        .      .     .     .       .      .      .        .      .
make_months             .    .        .      .     .     .       .      .      .        .      .
may_change_billing      .    .        .      .     .     .       .      .      .        .      .
members_summary         .    .        .      .     .     .       .      .      .        .      x
merged                  .    x        x      x     x     x       x      .      .        .      x
months_until            .    .        .      .     .     .       .      .      .        .      .
my_feature_enabled      .    x        x      x     x     x       x      .      .        .      x
my_orgs                 .    x        x      x     x     x       x      .      .        .      x
note_changes            .    .        .      .     .     .       .      .      .        .      .
note_first_payment      .    .        .      .     .     .       .      .      .        .      .
note_paid               .    .        .      .     .     .       .      .      .        .      .
note_purchase           .    .        .      .     .     .       .      .      .        .      .
offered                 .    .        .      .     .     .       .      .      .        .      .
ordering                .    .        .      .     .     .       .      .      .        .      .
plan_features           .    .        .      .     .     .       .      .      .        .      .
plan_of                 .    x        x      x     x     x       x      .      .        .      x
reason                  .    x        x      x     x     x       x      .      .        .      x
record                  .    .        .      .     .     .       .      .      .        .      .
record_addons           .    .        .      .     .     .       .      .      .        .      .
record_changes          .    .        .      .     .     .       .      .      .        .      .
record_charge           .    .        .      .     .     .       .      .      .        .      .
record_gone             .    .        .      .     .     .       .      .      .        .      .
replace_entitlements    .    .        .      .     .     .       .      .      .        .      .
replace_several         .    .        .      .     .     .       .      .      .        .      .
repriced                .    .        .      .     .     .       .      .      .        .      .
reset_access            .    .        .      .     .     .       .      .      .        .      .
resolve_again           .    .        .      .     .     .       .      .      .        .      .
rows_then               .    .        .      .     .     x       .      .      .        .      x
scheduled_at            .    x        x      x     x     x       x      .      .        .      x
scheduled_now           .    x        x      x     x     x       x      .      .        .      x
sees_every_organization .    x        x      x     x     x       x      .      .        .      x
settle_addons           .    .        .      .     .     .       .      .      .        .      .
snapshot_row            .    .        .      .     .     .       .      .      .        .      .
sources_of              .    x        x      x     x     x       x      .      .        .      x
standing_of             .    x        x      x     x     x       x      .      .        .      x
standing_told           .    .        .      .     .     .       .      .      .        .      .
standings               .    .        .      .     .     .       .      .      .        .      .
test_clock_time         .    .        .      .     .     .       .      .      .        .      .
unknown_flags           .    .        .      .     .     .       .      .      .        .      .
unreadable              .    .        .      .     .     x       .      .      .        .      x
visible_organizations   .    x        x      x     x     x       x      .      .        .      x
with_next               .    .        .      .     .     .       .      .      .        .      .
with_terms              .    .        .      .     .     .       .      .      .        .      .
write_catalogue         .    .        .      .     .     .       .      .      .        .      .
write_charge            .    .        .      .     .     .       .      .      .        .      .
write_payment           .    .        .      .     .     .       .      .      .        .      .
write_snapshot          .    .        .      .     .     .       .      .      .        .      .
written                 .    .        .      .     .     .       .      .      .        .      .
";

/// Over HTTP. `other`: about an organization of somebody else; `ghost`: about one that does not exist.
pub const ROUTES: &str = "
              nobody  outsider  member  admin  owner  other  ghost
entitlements  401     403       200     200    200    403    403
checkout      401     403       403     409    409    403    403
ofrep         401     403       200     200    200    403    403
plans         401     403       200     200    200    403    403
portal        401     403       403     200    200    403    403
sync          401     403       200     200    200    403    403
";

/// The rows of a table: name and cells.
pub fn rows(table: &str) -> Vec<(&str, Vec<&str>)> {
    let lines = table.trim_matches('\n').lines().skip(1);
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap(), words.collect())
        })
        .collect()
}
