//! Binds a signed address to the length of its body, which `object_store` does not: a bucket then refuses any other.
//!
//! AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".

use std::fmt::Write;

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};
use object_store::{aws::AwsCredential, signer::Url};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const SIGNATURE: &str = "X-Amz-Signature";
const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
/// What stands for itself (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An address that was signed for `PUT` by these credentials, signed for a body of so many bytes instead; `None`
/// when it is no such address.
pub(super) fn with_length(signed: &Url, length: u64, by: &AwsCredential) -> Option<Url> {
    let mut query: Vec<(String, String)> = signed
        .query_pairs()
        .filter(|(name, _)| name != SIGNATURE)
        .map(|(name, value)| match &*name {
            SIGNED_HEADERS => (name.into_owned(), "content-length;host".to_owned()),
            _ => (name.into_owned(), value.into_owned()),
        })
        .collect();
    query.sort();
    let value = |wanted: &str| {
        query.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    // The key's name, then the scope: day, region, service and a constant.
    let (_, scope) = value("X-Amz-Credential")?.split_once('/')?;
    let date = value("X-Amz-Date")?;
    let host = match (signed.host_str()?, signed.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let pairs = pairs.join("&");
    let path = signed.path();
    let request = format!(
        "PUT\n{path}\n{pairs}\ncontent-length:{length}\nhost:{host}\n\ncontent-length;host\nUNSIGNED-PAYLOAD"
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex(digest(&SHA256, request.as_bytes()).as_ref())
    );
    let secret = format!("AWS4{}", by.secret_key);
    let key = scope.split('/').fold(secret.into_bytes(), |key, part| mac(&key, part));
    let mut url = signed.clone();
    url.set_query(Some(&format!("{pairs}&{SIGNATURE}={}", hex(&mac(&key, &text)))));
    Some(url)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
