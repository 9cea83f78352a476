// SPDX-License-Identifier: Apache-2.0
#include "check/bodies.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace narthex::check {
namespace {

constexpr std::size_t kBodyMax = std::size_t{1} << 20;

constexpr std::array<std::string_view, 7> kBodies = {
    "# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n"
    "http_requests_total{method=\"get\",code=\"200\"} 1027\n"
    "http_requests_total{method=\"post\",code=\"400\"} 3 1395066363000\n"
    "# TYPE temperature gauge\ntemperature{place=\"\xC3\xB8st\"} -1.5e-3\nup 1\n"
    "nan_value NaN\ninf_value +Inf\n"
    "# TYPE latency histogram\nlatency_bucket{le=\"0.1\"} 3\nlatency_bucket{le=\"+Inf\"} 7\n"
    "latency_sum 1.5\nlatency_count 7\n",
    "# TYPE requests counter\n# UNIT latency_seconds seconds\n"
    "requests_total{path=\"/\"} 5 1700000000.5 # {trace_id=\"abc\"} 1 1700000000\n"
    "# TYPE state stateset\nstate{state=\"on\"} 1\n# EOF\n",
    "cpu.load 1.5\nmem.free 2048\nup 1\n",
    "cpu load=1.5\nmem free=2048\n",
    "servers.a.load 1.5 1700000000\nservers.b.load 2 1700000000\n",
    "requests:1|c\nlatency:320|ms|@0.1\nusers:42|g\n",
    "{\"name\": \"cpu\", \"value\": 1.5}\n",
};

}  // namespace

std::vector<std::string> known_bodies(const std::string& folder) {
  std::vector<std::string> bodies;
  std::error_code error;
  if (!folder.empty()) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.is_regular_file(error)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      std::ifstream in(file, std::ios::binary);
      bodies.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      if (bodies.back().size() > kBodyMax) bodies.pop_back();
    }
  }
  for (const std::string_view body : kBodies) bodies.emplace_back(body);
  return bodies;
}

std::string mutated(const std::vector<std::string>& bodies, std::mt19937_64& random) {
  constexpr std::string_view kTelling = "{}\"\\=,# \n\t\r01eE+-.\0\x7f\xff";
  std::string body = bodies[random() % bodies.size()];
  for (std::uint64_t left = random() % 8; left > 0 && !body.empty(); --left) {
    const std::size_t at = random() % body.size();
    switch (random() % 6) {
      case 0:
        body[at] = static_cast<char>(random());
        break;
      case 1:
        body[at] = kTelling[random() % kTelling.size()];
        break;
      case 2:
        body.erase(at, 1 + random() % 16);
        break;
      case 3:
        body.insert(at, 1, kTelling[random() % kTelling.size()]);
        break;
      case 4:
        body.insert(at, body.substr(at, 1 + random() % 64));
        break;
      default:
        body.resize(at);
        break;
    }
  }
  return body;
}

}  // namespace narthex::check
