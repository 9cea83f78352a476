// SPDX-License-Identifier: Apache-2.0
// A parser in a process of its own is one in the agent to whoever reads pages with it, but for what
// ends it. This program is its own plugin-host (lying_parser_test.cpp).
#include "host/call_box.hpp"
#include "support/told_parser.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace narthex;
using namespace narthex::host;
using test::PageReader;
using test::ReadPage;
using test::ToldHost;

namespace {

std::string lines(int count, const std::string& name = "series_of_some_length_") {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += name + std::to_string(i) + ' ' + std::to_string(i / 4.0) + '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("a parser apart reads what one in the agent reads", "[process]") {
  ToldHost here(false);
  ToldHost there(true);
  const auto* table = static_cast<const nx_parser*>(there.instance->table(NX_PARSER_ID));
  REQUIRE(table->content_type_count == 2);
  CHECK(view(table->content_types[1]) == "text/x-told");
  CHECK(view(table->protocol_names[0]) == "Told1");
  PageReader in(*here.instance);
  PageReader apart(*there.instance);
  const std::string large = lines(150'000);
  CHECK(large.size() > CallBox::kBytes);
  std::string changed = lines(1000);
  changed.insert(changed.find("length_555"), "new_one 3\nx");
  const std::string broken = lines(950) + "!bad\n" + lines(10);
  int of_page = 0;
  for (const std::string& page :
       {lines(3), std::string("\n"), lines(1000), lines(1000), changed, changed, broken, large,
        large, lines(5) + "refuse 1\n", lines(200) + "x 1\n"}) {
    CAPTURE(of_page++);
    const ReadPage wanted = in.read(page);
    const ReadPage got = apart.read(page);
    CHECK(got.status.message() == wanted.status.message());
    CHECK(got.status.code() == wanted.status.code());
    CHECK(got.labels_asked == wanted.labels_asked);
    CHECK((got.rows == wanted.rows));
  }
  const ReadPage stopped = apart.read(lines(1000), NX_ERR_CANCELLED);
  CHECK(stopped.status.code() == NX_ERR_CANCELLED);
  CHECK(stopped.rows.size() == 100);
  apart.forget();
  CHECK(apart.read(lines(1000), NX_ERR_CANCELLED).rows.size() == 100);
  CHECK(apart.read(lines(1000)).rows.size() == 1000);
}

TEST_CASE("pages are read by many threads, one after the other", "[process]") {
  ToldHost host(true);
  const std::string page = lines(500);
  std::vector<std::thread> threads;
  std::atomic<int> bad{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      PageReader reader(*host.instance);
      for (int i = 0; i < 20; ++i) {
        if (i % 5 == 0) reader.forget();
        const ReadPage read = reader.read(page);
        if (!read.status.ok() || read.rows.size() != 500) ++bad;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(bad == 0);
}

TEST_CASE("a page that ends the parser's process fails, and the next ones are read", "[process]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const char* const crashed = "its process ";  // a sanitizer ends it in its own way
#else
  const char* const crashed = "was killed by SIGSEGV";
#endif
  ToldHost host(true);
  PageReader reader(*host.instance);
  for (const auto& [page, why] :
       std::vector<std::pair<std::string, std::string>>{{"a 1\n!segfault\n", crashed},
                                                        {"b 1\n!exit\n", "ended with status 3"},
                                                        {"die_in_labels 1\n", crashed}}) {
    CAPTURE(page);
    const ReadPage read = reader.read(page);
    CHECK(read.rows.empty());
    CHECK(read.status.code() == NX_ERR_UNAVAILABLE);
    CHECK(read.status.message().find(why) != std::string::npos);
    CHECK(reader.read("c 1\n").status.message().find(why) != std::string::npos);
    CHECK(host.read_again(reader).rows.size() == 1);
  }
  PageReader hasty(*host.instance, 50);
  const ReadPage hung = hasty.read("!hang\n");
  CHECK(hung.status.code() == NX_ERR_DEADLINE);
  CHECK(hung.status.message().find("parse did not come back") != std::string::npos);
  CHECK(host.read_again(reader).rows.size() == 1);
}

TEST_CASE("what a parser may not do fails the page and nothing else", "[process]") {
  ToldHost host(true);
  PageReader reader(*host.instance);
  CHECK(reader.read("!changes\n").status.message().find("in two ways") != std::string::npos);
  CHECK(reader.read("bytes 1\n").status.message() == "the parser gave a label that is not UTF-8");
  CHECK(reader.read("twice 1\n").status.message() ==
        "the parser gave labels that are not in order, or one twice");
  CHECK(reader.read(lines(2)).rows.size() == 2);
}

TEST_CASE("a running parser stays where it is when its setting changes, and says so", "[process]") {
  ToldHost host(true);
  CHECK_FALSE(host.log.has("at the next start"));
  host.plugins->configure({});
  CHECK(host.log.has("isolation of a parser changes at the next start only"));
  PageReader reader(*host.instance);
  CHECK(reader.read(lines(1)).rows.size() == 1);
}
