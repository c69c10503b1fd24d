//! Calls to servers of this machine, which only a list lets through.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{net::SocketAddr, time::Duration};

use atc_core::ports::{Outgoing, OutgoingAnswer, OutgoingError, OutgoingPost};
use atc_net::{Client, Guard, Limits, Request};
use futures::TryStreamExt;
use http::{HeaderMap, Method};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

/// Gives every connection these bytes once its request has ended, keeps it open, and hands the request over.
async fn server(answer: &'static [u8]) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (requests, heard) = mpsc::unbounded_channel();
    #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{}") {
                if socket.read_buf(&mut request).await.unwrap() == 0 {
                    break;
                }
            }
            let _ = requests.send(String::from_utf8(request).unwrap());
            let _ = socket.write_all(answer).await;
            open.push(socket);
        }
    });
    (address, heard)
}

fn client(allowed: &[&str]) -> Client {
    let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
    let limits = Limits { timeout: Duration::from_millis(500), answer_bytes: 10 };
    Client::new(Guard::new(allowed), limits).unwrap()
}

async fn post(client: &Client, url: String) -> Result<OutgoingAnswer, OutgoingError> {
    let headers = vec![("webhook-id", "msg_1".to_owned())];
    client.post(OutgoingPost { url, headers, body: "{}".to_owned() }).await
}

#[tokio::test]
async fn a_body_is_sent_and_the_beginning_of_the_answer_read() {
    let answer =
        b"HTTP/1.1 503 Down\r\nretry-after: 7\r\ncontent-length: 4000\r\n\r\n0123456789abc";
    let (address, mut heard) = server(answer).await;
    let answer = post(&client(&["127.0.0.0/8"]), format!("http://{address}/hook")).await.unwrap();
    let retry_after = Some(Duration::from_secs(7));
    assert_eq!(answer, OutgoingAnswer { status: 503, text: "0123456789".to_owned(), retry_after });
    let request = heard.recv().await.unwrap();
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
    for part in ["webhook-id: msg_1", "content-type: application/json", "user-agent: ai-tickets/"] {
        assert!(request.contains(part), "{request}");
    }
}

#[tokio::test]
async fn a_machine_of_the_house_is_called_under_no_name_that_is_not_allowed() {
    let (address, mut heard) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let port = address.port();
    let refused = post(&client(&[]), format!("https://localhost:{port}/")).await.unwrap_err();
    let OutgoingError::Refused(why) = refused else { panic!("{refused}") };
    assert!(why.contains("OUTGOING_ALLOW"), "{why}");
    assert!(heard.try_recv().is_err(), "nobody was called");
    let answer = post(&client(&["localhost"]), format!("http://localhost:{port}/")).await;
    assert_eq!(answer.unwrap().status, 200);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (inside, mut heard) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let moved =
        format!("HTTP/1.1 307 Moved\r\nlocation: http://{inside}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _) = server(moved.leak().as_bytes()).await;
    let answer = post(&client(&["127.0.0.1"]), format!("http://{address}/")).await.unwrap();
    assert_eq!(answer.status, 307);
    assert!(heard.try_recv().is_err(), "the other one was not called");
}

#[tokio::test]
async fn silence_and_nonsense_and_half_an_answer_are_errors() {
    let client = client(&["127.0.0.1"]);
    let (silent, _) = server(b"").await;
    let error = post(&client, format!("http://{silent}/")).await.unwrap_err();
    assert_eq!(error, OutgoingError::TimedOut(Duration::from_millis(500)));
    let (half, _) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").await;
    let error = post(&client, format!("http://{half}/")).await.unwrap_err();
    assert_eq!(error, OutgoingError::TimedOut(Duration::from_millis(500)));
    let (babble, _) = server(b"SSH-2.0-x\r\n\r\n").await;
    let error = post(&client, format!("http://{babble}/")).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Unreachable(_)), "{error:?}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = post(&client, format!("http://{closed}/")).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn what_stands_at_an_address_is_read_whole_or_not_at_all() {
    let page = b"HTTP/1.1 200 OK\r\ncache-control: public, max-age=60\r\ncontent-length: 4\r\n\
                 connection: close\r\n\r\n{}{}";
    let (address, mut heard) = asked_by_get(page).await;
    let client = client(&["127.0.0.1"]);
    let found = client.get(format!("http://{address}/a.json"), 4).await.unwrap();
    assert_eq!((found.status, found.text.as_str()), (200, "{}{}"));
    assert_eq!(found.fresh_for, Some(Duration::from_mins(1)));
    let request = heard.recv().await.unwrap();
    assert!(request.starts_with("GET /a.json HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("accept: application/json"), "{request}");

    let error = client.get(format!("http://{address}/a.json"), 3).await.unwrap_err();
    assert!(error.to_string().contains("more than 3 bytes"), "{error}");
    let refused = client.get("https://169.254.169.254/".to_owned(), 9).await.unwrap_err();
    assert!(matches!(refused, OutgoingError::Refused(_)), "{refused:?}");
    let (moved, _) =
        asked_by_get(b"HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(client.get(format!("http://{moved}/"), 9).await.unwrap().status, 302);
}

/// As [`server`], for requests without a body.
async fn asked_by_get(answer: &'static [u8]) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (requests, heard) = mpsc::unbounded_channel();
    #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                if socket.read_buf(&mut request).await.unwrap() == 0 {
                    break;
                }
            }
            let _ = requests.send(String::from_utf8(request).unwrap());
            let _ = socket.write_all(answer).await;
        }
    });
    (address, heard)
}

async fn exchange(client: &Client, url: String) -> Result<(u16, Vec<u8>), OutgoingError> {
    let (method, headers, body) = (Method::POST, HeaderMap::new(), "{}".into());
    let answer = client.exchange(Request { method, url, headers, body }).await?;
    let body: Vec<_> = answer.body.try_collect().await?;
    Ok((answer.status.as_u16(), body.concat()))
}

#[tokio::test]
async fn an_answer_that_is_read_by_pieces_keeps_to_the_same_guard() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n0123456789ab";
    let (address, mut heard) = server(answer).await;
    let there = client(&["127.0.0.1"]);
    let whole = exchange(&there, format!("http://{address}/")).await.unwrap();
    assert_eq!(whole, (200, b"0123456789ab".to_vec()), "it has no bound of its own");
    heard.recv().await.unwrap();
    for url in [format!("https://localhost:{}/", address.port()), format!("http://{address}/")] {
        let refused = exchange(&client(&[]), url).await.unwrap_err();
        assert!(matches!(refused, OutgoingError::Refused(_)), "{refused:?}");
    }
    assert!(heard.try_recv().is_err(), "nobody was called");
    let (half, _) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").await;
    let error = exchange(&there, format!("http://{half}/")).await.unwrap_err();
    assert_eq!(error, OutgoingError::TimedOut(Duration::from_millis(500)));
}
