//! What was looked for before.

use arkdeck::store::{Ledger, StoreError};
use tempfile::TempDir;

#[tokio::test]
async fn filters_are_kept_each_once_newest_last_and_not_too_many() {
    let dir = TempDir::new().unwrap();
    let ledger = Ledger::open(dir.path(), "test").unwrap();
    assert!(ledger.filters().await.unwrap().is_empty());
    for filter in ["one", "two", "one"] {
        ledger.remember(filter.into()).await.unwrap();
    }
    // Of another profile, and what nobody would type again.
    let other = Ledger::open(dir.path(), "other").unwrap();
    other.remember("one".into()).await.unwrap();
    let kept = ledger.remember("x".repeat(1_001)).await.unwrap();
    assert_eq!(kept, ["two", "one"]);
    for n in 0..50 {
        ledger.remember(format!("tag:{n}")).await.unwrap();
    }
    let kept = ledger.filters().await.unwrap();
    assert_eq!((kept.len(), &*kept[0], &*kept[49]), (50, "tag:0", "tag:49"));
    assert_eq!(other.filters().await.unwrap(), ["one"]);
    drop((ledger, other));
    let looking = Ledger::open_read_only(dir.path(), "test").unwrap();
    assert_eq!(looking.filters().await.unwrap(), kept);
    let refused = looking.remember("new".into()).await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
}
