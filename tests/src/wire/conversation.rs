//! What a client said, statement by statement, and how much of everything there was.

use std::collections::HashMap;

use serde_json::Value;

use super::message::{Body, Message, Parameter, STARTUP};

/// What went over the wire.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// How often a client waited for an answer before it could go on.
    pub round_trips: u64,
    /// Messages of the clients, without those that open and close a connection.
    pub messages: u64,
    /// The statements that were executed, in order.
    pub sent: Vec<Sent>,
    /// Every statement that the server's executor ran, those inside of functions included. Only with
    /// `auto_explain` (see [`Wire::explain`](super::Wire::explain)).
    pub executed: Vec<String>,
}

/// A statement that a client had executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its text.
    pub sql: String,
    /// Its parameters, `$1` first.
    pub parameters: Vec<Parameter>,
}

/// What one connection has prepared and bound, by name; most names are empty.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    statements: HashMap<String, (String, Vec<u32>)>,
    portals: HashMap<String, Sent>,
}

impl Traffic {
    /// Takes in what a client sent.
    pub(super) fn hear_client(&mut self, prepared: &mut Prepared, message: &Message) {
        let mut body = Body(&message.body);
        match message.kind {
            // Startup, password, terminate.
            STARTUP | b'p' | b'X' => return,
            b'P' => {
                let (name, sql) = (body.text(), body.text());
                let types = (0..body.short()).map(|_| body.int()).collect();
                prepared.statements.insert(name, (sql, types));
            }
            b'B' => {
                let (portal, statement) = (body.text(), body.text());
                let (sql, types) = prepared.statements.get(&statement).expect("a prepared statement").clone();
                for _ in 0..body.short() {
                    assert_eq!(body.short(), 1, "parameters are sent in binary");
                }
                body.short();
                let parameters = types.into_iter().map(|oid| {
                    let length = body.int();
                    // -1: null.
                    let bytes = (length != u32::MAX).then(|| body.bytes(length as usize));
                    Parameter::read(oid, bytes)
                });
                let parameters = parameters.collect();
                prepared.portals.insert(portal, Sent { sql, parameters });
            }
            b'E' => self.sent.push(prepared.portals.get(&body.text()).expect("a bound portal").clone()),
            b'Q' => self.sent.push(Sent { sql: body.text(), parameters: Vec::new() }),
            _ => {}
        }
        self.messages += 1;
    }

    /// Takes in what the server sent: of `auto_explain`'s notices, the statement.
    pub(super) fn hear_server(&mut self, message: &Message) {
        if message.kind != b'N' {
            return;
        }
        let mut body = Body(&message.body);
        while body.0.first().is_some_and(|field| *field != 0) {
            let field = body.bytes(1)[0];
            let text = body.text();
            // auto_explain: "duration: 0.012 ms  plan:" and then the plan.
            if field == b'M' && text.starts_with("duration: ") {
                let plan = text.find('{').map(|at| &text[at..]).expect("a plan as JSON");
                let plan: Value = serde_json::from_str(plan).expect("a plan as JSON");
                self.executed.push(plan["Query Text"].as_str().expect("a statement").to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, parts: &[&[u8]]) -> Message {
        Message { kind, body: parts.concat() }
    }

    #[test]
    fn a_statement_counts_when_it_is_executed_with_what_was_bound_last() {
        let (mut traffic, mut prepared) = (Traffic::default(), Prepared::default());
        let parse = message(b'P', &[b"\0select $1\0", &[0, 1], &25u32.to_be_bytes()]);
        let bind = |value: &[u8]| {
            let length = u32::try_from(value.len()).unwrap().to_be_bytes();
            message(b'B', &[b"\0\0", &[0, 1, 0, 1], &[0, 1], &length, value, &[0, 0]])
        };
        let execute = message(b'E', &[b"\0", &[0, 0, 0, 0]]);
        for message in [&parse, &bind(b"one"), &execute, &bind(b"two"), &execute, &message(b'S', &[])] {
            traffic.hear_client(&mut prepared, message);
        }
        traffic.hear_client(&mut prepared, &message(b'Q', &[b"commit\0"]));
        let values: Vec<_> = traffic.sent.iter().map(|sent| sent.parameters.first().cloned()).collect();
        let text = |text: &str| Some(Parameter { type_name: "text", text: Some(text.to_owned()) });
        assert_eq!(values, [text("one"), text("two"), None]);
        assert_eq!(traffic.sent[2].sql, "commit");
        assert_eq!(traffic.messages, 7);
    }

    #[test]
    fn of_all_notices_only_those_of_auto_explain_count() {
        let mut traffic = Traffic::default();
        let plan = b"SNOTICE\0Mduration: 0.012 ms  plan:\n{\"Query Text\": \"select 1\"}\0\0";
        for notice in [&plan[..], b"SNOTICE\0Mtable does not exist, skipping\0\0"] {
            traffic.hear_server(&message(b'N', &[notice]));
        }
        assert_eq!(traffic.executed, ["select 1"]);
    }
}
