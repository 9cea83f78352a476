// SPDX-License-Identifier: Apache-2.0
#include "web/web.hpp"

#include "net/server.hpp"

#include <string_view>

extern "C" {
extern const char narthex_web_index_html[], narthex_web_index_html_end[];
extern const char narthex_web_app_js[], narthex_web_app_js_end[];
extern const char narthex_web_style_css[], narthex_web_style_css_end[];
}

namespace narthex::web {

namespace {

struct Asset {
  std::string_view path;
  std::string_view type;
  const char* begin;
  const char* end;
};

net::Handler serve(const Asset& asset) {
  return [asset](const net::Request&) {
    net::Response r;
    r.headers = {
        {"Content-Type", std::string(asset.type)},
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
         "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-cache"},
    };
    r.body.assign(asset.begin, asset.end);
    return r;
  };
}

}  // namespace

Status mount(net::Server& server) {
  constexpr std::string_view kHtml = "text/html; charset=utf-8";
  const Asset assets[] = {
      {"/", kHtml, narthex_web_index_html, narthex_web_index_html_end},
      {"/graph", kHtml, narthex_web_index_html, narthex_web_index_html_end},
      {"/query", kHtml, narthex_web_index_html, narthex_web_index_html_end},
      {"/targets", kHtml, narthex_web_index_html, narthex_web_index_html_end},
      {"/assets/app.js", "text/javascript; charset=utf-8", narthex_web_app_js,
       narthex_web_app_js_end},
      {"/assets/style.css", "text/css; charset=utf-8", narthex_web_style_css,
       narthex_web_style_css_end},
  };
  for (const Asset& asset : assets) {
    net::Route route;
    route.method = "GET";
    route.path = asset.path;
    route.handler = serve(asset);
    const Status added = server.add(std::move(route));
    if (!added.ok()) return added;
  }
  return Status();
}

}  // namespace narthex::web
