//! Bulk deletion side by side with what else could do it, in one run on one machine.
//!
//! ```text
//! cargo bench --bench bulk -- [--items N] [--rounds N] [--at LATENCY]… [--skip-ceiling] [--skip-memory]
//! ```
//!
//! The service is `arkdeck emulate` in a process of its own, a fresh one for each contestant. Arkdeck is
//! the real binary with its journal on a disk; its start and end are part of its time. The slow
//! contestants delete fewer items, and their rates are compared all the same.
//!
//! Refuses to judge: it prints figures, bars and what is missing, and always succeeds.

#![expect(clippy::print_stdout, reason = "the table is what this is for")]

mod machine;

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;

use machine::{high_water, machine};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ARKDECK: &str = env!("CARGO_BIN_EXE_arkdeck");
const CONNECTIONS: usize = 64;
const CEILING: u32 = 20;

struct Flags {
    items: usize,
    rounds: u32,
    latencies: Vec<u64>,
    ceiling: bool,
    memory: bool,
}

impl Flags {
    fn read() -> Outcome<Self> {
        let mut flags = Self {
            items: 10_000,
            rounds: 5,
            latencies: Vec::new(),
            ceiling: true,
            memory: true,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut number = || {
                args.next()
                    .ok_or("a number is missing")?
                    .parse::<u32>()
                    .map_err(Box::<dyn Error>::from)
            };
            match arg.as_str() {
                "--items" => flags.items = usize::try_from(number()?)?,
                "--rounds" => flags.rounds = number()?,
                "--at" => flags.latencies.push(number()?.into()),
                "--skip-ceiling" => flags.ceiling = false,
                "--skip-memory" => flags.memory = false,
                // What cargo passes on.
                "--bench" => {}
                _ => return Err(format!("unknown argument {arg}").into()),
            }
        }
        if flags.latencies.is_empty() {
            flags.latencies = vec![0, 50];
        }
        Ok(flags)
    }
}

fn main() -> Outcome<()> {
    let flags = Flags::read()?;
    // Err: there is one already. It is not used: nothing here speaks TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    println!("{}\n", machine());
    let runtime = tokio::runtime::Runtime::new()?;
    println!(
        "| server latency | contestant | items | requests/s | of the bare client | in all rounds |"
    );
    println!("|---|---|---:|---:|---:|---:|");
    for latency in &flags.latencies {
        runtime.block_on(race(flags.items, *latency, flags.rounds))?;
    }
    if flags.ceiling {
        ceiling()?;
    }
    if flags.memory {
        runtime.block_on(memory())?;
    }
    Ok(())
}

/// Everybody in turn, each with a service of its own, for some rounds. What a machine shares with others
/// is not the same from one minute to the next, so shares are of the bare client's rate in the same round;
/// told is the round in the middle.
async fn race(items: usize, latency: u64, rounds: u32) -> Outcome<()> {
    let mut runs: Vec<Vec<Run>> = CONTESTANTS.iter().map(|_| Vec::new()).collect();
    let mut errors = vec![None; CONTESTANTS.len()];
    for round in 0..rounds.max(1) {
        let mut bare = f64::NAN;
        for (at, contestant) in CONTESTANTS.iter().enumerate() {
            if round > 0 && contestant.share > 1 {
                continue;
            }
            match run(contestant, contestant.items(items), latency).await {
                Ok(rate) => {
                    if at == 0 {
                        bare = rate;
                    }
                    let share = rate / bare;
                    runs[at].push(Run { rate, share });
                }
                Err(error) => errors[at] = Some(error),
            }
        }
    }
    for ((contestant, runs), error) in CONTESTANTS.iter().zip(&mut runs).zip(errors) {
        let (name, items) = (contestant.name, contestant.items(items));
        runs.sort_unstable_by(|a, b| a.share.total_cmp(&b.share));
        match (error, runs.first(), runs.get(runs.len() / 2), runs.last()) {
            (None, Some(least), Some(Run { rate, share }), Some(most)) => {
                let (least, most) = (least.share, most.share);
                let span = format!("{least:.2} to {most:.2}");
                println!("| {latency} ms | {name} | {items} | {rate:.0} | {share:.2} | {span} |");
            }
            (error, ..) => {
                let error = error.unwrap_or_default();
                println!("| {latency} ms | {name} | {items} | {error} | – | – |");
            }
        }
    }
    Ok(())
}

struct Run {
    /// Requests a second.
    rate: f64,
    /// Of the bare client's in the same round.
    share: f64,
}

/// Requests a second.
async fn run(contestant: &Contestant, items: usize, latency: u64) -> Result<f64, String> {
    let run = async {
        let service = Service::start(items, latency, None)?;
        let ids = service.ids().await?;
        let work = tempfile::tempdir()?;
        let took = (contestant.run)(&service, &ids, work.path()).await?;
        match service.ids().await?.len() {
            0 => Ok(rate(items, took)),
            left => Err(format!("{left} LEFT UNDELETED").into()),
        }
    };
    run.await.map_err(|error: Box<dyn Error>| error.to_string())
}

#[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
fn rate(items: usize, took: Duration) -> f64 {
    items as f64 / took.as_secs_f64()
}

type Contest = for<'a> fn(
    &'a Service,
    &'a [String],
    &'a Path,
) -> std::pin::Pin<Box<dyn Future<Output = Outcome<Duration>> + 'a>>;

struct Contestant {
    name: &'static str,
    /// Of the items, one in so many: it would take minutes otherwise.
    share: usize,
    run: Contest,
}

impl Contestant {
    fn items(&self, asked: usize) -> usize {
        (asked / self.share).max(64)
    }
}

const CONTESTANTS: &[Contestant] = &[
    Contestant {
        name: "bare reqwest client, 64 connections",
        share: 1,
        run: |service, ids, _| Box::pin(bare(service, ids)),
    },
    Contestant {
        name: "**arkdeck delete**, journal on",
        share: 1,
        run: |service, _, work| Box::pin(async { timed(&mut arkdeck(service, work, &[])?) }),
    },
    Contestant {
        name: "curl --parallel --parallel-max 64",
        share: 1,
        run: |service, ids, work| Box::pin(async { curl(service, ids, work) }),
    },
    Contestant {
        name: "xargs -P64 curl",
        share: 20,
        run: |service, ids, work| Box::pin(async { xargs(service, ids, work) }),
    },
    Contestant {
        name: "openai Python SDK, a loop",
        share: 50,
        run: |service, ids, work| Box::pin(async { sdk(service, ids, work) }),
    },
];

async fn bare(service: &Service, ids: &[String]) -> Outcome<Duration> {
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .pool_max_idle_per_host(CONNECTIONS)
        .build()?;
    let start = Instant::now();
    let next = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let urls: std::sync::Arc<[String]> = ids.iter().map(|id| service.url(id)).collect();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, next, urls) = (client.clone(), next.clone(), urls.clone());
        workers.spawn(async move {
            while let Some(url) = urls.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
            {
                let answer = client.delete(url).bearer_auth("key").send().await?;
                answer.error_for_status()?.bytes().await?;
            }
            Ok::<_, reqwest::Error>(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(start.elapsed())
}

/// The deletion of all that the service has, which is in a ledger in `work`.
fn arkdeck(service: &Service, work: &Path, more: &[&str]) -> Outcome<Command> {
    let config = work.join("config.toml");
    fs::write(&config, "")?;
    let command = |args: &[&str]| {
        let mut command = Command::new(ARKDECK);
        command
            .args(args)
            .env("ARK_API_KEY", "key")
            .env("ARK_BASE_URL", &service.base_url)
            .env("ARKDECK_DATA_DIR", work)
            .env("ARKDECK_CONFIG", &config)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    if !command(&["sync"]).status()?.success() {
        return Err("the sync failed".into());
    }
    let mut args = vec!["delete", "--filter", "kind:file", "--yes", "-o", "jsonl"];
    args.extend(more);
    Ok(command(&args))
}

fn curl(service: &Service, ids: &[String], work: &Path) -> Outcome<Duration> {
    let config = work.join("curl");
    let mut file = std::io::BufWriter::new(fs::File::create(&config)?);
    writeln!(
        file,
        "parallel\nparallel-max = {CONNECTIONS}\nnoproxy = \"*\"\nsilent"
    )?;
    for id in ids {
        writeln!(
            file,
            "url = \"{}\"\noutput = \"/dev/null\"",
            service.url(id)
        )?;
    }
    drop(file);
    timed(
        Command::new("curl")
            .args(["-X", "DELETE", "-H", "Authorization: Bearer key", "-K"])
            .arg(&config),
    )
}

fn xargs(service: &Service, ids: &[String], work: &Path) -> Outcome<Duration> {
    let list = work.join("urls");
    let urls: Vec<_> = ids.iter().map(|id| service.url(id)).collect();
    fs::write(&list, urls.join("\n"))?;
    let auth = "Authorization: Bearer key";
    let curl = [
        "curl",
        "-s",
        "--noproxy",
        "*",
        "-o",
        "/dev/null",
        "-X",
        "DELETE",
        "-H",
        auth,
    ];
    timed(
        Command::new("xargs")
            .args(["-P64", "-n1"])
            .args(curl)
            .stdin(fs::File::open(&list)?),
    )
}

fn sdk(service: &Service, ids: &[String], work: &Path) -> Outcome<Duration> {
    const LOOP: &str = "import sys, time, openai\n\
        client = openai.OpenAI(api_key='key', base_url=sys.argv[1])\n\
        ids = open(sys.argv[2]).read().split()\n\
        start = time.monotonic()\n\
        for id in ids: client.files.delete(id)\n\
        print(time.monotonic() - start)\n";
    // The tests of the emulator install it here.
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sdk/venv/bin/python");
    let python = if own.exists() { own } else { "python3".into() };
    let list = work.join("ids");
    fs::write(&list, ids.join("\n"))?;
    let output = Command::new(python)
        .args(["-c", LOOP, &service.base_url])
        .arg(&list)
        .env("NO_PROXY", "*")
        .stderr(Stdio::null())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let seconds = text
        .trim()
        .parse()
        .map_err(|_| "the openai SDK is not installed")?;
    Ok(Duration::from_secs_f64(seconds))
}

fn timed(command: &mut Command) -> Outcome<Duration> {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() {
        Ok(start.elapsed())
    } else {
        Err(format!("it ended with {status}").into())
    }
}

/// The most memory that a run ever had, in KiB.
async fn peak(command: &mut Command) -> Outcome<u64> {
    let mut child = command.spawn()?;
    let mut peak = 0;
    // The system keeps the most that it had, for as long as it lives.
    let mut samples = tokio::time::interval(Duration::from_millis(5));
    loop {
        if let Some(status) = child.try_wait()? {
            return if status.success() {
                Ok(peak)
            } else {
                Err(format!("it ended with {status}").into())
            };
        }
        peak = peak.max(high_water(child.id()));
        samples.tick().await;
    }
}

/// A service that enforces its ceiling: how much of it is used, and how often it is hit.
fn ceiling() -> Outcome<()> {
    println!(
        "\n| {CEILING} requests a second enforced | items | of the ceiling (bar: 0.97) | refused (bar: 1 %) |"
    );
    println!("|---|---:|---:|---:|");
    for (name, args, items) in [
        (
            "`--rate 20`, as on the real hosts",
            &["--rate", "20"][..],
            600,
        ),
        ("not told, so learned", &[], 2_000),
    ] {
        let service = Service::start(items, 50, Some(CEILING))?;
        let work = tempfile::tempdir()?;
        let took = timed(&mut arkdeck(&service, work.path(), args)?)?;
        let refused = refused(work.path())?;
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let percent = f64::from(refused) * 100.0 / items as f64;
        let share = rate(items, took) / f64::from(CEILING);
        println!("| {name} | {items} | {share:.3} | {percent:.1} % |");
    }
    Ok(())
}

/// Requests that came to nothing: the journal counts the tries of each item.
fn refused(work: &Path) -> Outcome<u32> {
    let ledger = rusqlite::Connection::open(work.join("ledger.db"))?;
    let sql = "SELECT coalesce(sum(attempts - 1), 0) FROM journal WHERE entry = 'settlement'";
    Ok(ledger.query_row(sql, [], |row| row.get(0))?)
}

/// How much memory a hundred times as many items take.
async fn memory() -> Outcome<()> {
    println!("\n| items | peak RSS |");
    println!("|---:|---:|");
    let mut first = None;
    for items in [1_000, 100_000] {
        let service = Service::start(items, 0, None)?;
        let work = tempfile::tempdir()?;
        let peak = peak(&mut arkdeck(&service, work.path(), &[])?).await?;
        let base = *first.get_or_insert(peak);
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let (factor, each) = (
            peak as f64 / base as f64,
            peak.saturating_sub(base) as f64 * 1024.0 / f64::from(u32::try_from(items)?),
        );
        println!(
            "| {items} | {} MiB ({factor:.2} ×, {each:.0} bytes an item more) |",
            peak / 1024
        );
    }
    Ok(())
}

/// The emulator in a process of its own.
struct Service {
    process: Child,
    base_url: String,
}

impl Service {
    fn start(files: usize, latency: u64, rate_limit: Option<u32>) -> Outcome<Self> {
        let mut command = Command::new(ARKDECK);
        command
            .args(["emulate", "--listen", "127.0.0.1:0", "--files"])
            .arg(files.to_string())
            .arg("--latency")
            .arg(latency.to_string());
        if let Some(limit) = rate_limit {
            command.arg("--rate-limit").arg(limit.to_string());
        }
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut base_url = String::new();
        BufReader::new(output).read_line(&mut base_url)?;
        Ok(Self {
            process,
            base_url: base_url.trim().to_owned(),
        })
    }

    fn url(&self, id: &str) -> String {
        format!("{}/files/{id}", self.base_url)
    }

    /// What it still has.
    async fn ids(&self) -> Outcome<Vec<String>> {
        let client = Client::builder().no_proxy().tls_certs_only([]).build()?;
        let mut ids: Vec<String> = Vec::new();
        loop {
            let after = ids
                .last()
                .map_or_else(String::new, |id| format!("&after={id}"));
            let url = format!("{}/files?limit=100{after}", self.base_url);
            let page: serde_json::Value = client
                .get(url)
                .bearer_auth("key")
                .send()
                .await?
                .error_for_status()?
                .json()
                .await?;
            let files = page["data"].as_array().map_or(&[][..], Vec::as_slice);
            ids.extend(
                files
                    .iter()
                    .filter_map(|file| file["id"].as_str())
                    .map(str::to_owned),
            );
            if page["has_more"] != true {
                return Ok(ids);
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
