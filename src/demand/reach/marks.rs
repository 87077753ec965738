//! Marks: functions that matter, and which functions have to be walked again because of that.

use crate::catalogue::schema::Collection;
use crate::ir::{
    Binding, CallKind, ClassId, ExportSource, Field, FunctionId, Name, Place, Root, Temp, VariableId, is_disposal,
};

use super::super::collections::makes_one_to_keep;
use super::super::cycles::may_hold_itself;
use super::mentions::Mentions;
use super::state::State;
use super::{Level, Walk};

impl Walk<'_, '_> {
    /// Marks the functions that make something to keep, whatever else they do.
    pub(super) fn note_what_is_kept(&mut self) {
        for (id, function) in self.module.functions() {
            let first = self.first_calls[id.index()] as usize;
            let end = self.first_calls.get(id.index() + 1).map_or(self.calls.len(), |next| *next as usize);
            let made: Vec<Collection> = self.calls[first..end].iter().filter_map(|call| call.collection).collect();
            if makes_one_to_keep(function, &mut made.iter().copied()) || may_hold_itself(self.module, function) {
                self.mark(id);
                self.state.makes_queue |= made.contains(&Collection::Queue);
            }
        }
    }

    /// Has those walked again whom it concerns what became known outside since the last time: when the module is new, that
    /// is everybody.
    pub(super) fn hear_of_outside(&mut self, is_new: bool) {
        let has_new_queues = self.surroundings.has_queues && !self.knows_queues;
        if is_new || has_new_queues {
            self.state.knows_queues = self.surroundings.has_queues;
            self.state.stale.fill(true);
        } else {
            let State { readers, stale, .. } = &mut self.state;
            readers.of_modules().iter().for_each(|function| stale[function.index()] = true);
            self.hear_of_members();
        }
        self.state.members_heard_of = self.surroundings.members.len();
        self.imports();
    }

    /// Has those walked again who mention members that became known outside since the last time.
    fn hear_of_members(&mut self) {
        let State { members_heard_of, mentions, stale, .. } = &mut self.state;
        let members = self.surroundings.members;
        if *members_heard_of < members.len() {
            let mentions = mentions.get_or_insert_with(|| Mentions::of(self.module));
            let is_new = |name: &str| members.get_index_of(name).is_some_and(|at| at >= *members_heard_of);
            mentions.among(is_new).for_each(|function| stale[function.index()] = true);
        }
    }

    /// Has those walked again who mention fields and members that became known here.
    pub(super) fn hear_of_names(&mut self) {
        let new = std::mem::take(&mut self.state.new_names);
        if !new.is_empty() {
            let State { mentions, stale, .. } = &mut self.state;
            let mentions = mentions.get_or_insert_with(|| Mentions::of(self.module));
            mentions.among(|name| new.contains(name)).for_each(|function| stale[function.index()] = true);
        }
    }

    pub(super) fn is_stale(&self) -> bool {
        self.stale.contains(&true)
    }

    pub(super) fn assigned(&mut self, function: FunctionId, target: &Place, level: Level) {
        match &target.root {
            Root::Variable(id) => self.variable(*id, level),
            Root::Temp(temp) => self.temp(function, *temp, level),
            Root::This => {
                if let Some(name) = target.path.first().and_then(Field::name)
                    && (level == Level::Maker || level == Level::Container && self.filled.fields.contains(name))
                    && !self.fields.contains(name)
                {
                    let name = Name::new(name);
                    self.state.fields.insert(name.clone());
                    self.state.new_names.insert(name);
                }
            }
            Root::Global(_) => {}
        }
    }

    /// Follows what matters into declarations: classes by what they extend, and the variables of classes and functions.
    pub(super) fn declarations(&mut self) {
        self.state.readers.end();
        for (id, class) in self.module.classes() {
            let extends = class.extends.as_ref().and_then(|operand| self.operand(class.parent, operand));
            if extends.is_some() || class.members.iter().any(|member| is_disposal(&member.name)) {
                self.class(id);
            }
            if !self.classes[id.0 as usize] {
                continue;
            }
            if let Some(variable) = class.variable {
                self.variable(variable, Level::Maker);
            }
            if class.parent != FunctionId::INITIALISER {
                self.mark(class.parent);
            }
        }
        for (index, variable) in self.module.variables.iter().enumerate() {
            if let Binding::Function(function) = variable.binding
                && self.functions[function.index()]
            {
                let id = VariableId(u32::try_from(index).expect("invariant: fewer than 2^32 variables"));
                self.variable(id, Level::Maker);
            }
        }
    }

    /// A function matters: so do its class and the function it is written in.
    pub(super) fn mark(&mut self, id: FunctionId) {
        if id == FunctionId::INITIALISER || self.functions[id.index()] || self.rendered[id.index()] {
            return;
        }
        let function = self.module.function(id);
        let is_rendered = function.name.as_ref().filter(|_| function.class().is_none()).is_some_and(|name| {
            let makes_elements =
                || function.ops().any(|(_, _, op)| op.call().is_some_and(|call| call.kind == CallKind::Jsx));
            (name.starts_with(char::is_uppercase) && makes_elements()) || self.surroundings.rendered.is_match(name)
        });
        if is_rendered {
            self.state.rendered[id.index()] = true;
            return;
        }
        self.state.functions[id.index()] = true;
        if let Some(class) = function.class() {
            self.class(class);
        }
        if let Some(name) = &function.name
            && self.state.members.insert(name.clone())
        {
            self.state.new_names.insert(name.clone());
        }
        if let Some(parent) = function.parent {
            // It may have put the function somewhere.
            self.state.stale[parent.index()] = true;
            self.mark(parent);
        }
    }

    fn class(&mut self, id: ClassId) {
        if !std::mem::replace(&mut self.state.classes[id.0 as usize], true) {
            self.state.stale[self.module.class(id).parent.index()] = true;
        }
    }

    pub(super) fn variable(&mut self, id: VariableId, level: Level) {
        let mut level = level;
        if level == Level::Container {
            let is_exported = self.is_exported(id);
            if self.filled.is_constant(id) && !is_exported {
                return;
            }
            let is_of_module = self.module.variable(id).owner == FunctionId::INITIALISER;
            if is_of_module && (self.filled.variables[id.0 as usize] || is_exported) {
                level = Level::Maker;
            }
        }
        let known = &mut self.state.variables[id.0 as usize];
        if *known >= Some(level) {
            return;
        }
        *known = Some(level);
        let State { readers, stale, .. } = &mut self.state;
        for function in readers.of(id) {
            // The rest of a walk that is under way finds it as it is now.
            stale[function.index()] |= !readers.is_under_way(function) || readers.was_read(id);
        }
    }

    fn is_exported(&self, id: VariableId) -> bool {
        self.module.exports.iter().any(|export| export.source == ExportSource::Variable(id))
    }

    pub(super) fn temp(&mut self, function: FunctionId, temp: Temp, level: Level) {
        let number = self.temp_number(function, temp);
        let known = &mut self.state.temps[number];
        if *known < Some(level) {
            *known = Some(level);
            // Most are read later in the same walk, where there is no loop.
            if self.state.readers.was_temp_read(number) {
                self.state.stale[function.index()] = true;
            }
        }
    }
}
