//! The persons of some visitors, for very many look-ups: numbers of visitors are hashes, so a few of their
//! bits lead to the right place.

/// A claim of an event that a visitor is a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// Who.
    pub visitor: u64,
    /// When it was first made, in milliseconds since 1970 UTC.
    pub first_ms: i64,
    /// Is whom.
    pub person: u64,
}

/// Links of visitors whose numbers have the same highest byte.
#[derive(Debug, Default)]
pub struct Table {
    links: Vec<Link>,
    /// Where the links of each bucket begin; the end of the last is there as well.
    starts: Vec<u32>,
    bits: u32,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    visitor: u64,
    person: u64,
}

/// Links of a bucket, about: two lines of the processor's cache.
const BUCKET_LINKS: usize = 8;
/// Above them is the byte by which the tables are told apart.
const BITS_BELOW: u32 = 8;

impl Table {
    /// Of all claims, the first of each visitor; `person` says where its aliases lead.
    pub fn new(mut claims: Vec<Claim>, person: impl Fn(u64) -> u64) -> Self {
        // They come from ClickHouse in runs that are sorted by visitor.
        claims.sort();
        claims.dedup_by_key(|claim| claim.visitor);
        let bits = (claims.len() / BUCKET_LINKS).max(2).ilog2();
        let mut table = Self { links: Vec::with_capacity(claims.len()), starts: Vec::new(), bits };
        table.starts.reserve((1 << bits) + 1);
        for claim in claims {
            let bucket = table.bucket(claim.visitor);
            let at = u32::try_from(table.links.len()).unwrap_or(u32::MAX);
            table.starts.resize(table.starts.len().max(bucket + 1), at);
            table.links.push(Link { visitor: claim.visitor, person: person(claim.person) });
        }
        let end = u32::try_from(table.links.len()).unwrap_or(u32::MAX);
        table.starts.resize((1 << bits) + 1, end);
        table
    }

    /// The person that a visitor is; `None` if nothing links it.
    #[inline]
    pub fn person_of(&self, visitor: u64) -> Option<u64> {
        let bucket = self.bucket(visitor);
        let (start, end) = (*self.starts.get(bucket)?, *self.starts.get(bucket + 1)?);
        let links = self.links.get(start as usize..end as usize)?;
        links.iter().find(|link| link.visitor == visitor).map(|link| link.person)
    }

    #[inline]
    fn bucket(&self, visitor: u64) -> usize {
        // At least one bit: a shift by all of them is none.
        ((visitor << BITS_BELOW) >> (u64::BITS - self.bits.max(1))) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// In whatever order claims come, a visitor is the person of the first.
        #[test]
        fn the_first_claim_wins(claims in prop::collection::vec((any::<u64>(), 0..4_i64, 0..3_u64), 0..200), again in prop::collection::vec(any::<prop::sample::Index>(), 0..50)) {
            // Of one table, and few visitors with several claims.
            let mut claims: Vec<Claim> = claims.into_iter().map(|(visitor, first_ms, person)| Claim { visitor: visitor >> 8, first_ms, person }).collect();
            for index in again.iter().filter(|_| !claims.is_empty()).collect::<Vec<_>>() {
                let one = claims[index.index(claims.len())];
                claims.push(Claim { person: one.person + 1, ..one });
            }
            let mut first: BTreeMap<u64, (i64, u64)> = BTreeMap::new();
            for claim in &claims {
                let this = (claim.first_ms, claim.person);
                first.entry(claim.visitor).and_modify(|known| *known = this.min(*known)).or_insert(this);
            }
            let visitors: Vec<u64> = claims.iter().map(|claim| claim.visitor).collect();
            let table = Table::new(claims, |person| person * 10);
            for visitor in visitors {
                prop_assert_eq!(table.person_of(visitor), Some(first[&visitor].1 * 10));
                prop_assert_eq!(table.person_of(visitor ^ 1), first.get(&(visitor ^ 1)).map(|(_, person)| person * 10));
            }
        }
    }

    #[test]
    fn an_empty_table_links_nobody() {
        let table = Table::new(Vec::new(), |person| person);
        assert_eq!((table.person_of(0), table.person_of(u64::MAX)), (None, None));
        assert_eq!(Table::default().person_of(u64::MAX), None);
    }
}
