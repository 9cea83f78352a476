// SPDX-License-Identifier: Apache-2.0
// The round trip of a push, over an append service that answers as the test wants.
#include "support/fake_host.hpp"

#include <narthex/sdk/line_ingest.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace narthex::sdk {
namespace {

// An append service with series that the test can take away.
struct Storage {
  static Storage& of(nx_appender* appender) { return *reinterpret_cast<Storage*>(appender); }
  nx_appender* appender() { return reinterpret_cast<nx_appender*>(this); }

  static nx_status resolve(nx_appender* appender, const nx_series_table* table, std::uint64_t* refs,
                           std::uint8_t* codes, nx_error* err) {
    Storage& self = of(appender);
    if (self.failure) return fail(err, self.failure->code(), self.failure->message());
    for (std::uint32_t s = 0; s < table->series_count; ++s) {
      const std::uint32_t pair = table->label_off[s];
      const std::string name(view(table->symbols[table->label_ref[2 * pair + 1]]));
      refs[s] = 0;
      codes[s] = NX_ROW_SERIES_LIMIT;
      if (self.series.size() >= self.series_max) continue;
      codes[s] = NX_ROW_OK;
      refs[s] = ++self.last_ref;
      self.series[self.last_ref] = name;
      ++self.resolved;
    }
    return NX_OK;
  }
  static nx_status append(nx_appender* appender, const nx_sample_batch* batch,
                          nx_append_result* result, nx_error*) {
    Storage& self = of(appender);
    for (std::uint64_t r = 0; r < batch->rows; ++r) {
      const auto at = self.series.find(batch->ref[r]);
      if (at == self.series.end()) {
        result->row_code[r] = NX_ROW_UNKNOWN_REF;
      } else if (batch->t[r] < 0) {
        result->row_code[r] = NX_ROW_TOO_OLD;
      } else {
        self.stored.push_back(at->second + "=" + std::to_string(static_cast<int>(batch->v[r])));
      }
    }
    return NX_OK;
  }
  static const nx_ext_append& service() {
    static const nx_ext_append table = [] {
      nx_ext_append t{};
      t.struct_size = sizeof t;
      t.resolve = &resolve;
      t.append = &append;
      return t;
    }();
    return table;
  }

  std::map<std::uint64_t, std::string> series;
  std::size_t series_max = 100;
  std::uint64_t last_ref = 0;
  int resolved = 0;
  std::vector<std::string> stored;
  std::optional<Status> failure;
};

struct LinesFixture {
  LinesFixture() { host.offer(NX_EXT_APPEND, &Storage::service()); }

  // Takes one sample a name: `name` is its series, its index the value.
  Status take(const std::vector<std::string>& names, bool keep_going = false,
              std::int64_t t_ms = 1) {
    if (!lines) lines.emplace(host.host(), LineOptions(), "test");
    return lines->take(lines->appender(storage.appender()), keep_going, report,
                       [&](SampleWriter& writer) {
                         ++reads;
                         for (std::size_t i = 0; i < names.size(); ++i) {
                           report.count_line();
                           add(writer, names[i], i, t_ms);
                         }
                       });
  }
  static void add(SampleWriter& writer, const std::string& name, std::size_t i, std::int64_t t_ms) {
    writer.add(SeriesKeyBuilder().add(name).key(), t_ms, static_cast<double>(i), i + 1,
               [&](SeriesLabels& labels) {
                 labels.name(name);
                 return name == "bad" ? std::string("bad labels") : std::string();
               });
  }

  test::FakeHost host;
  Storage storage;
  std::optional<LineIngest> lines;
  LineReport report;
  int reads = 0;
};

using Stored = std::vector<std::string>;

TEST_CASE("known series are resolved once", "[sdk][lines]") {
  LinesFixture f;
  REQUIRE(f.take({"a", "b", "a"}).ok());
  REQUIRE(f.take({"b", "a"}).ok());
  CHECK(f.storage.resolved == 2);
  CHECK(f.storage.stored == Stored{"a=0", "b=1", "a=2", "b=0", "a=1"});
  CHECK(f.report.all_taken());
}

TEST_CASE("series that the storage forgot are resolved again, and stored once", "[sdk][lines]") {
  LinesFixture f;
  REQUIRE(f.take({"a", "b", "c"}).ok());
  f.storage.series.erase(2);  // b
  f.storage.stored.clear();
  f.reads = 0;
  f.report.clear();
  REQUIRE(f.take({"a", "b", "bad", "c", "b"}).ok());
  CHECK(f.reads == 2);
  CHECK(f.storage.stored == Stored{"a=0", "c=3", "b=1", "b=4"});
  CHECK(f.report.lines() == 5);
  CHECK(f.report.text() == "line 3: bad labels; 1 sample refused");
}

TEST_CASE("a storage that takes no new series fails a request, and lets packets go on",
          "[sdk][lines]") {
  LinesFixture f;
  f.storage.series_max = 1;
  const Status status = f.take({"a", "b"});
  CHECK(status.code() == NX_ERR_UNAVAILABLE);
  CHECK(status.retry_after_ms() != 0);
  CHECK(f.storage.stored.empty());
  f.report.clear();
  REQUIRE(f.take({"a", "b"}, true).ok());
  CHECK(f.storage.stored == Stored{"a=0"});
  CHECK(f.report.text() == "line 2: the storage takes no more series at present; 1 sample refused");
}

TEST_CASE("a limit of the storage is a reason to come again", "[sdk][lines]") {
  LinesFixture f;
  f.storage.failure = Status(NX_ERR_EXHAUSTED, "full");
  CHECK(f.take({"a"}).code() == NX_ERR_UNAVAILABLE);
  f.storage.failure = io_error("disk");
  CHECK(f.take({"a"}).code() == NX_ERR_IO);
}

TEST_CASE("samples that the storage refuses are told by their line", "[sdk][lines]") {
  LinesFixture f;
  REQUIRE(f.take({"a", "b"}, false, -5).ok());
  CHECK(f.report.bad_samples() == 2);
  CHECK(f.report.text() == "line 1: timestamp -5 ms is older than what is kept; 2 samples refused");
}

TEST_CASE("lines end with either line break, or without one", "[sdk][lines]") {
  std::string out;
  each_line("a\nb\r\n\nc", [&](std::string_view line, std::uint64_t number) {
    out += std::to_string(number) + ":" + std::string(line) + ";";
  });
  CHECK(out == "1:a;2:b;3:;4:c;");
}

}  // namespace
}  // namespace narthex::sdk
