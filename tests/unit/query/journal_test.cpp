// SPDX-License-Identifier: Apache-2.0
#include "query/journal.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace narthex;
using query::Journal;

namespace {

using Texts = std::vector<std::string>;

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("the next start is told what was running, and nothing that had ended", "[query]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/queries.active";
  Texts unfinished{"stale"};
  {
    Journal journal;
    REQUIRE(journal.open(path, 3, unfinished).ok());
    CHECK(unfinished.empty());
    const int first = journal.begin("up", 1'700'000'000'123);
    const int second = journal.begin("rate(x[5m])", 1'700'000'001'000);
    CHECK(first >= 0);
    journal.end(first);
    CHECK(second >= 0);
  }
  Journal next;
  REQUIRE(next.open(path, 3, unfinished).ok());
  CHECK(unfinished == Texts{R"x({"query":"rate(x[5m])","timestamp_sec":1700000001})x"});
  REQUIRE(next.open(path, 3, unfinished).ok());
  CHECK(unfinished.empty());
}

TEST_CASE("there are as many slots as queries may run", "[query]") {
  const test::TemporaryFolder folder;
  Journal journal;
  Texts unfinished;
  REQUIRE(journal.open(folder.path() + "/q", 2, unfinished).ok());
  const int a = journal.begin("a", 0);
  const int b = journal.begin("b", 0);
  CHECK(a != b);
  CHECK(journal.begin("c", 0) == -1);
  journal.end(-1);
  journal.end(b);
  CHECK(journal.begin("c", 0) == b);
}

TEST_CASE("a long query is cut and what is left is sound", "[query]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/q";
  Journal journal;
  Texts unfinished;
  REQUIRE(journal.open(path, 1, unfinished).ok());
  for (const std::string& unit : {std::string("x"), std::string("\xC3\xA9"), std::string("\x01"),
                                  std::string("\xFF"), std::string("\"")}) {
    std::string text;
    while (text.size() < 5000) text += unit;
    const int slot = journal.begin(text, 1000);
    REQUIRE(slot == 0);
    const Texts found = query::read_journal(bytes_of(path));
    REQUIRE(found.size() == 1);
    CHECK(found[0].size() < Journal::kSlotBytes);
    CHECK(found[0].size() > Journal::kSlotBytes / 2);
    CHECK(found[0].ends_with("\",\"timestamp_sec\":1}"));
    journal.end(slot);
  }
}

TEST_CASE("damaged slots are nobody's query", "[query]") {
  const std::string good = R"({"query":"up","timestamp_sec":1})";
  std::string bytes = good;
  bytes.resize(Journal::kSlotBytes);
  for (const std::string& bad : {std::string("{\"query\":\"torn"), std::string("\xFF\xFF{}"),
                                 std::string("[]"), std::string(Journal::kSlotBytes, '{')}) {
    std::string slot = bad;
    slot.resize(Journal::kSlotBytes);
    bytes += slot;
  }
  bytes += good.substr(0, 10);
  CHECK(query::read_journal(bytes) == Texts{good});
  CHECK(query::read_journal("").empty());
}

TEST_CASE("a journal that cannot be made says why, and a link is not followed", "[query]") {
  const test::TemporaryFolder folder;
  Texts unfinished;
  Journal journal;
  const Status missing = journal.open(folder.path() + "/none/q", 1, unfinished);
  CHECK_FALSE(missing.ok());
  CHECK(missing.message().find("/none/q") != std::string::npos);
  CHECK(journal.begin("a", 0) == -1);
  const std::string victim = folder.path() + "/victim";
  std::ofstream(victim) << "precious";
  std::filesystem::create_symlink(victim, folder.path() + "/link");
  CHECK_FALSE(journal.open(folder.path() + "/link", 1, unfinished).ok());
  CHECK(bytes_of(victim) == "precious");
}
