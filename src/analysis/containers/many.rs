//! Names of things of which a running service meets ever more: users, sessions, addresses.
//!
//! A heuristic beside the one for few things: that a key is open says nothing of how many keys there will be, and
//! most tables of a program are filled with the program's own parts. Only a name (or what is known of where the key
//! comes from) tells a table of plugins from a table of visitors.

use super::words::words;

/// What there are ever more of, as the thing itself.
#[rustfmt::skip]
const MANY: &[&str] = &[
    "ip", "ipaddr", "ipaddress", "remoteaddress", "walletaddress", "email", "phone", "username", "nickname", "login",
    "jti", "nonce", "jid", "cookie", "fingerprint", "uuid", "guid", "otp", "session", "sid", "socket",
    "peer", "visitor", "uid", "sessiontoken", "accesstoken", "refreshtoken", "authtoken", "bearertoken", "usertoken",
];

/// Free text, and names that mean one of ever more where nothing stands before them: an `issuerUrl` is configuration.
#[rustfmt::skip]
const TEXTS: &[&str] = &["text", "prompt", "sentence", "url", "question", "pattern"];

/// What there are ever more of, where an identity says that one of them is meant: `user.id`, `messageId`.
#[rustfmt::skip]
const IDENTIFIED: &[&str] = &[
    "user", "member", "customer", "account", "guild", "chat", "visitor", "device", "player", "room", "lobby", "game",
    "match", "conversation", "conv", "message", "msg", "request", "req", "reply", "connection", "peer",
    "subscriber", "order", "job", "run", "evaluation", "event", "thread", "ticket", "post", "comment", "invoice",
    "payment", "transaction", "tx", "upload", "download", "transfer", "call", "execution", "trace", "span",
    "correlation", "person", "profile", "author", "sender", "recipient", "receiver", "contact", "participant",
    "patient", "student", "channel", "cart", "product", "document", "doc", "session", "socket", "login", "guest",
    "subscription", "notification", "discord", "chatter", "viewer", "follower", "friend", "caller", "buyer", "seller",
];

/// Whose an installation is: more of them than locales, and as many as somebody has signed up.
const TENANTS: &[&str] = &["org", "organization", "organisation", "tenant", "workspace", "company", "license"];

/// Words for what identifies something.
const IDENTITIES: &[&str] = &["id", "uid", "uuid", "guid"];

/// What a key of one is: an `eventKey` names a kind of events, a `userKey` a user.
const KEYED: &[&str] = &["user", "member", "session", "guild", "client", "customer", "ip", "limit", "throttle"];

/// Words that say no more about what a thing is.
const FILLERS: &[&str] = &["str", "string", "value", "lower", "normalized", "param"];

/// Whether a variable or field of this name, in a thing of that name, is one of ever more: `userId`, `user.id`,
/// `clientIp`.
pub(super) fn names_many(holder: Option<&str>, name: &str) -> bool {
    let mut words = words(name);
    while words.len() > 1 && words.last().is_some_and(|word| FILLERS.contains(&word.as_str())) {
        words.pop();
    }
    let Some((last, before)) = words.split_last() else { return false };
    let is_many = |word: &str| MANY.contains(&word);
    if before.is_empty() && TEXTS.contains(&last.as_str()) {
        return true;
    }
    if is_many(last) || before.last().is_some_and(|word| is_many(&format!("{word}{last}"))) {
        return true;
    }
    if last == "key" {
        return before.last().is_some_and(|word| KEYED.contains(&word.as_str()));
    }
    IDENTITIES.contains(&last.as_str())
        && match (before.last(), holder) {
            (Some(word), _) => is_many_with_identity(word),
            (None, holder) => holder.is_some_and(names_things),
        }
}

/// Whether a variable or field of this name is a tenant, or what identifies one: `organization`, `orgId`.
pub(super) fn names_tenant(name: &str) -> bool {
    let words = words(name);
    let mut ends = words.iter().rev();
    let last = ends.next().map_or("", String::as_str);
    let is_identity = IDENTITIES.contains(&last) || last == "key";
    let subject = if is_identity { ends.next().map_or("", String::as_str) } else { last };
    TENANTS.contains(&subject)
}

/// Whether a variable of this name holds what identifies something, and the name says not what.
pub(super) fn is_identity(name: &str) -> bool {
    matches!(words(name).as_slice(), [word] if IDENTITIES.contains(&word.as_str()))
}

/// Whether a list or a thing of this name holds or is one of ever more: `activeUsers`, `member`, `userInfo`.
pub(super) fn names_things(holder: &str) -> bool {
    words(holder).iter().any(|word| is_many_with_identity(word) || is_many_with_identity(singular(word)))
}

fn is_many_with_identity(word: &str) -> bool {
    IDENTIFIED.contains(&word) || MANY.contains(&word)
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(holder: Option<&str>, name: &str, expected: bool) {
        assert_eq!(names_many(holder, name), expected, "{holder:?}.{name}");
    }

    #[test]
    fn tenants_are_known_by_their_last_words() {
        assert!(names_tenant("organization") && names_tenant("orgId") && names_tenant("licenseKey"));
        assert!(!names_tenant("organizationMember") && !names_tenant("id"));
    }

    #[test]
    fn what_there_are_ever_more_of_is_known_by_its_last_words() {
        check(None, "userId", true);
        check(None, "sessionKey", true);
        check(None, "clientIP", true);
        check(None, "remoteAddress", true);
        check(None, "discordUserId", true);
        check(Some("guild"), "id", true);
        check(Some("remainingMembers"), "id", true);
        check(None, "id", false);
        check(Some("task"), "id", false);
        check(None, "key", false);
        check(None, "url", true);
        check(None, "issuerUrl", false);
        check(Some("prompt"), "id", false);
        check(Some("user"), "locale", false);
        check(None, "eventKey", false);
        check(None, "token", false);
        check(None, "projectId", false);
        check(None, "name", false);
    }
}
