//! Methods that register a function, and which arguments make them do so.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How an addition and its removal belong together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Methods that add: `addEventListener`, `on`.
    pub add: Vec<String>,
    /// Methods that remove the same: `removeEventListener`, `off`.
    pub remove: Vec<String>,
    /// Methods that remove all of an event, or all: `removeAllListeners`.
    #[serde(default)]
    pub remove_all: Vec<String>,
    /// Methods that add for one event: `once`.
    #[serde(default)]
    pub add_once: Vec<String>,
    /// Argument indices; the target is the receiver if it is not an argument.
    #[serde(default)]
    pub target: Option<u32>,
    pub event: u32,
    pub handler: u32,
    #[serde(default)]
    pub options: Option<u32>,
    /// Whether the capture flag is part of the identity.
    #[serde(default)]
    pub capture: bool,
    /// Globals that live as long as the process or page: `window`, `process`.
    #[serde(default)]
    pub global_targets: Vec<String>,
    /// The event that comes at most once, at the end of everything that its target is about, and usually never: adding
    /// with `once` does not remove the listener before.
    #[serde(default)]
    pub last_event: Option<String>,
    /// Events that come once in the life of a page: their listeners are not called again.
    #[serde(default)]
    pub once_events: Vec<String>,
    /// How the names of such targets end: `signal`.
    #[serde(default)]
    pub last_target: Option<String>,
}

/// `argument` is an argument path (`0.pool`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ArgumentTest {
    pub argument: String,
    /// The literal it must be; without this, the argument must be there.
    #[serde(default)]
    pub equals: Option<ArgumentLiteral>,
    /// It must not be there: the object that would hold it is written out in full, without it.
    #[serde(default)]
    pub absent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
pub enum ArgumentLiteral {
    Boolean(bool),
    String(String),
}

/// The literal in the form files have it: a plain boolean or string.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Plain {
    Boolean(bool),
    String(String),
}

/// The literal in the form the build script writes it, which tells no types apart by itself.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Boolean(bool),
    String(String),
}

impl Serialize for ArgumentLiteral {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.clone(), serializer.is_human_readable()) {
            (Self::Boolean(value), true) => Plain::Boolean(value).serialize(serializer),
            (Self::String(value), true) => Plain::String(value).serialize(serializer),
            (Self::Boolean(value), false) => Tagged::Boolean(value).serialize(serializer),
            (Self::String(value), false) => Tagged::String(value).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ArgumentLiteral {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Ok(match Plain::deserialize(deserializer)? {
                Plain::Boolean(value) => Self::Boolean(value),
                Plain::String(value) => Self::String(value),
            })
        } else {
            Ok(match Tagged::deserialize(deserializer)? {
                Tagged::Boolean(value) => Self::Boolean(value),
                Tagged::String(value) => Self::String(value),
            })
        }
    }
}
