//! One truth about functions and routes in five places: the table in `config`, which the local stack is made
//! of, the template, openapi.json, the folders of the functions, the samples.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;
use shared::config::{Front, Function};
use tests::openapi::document;
use tests::root;

/// A function's routes, each a method and a path such as `POST /api/billing/checkout`, by its name.
type Routes = BTreeMap<String, BTreeSet<String>>;

const WEBHOOK: &str = "POST /api/webhooks/stripe";

/// A function's logical id is its name with a capital, then `Function`. The functions, their routes, and
/// whose URL is its own.
fn template() -> (BTreeSet<String>, Routes, BTreeSet<String>) {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let (mut functions, mut routes, mut urls) = (BTreeSet::new(), Routes::new(), BTreeSet::new());
    for (id, resource) in documents[0]["Resources"].as_mapping().unwrap() {
        if resource["Type"].as_str() != Some("AWS::Serverless::Function") {
            continue;
        }
        let name = id.as_str().unwrap().strip_suffix("Function").unwrap().to_lowercase();
        let binary = &resource["Metadata"]["BuildProperties"]["Binary"];
        assert_eq!(binary.as_str(), Some(name.as_str()), "the program of {name}");
        let properties = &resource["Properties"];
        for (_, event) in properties.as_mapping_get("Events").and_then(Yaml::as_mapping).into_iter().flatten()
        {
            if event["Type"].as_str() == Some("HttpApi") {
                let text = |field: &str| event["Properties"][field].as_str().unwrap().to_owned();
                let route = format!("{} {}", text("Method"), text("Path"));
                assert!(routes.entry(name.clone()).or_default().insert(route), "{name}");
            }
        }
        if properties.as_mapping_get("FunctionUrlConfig").is_some() {
            urls.insert(name.clone());
        }
        functions.insert(name);
    }
    (functions, routes, urls)
}

/// The table's routes: those of the API, and those of function URLs.
fn table() -> (Routes, Routes) {
    let mut of_urls = Routes::new();
    let mut of_the_api = Routes::new();
    for function in Function::ALL {
        let routes =
            if matches!(function.front(), Front::FunctionUrl(..)) { &mut of_urls } else { &mut of_the_api };
        for (method, path) in function.routes() {
            routes.entry(function.name().to_owned()).or_default().insert(format!("{method} {path}"));
        }
    }
    (of_the_api, of_urls)
}

/// Of the samples, or of the folders of functions.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.path().is_file() == (folder == "events"))
        .map(|entry| entry.path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_template_and_the_table_have_the_same_functions_and_routes() {
    let (functions, routes, urls) = template();
    let (of_the_api, of_urls) = table();
    assert_eq!(
        Function::ALL.iter().map(|function| function.name().to_owned()).collect::<BTreeSet<_>>(),
        functions
    );
    assert_eq!(of_the_api, routes);
    assert_eq!(of_urls.keys().cloned().collect::<BTreeSet<_>>(), urls, "functions with a URL of their own");
    assert!(of_urls["webhook"].iter().eq([WEBHOOK]), "{of_urls:?}");
}

/// Each variable that only some functions have, and which. Health has what it says of others that it is
/// wrong. Of the probe each has its own reason: it signs in, and it signs an event.
const VARIABLES: [(&str, &str); 25] = [
    ("ALLOWED_RETURN_ORIGINS", "checkout health portal"),
    ("AUTOMATIC_TAX", "checkout health"),
    ("BASE_URL", "checkout health portal"),
    ("CANARY_EMAIL", "probe"),
    ("CANARY_ORG_ID", "probe"),
    ("CANARY_PASSWORD", "probe"),
    ("DATABASE_CA", DATABASE),
    ("DATABASE_URL", DATABASE),
    ("ENTITLEMENTS_CACHE_SECONDS", "entitlements"),
    ("FOREIGN_SUBSCRIPTIONS", "health reconcile webhook"),
    ("GRACE_DAYS", "health reconcile sync webhook"),
    ("IDENTITY_SOURCE", SIGNED_IN),
    ("NOTIFY_EVENT_BUS", "notify"),
    ("NOTIFY_SECRET", "notify"),
    ("NOTIFY_URL", "notify"),
    ("PROBE_API_URL", "probe"),
    ("PROBE_WEBHOOK_URL", "probe"),
    ("READER_PRIMARY_DATABASE_URL", "entitlements health ofrep"),
    ("STRIPE_SECRET_KEY", "checkout health portal reconcile sync webhook"),
    ("STRIPE_WEBHOOK_SECRET", "health probe webhook"),
    ("SUPABASE_JWKS", SIGNED_IN),
    ("SUPABASE_JWT_SECRET", SIGNED_IN),
    ("SUPABASE_PUBLISHABLE_KEY", "probe"),
    ("SUPABASE_URL", "checkout entitlements health ofrep plans portal probe sync"),
    ("TRIAL_DAYS", "checkout health plans"),
];
const DATABASE: &str = "checkout entitlements health notify ofrep plans portal reconcile sync webhook";
const SIGNED_IN: &str = "checkout entitlements health ofrep plans portal sync";

#[test]
fn each_function_has_the_variables_that_it_reads_and_no_other() {
    let text = fs::read_to_string(root().join("template.yaml")).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let resources = &documents[0]["Resources"];
    let mut given: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for function in Function::ALL {
        let (first, rest) = function.name().split_at(1);
        let properties = &resources[format!("{}{rest}Function", first.to_uppercase()).as_str()]["Properties"];
        for name in properties["Environment"]["Variables"].as_mapping().unwrap().keys() {
            given.entry(name.as_str().unwrap()).or_default().insert(function.name());
        }
    }
    let expected = VARIABLES.map(|(name, functions)| (name, functions.split(' ').collect()));
    assert_eq!(given, BTreeMap::from(expected));
    // Whoever checks tokens has what to check them with.
    let checks = |function: &Function| matches!(function.front(), Front::SignedIn(..) | Front::Either(..));
    let checking = Function::ALL.into_iter().filter(checks).map(Function::name);
    assert_eq!(given["SUPABASE_JWKS"], checking.chain(["health"]).collect());
}

#[test]
fn each_function_has_its_folder_and_its_sample() {
    let (functions, ..) = template();
    assert_eq!(names("functions"), functions);
    assert_eq!(names("events"), functions);
}

#[test]
fn the_document_has_the_routes_of_the_table() {
    let document = document();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|name| *name != "servers") {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let (of_the_api, of_urls) = table();
    assert_eq!(documented, of_the_api.into_values().chain(of_urls.into_values()).flatten().collect());
}

#[test]
fn the_document_asks_for_what_stands_in_front_of_each_function() {
    let document = document();
    for function in Function::ALL {
        let expected = match function.front() {
            Front::SignedIn(..) => serde_json::json!([{ "accessToken": [] }]),
            Front::Either(..) => serde_json::json!([{}, { "accessToken": [] }]),
            Front::FunctionUrl(..) => serde_json::json!([{ "stripeSignature": [] }]),
            _ => serde_json::json!([]),
        };
        for (method, path) in function.routes() {
            let security = &document["paths"][path][method.to_lowercase()]["security"];
            assert_eq!(*security, expected, "{path}");
        }
    }
}

#[test]
fn each_sample_comes_by_its_functions_route() {
    let (of_the_api, _) = table();
    for (name, routes) in of_the_api {
        let sample = sample(&name);
        let http = &sample["requestContext"]["http"];
        let route = sample["routeKey"].as_str().unwrap();
        assert!(routes.contains(route), "{name}: {route}");
        let (method, path) = route.split_once(' ').unwrap();
        let named = sample["pathParameters"].as_object().into_iter().flatten();
        let path = named.fold(path.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value.as_str().unwrap())
        });
        assert_eq!(sample["rawPath"], path, "{name}");
        assert_eq!((&http["method"], &http["path"]), (&method.into(), &path.into()), "{name}");
    }
    // A function URL has one route, whatever the path.
    let webhook = sample("webhook");
    assert_eq!(
        (&webhook["routeKey"], &webhook["requestContext"]["http"]["method"]),
        (&"$default".into(), &"POST".into())
    );
}

fn sample(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(root().join(format!("events/{name}.json"))).unwrap()).unwrap()
}
