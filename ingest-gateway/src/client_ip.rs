//! The client's address: the peer's, unless the peer is a listed proxy, whose
//! `X-Forwarded-For` is then believed, from the right, as far as proxies are listed.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses read from one header, at most.
const HOPS_MAX: usize = 32;

/// Finds the client's address.
#[must_use]
pub fn client_ip(peer: IpAddr, forwarded_for: &str, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip.to_canonical()));
    let mut client = peer.to_canonical();
    for hop in forwarded_for.rsplit(',').take(HOPS_MAX) {
        if !is_proxy(client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) => client = ip.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_addresses() {
        let trusted: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        for (peer, header, expected) in [
            ("127.0.0.1", "81.2.69.160", "81.2.69.160"),
            ("127.0.0.1", "1.1.1.1, 81.2.69.160, 10.0.0.7", "81.2.69.160"),
            ("81.2.69.160", "1.1.1.1", "81.2.69.160"), // A stranger's header is not believed.
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "nonsense", "127.0.0.1"),
            ("::ffff:127.0.0.1", "2001:220::1", "2001:220::1"),
        ] {
            let got = client_ip(peer.parse().unwrap(), header, &trusted);
            assert_eq!(got, expected.parse::<IpAddr>().unwrap(), "{peer} {header}");
        }
    }
}
