// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.hpp"
#include "cli/event_stream.hpp"
#include "cli/server_call.hpp"
#include "cli/text_table.hpp"

#include <catch2/catch.hpp>

namespace narthex::cli {

TEST_CASE("columns line up, counted in characters", "[cli]") {
  CHECK(text_table({{"a", "bb"}, {"\xC3\xA4\xC3\xA4", "c"}}) == "a   bb\n\xC3\xA4\xC3\xA4  c\n");
  CHECK(text_table({}) == "");
}

TEST_CASE("parameters are percent-encoded", "[cli]") {
  CHECK(encode_form({{"match[]", "{a=\"b c\"}"}, {"x", "1"}}) ==
        "match%5B%5D=%7Ba%3D%22b%20c%22%7D&x=1");
}

TEST_CASE("events are put together from pieces, heartbeats left out", "[cli]") {
  EventParser parser;
  parser.feed(": beat\n\nevent: target.state\nid: 5\nda");
  CHECK_FALSE(parser.next());
  parser.feed("ta: {\"a\":1}\n\nevent: x\ndata: 2\n\n");
  const auto first = parser.next();
  REQUIRE(first);
  CHECK(first->name == "target.state");
  CHECK(first->id == "5");
  CHECK(first->data == "{\"a\":1}");
  CHECK(parser.next()->data == "2");
  CHECK_FALSE(parser.next());
}

TEST_CASE("chunks come apart wherever the pieces are cut", "[cli]") {
  const std::string body = "5\r\nhello\r\n3;x=y\r\n wo\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < body.size(); ++cut) {
    ChunkParser parser;
    std::string out;
    const bool first = parser.feed(std::string_view(body).substr(0, cut), out);
    const bool second = first && parser.feed(std::string_view(body).substr(cut), out);
    CHECK(out == "hello wo");
    CHECK_FALSE(second);
  }
  ChunkParser bad;
  std::string out;
  CHECK_FALSE(bad.feed("zz\r\n", out));
}

TEST_CASE("the command tree has the verbs, and wrong words are usage errors", "[cli]") {
  const CommandInfo root = command_info();
  std::vector<std::string> verbs;
  for (const CommandInfo& each : root.commands) verbs.push_back(each.name);
  CHECK(verbs == std::vector<std::string>{"serve", "check", "query", "plugin", "bus", "reload",
                                          "import", "export", "tsdb", "completion"});
  CHECK(run_tool({"no-such-verb"}) == 2);
  CHECK(run_tool({"check"}) == 2);
  CHECK(run_tool({"query", "instant"}) == 2);
  CHECK(run_tool({"completion", "tcsh"}) == 2);
  CHECK(run_tool({"check", "config", "--syntax-only", "/nonexistent.yml"}) == 3);
  CHECK(run_tool({"check", "ready", "--url", "http://127.0.0.1:1"}) == 4);
}

}  // namespace narthex::cli
