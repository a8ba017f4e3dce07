//! Repositories that real servers wrote. `testdata` holds a few small ones of each version; `SWITCHOVER_SNAPSHOTS` names
//! a folder of large ones (`tests/lab/make-snapshots`), which are read to the last byte too.

mod whole;
