//! What may stand in catalogue.toml.

use super::*;
use crate::commands::catalogue::pull::Pulled;

const GOOD: &str = r#"
[flags]
hasAPI = "The programming interface."

[plans.pilot]
name = "Pilot"
rank = 0
seats = 1
lookup_key = "shop_pilot"
flags = []

[plans.pro]
name = "Pro"
description = "For one person."
rank = 1
seats = 1
more_seats = true
lookup_key = "shop_pro"
flags = ["hasAPI"]
prices = [
  { interval = "month", amount = 4900, currency = "eur" },
  { interval = "year", amount = 49000, currency = "eur" },
]
"#;

#[test]
fn a_good_file_is_read_with_every_flag_in_every_plan() {
    let read = parse("c.toml", GOOD).unwrap();
    assert_eq!(read.plans["pilot"].flags, BTreeMap::from([("hasAPI".to_owned(), false)]));
    assert_eq!((read.plans["pilot"].month, read.plans["pilot"].currency.as_str()), (None, "usd"));
    let pro = &read.plans["pro"];
    assert_eq!((pro.month, pro.year, pro.currency.as_str()), (Some(4900), Some(49000), "eur"));
    assert_eq!((pro.flags["hasAPI"], pro.more_seats, pro.rank), (true, true, 1));
}

#[test]
fn each_problem_names_its_line_and_field() {
    for (from, to, sentence) in [
        ("seats = 1\nmore", "seats = 0\nmore", "line 16, plans.pro.seats: A plan includes at least one"),
        ("seats = 1\nmore", "seats = \"1\"\nmore", "c.toml, line 16, plans.pro.seats: invalid type: string"),
        ("rank = 1", "rank = 0", "c.toml, line 15, plans.pro.rank: pilot has the same rank."),
        ("rank = 0", "rank = 3", "c.toml, line 7, plans.pilot.rank: Everybody has the plan pilot."),
        ("rank = 1", "rank = 70000", "c.toml, line 15, plans.pro.rank: Give a whole number"),
        ("shop_pro\"", "shop_pilot\"", "c.toml, line 18, plans.pro.lookup_key: Prices of it would be taken"),
        ("shop_pro\"", "Shop Pro\"", "c.toml, line 18, plans.pro.lookup_key: Give small letters"),
        ("[\"hasAPI\"]", "[\"hasApi\"]", "c.toml, line 19, plans.pro.flags: There is no flag hasApi."),
        ("[\"hasAPI\"]", "[\"hasAPI\", \"hasAPI\"]", "plans.pro.flags: hasAPI stands here twice."),
        ("amount = 4900,", "amount = -1,", "c.toml, line 21, plans.pro.prices[0].amount: Give the price"),
        ("amount = 4900,", "amount = 49.0,", "c.toml, line 21, plans.pro.prices[0].amount: invalid type"),
        ("\"month\"", "\"week\"", "c.toml, line 21, plans.pro.prices[0].interval: Give month or year."),
        ("\"year\"", "\"month\"", "c.toml, line 22, plans.pro.prices[1].interval: The plan has a price"),
        (
            "49000, currency = \"eur",
            "49000, currency = \"usd",
            "prices[1].currency: Another price of the plan",
        ),
        (
            "49000, currency = \"eur",
            "49000, currency = \"EUR",
            "prices[1].currency: Give three small letters",
        ),
        ("name = \"Pro\"", "name = \" \"", "c.toml, line 13, plans.pro.name: Customers read the name."),
        ("description =", "desription =", "c.toml, line 14, plans.pro.desription: unknown field"),
        ("[plans.pilot]", "[plans.basic]", "c.toml, plans: There is no plan pilot"),
        ("[plans.pro]", "[plans.Pro]", "plans.Pro: A plan's code has small letters"),
        ("hasAPI = \"The", "\"has API\" = \"The", "c.toml, line 3, flags.has API: A flag's name"),
        ("rank = 0", "rank = ", "c.toml, line 7"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let problems = parse("c.toml", &GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(sentence)), "{sentence}: {problems:#?}");
    }
}

const BY_YEAR: &str = "  { interval = \"year\", amount = 49000, currency = \"eur\" },\n";

#[test]
fn prices_that_stripe_has_are_read_with_what_is_said_of_them() {
    let more = "  { interval = \"month\", amount = 5500, currency = \"usd\", stripe_price = \"price_1\" },
  { stripe_price = \"price_2\", sold = false },\n";
    let read = parse("c.toml", &GOOD.replace(BY_YEAR, &(BY_YEAR.to_owned() + more))).unwrap();
    let pro = &read.plans["pro"];
    assert_eq!((pro.month, pro.year, pro.currency.as_str()), (Some(4900), Some(49000), "eur"));
    let (sold, old) = (&pro.prices["price_1"], &pro.prices["price_2"]);
    assert_eq!((sold.amount, sold.currency.as_deref(), sold.sold), (Some(5500), Some("usd"), true));
    assert_eq!((old.interval, old.amount, old.sold), (None, None, false));
}

#[test]
fn a_plan_may_be_sold_by_prices_that_stripe_has_alone() {
    let by_month = "{ interval = \"month\", amount = 4900, currency = \"eur\" }";
    let theirs = "{ interval = \"month\", amount = 1, currency = \"chf\", stripe_price = \"price_1\" }";
    let read = parse("c.toml", &GOOD.replace(BY_YEAR, "").replace(by_month, theirs)).unwrap();
    assert_eq!((read.plans["pro"].month, read.plans["pro"].currency.as_str()), (None, "chf"));
}

#[test]
fn each_problem_of_a_price_that_stripe_has_names_its_line_and_field() {
    let whole = "interval = \"month\", amount = 1, currency = \"eur\"";
    for (price, sentence) in [
        ("stripe_price = \"price_1\"".to_owned(), "line 23, plans.pro.prices[2]: Give interval, amount"),
        (format!("{whole}, stripe_price = \"price_1\""), "prices[2].interval: The plan has a price by this"),
        (
            format!("{whole}, sold = false"),
            "prices[2].sold: Only a price that Stripe has already can be kept",
        ),
        ("stripe_price = \"a/b\", sold = false".to_owned(), "prices[2].stripe_price: Give the id of a price"),
        (
            "stripe_price = \"a\", sold = false }, { stripe_price = \"a\", sold = false".to_owned(),
            "prices[3].stripe_price: a stands here twice.",
        ),
    ] {
        let text = GOOD.replace(BY_YEAR, &format!("{BY_YEAR}  {{ {price} }},\n"));
        let problems = parse("c.toml", &text).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(sentence)), "{sentence}: {problems:#?}");
    }
    let pilot = "flags = []\nprices = [{ stripe_price = \"price_1\", sold = false }]";
    let problems = parse("c.toml", &GOOD.replace("flags = []", pilot)).unwrap_err();
    assert!(problems[0].contains("prices[0].stripe_price: Everybody has the plan pilot"), "{problems:#?}");
}

#[test]
fn all_problems_are_told_at_once() {
    let two = GOOD.replace("seats = 1\nmore", "seats = 0\nmore").replace("\"year\"", "\"decade\"");
    assert_eq!(parse("c.toml", &two).unwrap_err().len(), 2);
}

#[test]
fn a_problem_is_one_line_whatever_the_file_calls_things() {
    let strange = GOOD.replace("[\"hasAPI\"]", "[\"has\\nAPI\"]");
    let problems = parse("c.toml", &strange).unwrap_err();
    assert_eq!(
        problems,
        ["c.toml, line 19, plans.pro.flags: There is no flag has API. Add it under [flags]."]
    );
}

#[test]
fn a_file_that_is_written_again_says_the_same_also_of_the_currency() {
    let theirs = "  { interval = \"year\", amount = 9, currency = \"eur\", stripe_price = \"price_2\" },
  { interval = \"year\", amount = 9, currency = \"usd\", stripe_price = \"price_1\" },\n";
    let by_month = "  { interval = \"month\", amount = 4900, currency = \"eur\" },\n";
    let read = parse("c.toml", &GOOD.replace(BY_YEAR, theirs).replace(by_month, "")).unwrap();
    assert_eq!(read.plans["pro"].currency, "eur");
    assert_eq!(parse("c.toml", &Pulled(read.clone()).to_string()), Ok(read));
}
