// SPDX-License-Identifier: Apache-2.0
// told_parser.hpp - reads pages with a parser as a scrape does, and a host with the bad parser that
// does what its page says (tests/plugins/parser.cpp), apart or not. For programs that define
// NARTHEX_BAD.
#pragma once

#include "host/instance.hpp"
#include "tests/support/host_fixture.hpp"

#include <narthex/protocol.h>
#include <narthex/sdk/buffer.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace narthex::test {

// What reading a page came to: a line a row.
struct ReadPage {
  Status status;
  std::vector<std::string> rows;
  int labels_asked = 0;
};

// A parser as the agent has it, apart or not, with one scratch.
class PageReader {
 public:
  explicit PageReader(host::Instance& instance, std::int64_t deadline_ms = 20'000)
      : instance_(instance),
        table_(*static_cast<const nx_parser*>(instance.table(NX_PARSER_ID))),
        parse_(instance.site(NX_PARSER_ID ".parse", deadline_ms)),
        labels_(instance.site(NX_PARSER_ID ".labels", deadline_ms)),
        scratch_(table_.scratch_new(instance.self())) {}
  PageReader(const PageReader&) = delete;
  PageReader& operator=(const PageReader&) = delete;
  ~PageReader() { table_.scratch_free(scratch_); }

  // Labels are asked for once a key.
  ReadPage read(const std::string& text, nx_status stop = NX_OK) {
    const BufferRef body = make_buffer(text);
    nx_parse_opts opts{};
    opts.struct_size = sizeof opts;
    opts.default_t = 77;
    opts.max_rows = 100;
    page_ = {};
    stop_ = stop;
    const nx_parsed_sink sink = [](void* self, const nx_parsed* parsed) -> nx_status {
      return static_cast<PageReader*>(self)->take(*parsed);
    };
    const Status status = instance_.call(parse_, [&](void* self, nx_error* err) {
      return table_.parse(self, scratch_, body.get(), &opts, sink, this, err);
    });
    page_.status = failure_.ok() ? status : failure_;
    failure_ = Status();
    return std::move(page_);
  }
  void forget() { known_.clear(); }

 private:
  nx_status take(const nx_parsed& parsed) {
    std::vector<nx_str> unknown;
    for (std::uint64_t row = 0; row < parsed.batch->rows; ++row) {
      if (!known_.contains(std::string(view(parsed.key[row])))) unknown.push_back(parsed.key[row]);
    }
    if (!unknown.empty()) {
      ++page_.labels_asked;
      failure_ = name(unknown);
      if (!failure_.ok()) return failure_.code();
    }
    for (std::uint64_t row = 0; row < parsed.batch->rows; ++row) {
      page_.rows.push_back(known_[std::string(view(parsed.key[row]))] + ' ' +
                           std::to_string(parsed.batch->v[row]) + '@' +
                           std::to_string(parsed.batch->t[row]));
    }
    return stop_;
  }
  Status name(const std::vector<nx_str>& keys) {
    struct Named {
      PageReader& self;
      const std::vector<nx_str>& keys;
    } named{*this, keys};
    const nx_series_sink sink = [](void* at, const nx_series_table* table) {
      auto& n = *static_cast<Named*>(at);
      for (std::uint32_t s = 0; s < table->series_count; ++s) {
        std::string& text = n.self.known_[std::string(view(n.keys[s]))];
        for (std::uint32_t p = table->label_off[s]; p < table->label_off[s + 1]; ++p) {
          text += std::string(view(table->symbols[table->label_ref[2 * p]])) + '=' +
                  std::string(view(table->symbols[table->label_ref[2 * p + 1]])) + ';';
        }
      }
    };
    return instance_.call(labels_, [&](void* self, nx_error* err) {
      return table_.labels(self, scratch_, keys.data(), keys.size(), sink, &named, err);
    });
  }

  host::Instance& instance_;
  const nx_parser& table_;
  const host::CallSite parse_, labels_;
  void* const scratch_;
  std::map<std::string, std::string> known_;
  ReadPage page_;
  Status failure_;
  nx_status stop_ = NX_OK;
};

// The bad parser, started.
struct ToldHost : HostFixture {
  explicit ToldHost(bool apart) : HostFixture({NARTHEX_BAD "/parser"}) {
    host::PluginPolicy policy;
    policy.settings["org.example.told"].isolated = apart;
    plugins->configure(policy);
    auto all = plugins->start_all(NX_PARSER_ID, "protocol");
    REQUIRE(all.size() == 1);
    instance = std::move(all.front());
  }
  // Until a page can be read again.
  ReadPage read_again(PageReader& reader) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ReadPage page;
    do {
      executor.manual_clock().advance_ns(1'000'000'000);
      page = reader.read("again 1\n");
      std::this_thread::yield();
    } while (!page.status.ok() && std::chrono::steady_clock::now() < end);
    return page;
  }
  std::shared_ptr<host::Instance> instance;
};

}  // namespace narthex::test
