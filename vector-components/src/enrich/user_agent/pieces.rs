//! An expression whose pieces have anything between them, as `(iPhone).+Version/([0-9]+).+Safari`. For
//! an engine, that is the dearest kind; piece by piece it is a few looks.
//!
//! What is found is what the engine would find: the first piece at its first place, each other one
//! at its last place behind the one before (its first, for `.+?`), is what goes first in the order
//! in which an engine that goes back and forth tries. Where a piece is not found then, another way of an
//! earlier one might help, and the engine is asked.

use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::one_pass::{OnePass, Tried};

/// The pieces.
pub struct Pieces {
    first: OnePass,
    others: Vec<Piece>,
}

struct Piece {
    /// Bytes before it, at least.
    gap_min: usize,
    /// As many as can be; else as few.
    is_greedy: bool,
    piece: OnePass,
}

/// Places for bounds of groups, of expressions that are looked at.
const SLOTS_MAX: usize = 20;

impl Pieces {
    /// `None` if the expression is of another kind.
    pub fn new(expression: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = expression.kind() else { return None };
        let mut pieces = parts.split(|part| gap(part).is_some());
        let one_pass = |parts: &[Hir]| OnePass::new(&Hir::concat(parts.to_vec()));
        let first = one_pass(pieces.next()?)?;
        let mut others = Vec::new();
        for (gap, parts) in parts.iter().filter_map(gap).zip(pieces) {
            others.push(Piece { gap_min: gap.min as usize, is_greedy: gap.greedy, piece: one_pass(parts)? });
        }
        (!others.is_empty()).then_some(Self { first, others })
    }

    /// Whether it matches, and where its groups are.
    pub fn search(&self, header: &str, slots: &mut [Option<NonMaxUsize>]) -> Tried {
        // A dot is any character but this one.
        if slots.len() < 2 || slots.len() > SLOTS_MAX || memchr::memchr(b'\n', header.as_bytes()).is_some() {
            return Tried::Unknown;
        }
        let tried = self.first.search(header, slots);
        if tried != Tried::Match {
            return tried;
        }
        let mut of_piece = [None; SLOTS_MAX];
        for Piece { gap_min, is_greedy, piece } in &self.others {
            let Some(end) = slots[1] else { return Tried::Unknown };
            let from = end.get() + gap_min;
            let of_piece = &mut of_piece[..slots.len()];
            let tried = match is_greedy {
                true => piece.search_last(header, from, of_piece),
                false => piece.search_from(header, from, of_piece),
            };
            if tried != Tried::Match {
                return Tried::Unknown;
            }
            slots[1] = of_piece[1];
            for (slot, found) in slots.iter_mut().zip(of_piece).skip(2) {
                *slot = slot.or(*found);
            }
        }
        Tried::Match
    }
}

/// `.*`, `.+` and the same with `?`, on bytes.
fn gap(part: &Hir) -> Option<&Repetition> {
    let HirKind::Repetition(repetition) = part.kind() else { return None };
    let HirKind::Class(Class::Bytes(class)) = repetition.sub.kind() else { return None };
    let is_dot =
        (0..=0x7f).all(|byte| (byte != b'\n') == class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&byte)));
    (is_dot && repetition.max.is_none()).then_some(repetition)
}
