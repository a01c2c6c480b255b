//! A one-pass automaton finds a match and its groups in one go, anchored at a position. It is tried at each
//! position where a match can begin; the general engine needs three passes (end, start, groups).

use std::cell::RefCell;

use regex_automata::{
    Anchored, Input,
    dfa::onepass::{Builder, Cache, Config, DFA},
    nfa::thompson::NFA,
    util::primitives::NonMaxUsize,
};
use regex_syntax::hir::Hir;

use super::semicolon::{self, Characters};

/// Bytes of an automaton; a larger one is not worth its memory.
const BYTES_MAX: usize = 32 << 10;
/// Positions tried before the general engine takes over.
const PLACES_MAX: usize = 6;

/// The automaton.
pub struct OnePass {
    automaton: DFA,
    /// The bytes that a match can begin with.
    firsts: Firsts,
}

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It matches.
    Match,
    /// It does not.
    NoMatch,
    /// Undecided: the general engine has to search.
    Unknown,
}

thread_local! {
    /// Scratch memory for groups, shared by all automata of a thread.
    static GROUPS: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

impl OnePass {
    /// `None` if the expression is not one-pass, or can begin with more than three different bytes.
    pub fn new(expression: &Hir) -> Option<Self> {
        let firsts = Firsts::new(semicolon::firsts_of(expression)?)?;
        let automaton = NFA::compiler().build_from_hir(expression).ok()?;
        let config = Config::new().size_limit(Some(BYTES_MAX));
        let automaton = Builder::new().configure(config).build_from_nfa(automaton).ok()?;
        Some(Self { automaton, firsts })
    }

    /// The first place of a match decides.
    pub fn search(&self, header: &str, slots: &mut [Option<NonMaxUsize>]) -> Tried {
        self.search_from(header, 0, slots)
    }

    /// The last place of a match from `from` on decides.
    pub fn search_last(&self, header: &str, from: usize, slots: &mut [Option<NonMaxUsize>]) -> Tried {
        let mut end = header.len();
        let next = || {
            end = from + self.firsts.find_last(header.as_bytes().get(from..end)?)?;
            Some(end)
        };
        self.first_of(header, std::iter::from_fn(next), slots)
    }

    /// As [`OnePass::search`], from a place on.
    pub fn search_from(&self, header: &str, mut from: usize, slots: &mut [Option<NonMaxUsize>]) -> Tried {
        let next = || {
            let place = from + self.firsts.find(header.as_bytes().get(from..)?)?;
            from = place + 1;
            Some(place)
        };
        self.first_of(header, std::iter::from_fn(next), slots)
    }

    fn first_of(&self, header: &str, places: impl Iterator<Item = usize>, slots: &mut [Option<NonMaxUsize>]) -> Tried {
        GROUPS.with_borrow_mut(|groups| {
            let groups = groups.get_or_insert_with(|| self.automaton.create_cache());
            groups.reset(&self.automaton);
            for (tried, place) in places.enumerate() {
                if tried == PLACES_MAX {
                    return Tried::Unknown;
                }
                let input = Input::new(header).range(place..).anchored(Anchored::Yes);
                match self.automaton.try_search_slots(groups, &input, slots) {
                    Ok(Some(_)) => return Tried::Match,
                    Ok(None) => {}
                    Err(_) => return Tried::Unknown,
                }
            }
            Tried::NoMatch
        })
    }
}

/// Bytes that memchr can search for.
enum Firsts {
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
}

impl Firsts {
    /// `None` for more than three.
    fn new(firsts: Characters) -> Option<Self> {
        let bytes: Vec<u8> = (0..128).filter(|byte| firsts >> byte & 1 == 1).collect();
        match bytes[..] {
            [a] => Some(Self::One(a)),
            [a, b] => Some(Self::Two(a, b)),
            [a, b, c] => Some(Self::Three(a, b, c)),
            _ => None,
        }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        match *self {
            Self::One(a) => memchr::memchr(a, bytes),
            Self::Two(a, b) => memchr::memchr2(a, b, bytes),
            Self::Three(a, b, c) => memchr::memchr3(a, b, c, bytes),
        }
    }

    fn find_last(&self, bytes: &[u8]) -> Option<usize> {
        match *self {
            Self::One(a) => memchr::memrchr(a, bytes),
            Self::Two(a, b) => memchr::memrchr2(a, b, bytes),
            Self::Three(a, b, c) => memchr::memrchr3(a, b, c, bytes),
        }
    }
}
