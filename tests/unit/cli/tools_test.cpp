// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.hpp"
#include "cli/event_stream.hpp"
#include "cli/man_page.hpp"
#include "cli/server_call.hpp"
#include "cli/service_environment.hpp"
#include "cli/text_table.hpp"

#include <narthex/sdk/size_text.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace narthex::cli {

TEST_CASE("columns line up, counted in characters", "[cli]") {
  CHECK(text_table({{"a", "bb"}, {"\xC3\xA4\xC3\xA4", "c"}}) == "a   bb\n\xC3\xA4\xC3\xA4  c\n");
  CHECK(text_table({}) == "");
}

TEST_CASE("a size is one number and one unit", "[cli]") {
  CHECK(sdk::size_text(0) == "0 B");
  CHECK(sdk::size_text(1023) == "1023 B");
  CHECK(sdk::size_text(1024) == "1 KiB");
  CHECK(sdk::size_text(1536) == "1.5 KiB");
  CHECK(sdk::size_text(900ULL << 20) == "900 MiB");
  CHECK(sdk::size_text((1ULL << 30) - 1) == "1 GiB");
  CHECK(sdk::size_text((71ULL << 30) + (365ULL << 20)) == "71.4 GiB");
  CHECK(sdk::size_text(5ULL << 50) == "5120 TiB");
}

TEST_CASE("credentials are where the service has them, unless this is the service", "[cli]") {
  const document::Finding inside{{}, "cannot read /run/credentials/narthex.service/x", "", ""};
  ServiceEnvironment elsewhere([](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/root";
    return std::nullopt;
  });
  CHECK(elsewhere.lookup()("HOME") == "/root");
  CHECK(elsewhere.lookup()("NOBODYS") == std::nullopt);
  CHECK_FALSE(elsewhere.assumed());
  CHECK_FALSE(elsewhere.is_beyond(inside));
  CHECK(elsewhere.lookup()("CREDENTIALS_DIRECTORY") == "/run/credentials/narthex.service");
  CHECK(elsewhere.assumed());
  CHECK(elsewhere.is_beyond(inside));
  CHECK_FALSE(elsewhere.is_beyond({{}, "cannot read /etc/x", "", ""}));
  ServiceEnvironment service([](const std::string&) { return "/run/c"; });
  CHECK(service.lookup()("CREDENTIALS_DIRECTORY") == "/run/c");
  CHECK_FALSE(service.assumed());
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
                                          "doctor", "import", "export", "tsdb", "completion"});
  CHECK(run_tool({"no-such-verb"}) == 2);
  CHECK(run_tool({"check"}) == 2);
  CHECK(run_tool({"query", "instant"}) == 2);
  CHECK(run_tool({"completion", "tcsh"}) == 2);
  CHECK(run_tool({"check", "config", "--syntax-only", "/nonexistent.yml"}) == 3);
  CHECK(run_tool({"check", "ready", "--url", "http://127.0.0.1:1"}) == 4);
}

TEST_CASE("the tree tells what an option takes", "[cli]") {
  const CommandInfo root = command_info();
  const auto find = [](const auto& list, const std::string& name) {
    const auto at = std::ranges::find(list, name, [](const auto& each) { return each.name; });
    REQUIRE(at != list.end());
    return *at;
  };
  const CommandInfo check = find(find(root.commands, "plugin").commands, "check");
  CHECK(find(check.options, "--output").choices ==
        std::vector<std::string>{"table", "json", "junit"});
  CHECK(find(check.options, "--output").short_name == "-o");
  CHECK(find(check.options, "--output").otherwise == "table");
  CHECK(find(check.options, "--output").takes_value);
  CHECK_FALSE(find(check.options, "--in-process").takes_value);
  CHECK(find(check.arguments, "files").repeats);
  const CommandInfo instant = find(find(root.commands, "query").commands, "instant");
  CHECK(find(instant.arguments, "expression").required);
}

TEST_CASE("every verb has a man page with its options and examples", "[cli]") {
  const auto pages = man_pages(command_info());
  REQUIRE(pages.size() == command_info().commands.size() + 1);
  CHECK(pages[0].first == "narthex.1");
  const auto at =
      std::ranges::find(pages, "narthex-plugin.1", [](const auto& p) { return p.first; });
  REQUIRE(at != pages.end());
  const std::string& page = at->second;
  CHECK(page.starts_with(".TH NARTHEX\\-PLUGIN 1"));
  CHECK(page.find(".SH \"PLUGIN CHECK\"") != std::string::npos);
  CHECK(page.find("\\fB\\-\\-junit\\fR") != std::string::npos);
  CHECK(page.find("narthex plugin check build/lines.so") != std::string::npos);
  CHECK(page.find(".SH EXIT STATUS") != std::string::npos);
  for (const auto& [name, text] : pages) {
    INFO(name);
    // A line that begins with a dot is a request, and there are only these.
    for (std::size_t line = 0; line < text.size(); line = text.find('\n', line) + 1) {
      if (text[line] != '.') continue;
      const std::string request = text.substr(line + 1, 2);
      CHECK((request == "TH" || request == "SH" || request == "TP" || request == "PP" ||
             request == "br" || request == "nf" || request == "fi"));
    }
  }
}

TEST_CASE("a new plugin's project is written once, and only with a good name", "[cli]") {
  CHECK(run_tool({"plugin", "new", "exporter", "Not-A-Name"}) == 2);
  CHECK(run_tool({"plugin", "new", "nonsense", "a"}) == 2);
  CHECK(run_tool({"plugin", "check"}) == 2);
  CHECK(run_tool({"plugin", "check", "--rules"}) == 0);
  CHECK(run_tool({"plugin", "check", "/nowhere/x.so"}) == 1);
  CHECK(run_tool({"plugin", "check", "/nowhere/x.so", "--timeout", "soon"}) == 2);
  CHECK(run_tool({"plugin", "schema", "no.such.plugin"}) == 1);
}

}  // namespace narthex::cli
