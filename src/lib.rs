pub mod catalogue;
pub mod findings;
pub mod ir;
pub mod languages;
pub mod rules;
pub mod source;
