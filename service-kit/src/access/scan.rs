//! Finds sources that register routes without saying who may call them. For a test in each server.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Ways to register a route with the framework itself.
const BYPASSES: &[&str] = &[
    "web::resource",
    "web::route",
    "web::scope",
    "web::get(",
    "web::post(",
    "web::put(",
    "web::delete(",
    "web::patch(",
    "web::method(",
    "#[get(",
    "#[post(",
    "#[put(",
    "#[delete(",
    "#[patch(",
    "#[route(",
    "#[actix_web::get",
    "#[actix_web::post",
    "#[routes]",
    "App::new",
    "HttpServer",
    "App::new().configure(",
];

/// Lines under this folder that register a route otherwise than through [`super::Routes`], as `file:line: text`.
pub fn undeclared_routes(source_dir: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in rust_files(source_dir)? {
        let text = fs::read_to_string(&file)?;
        for (number, line) in (1_usize..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or_default();
            if BYPASSES.iter().any(|bypass| code.contains(bypass)) {
                found.push(format!("{}:{number}: {}", file.display(), line.trim()));
            }
        }
    }
    Ok(found)
}

fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
