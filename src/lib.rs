pub mod source;
pub mod ir;
pub mod catalogue;
pub mod rules;
pub mod findings;
