//! Why a request is refused, in ClickHouse's terms.

/// An exception. The number is ClickHouse's exception code.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// ClickHouse's exception code.
    pub code: u16,
    /// ClickHouse's message form without the code.
    pub message: String,
}

impl Refusal {
    /// ClickHouse's text form of an exception.
    #[must_use]
    pub fn text(&self) -> String {
        if self.message.starts_with("Code: ") {
            return self.message.clone();
        }
        format!("Code: {}. DB::Exception: {}", self.code, self.message)
    }
}
