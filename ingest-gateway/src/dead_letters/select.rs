//! Which letters an operator means.

use uuid::Uuid;

use super::DeadLetter;

/// Letters that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Of this project.
    pub project: Option<String>,
    /// For one of these reasons; empty: for any.
    pub reasons: Vec<String>,
    /// One of these; empty: any.
    pub ids: Vec<Uuid>,
    /// From this instant, in milliseconds since 1970 UTC.
    pub since_ms: Option<i64>,
    /// Before this instant.
    pub until_ms: Option<i64>,
}

impl Selection {
    /// Whether a letter is one of them. A message of the topic is of the project that it names.
    #[must_use]
    pub fn holds(&self, letter: &DeadLetter) -> bool {
        self.project.as_ref().is_none_or(|project| *project == letter.project_named())
            && (self.reasons.is_empty() || self.reasons.contains(&letter.reason))
            && (self.ids.is_empty() || self.ids.contains(&letter.id))
            && self.since_ms.is_none_or(|since_ms| letter.received_at_ms >= since_ms)
            && self.until_ms.is_none_or(|until_ms| letter.received_at_ms < until_ms)
    }
}

impl DeadLetter {
    /// Its project; empty if nothing names it.
    #[must_use]
    pub fn project_named(&self) -> String {
        if !self.project.is_empty() {
            return self.project.clone();
        }
        vector_components::Event::of_message(&self.body).map(|event| event.project.into_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_given_must_fit() {
        let letter = DeadLetter {
            id: Uuid::from_u128(7),
            received_at_ms: 100,
            project: "app".into(),
            reason: "too_long".into(),
            ..DeadLetter::default()
        };
        let any = Selection::default();
        assert!(any.holds(&letter));
        let of = |change: fn(&mut Selection)| {
            let mut selection = Selection::default();
            change(&mut selection);
            selection.holds(&letter)
        };
        assert!(of(|s| s.project = Some("app".into())) && !of(|s| s.project = Some("ap".into())));
        assert!(of(|s| s.reasons = vec!["x".into(), "too_long".into()]) && !of(|s| s.reasons = vec!["x".into()]));
        assert!(of(|s| s.ids = vec![Uuid::from_u128(7)]) && !of(|s| s.ids = vec![Uuid::nil()]));
        assert!(of(|s| s.since_ms = Some(100)) && !of(|s| s.since_ms = Some(101)));
        assert!(of(|s| s.until_ms = Some(101)) && !of(|s| s.until_ms = Some(100)));
    }
}
