//! Files of the target, so that they are on the disk when a call returns, and nothing is ever half there.
//!
//! Every path is walked a component at a time, and no symbolic link is followed: some folders belong to services, which
//! must not be able to lead a write of root's elsewhere.

use std::io::ErrorKind::{NotADirectory, NotFound};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::decide::Rights;
use super::prospect::ancestors;

/// A root below which everything happens.
#[derive(Debug)]
pub struct Disk {
    root: OwnedFd,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// What it says.
        bytes: Vec<u8>,
        /// Who may do what with it.
        rights: Rights,
    },
    /// A folder.
    Folder(Rights),
    /// A symbolic link, and where it leads.
    Link(String),
    /// A socket, a pipe or a device.
    Special,
}

/// What there is of a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// A folder on it.
    pub place: String,
    /// Its number.
    pub device: u64,
    /// The bytes that a file takes at least.
    pub block: u64,
    /// The bytes that are free.
    pub bytes: u64,
    /// The files and folders that can still be made, where that is limited.
    pub files: Option<u64>,
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Disk {
    /// The disk below a folder.
    pub fn open(root: &Path) -> io::Result<Self> {
        Ok(Self { root: fs::open(root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())? })
    }

    /// The folder that a path lies in, and its last component.
    fn parent<'a>(&self, path: &'a str) -> io::Result<(OwnedFd, &'a str)> {
        let (above, name) =
            path.trim_start_matches('/').rsplit_once('/').unwrap_or(("", path.trim_start_matches('/')));
        Ok((self.folder(above)?, name))
    }

    fn folder(&self, path: &str) -> io::Result<OwnedFd> {
        let mut at = fs::openat(&self.root, ".", FOLDER, Mode::empty())?;
        for component in path.split('/').filter(|component| !component.is_empty()) {
            if component == ".." || component == "." {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a path with `.` or `..`"));
            }
            at = fs::openat(&at, component, FOLDER, Mode::empty())?;
        }
        Ok(at)
    }

    /// What is at a path; where a folder above it is missing there is nothing.
    pub fn look(&self, path: &str) -> io::Result<Found> {
        let (folder, name) = match self.parent(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Absent),
            Err(error) => return Err(error),
        };
        let stat = match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(Found::Absent),
            Err(error) => return Err(error.into()),
        };
        let rights = Rights { mode: stat.st_mode & 0o7777, owner: stat.st_uid, group: stat.st_gid };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let mut file = std::fs::File::from(fs::openat(&folder, name, flags, Mode::empty())?);
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(Found::File { bytes, rights })
            }
            FileType::Directory => Ok(Found::Folder(rights)),
            FileType::Symlink => {
                let target = fs::readlinkat(&folder, name, Vec::new())?;
                Ok(Found::Link(target.to_string_lossy().into_owned()))
            }
            _ => Ok(Found::Special),
        }
    }

    /// Puts a file in place, whole or not at all. `temporary` is its name until then, in the same folder; one that was
    /// left there by an attempt that was cut off is replaced.
    pub fn put(&self, path: &str, temporary: &str, bytes: &[u8], rights: Rights) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        remove_at(&folder, temporary, AtFlags::empty())?;
        // Not readable by others at any moment: first the owner and the mode, then the content.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let written = || -> io::Result<()> {
            let file = fs::openat(&folder, temporary, flags, Mode::RUSR | Mode::WUSR)?;
            set_rights(&file, rights)?;
            let mut file = std::fs::File::from(file);
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::renameat(&folder, temporary, &folder, name)?;
            Ok(())
        };
        written().inspect_err(|_| {
            // A full disk must not be filled with what failed.
            let _ = fs::unlinkat(&folder, temporary, AtFlags::empty());
        })
    }

    /// Writes a file where nothing is yet, and where nobody looks before it is moved or named.
    pub fn write_new(&self, path: &str, bytes: &[u8], rights: Rights) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(&folder, name, flags, Mode::RUSR | Mode::WUSR)?;
        set_rights(&file, rights)?;
        let mut file = std::fs::File::from(file);
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Adds a line to a file, which is made if it is not there. A line before it that was cut off stays one of its own.
    pub fn append(&self, path: &str, line: &str) -> io::Result<()> {
        let cut_off = matches!(self.look(path)?, Found::File { bytes, .. } if bytes.last().is_some_and(|last| *last != b'\n'));
        let line = if cut_off { format!("\n{line}\n") } else { format!("{line}\n") };
        let (folder, name) = self.parent(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = std::fs::File::from(fs::openat(&folder, name, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(line.as_bytes())?;
        file.sync_all()
    }

    /// Gives something another name in the same file system.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let ((old, old_name), (new, new_name)) = (self.parent(from)?, self.parent(to)?);
        Ok(fs::renameat(&old, old_name, &new, new_name)?)
    }

    /// The names in a folder, sorted; none where there is no folder.
    pub fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let folder = match self.folder(path) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Removes a folder and all that is in it, if it is there.
    pub fn remove_tree(&self, path: &str) -> io::Result<()> {
        for name in self.list(path)? {
            let inner = format!("{path}/{name}");
            match self.look_only(&inner)? {
                Some(FileType::Directory) => self.remove_tree(&inner)?,
                Some(_) => self.remove(&inner)?,
                None => {}
            }
        }
        self.remove_empty(path)
    }

    /// The kind of what is at a path.
    fn look_only(&self, path: &str) -> io::Result<Option<FileType>> {
        let (folder, name) = self.parent(path)?;
        match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a folder, with these rights.
    pub fn make_folder(&self, path: &str, rights: Rights) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        match fs::mkdirat(&folder, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        set_rights(&fs::openat(&folder, name, FOLDER, Mode::empty())?, rights)
    }

    /// Makes a folder and those above it, where they are missing; the others stay as they are.
    pub fn make_missing(&self, path: &str, rights: Rights) -> io::Result<()> {
        for folder in ancestors(path).chain([path.to_owned()]) {
            if self.look(&folder)? == Found::Absent {
                self.make_folder(&folder, rights)?;
            }
        }
        Ok(())
    }

    /// Puts a symbolic link in place.
    pub fn link(&self, target: &str, path: &str, temporary: &str) -> io::Result<()> {
        let (folder, name) = self.parent(path)?;
        remove_at(&folder, temporary, AtFlags::empty())?;
        fs::symlinkat(target, &folder, temporary)?;
        Ok(fs::renameat(&folder, temporary, &folder, name)?)
    }

    /// Removes a file or link, if it is there.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        match self.parent(path) {
            Ok((folder, name)) => remove_at(&folder, name, AtFlags::empty()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes a folder if it is there and empty.
    pub fn remove_empty(&self, path: &str) -> io::Result<()> {
        match self.parent(path).and_then(|(folder, name)| remove_at(&folder, name, AtFlags::REMOVEDIR)) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Waits until the entries of a folder are on the disk.
    pub fn sync_folder(&self, path: &str) -> io::Result<()> {
        Ok(fs::fsync(self.folder(path)?)?)
    }

    /// Waits until the entries of the folder that a path lies in are on the disk.
    pub fn sync_above(&self, path: &str) -> io::Result<()> {
        match self.parent(path) {
            Ok((folder, _)) => Ok(fs::fsync(folder)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What there is of the file system that a path lies on, or the nearest folder above it that is there.
    pub fn room(&self, path: &str) -> io::Result<Room> {
        let mut path = path.trim_end_matches('/');
        loop {
            match self.folder(path) {
                Ok(folder) => {
                    let (stat, space) = (fs::fstat(&folder)?, fs::fstatvfs(&folder)?);
                    return Ok(Room {
                        place: if path.is_empty() { "/" } else { path }.to_owned(),
                        device: stat.st_dev,
                        block: space.f_frsize,
                        bytes: space.f_bavail.saturating_mul(space.f_frsize),
                        // Some file systems do not count them.
                        files: (space.f_files > 0).then_some(space.f_favail),
                    });
                }
                Err(error) if matches!(error.kind(), NotFound | NotADirectory) => {
                    path = path.rsplit_once('/').map_or("", |(above, _)| above);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The bytes of the file at a path, if there is one.
    pub fn size(&self, path: &str) -> io::Result<Option<usize>> {
        let (folder, name) = match self.parent(path) {
            Err(error) if error.kind() == NotFound => return Ok(None),
            found => found?,
        };
        match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Ok(usize::try_from(stat.st_size).ok())
            }
            Ok(_) | Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn remove_at(folder: &OwnedFd, name: &str, flags: AtFlags) -> io::Result<()> {
    match fs::unlinkat(folder, name, flags) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn set_rights(file: &OwnedFd, rights: Rights) -> io::Result<()> {
    let stat = fs::fstat(file)?;
    if (stat.st_uid, stat.st_gid) != (rights.owner, rights.group) {
        fs::fchown(file, Some(Uid::from_raw(rights.owner)), Some(Gid::from_raw(rights.group)))?;
    }
    // Changing the owner takes bits away, so the mode comes after it.
    Ok(fs::fchmod(file, Mode::from_raw_mode(rights.mode))?)
}
