//! Messages of PostgreSQL's protocol, version 3, cut out of a stream of bytes.

/// A message: its type and what follows its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub kind: u8,
    pub body: Vec<u8>,
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Stream {
    bytes: Vec<u8>,
    /// The client's first message has no type (PostgreSQL, "Message Formats": StartupMessage).
    begins_untyped: bool,
}

/// What stands for the type of a message that has none.
pub(super) const STARTUP: u8 = 0;

impl Stream {
    /// What a client sends.
    pub fn of_client() -> Self {
        Self { bytes: Vec::new(), begins_untyped: true }
    }

    /// What a server sends.
    pub fn of_server() -> Self {
        Self { bytes: Vec::new(), begins_untyped: false }
    }

    /// Takes bytes in and hands out the messages that are complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.bytes.extend_from_slice(bytes);
        let mut messages = Vec::new();
        loop {
            let type_length = usize::from(!self.begins_untyped);
            let Some(length) = self.bytes.get(type_length..type_length + 4) else { return messages };
            // The length counts itself, and not the type.
            let end = type_length + u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
            if self.bytes.len() < end {
                return messages;
            }
            let rest = self.bytes.split_off(end);
            let whole = std::mem::replace(&mut self.bytes, rest);
            let kind = if self.begins_untyped { STARTUP } else { whole[0] };
            self.begins_untyped = false;
            messages.push(Message { kind, body: whole[type_length + 4..].to_vec() });
        }
    }
}

/// Reads a message's body from its front.
pub(super) struct Body<'a>(pub &'a [u8]);

impl<'a> Body<'a> {
    pub fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).expect("texts end with NUL");
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        text
    }

    pub fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.bytes(2).try_into().expect("two bytes"))
    }

    pub fn int(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes(4).try_into().expect("four bytes"))
    }
}

/// Makes text of a value's bytes.
type Reader<'a> = &'a dyn Fn(&[u8]) -> String;

/// A value that a statement was sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// PostgreSQL's name of the type.
    pub type_name: &'static str,
    /// The value as text. None: null.
    pub text: Option<String>,
}

impl Parameter {
    /// Reads a value in PostgreSQL's binary format. `oid`: the type's number (PostgreSQL, `pg_type.dat`).
    pub(super) fn read(oid: u32, bytes: Option<&[u8]>) -> Self {
        let integer = |bytes: &[u8]| {
            let mut padded = if bytes[0] & 0x80 == 0 { [0; 8] } else { [0xff; 8] };
            padded[8 - bytes.len()..].copy_from_slice(bytes);
            i64::from_be_bytes(padded).to_string()
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (type_name, read): (_, Reader<'_>) = match oid {
            16 => ("boolean", &|bytes| (bytes == [1]).to_string()),
            17 => ("bytea", &|bytes| format!("\\x{}", hexadecimal(bytes))),
            20 => ("bigint", &integer),
            21 => ("smallint", &integer),
            23 => ("integer", &integer),
            25 => ("text", &text),
            114 => ("json", &text),
            2950 => ("uuid", &|bytes| {
                let id = hexadecimal(bytes);
                [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-")
            }),
            // The first byte is the format's version.
            3802 => ("jsonb", &|bytes| text(&bytes[1..])),
            other => panic!("a parameter of type {other}: add it here"),
        };
        Self { type_name, text: bytes.map(read) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_out_wherever_the_stream_is_split() {
        let mut bytes = vec![0, 0, 0, 8, 0, 3, 0, 0];
        bytes.extend([b'Q', 0, 0, 0, 6, b'x', 0]);
        bytes.extend([b'S', 0, 0, 0, 4]);
        let expected = [
            Message { kind: STARTUP, body: vec![0, 3, 0, 0] },
            Message { kind: b'Q', body: vec![b'x', 0] },
            Message { kind: b'S', body: vec![] },
        ];
        for at in 0..=bytes.len() {
            let mut stream = Stream::of_client();
            let mut messages = stream.feed(&bytes[..at]);
            messages.extend(stream.feed(&bytes[at..]));
            assert_eq!(messages, expected, "{at}");
        }
    }

    #[test]
    fn binary_values_read_as_postgresql_writes_them() {
        let read = |oid, bytes: &[u8]| Parameter::read(oid, Some(bytes)).text.unwrap();
        assert_eq!(read(20, &[0xff; 8]), "-1");
        assert_eq!(read(23, &[0, 0, 1, 0]), "256");
        assert_eq!(read(16, &[1]), "true");
        assert_eq!(read(3802, b"\x01{}"), "{}");
        let id: Vec<u8> = (0..16).collect();
        assert_eq!(read(2950, &id), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_eq!(Parameter::read(25, None), Parameter { type_name: "text", text: None });
    }
}
