//! Serves the pages of `web/`, which are embedded in the program.
//!
//! Names of assets have a hash of their content, so browsers keep them for good. The page itself is asked for each time and
//! gets a nonce, without which no style is taken (the pages' style library makes style elements).

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use crate::{
    domain::Refusal,
    secret::{hexadecimal, random},
};

/// What `npm run build` made: the page, its assets, and for each a packed form with the name's end `.br`.
#[derive(Embed)]
#[folder = "../../web/dist"]
struct Pages;

const ASSETS: &str = "/assets/";
const PAGE: &str = "/index.html";
/// Stands in the page where the nonce belongs.
const NONCE: &str = "__CSP_NONCE__";
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Addresses that are not the pages'.
const OTHERS: [&str; 2] = ["/api/", "/machine/"];

const NOT_BUILT: &str = "This is a MetaProfiles console. Its pages are not in this program, for they were not built before it:\n\
                         run `cargo xtask web`, then build metaprofiles again.\n\n\
                         The API for administrators is described at /api/v1/openapi.json\n";

/// Answers whatever no other route does.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let ours = !OTHERS.iter().any(|other| path.starts_with(other));
    if !ours || !(method == Method::GET || method == Method::HEAD) {
        return Refusal::NoRoute.into_response();
    }
    if path.starts_with(ASSETS) {
        let file = embedded(path);
        return file.map_or_else(|| Refusal::NoRoute.into_response(), |file| asset(path, file, &headers));
    }
    // Addresses within the pages have no file; the page finds its way by itself.
    page().unwrap_or_else(IntoResponse::into_response)
}

fn embedded(path: &str) -> Option<EmbeddedFile> {
    Pages::get(&format!("pages{path}"))
}

fn asset(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hexadecimal(&file.metadata.sha256_hash()[..16]));
    let mut about = vec![
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, FOREVER.to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let response = if known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim() == etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        about.push((header::CONTENT_TYPE, file.metadata.mimetype().to_owned()));
        let packed = takes_brotli(headers).then(|| embedded(&format!("{path}.br"))).flatten();
        if packed.is_some() {
            about.push((header::CONTENT_ENCODING, "br".to_owned()));
        }
        packed.unwrap_or(file).data.into_response()
    };
    with(response, about)
}

fn page() -> Result<Response, Refusal> {
    let Some(page) = embedded(PAGE) else {
        return Ok((StatusCode::OK, NOT_BUILT).into_response());
    };
    let nonce = hexadecimal(&random::<16>()?);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let text = String::from_utf8_lossy(&page.data).replace(NONCE, &nonce);
    let about = vec![
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
    ];
    Ok(with(text.into_response(), about))
}

/// The last one of each name counts.
fn with(mut response: Response, about: Vec<(header::HeaderName, String)>) -> Response {
    for (name, value) in about {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("br") && !refused
    })
}
