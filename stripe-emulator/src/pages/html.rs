//! Pages from templates: `{{name}}` stands for a text, which is escaped, or for markup that was made here.

use axum::Router;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{StatusCode, header};

const LAYOUT: &str = include_str!("templates/layout.html");
const MESSAGE: &str = include_str!("templates/message.html");
const LINK: &str = r#"<a class="btn btn-main" href="{{to}}">{{says}}</a>"#;
const CSS: &str = concat!(include_str!("templates/base.css"), include_str!("templates/pages.css"));

/// What every page begins with: colors, spacing, type and the small parts. For a page beside them that is to
/// look like them.
pub const BASE_CSS: &str = include_str!("templates/base.css");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// What the pages load.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |kind: &'static str, text: &'static str| {
        let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
        get(move || async move { (headers, text) })
    };
    Router::new()
        .route("/assets/pages.css", file("text/css", CSS))
        .route("/assets/pages.js", file("text/javascript", include_str!("templates/pages.js")))
        .route("/assets/panel.js", file("text/javascript", include_str!("templates/panel.js")))
}

/// A template and what goes into it.
pub(crate) struct Template(String);

impl Template {
    pub(crate) fn new(template: &str) -> Template {
        Template(template.to_owned())
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Template {
        self.markup(name, &escape(value))
    }

    /// Only for markup that was itself rendered from a template.
    pub(crate) fn markup(self, name: &str, value: &str) -> Template {
        Template(self.0.replace(&format!("{{{{{name}}}}}"), value))
    }

    pub(crate) fn render(self) -> String {
        self.0
    }
}

/// A whole page around its main part.
pub(crate) fn page(title: &str, main: &str) -> Response {
    let page = Template::new(LAYOUT).text("title", title).markup("main", main).render();
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
    (headers, Html(page)).into_response()
}

/// What a message is about, at a glance.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Icon {
    Done,
    Stop,
}

/// A page that says one thing, and where to go on.
pub(crate) struct Message<'a> {
    pub(crate) icon: Icon,
    pub(crate) title: &'a str,
    pub(crate) what: &'a str,
    /// An address and what the link to it says.
    pub(crate) link: Option<(&'a str, &'a str)>,
}

impl Message<'_> {
    pub(crate) fn page(&self, status: StatusCode) -> Response {
        let link = self.link.map(|(to, says)| Template::new(LINK).text("to", to).text("says", says).render());
        let icon = match self.icon {
            Icon::Done => include_str!("templates/icon_done.html"),
            Icon::Stop => include_str!("templates/icon_stop.html"),
        };
        let main = Template::new(MESSAGE)
            .markup("icon", icon)
            .text("title", self.title)
            .text("what", self.what)
            .markup("link", &link.unwrap_or_default())
            .render();
        (status, page(self.title, &main)).into_response()
    }
}

/// A site by its host and port, as a link to it names it.
pub(crate) fn site(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let named = parsed.as_ref().map(|url| &url[url::Position::BeforeHost..url::Position::AfterPort]);
    named.filter(|name| !name.is_empty()).unwrap_or("the site").to_owned()
}

/// Back to a page, which shows what went wrong.
pub(crate) fn back_with(page: &str, error: &str) -> Response {
    let error: String = url::form_urlencoded::byte_serialize(error.as_bytes()).collect();
    Redirect::to(&format!("{page}?error={error}")).into_response()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // A value must not be taken for a placeholder by what is filled in after it.
            '{' => escaped.push_str("&#123;"),
            '}' => escaped.push_str("&#125;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_never_taken_for_placeholders() {
        let page = Template::new("<p>{{a}}</p>{{b}}").text("a", "<b>{{b}}</b>").markup("b", "<hr>").render();
        assert_eq!(page, "<p>&lt;b&gt;&#123;&#123;b&#125;&#125;&lt;/b&gt;</p><hr>");
    }
}
