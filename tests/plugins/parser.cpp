// SPDX-License-Identifier: Apache-2.0
// A parser of "name value" lines that does on a line beginning with '!' what the line says.
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/protocol.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace sdk = narthex::sdk;

namespace {

void crash() { (void)std::raise(SIGSEGV); }

class ToldParser {
 public:
  static constexpr std::string_view kName = "told";
  static constexpr std::string_view kSummary = "Does what the page says";
  static constexpr nx_str kContentTypes[] = {NX_STR("text/x-told;version=1"),
                                             NX_STR("text/x-told")};
  static constexpr nx_str kProtocolNames[] = {NX_STR("Told1"), NX_STR("Told0")};
  struct Scratch {
    sdk::ParsedRows rows;
  };

  explicit ToldParser(sdk::Host) {}

  static narthex::Status parse(Scratch& s, nx_buffer& body, const nx_parse_opts& opts,
                               sdk::ParsedSink& sink) {
    static std::atomic<int> pages{0};
    const int page = ++pages;
    const std::string_view text = narthex::view(body);
    s.rows.begin(opts);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = text.substr(at, end - at);
      const std::size_t blank = line.find(' ');
      if (line == "!segfault") crash();
      if (line == "!exit") std::_Exit(3);
      if (line == "!hang") {
        for (;;) ::pause();
      }
      if (line == "!bad") return sdk::parse_failure(text, at, "it is said to be bad");
      const bool changes = line == "!changes";  // another value whenever it is read
      if (s.rows.full() && !s.rows.flush(sink)) return {};
      if (changes || blank != std::string_view::npos) {
        s.rows.add(line.substr(0, blank),
                   changes ? page : std::atof(std::string(line.substr(blank + 1)).c_str()));
      }
      at = end + 1;
    }
    (void)s.rows.flush(sink);
    return {};
  }

  static narthex::Status labels(Scratch&, std::span<const nx_str> keys, sdk::SeriesTable& out) {
    for (const nx_str key : keys) {
      const std::string_view name = narthex::view(key);
      if (name == "die_in_labels") crash();
      if (name == "refuse") return narthex::invalid_data("line 1, column 1: no such series");
      out.pairs().push_back({narthex::to_nx(narthex::kMetricName), key});
      if (name == "bytes") out.pairs().push_back({NX_STR("a"), NX_STR("\xff")});
      if (name == "twice") out.pairs().push_back({narthex::to_nx(narthex::kMetricName), key});
      (void)out.end_series();
    }
    return {};
  }
};

}  // namespace

NARTHEX_PLUGIN("org.example.told", "1.0.0", "Does what the page says", sdk::Parser<ToldParser>)
