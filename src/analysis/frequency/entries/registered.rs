//! Registrations: the functions that a call hands to what runs them.

use crate::analysis::evaluate::{CallTarget, Callee};
use crate::analysis::value::{Value, Values};
use crate::catalogue::schema::EntryPoint;
use crate::ir::{Call, CallKind, Field, Name, Operand};
use crate::linking::{FunctionRef, OpRef};

use super::Entries;

impl<'e> Entries<'e, '_> {
    /// The functions that a call registers as entry points, and as which.
    pub(in crate::analysis::frequency) fn registered(
        &self,
        at: OpRef,
        call: &Call,
        callee: &Callee,
    ) -> Vec<(FunctionRef, &'e EntryPoint, String)> {
        let mut registered: Vec<(FunctionRef, &EntryPoint, String)> = Vec::new();
        for entry in self.candidates(at, call, callee).into_iter().filter(|entry| self.matches(at, call, entry)) {
            let label = match call.arguments.first().map(|first| &first.value) {
                Some(Operand::String(text)) => format!("{} `{text}`", entry.label),
                _ => entry.label.clone(),
            };
            for function in self.registered_by(at, call, entry) {
                if !registered.iter().any(|(known, ..)| *known == function) {
                    registered.push((function, entry, label.clone()));
                }
            }
        }
        registered
    }

    fn candidates(&self, at: OpRef, call: &Call, callee: &Callee) -> Vec<&'e EntryPoint> {
        let catalogue = self.evaluator.catalogue;
        let mut candidates: Vec<&EntryPoint> = Vec::new();
        let mut is_project = false;
        for target in &callee.targets {
            match target {
                CallTarget::External(id) => candidates.extend(self.evaluator.facts(*id).entries.iter().copied()),
                CallTarget::ProductMethod { of, is_new, name } => {
                    let maker = self.evaluator.external_name(*of);
                    if let Some(package) = &maker.package {
                        candidates.extend(catalogue.instance_entries(package, &maker.path, *is_new, name));
                    }
                }
                CallTarget::ResourceMethod { receiver, name } => {
                    for resource in self.evaluator.resources_of(receiver) {
                        candidates.extend(catalogue.method(resource, name).entries);
                    }
                }
                CallTarget::Function { .. } => is_project = true,
                CallTarget::Construct(_) | CallTarget::Parameter => {}
            }
        }
        // A receiver nothing is known of is judged by the method's name and what it is given.
        if candidates.is_empty()
            && !is_project
            && call.kind == CallKind::Call
            && call.has_receiver()
            && let Some(name) = call.method_name()
        {
            let entries = self.evaluator.any_method(at.function.file, name).entries;
            candidates.extend(entries.into_iter().filter(|entry| self.applies(at.function.file, entry)));
        }
        candidates
    }

    fn registered_by(&self, at: OpRef, call: &Call, entry: &EntryPoint) -> Vec<FunctionRef> {
        let mut values = Values::default();
        for path in &entry.argument_paths {
            match path.split_once(".*") {
                Some((object, rest)) => values.join(&self.members(self.evaluator.argument_path(at, object), rest)),
                // An object that is given in a function's place says by other paths which of its members count.
                None if !path.contains('.') => {
                    let given = self.evaluator.argument_path(at, path);
                    given
                        .iter()
                        .filter(|it| matches!(it, Value::Function { .. }))
                        .for_each(|it| values.add(it.clone()));
                }
                None => values.join(&self.evaluator.argument_path(at, path)),
            }
        }
        if entry.argument_paths.is_empty() {
            for (index, argument) in (0u32..).zip(&call.arguments) {
                if entry.arguments.is_empty() || entry.arguments.contains(&index) {
                    values.join(&self.evaluator.operand(at.function, &argument.value));
                }
            }
        }
        self.evaluator.functions_behind(&values)
    }

    /// What objects hold at the end of a path that begins with all their members: `.*` of `0.resolvers.*.*`,
    /// `.resolve` of `0.fields.*.resolve`. Functions are looked for in objects anyway, so the last members are left to that.
    pub(super) fn members(&self, objects: Values, rest: &str) -> Values {
        let Some(rest) = rest.strip_prefix('.') else { return objects };
        let mut members = Values::default();
        for object in &objects {
            if let Value::Object { at, context } = object {
                members.join(self.evaluator.seen_parts(*at, *context));
            }
        }
        match rest.strip_prefix('*') {
            Some(rest) => self.members(members, rest),
            None => {
                let path: Vec<_> = rest.split('.').map(|name| Field::Named(Name::new(name))).collect();
                self.evaluator.fields(members, &path)
            }
        }
    }

    /// Whether the first argument is a member of a library's enum that has an event's name: `Events.MessageCreate`.
    fn names_event(&self, at: OpRef, entry: &EntryPoint) -> bool {
        self.evaluator.argument(at, 0).iter().any(|value| match value {
            Value::External(id) => self
                .evaluator
                .external_name(*id)
                .path
                .last()
                .is_some_and(|member| entry.events.iter().any(|event| event.eq_ignore_ascii_case(member))),
            _ => false,
        })
    }

    fn matches(&self, at: OpRef, call: &Call, entry: &EntryPoint) -> bool {
        let first_text = |accepts: &dyn Fn(&Name) -> bool| {
            self.evaluator.argument(at, 0).iter().any(|value| matches!(value, Value::Text(text) if accepts(text)))
        };
        if let Some(prefix) = &entry.first_argument
            && !(call.arguments.len() > 1 && first_text(&|text| text.starts_with(prefix.as_str())))
        {
            return false;
        }
        entry.events.is_empty()
            || first_text(&|text| entry.events.iter().any(|event| event == text.as_str()))
            || self.names_event(at, entry)
    }
}
