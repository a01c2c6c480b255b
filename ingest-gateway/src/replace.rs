//! Files that are replaced as a whole: whoever reads one finds the old text or the new one, also after a power cut.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Nobody else needs to read what the gateway keeps.
const OWNER_ONLY: u32 = 0o600;

/// Writes beside the file → syncs → renames → syncs the folder. One process at a time may do so.
///
/// # Errors
/// If the disk refuses. The file is the old one then, unless only the folder could not be synced.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = aside(path);
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(OWNER_ONLY).open(&aside)?;
    // A file that was left there keeps its mode otherwise.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    sync_folder(path)
}

/// Removes what a replacement that was cut off has left.
pub fn tidy(path: &Path) {
    let _ = fs::remove_file(aside(path));
}

fn aside(path: &Path) -> PathBuf {
    path.with_extension("tmp")
}

/// The new name itself has to outlive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_the_old_one_or_the_new_one_and_its_owner_s_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        replace(&path, b"one").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        // Left by a process that was killed: longer, and readable by all.
        let left = folder.path().join("kept.tmp");
        fs::write(&left, "half of something longer").unwrap();
        fs::set_permissions(&left, Permissions::from_mode(0o644)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("two", OWNER_ONLY));
        assert!(!left.exists());
        fs::write(&left, "half").unwrap();
        tidy(&path);
        assert!(!left.exists() && path.exists());
        tidy(&path);
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.json");
        replace(&path, b"one").unwrap();
        // Where the new text would be written lies a folder.
        fs::create_dir(folder.path().join("kept.tmp")).unwrap();
        replace(&path, b"two").unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        replace(&folder.path().join("nowhere/kept.json"), b"one").unwrap_err();
    }
}
