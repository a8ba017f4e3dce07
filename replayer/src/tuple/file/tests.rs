use super::*;

fn lines_of(directory: &Path) -> Vec<String> {
    let mut files: Vec<_> = names(directory).into_iter().map(|name| directory.join(name)).collect();
    // The one that is written to comes last.
    files.sort_by_key(|path| (path.ends_with(FILE_NAME), path.clone()));
    let mut lines = Vec::new();
    for path in files {
        let mut file = switchover_compare::tuple::Lines::new(File::open(path).unwrap()).unwrap();
        while let Some(line) = file.next_line().unwrap() {
            lines.push(String::from_utf8(line.bytes.unwrap().to_vec()).unwrap());
        }
    }
    lines
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name != LOCK_NAME);
    names.sort();
    names
}

fn write(file: &mut TupleFile, line: &[u8]) {
    file.begin_line(line.len() as u64).unwrap();
    file.write_all(line).unwrap();
}

#[test]
fn the_file_grows_from_run_to_run() {
    let directory = tempfile::tempdir().unwrap();
    let tuples = directory.path().join("a/b");
    for line in ["1\n", "2\n"] {
        let mut file = TupleFile::append(&tuples, 1000).unwrap();
        write(&mut file, line.as_bytes());
        file.keep(true).unwrap();
    }
    assert_eq!(fs::read_to_string(tuples.join(FILE_NAME)).unwrap(), "1\n2\n");
}

#[test]
fn full_files_are_closed_and_compressed_and_no_line_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let written: Vec<String> = (0..500).map(|at| format!("{{\"tuple\":{at}}}")).collect();
    let mut file = TupleFile::append(directory.path(), 1000).unwrap();
    for line in &written {
        write(&mut file, format!("{line}\n").as_bytes());
    }
    file.finish().unwrap();
    let names = names(directory.path());
    assert!(names.len() > 5, "{names:?}");
    assert!(
        names
            .iter()
            .all(|name| name == FILE_NAME || (name.starts_with("tuples-") && name.ends_with(".log.zst"))),
        "{names:?}"
    );
    assert_eq!(lines_of(directory.path()), written);
    assert!(fs::metadata(directory.path().join(FILE_NAME)).unwrap().len() <= 1000);
}

#[test]
fn a_line_longer_than_a_file_has_one_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = TupleFile::append(directory.path(), 10).unwrap();
    let lines = ["a".to_owned(), "b".repeat(100), "c".to_owned()];
    for line in &lines {
        write(&mut file, format!("{line}\n").as_bytes());
    }
    file.finish().unwrap();
    assert_eq!(lines_of(directory.path()), lines);
}

#[test]
fn what_a_crash_left_is_put_in_order() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(FILE_NAME), format!("whole\n{}", "torn".repeat(100_000))).unwrap();
    fs::write(directory.path().join("tuples-20260101T000000.log"), "closed\n").unwrap();
    fs::write(directory.path().join("tuples-20260101T000000.log.zst"), "half of it").unwrap();
    fs::write(directory.path().join("tuples-20260101T000000.log.zst.tmp"), "ha").unwrap();
    let mut file = TupleFile::append(directory.path(), 1000).unwrap();
    write(&mut file, b"next\n");
    file.finish().unwrap();
    assert_eq!(names(directory.path()), ["tuples-20260101T000000.log.zst", FILE_NAME]);
    assert_eq!(lines_of(directory.path()), ["closed", "whole", "next"]);
}

#[test]
fn two_do_not_write_to_one_directory() {
    let directory = tempfile::tempdir().unwrap();
    let first = TupleFile::append(directory.path(), 1000).unwrap();
    assert!(TupleFile::append(directory.path(), 1000).unwrap_err().to_string().contains("another replayer"));
    drop(first);
    assert!(TupleFile::append(directory.path(), 1000).is_ok());
}

#[test]
fn a_directory_that_can_not_be_written_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(TupleFile::append(&file, 1000).is_err());
}
