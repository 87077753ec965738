//! Front ends: one folder for each language, from text to the intermediate form.

pub mod typescript;
