//! A file for a command to read.

use std::path::PathBuf;

use uuid::Uuid;

/// A file that goes with the test.
#[derive(Debug)]
pub struct TestFile(PathBuf);

impl TestFile {
    /// A CSV file with this content.
    pub fn csv(content: &str) -> Self {
        Self::new(content, "csv")
    }

    /// `org_id,stripe_customer_id` and a line for each pair.
    pub fn customers(pairs: &[(&str, &str)]) -> Self {
        let lines: Vec<String> = pairs.iter().map(|(org, customer)| format!("{org},{customer}\n")).collect();
        Self::csv(&format!("org_id,stripe_customer_id\n{}", lines.concat()))
    }

    /// A catalogue.
    pub fn catalogue(content: &str) -> Self {
        Self::new(content, "toml")
    }

    fn new(content: &str, extension: &str) -> Self {
        let path = std::env::temp_dir().join(format!("promptforge-{}.{extension}", Uuid::new_v4()));
        std::fs::write(&path, content).expect("the file");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        self.0.to_str().expect("a path")
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        // Err: it is gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}
