// The status page and its parts, as they were built in.
#include "agent/api/calls.hpp"
#include "agent/api/page_files.hpp"

namespace sundial::api {

namespace {

// Nothing but our own files: no inline script or style, no other host, no frame around it.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void send_file(const ExchangePtr& exchange, std::string_view content_type, std::string_view content) {
  exchange->add_header("Content-Security-Policy", std::string(kPolicy));
  exchange->add_header("Referrer-Policy", "no-referrer");
  exchange->send(200, std::string(content_type), std::string(content));
}

void get_page(Desk&, const ExchangePtr& exchange) {
  send_file(exchange, "text/html; charset=utf-8", kPageHtml);
}
void get_script(Desk&, const ExchangePtr& exchange) {
  send_file(exchange, "text/javascript; charset=utf-8", kPageScript);
}
void get_style(Desk&, const ExchangePtr& exchange) {
  send_file(exchange, "text/css; charset=utf-8", kPageStyle);
}

}  // namespace

// Open to all: the shell holds no data, and asks for the token itself.
Routes page_routes() {
  return {
      {"GET", "/", Scope::open, get_page, {"The status page", {200}, {}, {}, "text/html"}},
      {"GET", "/app.js", Scope::open, get_script, {"Its script", {200}, {}, {}, "text/javascript"}},
      {"GET", "/app.css", Scope::open, get_style, {"Its style", {200}, {}, {}, "text/css"}},
  };
}

}  // namespace sundial::api
