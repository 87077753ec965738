//! Program-wide addresses.

use crate::ir::{BlockId, ClassId, FunctionId, VariableId};
use crate::source::FileId;

use super::Definition;

/// A function of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionRef {
    pub file: FileId,
    pub function: FunctionId,
}

/// A variable of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableRef {
    pub file: FileId,
    pub variable: VariableId,
}

/// A class of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassRef {
    pub file: FileId,
    pub class: ClassId,
}

/// An operation of the program: the `index`-th of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpRef {
    pub function: FunctionRef,
    pub block: BlockId,
    pub index: u32,
}

impl FunctionRef {
    #[must_use]
    pub fn new(file: FileId, function: FunctionId) -> Self {
        Self { file, function }
    }

    /// The variable with this id in the same file.
    #[must_use]
    pub fn variable(self, variable: VariableId) -> VariableRef {
        VariableRef { file: self.file, variable }
    }

    /// The class with this id in the same file.
    #[must_use]
    pub fn class(self, class: ClassId) -> ClassRef {
        ClassRef { file: self.file, class }
    }

    /// The function with this id in the same file.
    #[must_use]
    pub fn sibling(self, function: FunctionId) -> Self {
        Self { file: self.file, function }
    }

    /// The operation that a definition in the same file is.
    #[must_use]
    pub fn definition(self, definition: &Definition) -> OpRef {
        OpRef { function: self.sibling(definition.function), block: definition.block, index: definition.index }
    }

    #[must_use]
    pub fn op(self, block: BlockId, index: usize) -> OpRef {
        let index = u32::try_from(index).expect("invariant: a block has fewer than 2^32 operations");
        OpRef { function: self, block, index }
    }
}
