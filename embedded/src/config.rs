//! What the engine itself is told at its start: how much memory it may use, and which roles
//! there are. The engine knows one user alone; a read-only request takes one of the two reading
//! roles, and the engine then refuses files, network and writes by its own grants.

use std::path::{Path, PathBuf};

use crate::secrets::{private_folder, write_private};

/// Reads every table.
pub const ROLE_READ_ALL: &str = "read_all";
/// Reads the tables of `analytics` and those in which the engine speaks of itself.
pub const ROLE_READ_ANALYTICS: &str = "read_analytics";
/// The profile by which a statement cannot change what limits it.
pub const PROFILE_READING: &str = "reading";

/// The share of the machine's (or the container's) memory that the engine may use.
pub const MEMORY_SHARE_DEFAULT: f64 = 0.6;
/// Less is too little to start with.
pub const MEMORY_BYTES_MIN: u64 = 256 << 20;

const USERS: &str = include_str!("users.xml");

/// Writes the engine's configuration and returns its path.
///
/// # Errors
/// If a file cannot be written, or the memory is too little.
pub fn write(data: &Path, memory_bytes_max: Option<u64>) -> anyhow::Result<PathBuf> {
    let folder = data.join("configuration");
    private_folder(&folder)?;
    let users = folder.join("users.xml");
    write_private(&users, USERS)?;
    let path = folder.join("engine.xml");
    write_private(&path, &server(&users, memory_bytes_max)?)?;
    Ok(path)
}

fn server(users: &Path, memory_bytes_max: Option<u64>) -> anyhow::Result<String> {
    let memory = match memory_bytes_max {
        Some(bytes) if bytes < MEMORY_BYTES_MIN => {
            anyhow::bail!("the engine's memory is {bytes} bytes, at least {MEMORY_BYTES_MIN} are needed")
        }
        Some(bytes) => format!("<max_server_memory_usage>{bytes}</max_server_memory_usage>"),
        None => {
            format!(
                "<max_server_memory_usage_to_ram_ratio>{MEMORY_SHARE_DEFAULT}</max_server_memory_usage_to_ram_ratio>"
            )
        }
    };
    let users = escaped(&users.to_string_lossy());
    // By its own allocator the engine sees what it holds and does not use, and gives it back in
    // time; by the control group it does not, and takes more than twice its limit for a while.
    let worker = "<memory_worker_use_cgroup>0</memory_worker_use_cgroup>";
    Ok(format!("<clickhouse>\n    {memory}\n    {worker}\n    <users_config>{users}</users_config>\n</clickhouse>\n"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_given_or_a_share() {
        let users = Path::new("/a & b/users.xml");
        let given = server(users, Some(1 << 30)).unwrap();
        assert!(given.contains("<max_server_memory_usage>1073741824<") && given.contains("/a &amp; b/users.xml"));
        assert!(server(users, None).unwrap().contains("_to_ram_ratio>0.6<"));
        assert!(server(users, Some(1)).unwrap_err().to_string().contains("at least 268435456"));
        for name in [ROLE_READ_ALL, ROLE_READ_ANALYTICS, PROFILE_READING] {
            assert!(USERS.contains(&format!("<{name}>")), "{name}");
        }
    }
}
