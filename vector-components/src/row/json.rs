//! A row as a line of `FORMAT JSONEachRow`, written by hand: names as they are, texts in one piece
//! where nothing in them has to be escaped. It is what serde writes, which the tests compare.

use super::{Row, is_zero};

impl Row<'_> {
    /// Appends the row as a JSON object; what is empty or zero is left out.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"project\":\"");
        escaped(out, self.project);
        out.extend_from_slice(b"\",\"ts\":\"");
        out.extend_from_slice(self.ts.as_str().as_bytes());
        out.extend_from_slice(b"\",\"event\":\"");
        escaped(out, self.event);
        out.extend_from_slice(b"\",\"visitor\":");
        number(out, self.visitor);
        text(out, ",\"session_id\":\"", self.session_id);
        out.extend_from_slice(b",\"event_id\":");
        number(out, self.event_id);
        unless_zero(out, ",\"tie_order\":", self.tie_order);
        text(out, ",\"user_id\":\"", self.user_id);
        text(out, ",\"anonymous_id\":\"", self.anonymous_id);
        text(out, ",\"path\":\"", self.path);
        text(out, ",\"hostname\":\"", self.hostname);
        if !self.url_rest.is_empty() {
            out.extend_from_slice(b",\"url_rest\":\"");
            out.extend_from_slice(self.url_rest.mark.as_bytes());
            escaped(out, self.url_rest.rest);
            out.push(b'"');
        }
        text(out, ",\"title\":\"", self.title);
        text(out, ",\"referrer\":\"", self.referrer);
        text(out, ",\"referrer_host\":\"", self.referrer_host);
        text(out, ",\"referrer_source\":\"", self.referrer_source);
        text(out, ",\"channel\":\"", self.channel);
        text(out, ",\"utm_source\":\"", self.utm_source);
        text(out, ",\"utm_medium\":\"", self.utm_medium);
        text(out, ",\"utm_campaign\":\"", self.utm_campaign);
        text(out, ",\"utm_term\":\"", self.utm_term);
        text(out, ",\"utm_content\":\"", self.utm_content);
        text(out, ",\"locale\":\"", self.locale);
        text(out, ",\"app_version\":\"", self.app_version);
        text(out, ",\"browser\":\"", self.browser);
        text(out, ",\"browser_version\":\"", self.browser_version);
        text(out, ",\"os\":\"", self.os);
        text(out, ",\"os_version\":\"", self.os_version);
        text(out, ",\"device_type\":\"", self.device_type);
        text(out, ",\"device_brand\":\"", self.device_brand);
        text(out, ",\"device_model\":\"", self.device_model);
        text(out, ",\"bot\":\"", self.bot);
        unless_zero(out, ",\"bot_score\":", self.bot_score);
        reasons(out, self.bot_reasons);
        text(out, ",\"country\":\"", self.country);
        text(out, ",\"region\":\"", self.region);
        text(out, ",\"city\":\"", self.city);
        fraction(out, ",\"latitude\":", self.latitude);
        fraction(out, ",\"longitude\":", self.longitude);
        unless_zero(out, ",\"asn\":", self.asn);
        text(out, ",\"as_organization\":\"", self.as_organization);
        unless_zero(out, ",\"screen_width\":", self.screen_width);
        unless_zero(out, ",\"screen_height\":", self.screen_height);
        fraction(out, ",\"revenue_amount\":", self.revenue_amount);
        text(out, ",\"revenue_currency\":\"", self.revenue_currency);
        self.write_properties(out);
        unless_zero(out, ",\"delay_s\":", self.delay_s);
        unless_zero(out, ",\"clock_skew_s\":", self.clock_skew_s);
        out.push(b'}');
    }

    fn write_properties(&self, out: &mut Vec<u8>) {
        if self.properties.is_empty() {
            return;
        }
        out.extend_from_slice(b",\"properties\":{\"");
        for (at, (name, value)) in self.properties.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(b",\"");
            }
            escaped(out, name);
            out.extend_from_slice(b"\":\"");
            escaped(out, value);
            out.push(b'"');
        }
        out.push(b'}');
    }
}

fn text(out: &mut Vec<u8>, name: &'static str, value: &str) {
    if !value.is_empty() {
        out.extend_from_slice(name.as_bytes());
        escaped(out, value);
        out.push(b'"');
    }
}

fn unless_zero(out: &mut Vec<u8>, name: &'static str, value: impl itoa::Integer + PartialEq + Default) {
    if !is_zero(&value) {
        out.extend_from_slice(name.as_bytes());
        number(out, value);
    }
}

fn number(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// As serde writes it: what is not finite is `null`.
fn fraction(out: &mut Vec<u8>, name: &'static str, value: impl serde::Serialize + PartialEq + Default) {
    if !is_zero(&value) {
        out.extend_from_slice(name.as_bytes());
        // Numbers can always be written, and so can a vector.
        let _ = serde_json::to_writer(out, &value);
    }
}

fn reasons(out: &mut Vec<u8>, reasons: &[&'static str]) {
    if reasons.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"bot_reasons\":[");
    for (at, reason) in reasons.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
        escaped(out, reason);
        out.push(b'"');
    }
    out.push(b']');
}

/// The inside of a JSON text.
fn escaped(out: &mut Vec<u8>, text: &str) {
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Without a way out of the middle the compiler looks at many bytes at once.
    if !text.bytes().fold(false, |any, byte| any | is_special(byte)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            0..0x20 => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::{details::Details, row::url_rest, timestamp};

    proptest! {
        /// What serde's derived form says, whatever the row holds.
        #[test]
        fn a_row_is_what_serde_writes(texts in prop::collection::vec("(?s).{0,12}", 30), flags in any::<u64>(), n in any::<[u32; 4]>(), f in any::<(f32, f64)>()) {
            let of = |at: usize| if flags >> at & 1 == 1 { texts[at].as_str() } else { "" };
            let properties: Details<'_> = texts.iter().take(n[0] as usize % 5).map(|t| (t.as_str().into(), t.as_str().into())).collect();
            let url = ["", "https://a.example/x?y=\"", "=odd"][n[1] as usize % 3];
            let row = Row {
                project: of(0), ts: timestamp::to_clickhouse(i64::from(n[0])), event: of(1), visitor: u64::from(n[1]) << 32, session_id: of(2),
                event_id: n[2].into(), tie_order: n[0] as u16, user_id: of(3), anonymous_id: of(4), path: "/x", hostname: "a.example", url_rest: url_rest(url, "a.example", "/x"),
                title: of(5), referrer: of(6), referrer_host: of(7), referrer_source: "", channel: "Direct", utm_source: of(8), utm_medium: of(9),
                utm_campaign: of(10), utm_term: of(11), utm_content: of(12), locale: of(13), app_version: of(14), browser: of(15), browser_version: of(16),
                os: of(17), os_version: of(18), device_type: "tv", device_brand: of(19), device_model: of(20), bot: "crawler", bot_score: n[3] as u8,
                bot_reasons: &["a", "b"][..n[2] as usize % 3], country: of(21), region: of(22), city: of(23), latitude: f.0, longitude: if flags & 1 == 1 { 0.0 } else { -f.0 },
                asn: n[2] % 3, as_organization: of(24), screen_width: n[0] as u16, screen_height: n[1] as u16 % 2, revenue_amount: f.1,
                revenue_currency: of(25), properties: &properties, delay_s: n[3].cast_signed(), clock_skew_s: n[2].cast_signed(),
            };
            let mut written = Vec::new();
            row.write_json(&mut written);
            let derived = serde_json::to_vec(&row).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), serde_json::from_slice::<Value>(&derived).unwrap());
        }
    }
}
