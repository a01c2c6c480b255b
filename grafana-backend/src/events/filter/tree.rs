//! A tree of conditions, and the condition that it is in SQL.

use std::convert::Infallible;

use crate::{events::entry::Entries, sql::Sql};

/// A condition on one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree<L> {
    /// All hold; of none, true.
    All(Vec<Tree<L>>),
    /// One holds; of none, false.
    Any(Vec<Tree<L>>),
    /// It does not hold.
    Not(Box<Tree<L>>),
    /// It holds.
    Leaf(L),
}

/// What a tree is made of.
pub trait Leaf {
    /// What it reads of the session's entry.
    fn entries(&self) -> Entries;

    /// Appends the condition, without parentheses.
    fn write(&self, sql: &mut Sql);
}

impl<L> Default for Tree<L> {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl<L> Tree<L> {
    /// Whether it holds for every event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(trees) if trees.iter().all(Tree::is_empty))
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self::All(vec![self, other]),
        }
    }

    /// The same of other leaves.
    #[must_use]
    pub fn map<M>(&self, leaf: &mut impl FnMut(&L) -> M) -> Tree<M> {
        match self.try_map(&mut |of| Ok::<M, Infallible>(leaf(of))) {
            Ok(tree) => tree,
            Err(never) => match never {},
        }
    }

    /// The same, if none of its leaves is refused.
    ///
    /// # Errors
    /// The first one of `leaf`.
    pub fn try_map<M, E>(&self, leaf: &mut impl FnMut(&L) -> Result<M, E>) -> Result<Tree<M>, E> {
        self.try_grow(&mut |of| leaf(of).map(Tree::Leaf))
    }

    /// The same with a tree in place of each leaf.
    ///
    /// # Errors
    /// The first one of `leaf`.
    pub fn try_grow<M, E>(&self, leaf: &mut impl FnMut(&L) -> Result<Tree<M>, E>) -> Result<Tree<M>, E> {
        let mut each = |trees: &[Self]| trees.iter().map(|tree| tree.try_grow(leaf)).collect::<Result<_, E>>();
        Ok(match self {
            Self::All(trees) => Tree::All(each(trees)?),
            Self::Any(trees) => Tree::Any(each(trees)?),
            Self::Not(tree) => Tree::Not(Box::new(tree.try_grow(leaf)?)),
            Self::Leaf(of) => leaf(of)?,
        })
    }

    /// All leaves.
    #[must_use]
    pub fn leaves(&self) -> Vec<&L> {
        match self {
            Self::All(trees) | Self::Any(trees) => trees.iter().flat_map(Tree::leaves).collect(),
            Self::Not(tree) => tree.leaves(),
            Self::Leaf(of) => vec![of],
        }
    }
}

impl<L: Leaf> Tree<L> {
    /// What it reads of the session's entry.
    #[must_use]
    pub fn entries(&self) -> Entries {
        match self {
            Self::All(trees) | Self::Any(trees) => trees.iter().map(Tree::entries).collect(),
            Self::Not(tree) => tree.entries(),
            Self::Leaf(leaf) => leaf.entries(),
        }
    }

    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        let mut list = |trees: &[Self], between: &'static str, of_none: &'static str| {
            sql.text("(");
            if trees.is_empty() {
                sql.text(of_none);
            }
            for (at, tree) in trees.iter().enumerate() {
                sql.text(if at == 0 { "" } else { between }).sub(|sql| tree.write(sql));
            }
            sql.text(")");
        };
        match self {
            Self::All(trees) => list(trees, " AND ", "1"),
            Self::Any(trees) => list(trees, " OR ", "0"),
            Self::Not(tree) => drop(sql.text("NOT ").sub(|sql| tree.write(sql))),
            Self::Leaf(leaf) => {
                sql.text("(");
                leaf.write(sql);
                sql.text(")");
            }
        }
    }
}
