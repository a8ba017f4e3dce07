//! The table of rules in docs/metadata.md is that of the code. `SWITCHOVER_UPDATE_DOCS=1` writes it anew.

use std::path::Path;

use switchover_metadata::rules;

const BEGIN: &str = "<!-- rules: from the code -->\n";
const END: &str = "<!-- end of rules -->";

fn table() -> String {
    let mut table =
        "| rule | source | target | severity | what it does | why |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for rule in rules::all() {
        let (name, does, why) = (rule.name, rule.does, rule.why);
        table.push_str(&format!(
            "| {name} | {} | {} | {} | {does} | {why} |\n",
            rule.source,
            rule.target,
            rule.severity.as_str()
        ));
    }
    table
}

#[test]
fn the_table_of_rules_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metadata.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("SWITCHOVER_UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert!(
        found == table(),
        "write it anew: SWITCHOVER_UPDATE_DOCS=1 cargo test -p switchover-metadata --test docs"
    );
}
