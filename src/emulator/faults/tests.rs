use super::*;

fn weather(faults: Faults) -> Weather {
    Weather::new(faults, 1)
}

#[test]
fn calls_are_told_by_method_and_path() {
    let cases = [
        ("POST", "/api/v3/responses", Call::CreateResponse),
        ("GET", "/api/v3/responses/r%2Fx", Call::GetResponse),
        ("GET", "/api/v3/responses/r/input_items", Call::InputItems),
        ("DELETE", "/api/v3/responses/r", Call::DeleteResponse),
        ("POST", "/api/v3/files", Call::UploadFile),
        ("GET", "/api/v3/files", Call::ListFiles),
        ("GET", "/api/v3/files/f", Call::GetFile),
        ("DELETE", "/api/v3/files/f", Call::DeleteFile),
        ("DELETE", "/files/f", Call::Unknown),
        ("GET", "/api/v3/responses", Call::Unknown),
    ];
    for (method, path, call) in cases {
        let method: Method = method.parse().unwrap();
        assert_eq!(Call::of(&method, path), call, "{method} {path}");
    }
}

#[test]
fn an_even_pace_at_the_limit_is_never_refused_and_a_burst_beyond_it_is() {
    let mut weather = weather(Faults {
        rate_limit: Some(20),
        ..Faults::default()
    });
    let start = Instant::now();
    for step in 0..200 {
        let now = start + Duration::from_millis(50) * step;
        assert!(weather.take_token(Call::DeleteFile, now), "{step}");
    }
    let end = start + Duration::from_mins(1);
    let granted = (0..30)
        .filter(|_| weather.take_token(Call::DeleteFile, end))
        .count();
    assert_eq!(granted, 20);
    assert!(weather.take_token(Call::GetFile, end), "a call of its own");
}

#[test]
fn rules_are_used_up_in_order() {
    let mut weather = weather(Faults {
        rules: vec![
            Rule::times(2, Scope::DeletesOf("a".to_owned()), Fault::Html),
            Rule::times(1, Scope::Deletes, Fault::NotDeleted),
        ],
        ..Faults::default()
    });
    let mut next = |call, id: &str| weather.fault(call, id);
    assert_eq!(next(Call::GetFile, "a"), None);
    assert_eq!(next(Call::DeleteFile, "a"), Some(Fault::Html));
    assert_eq!(next(Call::DeleteFile, "b"), Some(Fault::NotDeleted));
    assert_eq!(next(Call::DeleteFile, "a"), Some(Fault::Html));
    assert_eq!(next(Call::DeleteFile, "a"), None);
}

#[test]
fn the_share_of_mishaps_is_as_ordered_and_the_same_for_a_seed() {
    let faults = Faults {
        fail_percent: 10,
        ..Faults::default()
    };
    let run = |seed| {
        let mut weather = Weather::new(faults.clone(), seed);
        (0..10_000).map(|_| weather.mishap()).collect::<Vec<_>>()
    };
    let first = run(1);
    let share = first.iter().flatten().count();
    assert!((850..1150).contains(&share), "{share}");
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
}
