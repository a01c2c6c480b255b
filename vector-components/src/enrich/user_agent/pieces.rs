//! Expressions of pieces with gaps, such as `(iPhone).+Version/([0-9]+).+Safari`: the slowest kind for a
//! regex engine, but fast piece by piece.
//!
//! The result is exact. A backtracking engine prefers the first position for the first piece and, because
//! gaps are greedy, the last one for each other piece (the first one after `.+?`). If all pieces are found in
//! these positions, that is the engine's match. If one is not, a different match of an earlier piece might
//! still succeed, and the general engine decides.

use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::one_pass::{OnePass, Tried};

/// The pieces.
pub struct Pieces {
    first: OnePass,
    others: Vec<Piece>,
}

struct Piece {
    /// Minimum number of bytes in the gap before it.
    gap_min: usize,
    /// Whether the gap is as long as possible; otherwise as short.
    is_greedy: bool,
    piece: OnePass,
}

/// Slots of the largest expression that is handled.
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
        // A dot does not match a line break.
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
