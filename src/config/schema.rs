//! The JSON Schema of a configuration file: `leaklint.schema.json` at the top of the repository, for editors.
//!
//! A test compares it with the code; `INSTA_UPDATE=always cargo test schema` rewrites it.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::levels::Level;
use super::selector::Selector;

/// The table of levels, with every name there is.
pub(super) fn rules(generator: &mut SchemaGenerator) -> Schema {
    let level = generator.subschema_for::<Level>();
    let names: Map<String, Value> = Selector::names().map(|name| (name.to_owned(), level.clone().to_value())).collect();
    json_schema!({ "type": "object", "properties": names, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;
    use serde_json::json;

    use super::super::form::File;
    use super::*;

    fn written() -> String {
        let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<File>();
        schema.insert("title".to_owned(), json!("leaklint.toml"));
        serde_json::to_string_pretty(&schema).unwrap() + "\n"
    }

    #[test]
    fn the_schema_of_the_repository_is_that_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/leaklint.schema.json");
        let expected = written();
        if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
            std::fs::write(path, &expected).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == expected, "`INSTA_UPDATE=always cargo test schema` writes leaklint.schema.json anew");
    }

    #[test]
    fn the_schema_knows_what_the_reader_knows() {
        let schema: Value = serde_json::from_str(&written()).unwrap();
        let keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        // The reader says what it knows when it does not know something.
        let error = toml::from_str::<File>("nonsense = 1").unwrap_err().to_string();
        for key in &keys {
            assert!(error.contains(&format!("`{key}`")), "{key}: {error}");
        }
        assert_eq!(error.matches('`').count(), 2 * (keys.len() + 1), "{error}");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["rules"]["properties"].as_object().unwrap().len(), Selector::names().count());
    }
}
