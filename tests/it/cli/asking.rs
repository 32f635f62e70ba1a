//! What `delete` asks on a terminal.

use std::io::{Read, Write};

use arkdeck::emulator::Options;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::Deck;

/// Runs a command on a terminal, answers its question, and returns what was on the screen and the
/// exit code.
pub(super) fn answer(deck: &Deck, args: &[&str], question: &str, answer: &str) -> (String, u32) {
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_arkdeck"));
    command.args(args);
    command.env_clear();
    for (name, value) in &deck.vars {
        command.env(name, value);
    }
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let mut screen = Vec::new();
    let mut part = [0; 1_024];
    while !String::from_utf8_lossy(&screen).contains(question) {
        let read = reader.read(&mut part).unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&screen));
        screen.extend_from_slice(&part[..read]);
    }
    writeln!(writer, "{answer}").unwrap();
    // On Linux the end of the other side is an error, not an end.
    while let Ok(read @ 1..) = reader.read(&mut part) {
        screen.extend_from_slice(&part[..read]);
    }
    let code = child.wait().unwrap().exit_code();
    (String::from_utf8(screen).unwrap(), code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_what_will_go_and_asks() {
    let deck = Deck::start(Options {
        responses: 25,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids();
    let one = ["delete", ids[0].as_str()];

    let (screen, code) = answer(&deck, &one, "y or n:", "n");
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains(&ids[0]) && screen.contains("Profile default"),
        "{screen}"
    );
    assert!(screen.contains("nothing was sent"), "{screen}");
    // Neither sent nor tracked.
    assert!(deck.emulator.requests().is_empty() && deck.list(&[]).is_empty());

    let (screen, code) = answer(&deck, &one, "y or n:", "y");
    assert_eq!(code, 0, "{screen}");
    assert_eq!(deck.emulator.response_ids().len(), 24);

    // Above twenty, only the number will do.
    let mut many = vec!["delete"];
    many.extend(ids[1..].iter().map(String::as_str));
    let (screen, code) = answer(&deck, &many, "(24)", "y");
    assert_eq!(code, 3, "{screen}");
    assert!(screen.contains("and 4 more"), "{screen}");
    assert_eq!(deck.emulator.response_ids().len(), 24);
    let (screen, code) = answer(&deck, &many, "(24)", "24");
    assert_eq!(code, 0, "{screen}");
    assert!(deck.emulator.response_ids().is_empty());
}
