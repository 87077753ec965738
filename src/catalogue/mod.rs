//! What is known of libraries: data, loaded from `rules/catalogue`, and matched against programs.

pub mod schema;
