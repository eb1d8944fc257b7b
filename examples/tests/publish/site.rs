//! Sites to publish, and looks at what became of them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use stepwell_engine::Graph;
use stepwell_examples::{Release, Site};

/// The release that is public before.
pub(crate) const OLD: &str = "0-old";

/// A site with three pages, of which an earlier release is public.
pub(crate) fn site(root: &Path) -> Site {
    let site = Site::open(root).expect("a site");
    for name in ["about", "guide", "news"] {
        let text = format!("This is the page {name}.\n");
        fs::write(site.path("source").join(format!("{name}.txt")), text).expect("a page");
    }
    fs::create_dir(site.release(OLD)).expect("a release");
    symlink(Path::new("releases").join(OLD), site.path("current")).expect("a link");
    site
}

/// The graph that publishes version 1 of a site, without any wait for the scanner.
pub(crate) fn graph(site: &Site, keep: bool) -> Graph {
    let release = Release {
        milliseconds: 0,
        ..Release::new("1", keep)
    };
    let pages = Release::survey(site).expect("pages");
    release.graph(pages).expect("a graph")
}

/// What is in a folder of the site, in order.
pub(crate) fn names(site: &Site, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(site.path(folder)).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("a name in UTF-8")
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// The rows of the catalogue.
pub(crate) fn rows(site: &Site) -> Vec<(String, String)> {
    let catalogue = site.catalogue().expect("a catalogue");
    let mut rows = catalogue
        .prepare("SELECT version, path FROM file ORDER BY version, path")
        .expect("a query");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

/// Version 1 is public, everything is there once, and nothing is half made.
#[track_caller]
pub(crate) fn assert_published(site: &Site, keeps: bool) {
    let current = site.current().expect("a link").expect("a release");
    assert!(current.starts_with("1-"), "{current} is public");
    let mut releases = vec![current.clone()];
    if keeps {
        releases.insert(0, OLD.to_owned());
    }
    assert_eq!(names(site, "releases"), releases);
    let files = [
        "MANIFEST",
        "about.html",
        "guide.html",
        "index.html",
        "news.html",
    ];
    assert_eq!(names(site, &format!("releases/{current}")), files);
    let page = fs::read_to_string(site.release(&current).join("news.html")).expect("a page");
    assert_eq!(page, "<h1>news</h1>\n<p>This is the page news.</p>\n");
    assert_eq!(names(site, "archives"), [format!("{current}.tar.gz")]);
    let archive = site.path("archives").join(format!("{current}.tar.gz"));
    let listed = std::process::Command::new("tar")
        .arg("-tzf")
        .arg(archive)
        .output();
    let listed = listed.expect("tar runs");
    assert!(listed.status.success(), "the archive is not whole");
    assert_eq!(listed.stdout.split(|byte| *byte == b'\n').count(), 7);
    assert_eq!(names(site, "scans"), [format!("{current}.clean")]);
    let row = |path: &str| ("1".to_owned(), path.to_owned());
    assert_eq!(
        rows(site),
        files[1..].iter().map(|path| row(path)).collect::<Vec<_>>()
    );
    assert_no_remains(site);
}

/// The site is as it was before, with `current` public.
#[track_caller]
pub(crate) fn assert_as_before(site: &Site) {
    assert_eq!(site.current().expect("a link").as_deref(), Some(OLD));
    assert_eq!(names(site, "releases"), [OLD]);
    assert!(names(site, "archives").is_empty());
    assert!(names(site, "scans").is_empty());
    assert!(rows(site).is_empty());
    assert_no_remains(site);
}

/// No link that was to take the place of the public one is left.
#[track_caller]
fn assert_no_remains(site: &Site) {
    let links = names(site, ".")
        .into_iter()
        .filter(|name| name.starts_with("current"));
    assert_eq!(links.collect::<Vec<_>>(), ["current"]);
}
