// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_flags.hpp"

#include <catch2/catch.hpp>

namespace narthex::cli {
namespace {

ServeArguments parse(std::vector<std::string> arguments) { return parse_serve(arguments); }
using Flags = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("flags of serve are taken with = and with a blank, switches with --no-", "[cli]") {
  const ServeArguments parsed =
      parse({"--config.file=a.yml", "--web.listen-address", "127.0.0.1:0", "--web.enable-lifecycle",
             "--no-auto-gomaxprocs", "--enable-feature=a", "--enable-feature=b"});
  CHECK(parsed.error.empty());
  CHECK(parsed.command_line.config_file == "a.yml");
  CHECK(parsed.command_line.flags == Flags{{"web.listen-address", "127.0.0.1:0"},
                                           {"web.enable-lifecycle", "true"},
                                           {"auto-gomaxprocs", "false"},
                                           {"enable-feature", "a"},
                                           {"enable-feature", "b"}});
}

TEST_CASE("a misused flag is named", "[cli]") {
  CHECK(parse({"--definitely-not-a-flag=1"}).error == "unknown flag --definitely-not-a-flag");
  CHECK(parse({"--confg.file=x"}).error ==
        "unknown flag --confg.file; did you mean --config.file?");
  CHECK(parse({"--query.timeout"}).error == "flag --query.timeout needs a value");
  CHECK(parse({"--query.timeout=x"}).error ==
        "--query.timeout=x: not a valid duration string: \"x\"");
  CHECK(parse({"stray"}).error == "unexpected stray; flags of serve begin with --");
  CHECK(parse({"--no-config.file"}).error ==
        "unknown flag --no-config.file; did you mean "
        "--config.file?");
}

TEST_CASE("help and version are asked for", "[cli]") {
  CHECK(parse({"--help"}).help);
  CHECK(parse({"-h"}).help);
  CHECK(parse({"--version"}).version);
  CHECK(serve_help().find("--web.enable-lifecycle") != std::string::npos);
  CHECK(version_text().starts_with("narthex, version "));
}

}  // namespace narthex::cli
