//! Functions and their control-flow graphs.

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::source::Span;

use super::{ClassId, Decorator, Name, Op, Operand, Place, VariableId};

/// Index of a function in its module. [`FunctionId::INITIALISER`] is the module's top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

impl FunctionId {
    /// The code that runs when the module is loaded; always present.
    pub const INITIALISER: Self = Self(0);

    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Index of a basic block in its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

impl BlockId {
    /// Where a function starts.
    pub const ENTRY: Self = Self(0);
    /// No block at all.
    pub const NOWHERE: Self = Self(u32::MAX);

    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One function, method, closure or initialiser.
#[derive(Debug, Clone)]
pub struct Function {
    /// The usual name: the declared name, the variable or property it is assigned to, or the name of the method. `None`
    /// for callbacks without a name.
    pub name: Option<Name>,
    pub kind: FunctionKind,
    /// Whether nothing outside its package can name it, nor any code that the language itself does not call.
    pub is_private: bool,
    /// Whether code in another language calls it: `extern "C"`.
    pub is_foreign: bool,
    /// The function whose text encloses this one; `None` only for the initialiser.
    pub parent: Option<FunctionId>,
    pub is_async: bool,
    pub is_generator: bool,
    /// Whether `this` inside is the function's own (not an arrow).
    pub binds_this: bool,
    /// The captured variables that the function owns, where it only borrows the others and so cannot outlive them.
    /// `None` in languages where a function keeps all that it mentions alive.
    pub owned_captures: Option<Box<[VariableId]>>,
    pub parameters: Vec<Parameter>,
    /// Whether calling it consumes the instance, so that it is called once for each: `fn build(self)`.
    pub consumes_this: bool,
    /// The written type of `this`, in languages that write how it is held: `self: &Arc<Self>`.
    pub this_type: Option<super::TypeRef>,
    pub return_type: Option<super::TypeRef>,
    pub decorators: Vec<Decorator>,
    pub blocks: Vec<Block>,
    /// How many temporaries the blocks use: their numbers are below this.
    pub temps: u32,
    /// `"use server"` and the like, at the head of the body.
    pub prologue: Vec<CompactString>,
    /// The whole function, name and body.
    pub span: Span,
    /// What a label points at: the name if there is one, else the head of the function.
    pub name_span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// The module's top level. Static fields and static blocks of its classes run here, where the class stands.
    ModuleInitialiser,
    /// A declaration or a function expression or arrow.
    Free,
    Method {
        class: ClassId,
        is_static: bool,
    },
    Constructor {
        class: ClassId,
    },
    /// Instance field initialisers of a class, in order: runs once for each instance, before the constructor's body.
    InstanceInitialiser {
        class: ClassId,
    },
    Getter {
        class: Option<ClassId>,
        is_static: bool,
    },
    Setter {
        class: Option<ClassId>,
        is_static: bool,
    },
}

/// A parameter. A destructuring pattern is unpacked by assignments at the start of the entry block.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The variable that holds the argument as it came (synthetic for a pattern).
    pub variable: VariableId,
    pub is_rest: bool,
    pub has_default: bool,
    pub decorators: Vec<Decorator>,
    /// `constructor(private readonly pool: Pool)`: also stored in `this.pool`.
    pub is_property: bool,
    /// Whether a framework passes the same value to every call: the state of the application.
    pub is_shared: bool,
}

/// A basic block: operations, then one way to leave.
#[derive(Debug, Clone)]
pub struct Block {
    pub ops: Vec<Op>,
    pub terminator: Terminator,
    /// The span of what ends the block: the `return` or `throw` statement, the condition. Empty for a plain jump.
    pub terminator_span: Span,
    /// Where an exception raised by an operation of this block goes; `None`: out of the function.
    pub unwind: Option<BlockId>,
    /// How many loops of this function enclose the block (array callbacks that became loops count).
    pub loop_depth: u16,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Terminator {
    Goto(BlockId),
    /// Two successors; the condition holds on `then`, and does not on `otherwise`.
    Branch {
        condition: Condition,
        then: BlockId,
        otherwise: BlockId,
    },
    /// Several successors, of which the form says nothing more: a `switch`, the head of a loop over elements.
    Fork(Vec<BlockId>),
    Return(Option<Operand>),
    /// Leaves through `unwind`, or out of the function.
    Throw(Operand),
    /// Continues an exception that a `finally` or the end of a scope interrupted: as [`Terminator::Throw`].
    Resume,
    /// Never reached: after `process.exit()`, the body of an endless loop without `break`.
    Unreachable,
}

/// A leaf condition; `!`, `&&` and `||` have become control flow.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// `if (operand)`.
    Truthy(Operand),
    /// `left == right` (loose or strict) or an ordering.
    Compare {
        comparison: Comparison,
        left: Operand,
        right: Operand,
    },
    InstanceOf {
        value: Operand,
        class: Operand,
    },
    /// `"key" in operand`.
    Has {
        key: Operand,
        object: Operand,
    },
    /// `typeof operand === "name"`, written with any equality; negation has become control flow.
    TypeOf {
        value: Operand,
        name: Name,
    },
    Opaque,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Which edges between blocks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edges {
    /// Those taken while nothing throws.
    Normal,
    /// Exceptional ones too.
    All,
}

impl Function {
    /// A function of this kind, with nothing in it and no blocks yet.
    #[must_use]
    pub fn new(kind: FunctionKind) -> Self {
        Self {
            name: None,
            kind,
            is_private: false,
            is_foreign: false,
            parent: None,
            is_async: false,
            is_generator: false,
            binds_this: true,
            owned_captures: None,
            parameters: Vec::new(),
            consumes_this: false,
            this_type: None,
            return_type: None,
            decorators: Vec::new(),
            blocks: Vec::new(),
            temps: 0,
            prologue: Vec::new(),
            span: Span::default(),
            name_span: Span::default(),
        }
    }

    /// A module initialiser that does nothing.
    #[must_use]
    pub fn empty_initialiser() -> Self {
        let block = Block {
            ops: Vec::new(),
            terminator: Terminator::Return(None),
            terminator_span: Span::default(),
            unwind: None,
            loop_depth: 0,
        };
        Self { blocks: vec![block], ..Self::new(FunctionKind::ModuleInitialiser) }
    }

    #[must_use]
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// Blocks with their ids, in the order they were built: an entry-first order, not a topological one.
    pub fn blocks(&self) -> impl Iterator<Item = (BlockId, &Block)> {
        (0u32..).map(BlockId).zip(&self.blocks)
    }

    /// Every operation with the block it is in and its index there.
    pub fn ops(&self) -> impl Iterator<Item = (BlockId, usize, &Op)> {
        self.blocks().flat_map(|(id, block)| block.ops.iter().enumerate().map(move |(index, op)| (id, index, op)))
    }

    /// Whether control can get from `from` to `to` without passing `without`.
    #[must_use]
    pub fn reaches(&self, from: BlockId, to: BlockId, without: BlockId, edges: Edges) -> bool {
        // Asked hundreds of thousands of times, of functions of a dozen blocks: nothing is allocated for those.
        let mut seen: SmallVec<[u64; 4]> = smallvec::smallvec![0; self.blocks.len().div_ceil(64)];
        let mut work: SmallVec<[BlockId; 32]> = smallvec::smallvec![from];
        while let Some(id) = work.pop() {
            if id == to {
                return true;
            }
            let (word, bit) = (&mut seen[id.index() / 64], 1 << (id.index() % 64));
            if id == without || *word & bit != 0 {
                continue;
            }
            *word |= bit;
            let block = self.block(id);
            match &block.terminator {
                Terminator::Goto(to) => work.push(*to),
                Terminator::Branch { then, otherwise, .. } => work.extend([*then, *otherwise]),
                Terminator::Fork(to) => work.extend(to.iter().copied()),
                Terminator::Return(_) | Terminator::Throw(_) | Terminator::Resume | Terminator::Unreachable => {}
            }
            if edges == Edges::All {
                work.extend(block.unwind);
            }
        }
        false
    }

    /// Whether the function is a member of a class or runs on its behalf.
    #[must_use]
    pub fn class(&self) -> Option<ClassId> {
        match self.kind {
            FunctionKind::Method { class, .. }
            | FunctionKind::Constructor { class }
            | FunctionKind::InstanceInitialiser { class } => Some(class),
            FunctionKind::Getter { class, .. } | FunctionKind::Setter { class, .. } => class,
            FunctionKind::ModuleInitialiser | FunctionKind::Free => None,
        }
    }
}

impl Terminator {
    /// The blocks control may go to next without an exception.
    #[must_use]
    pub fn successors(&self) -> SmallVec<[BlockId; 4]> {
        match self {
            Self::Goto(to) => smallvec::smallvec![*to],
            Self::Branch { then, otherwise, .. } => smallvec::smallvec![*then, *otherwise],
            Self::Fork(to) => to.iter().copied().collect(),
            Self::Return(_) | Self::Throw(_) | Self::Resume | Self::Unreachable => SmallVec::new(),
        }
    }
}

impl Terminator {
    /// What the terminator reads.
    #[must_use]
    pub fn operands(&self) -> SmallVec<[&Operand; 2]> {
        match self {
            Self::Return(Some(operand)) | Self::Throw(operand) => smallvec::smallvec![operand],
            Self::Branch { condition, .. } => condition.operands(),
            Self::Goto(_) | Self::Fork(_) | Self::Return(None) | Self::Resume | Self::Unreachable => SmallVec::new(),
        }
    }
}

impl Condition {
    /// What the condition looks at.
    #[must_use]
    pub fn operands(&self) -> SmallVec<[&Operand; 2]> {
        match self {
            Self::Truthy(value) | Self::TypeOf { value, .. } => smallvec::smallvec![value],
            Self::Compare { left, right, .. } => smallvec::smallvec![left, right],
            Self::InstanceOf { value, class } => smallvec::smallvec![value, class],
            Self::Has { key, object } => smallvec::smallvec![key, object],
            Self::Opaque => SmallVec::new(),
        }
    }

    /// The places the condition looks at.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.operands().into_iter().filter_map(Operand::place)
    }
}
