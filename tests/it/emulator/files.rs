//! Uploading and listing files.

use std::time::Duration;

use arkdeck::emulator::Options;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::{Ark, MODEL, code, demo, form, ids, read};

#[tokio::test]
async fn a_form_is_taken_in_any_order() {
    let ark = Ark::empty().await;
    let name = "报告 终稿.pdf";
    let due = (Timestamp::now().as_second() + 2 * 86_400).to_string();
    let forms = [
        Form::new()
            .part("file", Part::bytes(vec![1; 10]).file_name(name))
            .text("purpose", "user_data")
            .text("expire_at", due.clone()),
        Form::new()
            .text("expire_at", due.clone())
            .part("file", Part::bytes(vec![1; 10]).file_name(name))
            .text("purpose", "user_data"),
    ];
    for form in forms {
        let (status, file) = ark.upload(form).await;
        assert_eq!(status, 200, "{file}");
        assert_eq!(file["filename"], name);
        assert_eq!(
            (&file["bytes"], &file["mime_type"]),
            (&json!(10), &json!("application/pdf"))
        );
        assert_eq!(file["expire_at"].to_string(), due);
    }
    let form = Form::new()
        .text("url", "https://example.com/%E8%A7%86%E9%A2%91.mp4")
        .text("preprocess_configs[video][max_frame_tokens]", "128")
        .text("preprocess_configs[video][model]", MODEL)
        .text("description", "two of them")
        .text("purpose", "agent");
    let (_, file) = ark.upload(form).await;
    assert_eq!(file["filename"], "视频.mp4");
    let configs = json!({"video": {"max_frame_tokens": 128, "model": MODEL}});
    assert_eq!(file["preprocess_configs"], configs);
    assert_eq!(file["description"], "two of them");
    assert_eq!(ark.emulator.file_ids().len(), 3);
}

#[tokio::test]
async fn a_bad_form_names_the_field() {
    let ark = Ark::empty().await;
    let soon = (Timestamp::now().as_second() + 60).to_string();
    let cases = [
        (Form::new().text("purpose", "user_data"), "file"),
        (Form::new().part("file", demo()), "purpose"),
        (form().text("url", "https://example.com/a"), "file"),
        (
            Form::new()
                .part("file", demo())
                .text("purpose", "fine-tune"),
            "purpose",
        ),
        (form().text("expire_at", soon), "expire_at"),
        (form().text("description", "x".repeat(501)), "description"),
        (
            Form::new()
                .text("url", "ftp://example.com/a")
                .text("purpose", "voice"),
            "url",
        ),
    ];
    for (form, param) in cases {
        let (status, error) = ark.upload(form).await;
        assert_eq!(
            (status.as_u16(), &error["error"]["param"]),
            (400, &param.into()),
            "{error}"
        );
    }
    assert!(ark.emulator.file_ids().is_empty());
    let not_a_form = ark.request(Method::POST, "/files").json(&json!({}));
    assert_eq!(code(&read(not_a_form).await), (400, "InvalidParameter"));
}

#[tokio::test]
async fn a_file_is_processing_until_its_time() {
    for (wait, status) in [
        (Duration::ZERO, "active"),
        (Duration::from_hours(1), "processing"),
    ] {
        let ark = Ark::start(Options {
            active_after: wait,
            ..Options::default()
        })
        .await;
        let (_, file) = ark.upload(form()).await;
        let (_, file) = ark
            .get(&format!("/files/{}", file["id"].as_str().unwrap()))
            .await;
        assert_eq!(file["status"], status);
    }
}

#[tokio::test]
async fn files_are_listed_in_pages() {
    let ark = Ark::start(Options {
        files: 250,
        list_object: "list".to_owned(),
        ..Options::default()
    })
    .await;
    let (_, list) = ark.get("/files").await;
    assert_eq!(list["object"], "list");
    assert_eq!(ids(&list).len(), 100);
    assert_eq!(list["first_id"], list["data"][0]["id"]);
    assert_eq!(list["last_id"], list["data"][99]["id"]);

    let mut oldest_first = ark.emulator.file_ids();
    for (order, has_turned) in [("desc", true), ("asc", false)] {
        let mut all = Vec::new();
        loop {
            let after = all
                .last()
                .map_or(String::new(), |last| format!("&after={last}"));
            let (page, has_more) = ark.list(&format!("limit=60&order={order}{after}")).await;
            all.extend(page);
            if !has_more {
                break;
            }
        }
        if has_turned {
            all.reverse();
        }
        assert_eq!(all, oldest_first, "{order}");
    }

    // A cursor keeps its place when its file goes.
    let gone = oldest_first.remove(100);
    ark.delete(&format!("/files/{gone}")).await;
    let (next, _) = ark.list(&format!("order=asc&limit=1&after={gone}")).await;
    assert_eq!(next[0], oldest_first[100]);

    let (_, voices) = ark.get("/files?purpose=voice").await;
    let voices = voices["data"].as_array().unwrap();
    assert!(!voices.is_empty() && voices.iter().all(|file| file["purpose"] == "voice"));
    for bad in ["limit=0", "limit=1000", "order=newest"] {
        let answer = ark.get(&format!("/files?{bad}")).await;
        assert_eq!(code(&answer), (400, "InvalidParameter"), "{bad}");
    }
}
