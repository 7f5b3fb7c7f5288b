//! The built wallet: every file of a folder, read once at start.
//!
//! Guarantees: a request names a key of a map and never a path, so that nothing beside the folder can be had; links are
//! refused; each file has a digest, by which caches ask again. Deliberately absent: files that appear later, and ranges.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::web::Bytes;
use schemas::digest::Digest;

/// Bytes of all files at most: they stay in memory.
const MOST_BYTES: usize = 16 << 20;
/// Files at most.
const MOST_FILES: usize = 1_000;
/// Folders within folders at most.
const DEEPEST: usize = 6;
/// Below it stand files whose names hold a hash of their content.
const HASHED: &str = "assets/";
/// The list of the build's files, with its digest.
const LIST: &str = "build.json";
/// The page.
pub(super) const INDEX: &str = "index.html";

/// The folder cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It cannot be read.
    #[error("{path}: {source}; mend: name the folder with the built wallet in wallet.folder, readable by this user")]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds something that is not served.
    #[error("{path}: {problem}; mend: build the wallet into an empty folder")]
    Unfit {
        /// Where.
        path: PathBuf,
        /// Why.
        problem: &'static str,
    },
}

/// One file, as it is and as it was compressed.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub media_type: &'static str,
    pub digest: Digest,
    /// Whether its name changes with its content.
    pub is_hashed: bool,
    plain: Bytes,
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

impl File {
    /// The smallest form among those that the caller takes, with its name in `Content-Encoding`.
    pub fn form(&self, takes: impl Fn(&str) -> bool) -> (Option<&'static str>, Bytes) {
        let compressed = [("br", &self.brotli), ("gzip", &self.gzip)];
        let chosen =
            compressed.into_iter().find_map(|(name, form)| Some((name, form.clone()?)).filter(|_| takes(name)));
        chosen.map_or_else(|| (None, self.plain.clone()), |(name, form)| (Some(name), form))
    }
}

/// The files by the path under which they are asked for. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: Arc<BTreeMap<String, File>>,
    build: Option<Digest>,
}

impl Files {
    /// Reads a folder. `name.gz` and `name.br` are forms of `name` and have no address of their own.
    ///
    /// # Errors
    /// [`FilesError`], with its mend.
    pub fn read(folder: &Path) -> Result<Self, FilesError> {
        let mut found = BTreeMap::new();
        walk(folder, "", DEEPEST, &mut found)?;
        if !found.contains_key(INDEX) {
            return Err(FilesError::Unfit { path: folder.join(INDEX), problem: "the wallet's page is missing" });
        }
        let bytes: usize = found.values().map(Bytes::len).sum();
        if bytes > MOST_BYTES {
            return Err(FilesError::Unfit { path: folder.to_owned(), problem: "it holds more than 16 MiB" });
        }
        let compressed = |name: &str| name.ends_with(".gz") || name.ends_with(".br");
        let plain: Vec<&String> = found.keys().filter(|name| !compressed(name)).collect();
        let files: BTreeMap<String, File> = plain.into_iter().map(|name| (name.clone(), of(name, &found))).collect();
        let build = Some(build_digest(&files));
        Ok(Self { files: Arc::new(files), build })
    }

    /// The file of this address; the empty one is the page's.
    pub(super) fn find(&self, path: &str) -> Option<&File> {
        self.files.get(if path.is_empty() { INDEX } else { path })
    }

    /// How many files the build has.
    pub fn count(&self) -> usize {
        self.files.keys().filter(|name| name.as_str() != LIST).count()
    }

    /// The digest of the whole build: SHA-256 over a line `<sha256 in hex>  <path>` for each file, in the order of paths, as
    /// `sha256sum` prints them; `build.json`, which holds this digest, is not counted. Consents name it as `wallet`.
    pub fn build(&self) -> Option<Digest> {
        self.build
    }
}

fn build_digest(files: &BTreeMap<String, File>) -> Digest {
    let line = |(name, file): (&String, &File)| format!("{}  {name}\n", hex::encode(file.digest.as_bytes()));
    Digest::of(files.iter().filter(|(name, _)| name.as_str() != LIST).map(line).collect::<String>())
}

fn of(name: &str, found: &BTreeMap<String, Bytes>) -> File {
    let plain = found.get(name).cloned().unwrap_or_default();
    File {
        media_type: media_type(name),
        digest: Digest::of(&plain),
        is_hashed: name.starts_with(HASHED),
        gzip: found.get(&format!("{name}.gz")).cloned(),
        brotli: found.get(&format!("{name}.br")).cloned(),
        plain,
    }
}

fn walk(folder: &Path, prefix: &str, depth: usize, found: &mut BTreeMap<String, Bytes>) -> Result<(), FilesError> {
    let unreadable = |path: &Path, source| FilesError::Unreadable { path: path.to_owned(), source };
    let unfit = |path: &Path, problem| FilesError::Unfit { path: path.to_owned(), problem };
    for entry in fs::read_dir(folder).map_err(|source| unreadable(folder, source))? {
        let path = entry.map_err(|source| unreadable(folder, source))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| unfit(&path, "its name is no plain text"))?;
        let name = format!("{prefix}{name}");
        let kind = fs::symlink_metadata(&path).map_err(|source| unreadable(&path, source))?.file_type();
        if kind.is_dir() {
            let below = depth.checked_sub(1).ok_or_else(|| unfit(&path, "folders lie too deep"))?;
            walk(&path, &format!("{name}/"), below, found)?;
        } else if kind.is_file() {
            found.insert(name, fs::read(&path).map_err(|source| unreadable(&path, source))?.into());
        } else {
            return Err(unfit(&path, "it is neither a file nor a folder"));
        }
        if found.len() > MOST_FILES {
            return Err(unfit(folder, "it holds more than 1,000 files"));
        }
    }
    Ok(())
}

/// By the end of the name; what is not known is bytes, which no browser runs.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "ftl" | "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
