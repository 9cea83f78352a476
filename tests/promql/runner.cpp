// SPDX-License-Identifier: Apache-2.0
// Every script of this folder as one test. NARTHEX_PROMQL_EXTRA names a folder of more scripts.
#include "plugins/function/extra/families.hpp"
#include "tests/promql/script.hpp"
#include "tests/support/promql_functions.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace narthex;

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> scripts_in(const char* folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::shared_ptr<const promql::FunctionTable> all_functions() {
  return test::functions_of({function_promql::all_functions(), function_extra::all_functions()});
}

void run_folder(const char* folder) {
  for (const std::filesystem::path& path : scripts_in(folder)) {
    INFO(path.filename().string());
    const test::ScriptOutcome outcome =
        test::run_script(read_file(path), all_functions(), test::all_features());
    std::string failures;
    for (const std::string& failure : outcome.failures) failures += "\n  " + failure;
    INFO(outcome.evals - outcome.failures.size() << " of " << outcome.evals << failures);
    CHECK(outcome.evals > 0);
    CHECK(outcome.failures.empty());
  }
}

}  // namespace

TEST_CASE("the scripts of this folder hold", "[promql]") { run_folder(NARTHEX_PROMQL_SCRIPTS); }

TEST_CASE("the scripts of another folder hold", "[.][extra]") {
  const char* folder = std::getenv("NARTHEX_PROMQL_EXTRA");
  REQUIRE(folder != nullptr);
  run_folder(folder);
}
