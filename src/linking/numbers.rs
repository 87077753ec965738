//! Numbers: every function, variable, temporary and operation of the program, counted from 0 to index tables.

use crate::ir::Module;
use crate::source::FileId;

use super::{FunctionRef, OpRef, VariableRef};
use crate::ir::Temp;

/// The first number of each file, function and block; every list has one more entry than there are things.
#[derive(Debug, Default)]
pub struct Numbers {
    /// By file.
    functions: Vec<u32>,
    /// By file.
    variables: Vec<u32>,
    /// By function.
    temps: Vec<u32>,
    /// By function.
    blocks: Vec<u32>,
    /// By block.
    ops: Vec<u32>,
}

impl Numbers {
    /// Counts what is in the modules, given by file.
    pub(super) fn of<'m>(modules: impl Iterator<Item = Option<&'m Module>>) -> Self {
        let mut numbers =
            Self { functions: vec![0], variables: vec![0], temps: vec![0], blocks: vec![0], ops: vec![0] };
        for module in modules {
            let (functions, variables) = module.map_or((0, 0), |it| (it.functions.len(), it.variables.len()));
            extend(&mut numbers.functions, functions);
            extend(&mut numbers.variables, variables);
            for (_, function) in module.into_iter().flat_map(Module::functions) {
                extend(&mut numbers.temps, function.temps as usize);
                extend(&mut numbers.blocks, function.blocks.len());
                for block in &function.blocks {
                    extend(&mut numbers.ops, block.ops.len());
                }
            }
        }
        numbers
    }

    #[must_use]
    pub fn functions(&self) -> usize {
        count(&self.functions)
    }

    #[must_use]
    pub fn variables(&self) -> usize {
        count(&self.variables)
    }

    #[must_use]
    pub fn temps(&self) -> usize {
        count(&self.temps)
    }

    #[must_use]
    pub fn ops(&self) -> usize {
        count(&self.ops)
    }

    #[must_use]
    pub fn function(&self, at: FunctionRef) -> usize {
        first(&self.functions, at.file) + at.function.index()
    }

    #[must_use]
    pub fn variable(&self, at: VariableRef) -> usize {
        first(&self.variables, at.file) + at.variable.0 as usize
    }

    #[must_use]
    pub fn temp(&self, function: FunctionRef, temp: Temp) -> usize {
        self.temps[self.function(function)] as usize + temp.0 as usize
    }

    #[must_use]
    pub fn op(&self, at: OpRef) -> usize {
        let block = self.blocks[self.function(at.function)] as usize + at.block.index();
        self.ops[block] as usize + at.index as usize
    }
}

fn first(starts: &[u32], file: FileId) -> usize {
    starts[file.index()] as usize
}

fn count(starts: &[u32]) -> usize {
    starts.last().copied().unwrap_or_default() as usize
}

fn extend(starts: &mut Vec<u32>, by: usize) {
    let by = u32::try_from(by).expect("invariant: a program has fewer than 2^32 operations");
    starts.push(starts.last().copied().unwrap_or_default() + by);
}
