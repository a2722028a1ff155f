//! The messages of the socket: Phoenix's, in both of their forms (supabase/realtime-js: `serializer`;
//! phoenix: `V1.JSONSerializer` and `V2.JSONSerializer`).

use serde_json::{Value, json};

/// How messages are written on one socket: `vsn` in its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 1.0.0: an object.
    Object,
    /// 2.0.0: a list of five.
    List,
}

impl Form {
    /// By the address' `vsn`; Phoenix takes none for 1.0.0.
    pub fn of(vsn: Option<&str>) -> Self {
        if vsn.is_some_and(|vsn| vsn.starts_with('2')) { Self::List } else { Self::Object }
    }
}

/// One message. The references are the client's own, and null in what it did not ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Of the join of the channel.
    pub join_ref: Value,
    /// Of the message that is answered.
    pub reference: Value,
    /// The channel's name; `phoenix` is the socket's own.
    pub topic: String,
    /// What it is.
    pub event: String,
    /// What it says.
    pub payload: Value,
}

impl Frame {
    /// None: it is no message of this form.
    pub fn read(form: Form, text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let [join_ref, reference, topic, event, payload] = match form {
            Form::Object => {
                let fields = value.as_object_mut()?;
                ["join_ref", "ref", "topic", "event", "payload"]
                    .map(|name| fields.remove(name).unwrap_or_default())
            }
            Form::List => {
                let parts: [Value; 5] = std::mem::take(value.as_array_mut()?).try_into().ok()?;
                parts
            }
        };
        let (topic, event) = (topic.as_str()?.to_owned(), event.as_str()?.to_owned());
        Some(Self { join_ref, reference, topic, event, payload })
    }

    /// As it goes over the socket.
    pub fn write(&self, form: Form) -> String {
        let Self { join_ref, reference, topic, event, payload } = self;
        match form {
            Form::Object => json!({
                "join_ref": join_ref, "ref": reference, "topic": topic, "event": event, "payload": payload,
            }),
            Form::List => json!([join_ref, reference, topic, event, payload]),
        }
        .to_string()
    }

    /// The answer to this message.
    pub fn reply(&self, status: &str, response: &Value) -> Self {
        Self {
            event: "phx_reply".to_owned(),
            payload: json!({ "status": status, "response": response }),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let object = r#"{"topic":"realtime:a","event":"phx_join","payload":{},"ref":"1","join_ref":"1"}"#;
        let list = r#"["1","1","realtime:a","phx_join",{}]"#;
        let read = Frame::read(Form::Object, object).unwrap();
        assert_eq!(Frame::read(Form::List, list).unwrap(), read);
        assert_eq!(read.write(Form::List), list);
        let reply = Frame::read(Form::Object, &read.reply("ok", &json!({})).write(Form::Object)).unwrap();
        assert_eq!((reply.event.as_str(), &reply.reference), ("phx_reply", &json!("1")));
        assert_eq!((Form::of(None), Form::of(Some("2.0.0"))), (Form::Object, Form::List));
    }

    #[test]
    fn what_is_no_message_is_none() {
        for text in ["", "1", "[]", r#"["1","1",2,"phx_join",{}]"#, r#"{"topic":"a"}"#] {
            assert_eq!(
                (Frame::read(Form::List, text), Frame::read(Form::Object, text)),
                (None, None),
                "{text}"
            );
        }
    }
}
