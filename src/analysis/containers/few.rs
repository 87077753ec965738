//! Names of things of which there are few in any program, so that a table with one entry for each is bounded.
//!
//! A heuristic: a key's type is usually `string`, and only its name tells a locale from a user. It avoids reporting
//! every memo by environment, shard or table name.

use super::words::words;

#[rustfmt::skip]
const FEW: &[&str] = &[
    "locale", "lang", "language", "env", "environment", "kind", "type", "mode", "level", "format", "currency",
    "timezone", "tz", "platform", "method", "status", "role", "plan", "theme", "dialect", "region", "provider",
    "category", "extension", "ext", "mimetype", "encoding", "charset", "protocol", "event", "eventname",
    "channel", "namespace", "ns", "driver", "engine", "adapter", "plugin", "pluginname", "modulename", "icon",
    "iconname", "typename", "classname", "tagname", "propname", "fieldname", "methodname", "schemaname",
    "tablename", "model", "modelname", "feature", "shard", "shardindex", "shardname", "container",
    "containername", "bucket", "bucketname", "prefix", "sql", "version", "operator", "hook", "service",
    "servicename", "component", "controller", "route", "queue", "queuename", "i", "index", "port", "host",
    "schema", "collection", "slug", "flag", "unit", "variant", "severity", "position", "side", "direction",
    "command", "ctor", "constructor", "target", "prototype", "cls", "klass", "cert", "rootcert", "ca",
    "regionname", "entrypoint", "table", "column", "statuscode",
];

/// Words that say no more about what a thing is.
const FILLERS: &[&str] = &["name", "label", "key", "str", "string", "value"];

/// Whether a variable or field of this name holds one of few things: `locale`, `region_name`, `serverTableName`.
pub(super) fn names_few(name: &str) -> bool {
    let words = words(name);
    let (mut end, len) = (words.len(), words.len());
    if end > 1 && FILLERS.contains(&words[len - 1].as_str()) {
        end -= 1;
    }
    let is_few = |word: &str| FEW.contains(&word);
    (1..=3.min(len)).any(|count| is_few(&words[len - count..].concat())) || end > 0 && is_few(&words[end - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: bool) {
        assert_eq!(names_few(name), expected, "{name}");
    }

    #[test]
    fn what_there_are_few_of_is_known_by_its_last_words() {
        check("locale", true);
        check("region_name", true);
        check("serverTableName", true);
        check("shardIndex", true);
        check("_mimeType", true);
        check("userId", false);
        check("localeOfUser", false);
        check("key", false);
        check("name", false);
        check("url", false);
    }
}
