//! Figures to look at, not to assert: `cargo test --release -- --ignored --nocapture worker::speed`.

use std::time::{Duration, Instant};

use arkdeck::domain::Report;
use arkdeck::emulator::Faults;
use arkdeck::worker::Limits;

use super::{Bench, faulty, limits};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn ten_thousand_deletions() {
    for (latency, rate) in [(0, None), (50, None), (0, Some(500.0))] {
        let latency = Duration::from_millis(latency);
        let faults = Faults {
            latency,
            ..Faults::default()
        };
        let service = faulty(10_000, 0, faults).await;
        let limits = Limits {
            concurrency: 64,
            rate,
            ..limits()
        };
        let mut bench = Bench::new(&service.base_url(), limits).await;
        let rows = bench.track(service.response_ids()).await;
        let start = Instant::now();
        bench.delete(&rows).await;
        bench
            .until(|report| matches!(report, Report::Started { .. }))
            .await;
        let queued = start.elapsed();
        let start = Instant::now();
        bench.until_idle().await;
        let sending = start.elapsed();
        println!(
            "latency {latency:?}, rate {rate:?}: queued in {queued:.0?}, then {:.0}/s",
            10_000.0 / sending.as_secs_f64()
        );
    }
}
