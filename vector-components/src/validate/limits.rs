//! The limits of one event. Each is named in the error that it causes, and listed in
//! docs/events.md.

/// One event as sent, in bytes: as JSON within Kafka's limit of a message, with room for what is added.
pub const EVENT_BYTES_MAX: usize = 512 << 10;
/// The fields of one event, its known ones and its details at the top level.
pub const FIELDS_MAX: usize = DETAILS_MAX + 17;
/// How deep arrays and objects in a detail may be nested.
pub const NESTING_MAX: usize = 32;
/// `type`, in bytes.
pub const TYPE_BYTES_MAX: usize = 200;
/// `user_id`, `anonymous_id` and `session_id`, each, in bytes.
pub const ID_BYTES_MAX: usize = 256;
/// `path`, in bytes.
pub const PATH_BYTES_MAX: usize = 2_048;
/// `url` and `referrer`, each, in bytes.
pub const URL_BYTES_MAX: usize = 4_096;
/// `title`, in bytes.
pub const TITLE_BYTES_MAX: usize = 1_024;
/// `locale`, in bytes.
pub const LOCALE_BYTES_MAX: usize = 64;
/// `appVersion`, in bytes.
pub const APP_VERSION_BYTES_MAX: usize = 64;
/// `revenue.currency`, in bytes, exactly.
pub const CURRENCY_BYTES: usize = 3;
/// `revenue.amount`, in units of the currency, either sign.
pub const REVENUE_MAX: f64 = 1e12;
/// The number of details.
pub const DETAILS_MAX: usize = 200;
/// The name of one detail, in bytes.
pub const DETAIL_KEY_BYTES_MAX: usize = 128;
/// The value of one detail as text, in bytes.
pub const DETAIL_VALUE_BYTES_MAX: usize = 8_192;
/// The `User-Agent` header; a longer one is cut by the transport, not refused.
pub const USER_AGENT_BYTES_MAX: usize = 1_024;
/// Each of the other headers, cut likewise.
pub const HINT_BYTES_MAX: usize = 256;
