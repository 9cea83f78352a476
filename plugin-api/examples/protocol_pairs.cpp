// SPDX-License-Identifier: Apache-2.0
// A scrape parser: "name value" on each line. Names with dots become names with underscores.
#include <narthex/sdk/labels.hpp>
#include <narthex/sdk/protocol.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <deque>
#include <string>
#include <string_view>

namespace sdk = narthex::sdk;

class Pairs {
 public:
  static constexpr std::string_view kName = "pairs";
  static constexpr std::string_view kSummary = "Lines of names and values";
  static constexpr nx_str kContentTypes[] = {NX_STR("text/x-pairs")};
  static constexpr nx_str kProtocolNames[] = {NX_STR("Pairs")};

  // Working memory of one thread at a time, kept from body to body.
  struct Scratch {
    sdk::ParsedRows rows;
    std::deque<std::string> names;
  };

  explicit Pairs(sdk::Host) {}

  // First phase: the bytes that name a series, and its value. Most series are known by their bytes.
  static narthex::Status parse(Scratch& s, nx_buffer& body, const nx_parse_opts& opts,
                               sdk::ParsedSink& sink) {
    const std::string_view text = narthex::view(body);
    s.rows.begin(opts);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = text.substr(at, end - at);
      const std::size_t blank = line.find(' ');
      double value = 0;
      if (!is_name(line.substr(0, blank)) || blank == std::string_view::npos ||
          !read(line.substr(blank + 1), value)) {
        return sdk::parse_failure(text, at, "expected a name and a value");
      }
      if (s.rows.full() && !s.rows.flush(sink)) return {};
      s.rows.add(line.substr(0, blank), value);
      at = end + 1;
    }
    (void)s.rows.flush(sink);
    return {};
  }

  // Second phase, for series that the host has not seen before: their labels.
  static narthex::Status labels(Scratch& s, std::span<const nx_str> keys, sdk::SeriesTable& out) {
    s.names.clear();
    for (const nx_str key : keys) {
      std::string& name = s.names.emplace_back(narthex::view(key));
      std::replace(name.begin(), name.end(), '.', '_');
      out.pairs().push_back({narthex::to_nx(narthex::kMetricName), narthex::to_nx(name)});
      (void)out.end_series();
    }
    return {};
  }

 private:
  static bool is_name(std::string_view text) {
    const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; };
    return !text.empty() && std::ranges::all_of(text, good);
  }
  static bool read(std::string_view text, double& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  }
};

NARTHEX_PLUGIN("org.example.pairs", "1.0.0", "Lines of names and values", sdk::Parser<Pairs>)
