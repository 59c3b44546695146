//! What holds for every route, added to the description of the interface once.

use axum::http::Method;
use utoipa::{
    Modify,
    openapi::{
        Content, OpenApi, Ref, RefOr, ResponseBuilder,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

/// The name of the one way to sign a request.
const BEARER: &str = "bearer";
/// Routes that ask for no token. The chat's socket is told it in the first frame.
const OPEN: [(&str, &str); 12] = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/v1/hello"),
    ("GET", "/v1/openapi.json"),
    ("POST", "/v1/sessions"),
    ("POST", "/v1/sessions/refresh"),
    ("POST", "/v1/sessions/totp"),
    ("POST", "/v1/sessions/oidc"),
    ("POST", "/v1/sessions/oidc/begin"),
    ("POST", "/chat/api/conversations"),
    ("GET", "/chat/live"),
    ("POST", "/hooks/{service}"),
];

/// Adds the token, and the problems that every route of a kind may answer.
pub struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, description: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "The token of a session, or of a visitor for /chat/api.",
            ))
            .build();
        description
            .components
            .get_or_insert_default()
            .add_security_scheme(BEARER, SecurityScheme::Http(scheme));
        for (path, item) in &mut description.paths.paths {
            for (method, operation) in operations(item) {
                let open = OPEN.contains(&(method.as_str(), path.as_str()));
                complete(operation, path, open);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

fn complete(operation: &mut Operation, path: &str, open: bool) {
    let mut may = vec![
        ("426", "The other side speaks another protocol"),
        ("500", "The gateway made a mistake"),
        ("429", "Too many requests; see RateLimit and Retry-After"),
        ("503", "Not available now; see Retry-After"),
    ];
    if !open {
        operation.security = Some(vec![SecurityRequirement::new(BEARER, [""; 0])]);
        may.push(("401", "Nobody is signed in, or the session has ended"));
    }
    if !open && path.starts_with("/v1/") {
        may.push(("403", "The role, or a page of this origin, may not do this"));
    }
    if operation.request_body.is_some() || path.ends_with("/live") {
        may.push(("403", "A page of this origin may not do this"));
    }
    if operation.parameters.is_some() || path.ends_with("/live") {
        may.push(("400", "A parameter or header is wrong"));
    }
    if operation.parameters.is_some() {
        may.push(("414", "The query is too long"));
    }
    if operation.request_body.is_some() {
        may.extend([
            ("400", "The body or a header is wrong; see errors"),
            ("408", "The body came too slowly"),
            ("413", "The body is too large"),
            ("415", "The body is not JSON in UTF-8"),
            ("422", "A text cannot be used; see errors"),
        ]);
    }
    for (status, words) in may {
        let entry = operation.responses.responses.entry(status.to_owned());
        entry.or_insert_with(|| ResponseBuilder::new().description(words).build().into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
        {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content = [("application/problem+json".to_owned(), RefOr::T(problem))].into();
        }
    }
}
