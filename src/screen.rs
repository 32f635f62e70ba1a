//! Brings up the terminal UI on the user's ledger or on a demo.

use arkdeck::cli::{Context, Demo, Exit, Failure};
use arkdeck::config::Settings;
use arkdeck::domain::Refusal;
use arkdeck::keys::Keymap;
use arkdeck::locale::Catalogue;
use arkdeck::tui::{self, Place, PlaceError};
use tokio::runtime::Builder;

/// Enough to see chains, states and both panes scroll.
const DEMO_RESPONSES: usize = 40;
const DEMO_FILES: usize = 15;

/// Runs the screen until the user leaves it. `demo`: on a made-up service instead of the user's.
pub(crate) fn run(demo: Option<&Demo>, context: &mut Context) -> color_eyre::Result<Exit> {
    match prepare(context) {
        Ok((settings, keys)) => open(demo, context, &settings, keys),
        Err(failure) => Ok(context.fail(&failure)),
    }
}

fn prepare(context: &Context) -> Result<(Settings, Keymap), Failure> {
    let words = &context.words;
    if !tui::has_terminal() {
        let text = words.text("failure-needs-terminal").into_owned();
        return Err(Failure::Usage(text));
    }
    Ok((context.settings()?.clone(), context.keys()?))
}

fn open(
    demo: Option<&Demo>,
    context: &mut Context,
    settings: &Settings,
    keys: Keymap,
) -> color_eyre::Result<Exit> {
    // One thread draws and decides, the others are for the service and the demo's service.
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let place = match place(demo, context, settings).await {
            Ok(place) => place,
            Err(failure) => return Ok(context.fail(&failure)),
        };
        let words = Catalogue::new(context.words.lang());
        tui::open(settings, words, keys, place).await?;
        Ok(Exit::Done)
    });
    // A request still on the wire has its intent on disk; nobody has to wait for it.
    runtime.shutdown_background();
    result
}

async fn place(
    demo: Option<&Demo>,
    context: &Context,
    settings: &Settings,
) -> Result<Place, Failure> {
    let place = if let Some(demo) = demo {
        let options = demo.seeds.options(DEMO_RESPONSES, DEMO_FILES);
        Place::demo(settings, options).await
    } else {
        let service = match context.client() {
            Ok(client) => Ok(client),
            Err(Failure::NoKey(_)) => Err(Refusal::NoKey),
            Err(failure) => return Err(failure),
        };
        Place::own(settings, service).await
    };
    place.map_err(|error| match error {
        PlaceError::Ledger(error) => context.store_failure(&error),
        other => Failure::Failed(format!("{:#}", color_eyre::Report::new(other))),
    })
}
