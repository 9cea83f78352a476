// SPDX-License-Identifier: Apache-2.0
// kind_ingest.cpp - receivers on HTTP routes: sound routes, and whatever comes in on them.
#include "check/bodies.hpp"
#include "check/suite.hpp"

#include <narthex/ingest.h>
#include <narthex/sdk/value.hpp>

#include <algorithm>
#include <chrono>
#include <set>

namespace narthex::check {
namespace {

constexpr const char* kRoutes = NX_INGEST_ID ".routes";
constexpr const char* kHandle = NX_INGEST_ID ".handle";
constexpr std::uint64_t kReceivedBodyMax = std::uint64_t{32} << 20;

struct Appending {
  nx_appender* appender = nullptr;
  explicit Appending(Session& s) {
    const OnThread on(NX_THREAD_WORKER);
    (void)append_table().begin(s.host().raw(), &appender, nullptr);
  }
  ~Appending() {
    if (appender != nullptr) append_table().rollback(appender);
  }
  Appending(const Appending&) = delete;
  Appending& operator=(const Appending&) = delete;
};

std::vector<nx_route> routes_of(Session& s) {
  const auto& table = *s.table<nx_ingest>(NX_INGEST_ID);
  const nx_route* routes = nullptr;
  std::uint32_t count = 0;
  const CallResult result = s.call(kRoutes, NX_THREAD_CONTROL, [&](nx_error* err) {
    return table.routes(s.self(), &routes, &count, err);
  });
  if (!result.ok() || routes == nullptr) return {};
  return {routes, routes + count};
}

struct ReplyBook {
  std::uint64_t body_bytes = 0;
};
void on_header(nx_ingest_reply*, nx_str, nx_str) {}
void on_body(nx_ingest_reply* reply, nx_bytes chunk) {
  static_cast<ReplyBook*>(reply->impl)->body_bytes += chunk.len;
}

// The names between braces of a route's path.
std::vector<std::string> parameters_of(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t at = path.find('{'); at != path.npos; at = path.find('{', at + 1)) {
    const std::size_t end = path.find('}', at);
    if (end == path.npos) break;
    std::string name(path.substr(at + 1, end - at - 1));
    if (name.ends_with("...")) name.resize(name.size() - 3);
    names.push_back(std::move(name));
  }
  return names;
}

nx_kv text_entry(Borrow& lent, std::string_view key, std::string_view text) {
  nx_value value{};
  value.type = NX_STRING;
  value.len = static_cast<std::uint32_t>(text.size());
  value.u.s = lent.text(text, "a text of the request").ptr;
  return {lent.text(key, "a text of the request"), value};
}

struct Handled {
  CallResult result;
  std::int32_t status = 0;
  std::uint64_t rows = 0;
};

Handled handle_once(Session& s, const nx_route& route, std::string_view content_type,
                    std::string_view bytes) {
  const auto& table = *s.table<nx_ingest>(NX_INGEST_ID);
  Borrow lent = s.borrow(kHandle);
  std::vector<nx_kv> parameters;
  for (const std::string& name : parameters_of(view(route.path))) {
    parameters.push_back(text_entry(lent, name, "kit"));
  }
  const nx_kv headers[] = {text_entry(lent, "content-type", content_type)};
  nx_ingest_request request{};
  request.route_id = route.id;
  request.method = lent.text(view(route.method), "the method");
  request.path = lent.text(view(route.path), "the path");
  request.remote = lent.text("127.0.0.1:50000", "the peer's address");
  request.path_params = lent.array(parameters, "the path parameters");
  request.path_param_count = static_cast<std::uint32_t>(parameters.size());
  request.headers = lent.array(std::span(headers), "the headers");
  request.header_count = 1;
  request.received_ms = s.host().raw()->now_ms(s.host().raw());
  request.deadline_mono_ns = s.host().raw()->mono_ns(s.host().raw()) + 10'000'000'000;
  request.body_max_bytes = kReceivedBodyMax;
  const Appending appending(s);
  if (appending.appender == nullptr) return {};
  request.appender = appending.appender;
  request.body = s.host().make_body(bytes);
  const nx_ingest_request* const lent_request = lent.make(request, "nx_ingest_request");
  ReplyBook book;
  auto* const reply = lent.out<nx_ingest_reply>("nx_ingest_reply");
  reply->status = 0;
  reply->impl = &book;
  reply->header = &on_header;
  reply->body = &on_body;
  lent.seal();
  const std::uint64_t before = s.host().rows_appended();
  Handled handled;
  handled.result = s.call(kHandle, NX_THREAD_WORKER, [&](nx_error* err) {
    return table.handle(s.self(), lent_request, reply, err);
  });
  handled.status = reply->status;
  handled.rows = s.host().rows_appended() - before;
  request.body->release(request.body);
  return handled;
}

constexpr std::array<std::string_view, 5> kTypes = {
    "application/x-protobuf", "text/plain", "application/json", "",
    "application/x-protobuf;proto=io.prometheus.write.v2.Request"};

void exercise_ingest(Session& s, std::mt19937_64& random) {
  static const std::vector<std::string> bodies = known_bodies(s.the_case().corpus);
  for (const nx_route& route : routes_of(s)) {
    const std::string body =
        random() % 2 == 0 ? bodies[random() % bodies.size()] : mutated(bodies, random);
    (void)handle_once(s, route, kTypes[random() % kTypes.size()], body);
  }
}

std::string bad_route(const nx_route& route) {
  const std::string_view method = view(route.method);
  const std::string_view path = view(route.path);
  if (method.empty() || !std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; }))
    return "the method \"" + std::string(method) + "\"";
  if (!path.starts_with('/')) return "the path \"" + std::string(path) + "\"";
  if (std::ranges::count(path, '{') != std::ranges::count(path, '}'))
    return "braces that do not pair";
  return {};
}

void check_routes(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  const std::vector<nx_route> routes = routes_of(s);
  if (routes.empty()) c.report.find("NXR-ING-1", "it has no routes");
  std::set<std::string> seen;
  for (const nx_route& route : routes) {
    if (std::string why = bad_route(route); !why.empty())
      c.report.find("NXR-ING-1", "a route has " + why);
    const std::string text = std::string(view(route.method)) + ' ' + std::string(view(route.path));
    if (!seen.insert(text).second) c.report.find("NXR-ING-1", "the route " + text + " twice");
    c.report.note(text);
  }
  if (routes_of(s).size() != routes.size()) c.report.find("NXR-ING-1", "routes change");
}

void check_garbage(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  const auto bodies = known_bodies(c.corpus);
  std::uint64_t taken = 0;
  for (const nx_route& route : routes_of(s)) {
    for (int i = 0; i < 200; ++i) {
      const std::string body = i == 0 ? std::string() : mutated(bodies, c.random);
      const Handled h = handle_once(s, route, kTypes[c.random() % kTypes.size()], body);
      taken += h.result.ok() && h.rows != 0;
      const std::string where =
          std::string(view(route.method)) + ' ' + std::string(view(route.path));
      if (h.result.status == NX_ERR_INTERNAL || h.result.status == NX_ERR_UNKNOWN ||
          h.status >= 500) {
        c.report.find("NXR-ING-2", where + " answers " + std::to_string(h.status) + ", status " +
                                       std::to_string(h.result.status) +
                                       " to bytes that do not parse: " + h.result.text);
      }
      if (h.status != 0 && (h.status < 100 || h.status > 599)) {
        c.report.find("NXR-ING-2", where + " answers the HTTP status " + std::to_string(h.status));
      }
    }
  }
  c.report.note(std::to_string(taken) + " bodies taken");
}

constexpr std::array kIngestChecks = {
    Check{"ingest", "routes", &check_routes},
    Check{"ingest", "garbage", &check_garbage},
};

// ---- packets ---------------------------------------------------------------------------------

constexpr const char* kPackets = NX_INGEST_DATAGRAM_ID ".packets";
constexpr const char* kFlush = NX_INGEST_DATAGRAM_ID ".flush";

CallResult send_packets(Session& s, std::span<const std::string> bodies) {
  const auto& table = *s.table<nx_ingest_datagram>(NX_INGEST_DATAGRAM_ID);
  Borrow lent = s.borrow(kPackets);
  std::vector<nx_bytes> packets;
  std::vector<nx_str> peers;
  for (const std::string& body : bodies) {
    const nx_str bytes = lent.text(body, "a packet");
    packets.push_back({bytes.ptr, bytes.len});
    peers.push_back(lent.text("127.0.0.1:50000", "a peer's address"));
  }
  const nx_bytes* const lent_packets = lent.array(packets, "the packets");
  const nx_str* const lent_peers = lent.array(peers, "the peers");
  lent.seal();
  const Appending appending(s);
  if (appending.appender == nullptr) return {};
  return s.call(kPackets, NX_THREAD_WORKER, [&](nx_error* err) {
    return table.packets(s.self(), lent_packets, lent_peers,
                         static_cast<std::uint32_t>(packets.size()), appending.appender, err);
  });
}

void exercise_datagram(Session& s, std::mt19937_64& random) {
  static const std::vector<std::string> bodies = known_bodies(s.the_case().corpus);
  std::vector<std::string> packets;
  for (int i = 0; i < 4; ++i) {
    packets.push_back(random() % 2 == 0 ? bodies[random() % bodies.size()]
                                        : mutated(bodies, random));
  }
  (void)send_packets(s, packets);
  const auto* table = s.table<nx_ingest_datagram>(NX_INGEST_DATAGRAM_ID);
  if (!NX_HAS_FN(table, nx_ingest_datagram, flush)) return;
  const Appending appending(s);
  if (appending.appender == nullptr) return;
  (void)s.call(kFlush, NX_THREAD_WORKER,
               [&](nx_error* err) { return table->flush(s.self(), appending.appender, err); });
}

void check_bad_packets(Case& c) {
  Session s(c, {});
  if (!s.up()) return;
  const auto bodies = known_bodies(c.corpus);
  for (int i = 0; i < 200; ++i) {
    const std::string packet[] = {mutated(bodies, c.random)};
    const CallResult result = send_packets(s, packet);
    if (result.status == NX_ERR_INTERNAL || result.status == NX_ERR_UNKNOWN) {
      c.report.find("NXR-ING-2", "a bad packet gives status " + std::to_string(result.status) +
                                     ": " + result.text);
    }
  }
}

constexpr std::array kDatagramChecks = {Check{"ingest_datagram", "garbage", &check_bad_packets}};

}  // namespace

const KindSuite& ingest_suite() {
  static const KindSuite suite = {"ingest", NX_INGEST_ID,  &exercise_ingest, true,
                                  false,    kIngestChecks, nullptr};
  return suite;
}

const KindSuite& datagram_suite() {
  static const KindSuite suite = {"ingest_datagram",
                                  NX_INGEST_DATAGRAM_ID,
                                  &exercise_datagram,
                                  false,
                                  false,
                                  kDatagramChecks,
                                  nullptr};
  return suite;
}

}  // namespace narthex::check
