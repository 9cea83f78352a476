// SPDX-License-Identifier: Apache-2.0
#include "plugins/ingest/pushgateway/exposition.hpp"

#include <narthex/sdk/number.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace narthex::ingest::pushgateway {
namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\' || (c == '"' && quotes)) {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

class Exposer {
 public:
  explicit Exposer(bool allow_utf8) : allow_utf8_(allow_utf8) {}

  void head(const Family& family) {
    if (!family.help.empty()) {
      out_ += "# HELP ";
      append_name(family.name, true);
      out_ += ' ';
      append_escaped(out_, family.help, false);
      out_ += '\n';
    }
    constexpr std::string_view kTypes[kFamilyTypeCount] = {"counter", "gauge",     "summary",
                                                           "untyped", "histogram", "histogram"};
    out_ += "# TYPE ";
    append_name(family.name, true);
    ((out_ += ' ') += kTypes[static_cast<std::uint8_t>(family.type)]) += '\n';
  }

  void metric(std::string_view name, const Metric& m) {
    if (m.kind == FamilyType::kSummary) {
      for (const Quantile& q : m.quantiles) line(name, "", m, "quantile", q.quantile, q.value);
    } else if (m.kind == FamilyType::kHistogram) {
      buckets(name, m);
    } else {
      plain_line(name, "", m, m.value);
      return;
    }
    plain_line(name, "_sum", m, m.sum);
    plain_line(name, "_count", m, m.count);
  }

  std::string take() { return std::move(out_); }

 private:
  void buckets(std::string_view name, const Metric& m) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    bool has_infinity = false;
    for (const Bucket& b : m.buckets) {
      line(name, "_bucket", m, "le", b.upper_bound, b.cumulative_count);
      has_infinity = has_infinity || b.upper_bound == kInfinity;
    }
    if (!has_infinity) line(name, "_bucket", m, "le", kInfinity, m.count);
  }

  void append_name(std::string_view name, bool is_metric) {
    const bool plain = is_metric ? is_plain_metric_name(name) : is_plain_label_name(name);
    if (plain) {
      out_ += name;
    } else if (allow_utf8_) {
      out_ += '"';
      append_escaped(out_, name, true);
      out_ += '"';
    } else {
      out_ += with_underscores(name, is_metric);
    }
  }

  // Up to the closing brace, which is the caller's.
  void begin_line(std::string_view name, std::string_view suffix, const Metric& m) {
    std::string whole(name);
    whole += suffix;
    const bool quoted = allow_utf8_ && !is_plain_metric_name(whole);
    if (quoted) out_ += '{';
    append_name(whole, true);
    if (!quoted) out_ += '{';
    bool first = !quoted;
    for (const auto& [label, value] : m.labels) {
      if (!first) out_ += ',';
      first = false;
      append_name(label, false);
      out_ += "=\"";
      append_escaped(out_, value, true);
      out_ += '"';
    }
  }
  void end_line(double value) {
    out_ += "} ";
    sdk::append_exposition(out_, value == 0 ? 0 : value);  // no minus before a zero
    out_ += '\n';
  }
  void plain_line(std::string_view name, std::string_view suffix, const Metric& m, double value) {
    begin_line(name, suffix, m);
    end_line(value);
  }
  void line(std::string_view name, std::string_view suffix, const Metric& m,
            std::string_view bound_name, double bound, double value) {
    begin_line(name, suffix, m);
    ((out_ += ',') += bound_name) += "=\"";
    sdk::append_exposition(out_, bound);
    out_ += '"';
    end_line(value);
  }

  const bool allow_utf8_;
  std::string out_;
};

}  // namespace

std::string expose(const std::vector<GroupRef>& groups, bool allow_utf8) {
  std::map<std::string_view, std::vector<const Family*>> by_name;
  for (const GroupRef& group : groups) {
    for (const auto& [name, timed] : group->families) {
      if (!timed.family->metrics.empty()) by_name[name].push_back(timed.family.get());
    }
  }
  Exposer exposer(allow_utf8);
  for (const auto& [name, families] : by_name) {
    exposer.head(*families.front());
    for (const Family* family : families) {
      for (const Metric& metric : family->metrics) exposer.metric(name, metric);
    }
  }
  return exposer.take();
}

bool accepts_utf8(std::string_view accept) {
  return accept.find("escaping=allow-utf-8") != std::string_view::npos;
}

}  // namespace narthex::ingest::pushgateway
