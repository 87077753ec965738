//! Subclasses: which classes extend one by its name, at any distance.

use rustc_hash::FxHashMap;

use crate::ir::{Binding, Operand};

use super::{ClassRef, FunctionRef, Program, Symbol};

/// The classes of the program that extend each.
#[derive(Debug, Default)]
pub(super) struct Subclasses(FxHashMap<ClassRef, Vec<ClassRef>>);

impl Subclasses {
    pub(super) fn of(program: &Program) -> Self {
        let mut found = Self::default();
        for class in program.classes() {
            if let Some(base) = base(program, class).filter(|base| *base != class) {
                found.0.entry(base).or_default().push(class);
            }
        }
        found
    }

    /// All that extend a class, those of its subclasses included.
    pub(super) fn below(&self, class: ClassRef) -> Vec<ClassRef> {
        let mut found: Vec<ClassRef> = self.0.get(&class).cloned().unwrap_or_default();
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            let more = self.0.get(&at).into_iter().flatten().filter(|it| **it != class && !found.contains(it));
            let more: Vec<ClassRef> = more.copied().collect();
            found.extend(more);
            next += 1;
        }
        found
    }
}

/// The class that a class extends, where what it extends is its name.
fn base(program: &Program, class: ClassRef) -> Option<ClassRef> {
    let body = program.class(class);
    let place = match body.extends.as_ref()? {
        Operand::Class(base) => return Some(ClassRef { file: class.file, class: *base }),
        operand => operand.place()?,
    };
    let mut variable = FunctionRef::new(class.file, body.parent).variable(place.as_variable()?);
    if let Binding::Import(import) = program.variable(variable).binding {
        variable = match program.import(class.file, import)? {
            Symbol::Variable(variable) => variable,
            _ => return None,
        };
    }
    match program.variable(variable).binding {
        Binding::Class(base) => Some(ClassRef { file: variable.file, class: base }),
        _ => None,
    }
}
