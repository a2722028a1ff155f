//! The objects of one kind, found by id.

use std::collections::HashMap;

use serde_json::Value;

use crate::wire::value::text;

/// Objects of one kind, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Value>,
    index: HashMap<String, usize>,
}

impl Table {
    pub(crate) fn rows(&self) -> &[Value] {
        &self.rows
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.index.get(id).map(|position| &self.rows[*position])
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Value> {
        self.index.get(id).map(|position| &mut self.rows[*position])
    }

    pub(super) fn insert(&mut self, object: Value) {
        self.index.insert(text(&object["id"]).to_owned(), self.rows.len());
        self.rows.push(object);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.rows.retain(|row| row["id"] != id);
        self.index =
            self.rows.iter().enumerate().map(|(at, row)| (text(&row["id"]).to_owned(), at)).collect();
    }
}
