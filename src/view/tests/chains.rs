//! Responses as trees.

use super::*;

/// Chains of responses, one of them unfolded and one marked in part.
fn chains(width: u16, height: u16) -> App {
    let rows = chained();
    let mut app = app_with(session(), &rows, width, height);
    let (down, up) = (Action::Move(Motion::Down), Action::Move(Motion::Up));
    let actions = [
        Action::Chains,
        down,
        Action::Unfold,
        down,
        Action::MarkChain,
        down,
        down,
        Action::Mark,
        up,
    ];
    act(&mut app, &rows, &actions);
    app
}

#[test]
fn responses_as_chains() {
    snapshot("chains", chains);
    snapshot("chains-unfolded", |width, height| {
        let rows = chained();
        let mut app = app_with(session(), &rows, width, height);
        let (down, up) = (Action::Move(Motion::Down), Action::Move(Motion::Up));
        let actions = [
            Action::Chains,
            Action::Unfold,
            down,
            down,
            Action::MarkChain,
            Action::Fold,
            down,
            down,
            Action::Unfold,
            Action::Refresh,
            up,
        ];
        act(&mut app, &rows, &actions);
        app
    });
}

#[test]
fn a_chain_that_the_filter_cut() {
    snapshot("chains-cut", |width, height| {
        let mut rows = chained();
        rows[2].facts.model = Some("hidden".into());
        let mut app = app_with(session(), &rows, width, height);
        act(&mut app, &rows, &[Action::Chains, Action::Filter]);
        for c in "-model:hidden".chars() {
            let edit = tui_input::InputRequest::InsertChar(c);
            let effects = update(&mut app, Message::Edit(edit));
            answer(&mut app, effects, &rows);
        }
        act(&mut app, &rows, &[Action::Press, Action::Move(Motion::Top)]);
        app
    });
}

#[test]
fn hostile_text_in_chains_is_shown_and_stays_in_its_pane() {
    for hostile in [
        "\u{1b}[2J\u{202e}evil\r\n",
        "长",
        "👩\u{200d}",
        "a\u{301}\u{301}",
    ] {
        let mut rows = chained();
        for row in &mut rows {
            row.facts.previous_response_id = Some(hostile.repeat(2_000));
        }
        for (width, height) in [(1, 1), (7, 3), (13, 9), (40, 12), (80, 24), (200, 60)] {
            let mut app = app_with(session(), &rows, width, height);
            for action in [
                Action::Chains,
                Action::Unfold,
                Action::Refresh,
                Action::Mark,
            ] {
                act(&mut app, &rows, &[action]);
                let text = screen(&app, Lang::En);
                let raw = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
                assert_eq!(text.chars().find(raw), None, "{width}x{height}");
            }
        }
    }
}
