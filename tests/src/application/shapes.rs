//! The applications: each has something in its schema that a careless migration would run into.

use super::{Person, Shape};

const CLAIMS: &str = "set local role authenticated;
    set local request.jwt.claims
      = '{\"sub\": \"0a000000-0000-4000-8000-000000000001\", \"role\": \"authenticated\"}'";

/// Every application.
pub const SHAPES: [Shape; 7] = [
    Shape {
        name: "supabase",
        supabase: true,
        owner: "project_owner",
        roles: "",
        schema: include_str!("shapes/supabase.sql"),
        adopts: true,
        people: &[
            Person { login: "project_owner", session: "" },
            Person { login: "authenticator", session: "set local role anon" },
            Person { login: "authenticator", session: "set local role service_role" },
            Person { login: "authenticator", session: CLAIMS },
        ],
    },
    Shape {
        name: "plain",
        supabase: false,
        owner: "app_owner",
        roles: "create role app_owner login; create role app_web login; create role app_guest login",
        schema: include_str!("shapes/plain.sql"),
        adopts: true,
        people: &[
            Person { login: "app_owner", session: "" },
            Person { login: "app_web", session: "" },
            Person { login: "app_guest", session: "" },
        ],
    },
    Shape {
        name: "bigint-keys",
        supabase: false,
        owner: "rails",
        roles: "create role rails login",
        schema: include_str!("shapes/bigint_keys.sql"),
        adopts: false,
        people: &[Person { login: "rails", session: "" }],
    },
    Shape {
        name: "forced-rls",
        supabase: false,
        owner: "app_owner",
        roles: "create role app_owner login; create role app_web login",
        schema: include_str!("shapes/forced_rls.sql"),
        adopts: false,
        people: &[
            Person { login: "app_owner", session: "" },
            Person { login: "app_web", session: "" },
            Person {
                login: "app_web",
                session: "set local app.tenant = '5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10'",
            },
        ],
    },
    Shape {
        name: "own-auth",
        supabase: false,
        owner: "app_owner",
        // These two mean something else here than at Supabase.
        roles: "create role app_owner login; create role authenticated login inherit;
            create role anon nologin; grant anon to authenticated",
        schema: include_str!("shapes/own_auth.sql"),
        adopts: false,
        people: &[
            Person { login: "app_owner", session: "" },
            Person { login: "authenticated", session: "set local app.person = '1'" },
            Person { login: "postgres", session: "set local role anon" },
        ],
    },
    Shape {
        name: "realtime",
        supabase: false,
        owner: "app_owner",
        roles: "create role app_owner login; create role listener login",
        schema: include_str!("shapes/realtime.sql"),
        adopts: false,
        people: &[Person { login: "app_owner", session: "" }, Person { login: "listener", session: "" }],
    },
    Shape {
        name: "our-names",
        supabase: false,
        owner: "app_owner",
        roles: "create role app_owner login; create role app_web login;
            alter role app_web set search_path = app, public",
        schema: include_str!("shapes/our_names.sql"),
        adopts: false,
        people: &[Person { login: "app_owner", session: "" }, Person { login: "app_web", session: "" }],
    },
];
