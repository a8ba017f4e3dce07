use switchover_capture::input::RecordInput;

use super::*;

fn letter(text: &str) -> Written {
    Written { records: format!("{text}\n").into_bytes(), reason: b"{}\n".to_vec() }
}

#[test]
fn files_are_made_with_the_first_letter_and_appended_to() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b");
    let letters = DeadLetters::new(path.clone()).unwrap();
    assert_eq!((letters.file(), std::fs::read_dir(&path).unwrap().count()), (None, 0));
    letters.write(&letter("one")).unwrap();
    letters.write(&letter("two")).unwrap();
    letters.sync().unwrap();
    let file = letters.file().unwrap();
    let other = DeadLetters::new(path).unwrap();
    other.write(&letter("three")).unwrap();
    assert_ne!(other.file().unwrap(), file, "no run appends to another's file");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\ntwo\n");
    assert_eq!(std::fs::read_to_string(file.with_extension("jsonl")).unwrap(), "{}\n{}\n");
    assert_eq!(RecordInput::new(File::open(file).unwrap()).unwrap().count(), 2);
}

#[test]
fn a_folder_that_cannot_be_made_or_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = DeadLetters::new(file.join("x")).unwrap_err().to_string();
    assert!(error.contains("--deadLetterDir") && error.contains("file/x"), "{error}");
    let gone = directory.path().join("gone");
    let letters = DeadLetters::new(gone.clone()).unwrap();
    std::fs::remove_dir(&gone).unwrap();
    let error = letters.write(&letter("one")).unwrap_err().to_string();
    assert!(error.contains("gone"), "{error}");
}
