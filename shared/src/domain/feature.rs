//! The names of the eleven feature flags. Which plan switches on which is in the database, table
//! `plan_entitlements`.

use std::str::FromStr;

use crate::domain::plan::Unknown;

macro_rules! features {
    ($($name:ident = $text:literal: $doc:literal;)*) => {
        /// What a plan can switch on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Feature {
            $(#[doc = $doc] $name,)*
        }

        impl Feature {
            /// Every flag there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in the database, in metadata and in answers.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What it is, for people.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$name => $doc,)*
                }
            }
        }
    };
}

features! {
    CanUseAllModules = "canUseAllModules": "All prompt modules.";
    CanExportMd = "canExportMD": "Export as Markdown.";
    CanExportPdf = "canExportPDF": "Export as PDF.";
    CanExportJson = "canExportJSON": "Export as JSON.";
    CanUseGptTestReal = "canUseGptTestReal": "Test a prompt against the real model.";
    HasCloudHistory = "hasCloudHistory": "History kept in the cloud.";
    HasEvaluatorAi = "hasEvaluatorAI": "The evaluator.";
    HasApi = "hasAPI": "The programming interface.";
    CanExportBundleZip = "canExportBundleZip": "Export of a whole bundle.";
    HasWhiteLabel = "hasWhiteLabel": "White label.";
    HasSeatsGt1 = "hasSeatsGT1": "More than one seat.";
}

impl FromStr for Feature {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.iter().copied().find(|feature| feature.as_str() == text).ok_or(Unknown)
    }
}
